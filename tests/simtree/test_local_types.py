"""Types of local variables: what a default declares, and what set() takes; as seen on PyRogue.

A cell is '=' if the variable keeps the very object given, else the exception; it then keeps what
it had.
"""

import collections
import datetime
import decimal
import enum

import numpy as np
import pytest
from support.each import each
from support.trees import running
from support.trees.tables import cells, outcome


class Color(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    LOW = 1


STAMP = datetime.datetime(2020, 1, 2)
RECORD = np.dtype([("a", "<i4"), ("b", "<f8")])
FLAGS = {False: "False", True: "True"}

# Declared ---------------------------------------------------------------------------------

# name: default, typeStr, dtype if an array, text
DEFAULTS = {
    "int": (3, "int", None, "3"),
    "long": (2**70, "int", None, str(2**70)),
    "float": (1.5, "float", None, "1.5"),
    "bool": (True, "bool", None, "True"),
    "str": ("hi", "str", None, "hi"),
    "list": ([1, "a"], "list", None, "[1, 'a']"),
    "dict": ({"a": 1}, "dict", None, "{'a': 1}"),
    "tuple": ((1, 2), "tuple", None, "(1, 2)"),
    "bytes": (b"x", "bytes", None, "b'x'"),
    "bytearray": (bytearray(b"x"), "bytearray", None, "bytearray(b'x')"),
    "datetime": (STAMP, "datetime", None, "2020-01-02 00:00:00"),
    "complex": (1j, "complex", None, "1j"),
    "set": ({1}, "set", None, "{1}"),
    "frozenset": (frozenset([1]), "frozenset", None, "frozenset({1})"),
    "Decimal": (decimal.Decimal("1.5"), "Decimal", None, "1.5"),
    "Enum": (Color.RED, "Color", None, str(Color.RED)),
    "IntEnum": (Level.LOW, "Level", None, "1"),
    "OrderedDict": (collections.OrderedDict(), "OrderedDict", None, "OrderedDict()"),
    "npfloat64": (np.float64(2.5), "float64", None, "2.5"),
    "npfloat32": (np.float32(2.5), "float32", None, "2.5"),
    "npint32": (np.int32(3), "int32", None, "3"),
    "npuint8": (np.uint8(3), "uint8", None, "3"),
    "npbool": (np.bool_(True), np.bool_.__name__, None, "True"),
    "f8": (np.array([1.0, 2.0]), "float64(2,)", "f8", "[1.0, 2.0]"),
    "f2": (np.array([1.5], "f2"), "float16(1,)", "f2", "[1.5]"),
    "flags": (np.array([True, False]), "bool(2,)", "?", "[True, False]"),
    "matrix": (np.array([[1, 2]], "i8"), "int64(1, 2)", "i8", "[[1, 2]]"),
    "cube": (np.zeros((1, 1, 2), "u2"), "uint16(1, 1, 2)", "u2", "[[[0, 0]]]"),
    "zero": (np.array(5.0), "float64()", "f8", "5.0"),
    "empty": (np.zeros(0), "float64(0,)", "f8", "[]"),
    "swapped": (np.array([1, 2], ">i4"), ">i4(2,)", ">i4", "[1, 2]"),
    "text": (np.array(["ab", "c"]), "<U2(2,)", "<U2", "[ab, c]"),
    "raw": (np.array([b"ab"]), "|S2(1,)", "S2", "[b'ab']"),
    "objects": (np.array([1, None], object), "object(2,)", "O", "[1, None]"),
    "imaginary": (np.array([1j]), "complex128(1,)", "c16", "[1j]"),
    "records": (np.zeros(1, RECORD), f"{RECORD}(1,)", RECORD, "[(0, 0.0)]"),
    "dates": (np.array(["2024-01-01"], "M8[D]"), "datetime64[D](1,)", "M8[D]", "[2024-01-01]"),
    "masked": (np.ma.array([1, 2]), "MaskedArray", None, "[1, 2]"),
}
# name: further arguments, and what they make of (typeStr, nativeType, ndType, disp, enum)
ARGUMENTS = {
    "none": ({"localGet": lambda: None}, ("NoneType", type(None), None, "{}", None)),
    "getter": ({"localGet": lambda: 1.5}, ("float", float, None, "{}", None)),
    "arrayGetter": (
        {"localGet": lambda: np.zeros(2)},
        ("float64(2,)", np.ndarray, np.dtype(float), "{}", None),
    ),
    "named": ({"value": 1, "typeStr": "UInt16"}, ("UInt16", int, None, "{}", None)),
    "namedArray": (
        {"value": np.zeros(2), "typeStr": "UInt16"},
        ("float64(2,)", np.ndarray, np.dtype(float), "{}", None),
    ),
    "enum": (
        {"value": 5, "enum": {5: "V", 2: "II"}},
        ("int", int, None, "enum", {5: "V", 2: "II"}),
    ),
    "label": (
        {"value": "on", "disp": {"x": "on", "y": "off"}},
        ("str", str, None, "enum", {"x": "on", "y": "off"}),
    ),
    "boolPlain": ({"value": True, "disp": "{}"}, ("bool", bool, None, "enum", FLAGS)),
    "free": ({"value": 1, "typeCheck": False}, ("int", int, None, "{}", None)),
}
LIMITED = {
    "limInt": {"value": 1, "minimum": 0, "maximum": 10},
    "limFloat": {"value": 1.0, "minimum": 0, "maximum": 10},
    "limLow": {"value": 1, "minimum": 0},
    "limStr": {"value": "b", "minimum": "a", "maximum": "c"},
    "limList": {"value": [1], "minimum": 0, "maximum": 10},
    "limArray": {"value": np.zeros(2), "minimum": 0, "maximum": 10},
    "limFree": {"value": 1, "minimum": 0, "maximum": 10, "typeCheck": False},
}


@pytest.fixture(scope="module")
def root(tree):
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False, maxLog=2)
    root.add(pr.Device(name="D"))
    arguments = {name: {"value": row[0]} for name, row in DEFAULTS.items()}
    arguments |= {name: row[0] for name, row in ARGUMENTS.items()} | LIMITED
    for name, keywords in arguments.items():
        root.D.add(pr.LocalVariable(name=name, **keywords))
    with running(root):
        yield root


