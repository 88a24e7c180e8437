"""What set() of a register takes: each model with each kind of value, as seen on PyRogue.

A cell tells what the register holds after the set, or the exception, see support.trees.tables. '!'
stands before the exception that simtree raises where PyRogue ends the interpreter.
"""

import decimal
import enum

import numpy as np
import pytest
from support.each import each
from support.trees import running
from support.trees.registers import COUNT, KINDS, build, start
from support.trees.tables import cells, outcome


class Level(enum.IntEnum):
    LOW = 1


@pytest.fixture(scope="module")
def memory(tree):
    return tree.memory()


@pytest.fixture(scope="module")
def root(tree, memory):
    with running(build(tree, memory)) as root:
        yield root


def check(tree, memory, var, cell, value, index=-1):
    """Set a register and compare with a cell; what is refused is not written."""
    if cell.startswith("!") and tree.name != "simtree":
        return  # it would end the interpreter
    cell = cell.removeprefix("!")
    writes = memory.all_writes()
    assert outcome(tree, lambda: var.set(value, index=index), var.get, value) == cell
    refused = cell[:2] in ("GE", "OE", "AE", "TE")
    assert (memory.all_writes() == writes) is refused


# Scalars ----------------------------------------------------------------------------------

SCALARS = {
    "1": 1, "-1": -1, "200": 200, "2**15": 2**15, "2**63": 2**63, "2**64": 2**64,
    "2**128": 2**128, "10**400": 10**400, "True": True, "IntEnum": Level.LOW,
    "1.0": 1.0, "0.3": 0.3, "-0.7": -0.7, "500.": 500.0, "1e39": 1e39, "nan": float("nan"),
    "inf": float("inf"), "None": None, "'1'": "1", "b'1'": b"1", "1j": 1j,
    "Decimal": decimal.Decimal(1), "object": object(), "()": (), "(1,)": (1,), "[]": [], "[1]": [1],
    "{}": {}, "array0d": np.array(1), "array1d": np.ones(1),
}  # fmt: skip
DTYPES = (
    *("bool", "int8", "int16", "int32", "int64", "longlong", "uint8", "uint16", "uint32"),
    *("uint64", "ulonglong", "float16", "float32", "float64", "longdouble", "complex64"),
    *("complex128", "str", "bytes", "M8[s]"),
)
SCALARS |= {dtype: np.array([1]).astype(dtype)[0] for dtype in DTYPES}

INTS = """\
                  1  -1    200   2**15 2**63 2**64 2**128 10**400 True IntEnum
UInt4             =  OE    GE    GE    GE    OE    OE     OE      ~    ~
UInt8             =  OE    =     GE    GE    OE    OE     OE      ~    ~
UInt12            =  OE    =     GE    GE    OE    OE     OE      ~    ~
UInt32            =  OE    =     =     GE    OE    OE     OE      ~    ~
UInt33            =  OE    =     =     GE    OE    OE     OE      ~    ~
UInt64            =  OE    =     =     =     OE    OE     OE      ~    ~
UIntBE12          =  OE    8     GE    GE    OE    OE     OE      ~    ~
UIntBE32          =  OE    =     =     GE    OE    OE     OE      ~    ~
UInt100           =  OE    =     =     =     =     OE     OE      ~    ~
UInt128,UIntBE128 =  OE    =     =     =     =     OE     OE      ~    ~
UIntReversed8     =  255   =     0     0     0     0      0       ~    ~
UIntReversed12    =  4095  =     0     0     0     0      0       ~    ~
Int8              =  =     GE    GE    OE    OE    OE     OE      ~    ~
Int12             =  =     =     GE    OE    OE    OE     OE      ~    ~
Int32             =  =     =     =     OE    OE    OE     OE      ~    ~
Int64             =  =     =     =     OE    OE    OE     OE      ~    ~
IntBE12           =  61199 8     GE    OE    OE    OE     OE      ~    ~
IntBE16           =  =     =     GE    OE    OE    OE     OE      ~    ~
Int100            =  =     =     =     =     =     OE     OE      ~    ~
Int128,IntBE128   =  =     =     =     =     =     OE     OE      ~    ~
Bool              ~  True  True  True  True  True  True   True    =    ~
String            GE GE    GE    GE    GE    GE    GE     GE      GE   GE
Singles           ~  ~     ~     ~     ~     ~     GE     OE      ~    ~
Doubles           ~  ~     ~     ~     ~     ~     ~      OE      ~    ~
Halves            ~  ~     ~     ~     GE    GE    GE     OE      ~    ~
Eights            ~  ~     192.0 GE    GE    GE    GE     OE      ~    ~
Sixes             ~  ~     GE    GE    GE    GE    GE     OE      ~    ~
Fours             ~  ~     GE    GE    GE    GE    GE     OE      ~    ~
Brains            ~  ~     ~     ~     ~     ~     GE     OE      ~    ~
Tensors           ~  ~     ~     ~     ~     ~     GE     OE      ~    ~
Fixed16_8         ~  ~     GE    GE    GE    GE    GE     OE      ~    ~
Fixed12_4         ~  ~     GE    GE    GE    GE    GE     OE      ~    ~
Fixed64_8         ~  ~     ~     ~     GE    GE    GE     OE      ~    ~
UFixed16_4        ~  GE    ~     GE    GE    GE    GE     OE      ~    ~
"""

FLOATS = """\
                1.0 0.3                 -0.7               500. 1e39 nan  inf
UInts           GE  GE                  GE                 GE   GE   GE   GE
BigUInts        AE  AE                  AE                 AE   AE   AE   AE
Reversed        TE  TE                  TE                 TE   TE   TE   TE
Ints            GE  GE                  GE                 GE   GE   GE   GE
Int100          AE  AE                  TE                 AE   AE   AE   AE
Int128,IntBE128 AE  AE                  AE                 AE   AE   AE   AE
Bool            GE  GE                  GE                 GE   GE   GE   GE
String          GE  GE                  GE                 GE   GE   GE   GE
Singles         =   0.30000001192092896 -0.699999988079071 =    GE   =    GE
Doubles         =   =                   =                  =    =    =    =
Halves          =   0.2998046875        -0.69970703125     =    GE   =    GE
Eights          =   0.28125             -0.6875            GE   GE   =    GE
Sixes           =   0.25                -0.625             GE   GE   28.0 GE
Fours           =   0.0                 -0.5               GE   GE   6.0  GE
Brains          =   0.298828125         -0.69921875        =    GE   =    GE
Tensors         =   0.2998046875        -0.69970703125     =    GE   =    GE
Fixed16_8       =   0.30078125          -0.69921875        GE   GE   GE   GE
Fixed12_4       =   0.3125              -0.6875            GE   GE   GE   GE
Fixed64_8       =   0.30078125          -0.69921875        =    GE   *    GE
UFixed16_4      =   0.3125              GE                 =    GE   GE   GE
"""

OBJECTS = """\
           None '1' b'1' 1j Decimal object () (1,) [] [1] {} array0d array1d
UInts,Ints GE   GE  GE   GE GE      GE     GE GE   -  GE  GE GE      GE
BigUInts   AE   AE  AE   AE AE      AE     AE AE   -  GE  AE GE      GE
Reversed   TE   TE  TE   TE TE      TE     TE TE   -  GE  TE GE      GE
BigInts    TE   TE  TE   TE AE      TE     TE TE   -  GE  TE GE      GE
Bool       -    GE  GE   GE GE      GE     GE GE   -  GE  GE GE      GE
String     !GE  =   GE   GE GE      GE     GE GE   GE GE  GE GE      GE
Floats     GE   GE  GE   GE GE      GE     GE GE   -  GE  GE GE      GE
"""

# What UIntReversed raises for uint64 depends on the version of numpy
NUMPY_INTS = """\
                 bool int8 int16 int32 int64 longlong uint8 uint16 uint32 uint64 ulonglong
UInts            GE   GE   GE    GE    GE    GE       ~     ~      ~      ~      GE
BigUInts,BigInts AE   AE   AE    AE    AE    AE       AE    AE     AE     AE     AE
Reversed         AE   AE   AE    AE    AE    AE       AE    AE     AE     *      *
Ints             GE   ~    ~     ~     ~     GE       GE    GE     GE     GE     GE
Bool             ~    GE   GE    GE    GE    GE       GE    GE     GE     GE     GE
String,Floats    GE   GE   GE    GE    GE    GE       GE    GE     GE     GE     GE
"""

NUMPY_OTHERS = """\
                      float16 float32 float64 longdouble complex64 complex128 str bytes M8[s]
UInts,Ints,Bool       GE      GE      GE      GE         GE        GE         GE  GE    GE
BigUInts              AE      AE      AE      AE         AE        AE         AE  AE    AE
Reversed              TE      TE      TE      TE         TE        TE         TE  TE    TE
BigInts               AE      AE      AE      AE         AE        AE         TE  TE    *
String                GE      GE      GE      GE         GE        GE         ~   GE    GE
Singles               GE      ~       GE      GE         GE        GE         GE  GE    GE
Doubles,Smalls,Fixeds GE      GE      ~       GE         GE        GE         GE  GE    GE
Halves                ~       GE      GE      GE         GE        GE         GE  GE    GE
"""


@each(
    "name, kind, cell",
    [c for table in (INTS, FLOATS, OBJECTS, NUMPY_INTS, NUMPY_OTHERS) for c in cells(table, KINDS)],
)
def test_scalar(tree, memory, root, name, kind, cell):
    var = root.S.node(name)
    var.set(start(name))
    check(tree, memory, var, cell, SCALARS[kind])