@each("name", DEFAULTS)
def test_a_default_declares(root, name):
    value, type_name, dtype, text = DEFAULTS[name]
    var = root.D.node(name)
    assert var.value() is value
    assert (var.typeStr, var.nativeType) == (type_name, type(value))
    assert var.ndType == (None if dtype is None else np.dtype(dtype))
    assert (var.disp, var.enum) == (("enum", FLAGS) if name == "bool" else ("{}", None))
    assert var.precision == (8 if name == "float" or dtype is not None else 0)
    assert var.valueDisp() == text
    assert (var.minimum, var.maximum, var.units, var.mode) == (None, None, None, "RW")


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments_declare(root, name):
    var = root.D.node(name)
    assert (var.typeStr, var.nativeType, var.ndType, var.disp, var.enum) == ARGUMENTS[name][1]


# What set() takes -------------------------------------------------------------------------

VALUES = {
    "3": 3, "11": 11, "-1": -1, "True": True, "2.5": 2.5, "nan": float("nan"), "1j": 1j, "'b'": "b",
    "b'b'": b"b", "None": None, "Decimal": decimal.Decimal(2), "IntEnum": Level.LOW,
    "Enum": Color.RED, "object": object(), "datetime": STAMP,
    "[1]": [1], "(1,)": (1,), "{}": {}, "OrderedDict": collections.OrderedDict(), "set": {1},
    "frozenset": frozenset(), "bytearray": bytearray(b"y"),
    "bool": np.bool_(True), "int32": np.int32(2), "int64": np.int64(2),
    "uint8": np.uint8(2), "float32": np.float32(2), "float64": np.float64(2),
    "str": np.str_("b"), "f8": np.array([9.0, 8.0]), "i1": np.array([1, 2], "i1"),
    "2-D": np.ones((2, 2)), "0-D": np.array(7.0), "str[]": np.array(["z"]),
    "masked": np.ma.array([1]),
}  # fmt: skip
GROUPS = {
    "arrays": ["f8", "f2", "flags", "matrix", "zero", "text", "objects", "swapped"],
    "numpy": ["npfloat64", "npfloat32", "npint32", "npuint8", "npbool"],
    "builtins": [
        *("list", "dict", "tuple", "bytes", "bytearray", "datetime", "complex", "set", "frozenset"),
        *("Enum", "IntEnum", "OrderedDict"),
    ],
    "scalars": ["int", "float", "bool", "str", "datetime", "complex", "Decimal", "Enum", "IntEnum"],
}