# Arrays -----------------------------------------------------------------------------------

VALUES = [1, 2, 0, 4]


def readonly(array):
    array.flags.writeable = False
    return array


def packed(array):
    """The same array, with a byte of something else after each element."""
    record = np.zeros(len(array), np.dtype([("x", array.dtype), ("y", "u1")]))
    record["x"] = array
    return record["x"]


def swapped(array):
    return array.astype(array.dtype.newbyteorder(">"))


LAYOUTS = {
    "exact": lambda dtype: np.array(VALUES, dtype),
    "strided": lambda dtype: np.array(VALUES, dtype).repeat(2)[::2],
    "backwards": lambda dtype: np.array(VALUES[::-1], dtype)[::-1],
    "repeated": lambda dtype: np.broadcast_to(np.array([1], dtype), COUNT),
    "readonly": lambda dtype: readonly(np.array(VALUES, dtype)),
    "masked": lambda dtype: np.ma.array(VALUES, dtype=dtype),
    "short": lambda dtype: np.array([1, 2], dtype),
    "empty": lambda dtype: np.zeros(0, dtype),
    "long": lambda dtype: np.zeros(5, dtype),
    "2-D": lambda dtype: np.zeros((2, 2), dtype),
    "0-D": lambda dtype: np.array(1, dtype),
    "packed": lambda dtype: packed(np.array([1, 2, 0, 0], dtype)),
    "swapped": lambda dtype: swapped(np.array([1, 2, 0, 0], dtype)),
}
LISTS = {
    "ints": VALUES, "floats": [1.0, 2.0, 0.0, 4.0], "bools": [True, False, False, True],
    "short": [1, 2], "empty": [], "long": [1] * 5, "bad": [1, 2, "x", 4], "None": [1, None, 0, 4],
    "nested": [[1]], "tuple": (1, 2), "range": range(4), "1": 1, "1.0": 1.0, "'[1]'": "[1]",
    "np.float64": [np.float64(1), np.float64(2)],
}  # fmt: skip
PLACED = {
    "1@2": (1, 2), "1@4": (1, 4), "1@-2": (1, -2), "[1,2]@2": ([1, 2], 2), "[1,2]@3": ([1, 2], 3),
    "[]@4": ([], 4), "array@2": (np.array([1, 2]), 2), "array@3": (np.array([1, 2]), 3),
}  # fmt: skip

INT_DTYPES = """\
                      bool int8 int16 int32 int64 longlong uint8 uint16 uint32 uint64 ulonglong
UInt4,UInt8           GE   GE   GE    GE    GE    GE       =     ~      ~      ~      GE
UInt12,UIntBE12       GE   GE   GE    GE    GE    GE       ~     =      ~      ~      GE
UInt32,UIntBE32       GE   GE   GE    GE    GE    GE       ~     ~      =      ~      GE
UInt33,UInt64         GE   GE   GE    GE    GE    GE       ~     ~      ~      =      GE
Int8                  GE   =    ~     ~     ~     GE       GE    GE     GE     GE     GE
Int12,IntBE12,IntBE16 GE   ~    =     ~     ~     GE       GE    GE     GE     GE     GE
Int32                 GE   ~    ~     =     ~     GE       GE    GE     GE     GE     GE
Int64                 GE   ~    ~     ~     =     GE       GE    GE     GE     GE     GE
Bool                  =    GE   GE    GE    GE    GE       GE    GE     GE     GE     GE
Floats                GE   GE   GE    GE    GE    GE       GE    GE     GE     GE     GE
"""

OTHER_DTYPES = """\
               float16 float32 float64 longdouble complex64 complex128 str bytes object
Integers,Bool  GE      GE      GE      GE         GE        GE         GE  GE    GE
Singles,Smalls GE      =       GE      GE         GE        GE         GE  GE    GE
Doubles,Fixeds GE      GE      =       GE         GE        GE         GE  GE    GE
Halves         =       GE      GE      GE         GE        GE         GE  GE    GE
"""

# In an array of its own dtype
LAYOUT = """\
                exact strided backwards repeated readonly masked short   empty long 2-D 0-D
Integers,Floats =     =       =         =        =        =      1,2,3,3 -     GE   GE  GE
Bool            =     =       =         =        =        =      1,1,0,0 -     GE   GE  GE
"""

# The stride is taken for a multiple of the size, and swapped bytes for native ones
MISREAD = """\
                                      packed             swapped
UInt4,UInt8,Int8,Bool                 =                  =
UInt12,UIntBE12,Int12,IntBE12,IntBE16 1,512,0,0          256,512,0,0
UInt32,UIntBE32,Int32                 1,512,0,0          16777216,33554432,0,0
UInt33                                1,512,0,0          GE
UInt64,Int64                          1,512,0,0          72057594037927936,144115188075855872,0,0
Singles                               1,0,8.96831e-44,0  4.6006e-41,8.96831e-44,0,0
Doubles                               1,0,3.16202e-322,0 3.03865e-319,3.16202e-322,0,0
Halves                                1,0,3.8147e-06,0   3.57628e-06,3.8147e-06,0,0
Eights,Sixes,Fours,Brains,Fixeds      1,0,0,0            0,0,0,0
Tensors                               1,0,0,0            4.59177e-41,0,0,0
"""

LIST = """\
         ints    floats bools short   empty long bad        None       nested
Integers ~       GE     ~     1,2,3,3 -     GE   GE/1,2,3,3 GE/1,3,3,3 GE
Bool     1,1,0,1 GE     ~     1,1,0,0 -     GE   GE/1,1,0,0 1,0,0,1    GE
Floats   ~       ~      ~     1,2,3,3 -     GE   GE/1,2,3,3 GE/1,3,3,3 GE
"""
SCALAR_INTO_ARRAY = """\
         tuple range 1       1.0     '[1]' np.float64
Integers GE    GE    1,3,3,3 GE      GE    GE
Bool     GE    GE    1,0,0,0 GE      GE    GE
Floats   GE    GE    1,3,3,3 1,3,3,3 GE    1,2,3,3
"""

PLACE = """\
                1@2     1@4 1@-2 [1,2]@2 [1,2]@3 []@4 array@2 array@3
Integers,Floats 3,3,1,3 GE  GE   3,3,1,2 GE      -    3,3,1,2 GE
Bool            0,0,1,0 GE  GE   0,0,1,1 GE      -    0,0,1,1 GE
"""


def prepared(root, name):
    var = root.A.node(name)
    var.set([start(name)] * COUNT)
    return var


def in_own_dtype(var, value):
    return value.astype(var.value().dtype) if isinstance(value, np.ndarray) else value


@each("name, dtype, cell", [*cells(INT_DTYPES, KINDS), *cells(OTHER_DTYPES, KINDS)])
def test_dtype_of_an_array(tree, memory, root, name, dtype, cell):
    check(tree, memory, prepared(root, name), cell, np.array(VALUES).astype(dtype))


@each("name, layout, cell", [*cells(LAYOUT, KINDS), *cells(MISREAD, KINDS)])
def test_layout_of_an_array(tree, memory, root, name, layout, cell):
    var = prepared(root, name)
    check(tree, memory, var, cell, LAYOUTS[layout](var.value().dtype))


@each("name, kind, cell", [*cells(LIST, KINDS), *cells(SCALAR_INTO_ARRAY, KINDS)])
def test_list_into_an_array(tree, memory, root, name, kind, cell):
    check(tree, memory, prepared(root, name), cell, LISTS[kind])


@each("name, place, cell", cells(PLACE, KINDS))
def test_elements_of_an_array(tree, memory, root, name, place, cell):
    var = prepared(root, name)
    value, index = PLACED[place]
    check(tree, memory, var, cell, in_own_dtype(var, value), index)


def test_the_declared_dtype_is_accepted(root):
    for var in root.A.variables.values():
        if var.name != "enable":
            given = np.array(VALUES).astype(var.ndType)
            var.set(given)
            assert np.array_equal(var.get(), given)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("S.UInt8", "x", "Block::setUIntPy: General Error: Failed to extract value for UInt8."),
        ("S.UInt8", [1], "Block::setUIntPy: General Error: Overflow error for passed list with "),
        ("S.Float", "x", "Block::setFloatPy: General Error: Failed to extract value for Float."),
        ("S.Float", [1], "Block::setFloatPy: General Error: Overflow error for passed array with "),
        ("S.String", 5, "Block::setStringPy: General Error: Failed to extract value for String."),
        ("S.UInt128", [1], "Block::setPyFunc: General Error: Overflow error for passed array"),
        ("A.UInt8", [1] * 5, "Block::setUIntPy: General Error: Overflow error for passed list with "
         "length 5 at index 0. Variable length = 4 for UInt8"),
        ("A.Fixed16_8", np.zeros((2, 2)), "Block::setFixedPy: General Error: Invalid number of "
         "dimensions (2) for passed ndarray for Fixed16_8"),
        ("A.Int8", np.zeros(2), "Block::setIntPy: General Error: Passed nparray is not of "),
    ],
)  # fmt: skip
def test_the_text_of_a_refusal(tree, root, name, value, text):
    with pytest.raises(tree.general_error) as caught:
        root.getNode(f"Top.{name}").set(value)
    assert str(caught.value).startswith(text)