# Limits are compared before the type, and not with lists, dicts and arrays
PLAIN = """\
               3  11 -1 True 2.5 nan 1j 'b' b'b' None Decimal IntEnum Enum object datetime
int,named,enum =  =  =  =    VE  VE  VE VE  VE   VE   VE      =       VE   VE     VE
float          VE VE VE VE   =   =   VE VE  VE   VE   VE      VE      VE   VE     VE
bool           VE VE VE =    VE  VE  VE VE  VE   VE   VE      VE      VE   VE     VE
str,label      VE VE VE VE   VE  VE  VE =   VE   VE   VE      VE      VE   VE     VE
list           VE VE VE VE   VE  VE  VE VE  VE   VE   VE      VE      VE   VE     VE
dict           VE VE VE VE   VE  VE  VE VE  VE   VE   VE      VE      VE   VE     VE
tuple          VE VE VE VE   VE  VE  VE VE  VE   VE   VE      VE      VE   VE     VE
bytes          VE VE VE VE   VE  VE  VE VE  =    VE   VE      VE      VE   VE     VE
bytearray      VE VE VE VE   VE  VE  VE VE  VE   VE   VE      VE      VE   VE     VE
datetime       VE VE VE VE   VE  VE  VE VE  VE   VE   VE      VE      VE   VE     =
complex        VE VE VE VE   VE  VE  =  VE  VE   VE   VE      VE      VE   VE     VE
set            VE VE VE VE   VE  VE  VE VE  VE   VE   VE      VE      VE   VE     VE
frozenset      VE VE VE VE   VE  VE  VE VE  VE   VE   VE      VE      VE   VE     VE
Decimal        VE VE VE VE   VE  VE  VE VE  VE   VE   =       VE      VE   VE     VE
Enum           VE VE VE VE   VE  VE  VE VE  VE   VE   VE      VE      =    VE     VE
IntEnum        VE VE VE VE   VE  VE  VE VE  VE   VE   VE      =       VE   VE     VE
OrderedDict    VE VE VE VE   VE  VE  VE VE  VE   VE   VE      VE      VE   VE     VE
numpy          VE VE VE VE   VE  VE  VE VE  VE   VE   VE      VE      VE   VE     VE
arrays         VE VE VE VE   VE  VE  VE VE  VE   VE   VE      VE      VE   VE     VE
masked         VE VE VE VE   VE  VE  VE VE  VE   VE   VE      VE      VE   VE     VE
none           VE VE VE VE   VE  VE  VE VE  VE   =    VE      VE      VE   VE     VE
free           =  =  =  =    =   =   =  =   =    =    =       =       =    =      =
limInt         =  VE VE =    VE  VE  TE TE  TE   TE   VE      =       TE   TE     TE
limFloat       VE VE VE VE   =   =   TE TE  TE   TE   VE      VE      TE   TE     TE
limLow         =  =  VE =    VE  VE  TE TE  TE   TE   VE      =       TE   TE     TE
limStr         TE TE TE TE   TE  TE  TE =   TE   TE   TE      TE      TE   TE     TE
limList        VE VE VE VE   VE  VE  TE TE  TE   TE   VE      VE      TE   TE     TE
limArray       VE VE VE VE   VE  VE  TE TE  TE   TE   VE      VE      TE   TE     TE
limFree        =  VE VE =    =   =   TE TE  TE   TE   =       =       TE   TE     TE
"""

CONTAINERS = """\
                    [1] (1,) {} OrderedDict set frozenset bytearray
scalars,bytes,numpy VE  VE   VE VE          VE  VE        VE
list                =   VE   VE VE          VE  VE        VE
dict                VE  VE   =  =           VE  VE        VE
tuple               VE  =    VE VE          VE  VE        VE
bytearray           VE  VE   VE VE          VE  VE        =
set                 VE  VE   VE VE          =   VE        VE
frozenset           VE  VE   VE VE          VE  =         VE
OrderedDict         VE  VE   VE =           VE  VE        VE
arrays              VE  VE   VE VE          VE  VE        VE
masked              VE  VE   VE VE          VE  VE        VE
none                VE  VE   VE VE          VE  VE        VE
free                =   =    =  =           =   =         =
limInt              VE  TE   VE VE          TE  TE        TE
limFloat            VE  TE   VE VE          TE  TE        TE
limLow              VE  TE   VE VE          TE  TE        TE
limStr              VE  TE   VE VE          TE  TE        TE
limList             =   TE   VE VE          TE  TE        TE
limArray            VE  TE   VE VE          TE  TE        TE
limFree             =   TE   =  =           TE  TE        TE
"""

NUMPY = """\
               bool int32 int64 uint8 float32 float64 str f8 i1 2-D 0-D str[] masked
int,named,enum VE   VE    VE    VE    VE      VE      VE  VE VE VE  VE  VE    VE
float          VE   VE    VE    VE    VE      =       VE  VE VE VE  VE  VE    VE
bool           VE   VE    VE    VE    VE      VE      VE  VE VE VE  VE  VE    VE
str,label      VE   VE    VE    VE    VE      VE      =   VE VE VE  VE  VE    VE
builtins       VE   VE    VE    VE    VE      VE      VE  VE VE VE  VE  VE    VE
npfloat64      VE   VE    VE    VE    VE      =       VE  VE VE VE  VE  VE    VE
npfloat32      VE   VE    VE    VE    =       VE      VE  VE VE VE  VE  VE    VE
npint32        VE   =     VE    VE    VE      VE      VE  VE VE VE  VE  VE    VE
npuint8        VE   VE    VE    =     VE      VE      VE  VE VE VE  VE  VE    VE
npbool         =    VE    VE    VE    VE      VE      VE  VE VE VE  VE  VE    VE
arrays         VE   VE    VE    VE    VE      VE      VE  =  =  =   =   =     =
masked         VE   VE    VE    VE    VE      VE      VE  VE VE VE  VE  VE    =
none           VE   VE    VE    VE    VE      VE      VE  VE VE VE  VE  VE    VE
free           =    =     =     =     =       =       =   =  =  =   =   =     =
limInt         VE   VE    VE    VE    VE      VE      TE  VE VE VE  VE  VE    VE
limFloat       VE   VE    VE    VE    VE      =       TE  VE VE VE  VE  VE    VE
limLow         VE   VE    VE    VE    VE      VE      TE  VE VE VE  VE  VE    VE
limList        VE   VE    VE    VE    VE      VE      TE  VE VE VE  VE  VE    VE
limArray       VE   VE    VE    VE    VE      VE      TE  =  =  =   =   =     =
limFree        =    =     =     =     =       =       TE  =  =  =   =   =     =
"""


@each(
    "name, kind, cell",
    [c for table in (PLAIN, CONTAINERS, NUMPY) for c in cells(table, GROUPS)],
)
def test_set(tree, root, name, kind, cell):
    var, value = root.D.node(name), VALUES[kind]
    before = var.value()
    try:
        assert outcome(tree, lambda: var.set(value, write=False), var.value, value) == cell
        assert var.value() is (value if cell == "=" else before)
    finally:
        if before is not None:
            var.set(before, write=False)


def test_the_text_of_a_refused_type(tree, root):
    with pytest.raises(tree.pr.VariableError) as caught:
        root.D.float.set(2)
    said = "Type mismatch for Top.D.float: expected <class 'float'>, got <class 'int'>. "
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(("name", "value", "limits"), [
    ("limInt", 11, "Min=0, Max=10"), ("limInt", -1, "Min=0, Max=10"),
    ("limFloat", 10.5, "Min=0, Max=10"), ("limLow", -1, "Min=0, Max=None"),
    ("limStr", "d", "Min=a, Max=c"), ("limFree", 10.5, "Min=0, Max=10"),
])  # fmt: skip
def test_the_text_of_a_refused_range(tree, root, name, value, limits):
    with pytest.raises(tree.pr.VariableError) as caught:
        root.D.node(name).set(value)
    assert str(caught.value) == f"Value range error for {name}. Value={value}, {limits}"


def test_the_limits_themselves_are_taken(root):
    for value in (0, 10, 1):
        root.D.limInt.set(value)
        assert root.D.limInt.value() == value


def test_what_was_declared_stays(root):
    array, free = root.D.f8, root.D.free
    first = array.value()
    array.set(np.zeros((2, 2), np.uint8))
    assert (array.typeStr, array.ndType) == ("float64(2,)", np.dtype(float))
    array.set(first)
    free.set("text")
    assert (free.typeStr, free.nativeType) == ("int", int)
    free.set(1)


@pytest.mark.parametrize("arguments", [
    {"value": 11, "maximum": 10}, {"value": -1, "minimum": 0}, {"value": "z", "enum": {1: "a"}},
    {"value": np.str_("a")},
])  # fmt: skip
def test_a_default_that_set_refuses_ends_the_start(tree, arguments):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.LocalVariable(name="V", **arguments))
    with pytest.raises(tree.pr.VariableError), running(root):
        pass


def test_what_cannot_be_built(tree):
    pr = tree.pr
    for value in ([1], {}, np.zeros(2)):
        with pytest.raises(pr.VariableError, match="Invalid use of enum"):
            pr.LocalVariable(name="V", value=value, enum={1: "a"})
    with pytest.raises((pr.VariableError, RecursionError)):  # simtree: VariableError
        pr.LocalVariable(name="V")
