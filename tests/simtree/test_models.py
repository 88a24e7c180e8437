"""Models: what each declares, and its functions; as seen on PyRogue."""

import math

import numpy as np
import pytest
from support.each import each
from support.trees import running
from support.trees.registers import BYTES, COUNT, LIMITS, MODELS, build, has_array, make_model
from support.trees.tables import cells, written


@pytest.fixture(scope="module")
def memory(tree):
    return tree.memory()


@pytest.fixture(scope="module")
def root(tree, memory):
    with running(build(tree, memory)) as root:
        yield root


# Declared ---------------------------------------------------------------------------------

# text: that of the value 0; ndType and delivered dtype: of an array
DECLARED = """\
                typeStr        native disp  precision text       ndType  delivered
UInt4           UInt4          int    {:#x} 0         '0x0'      uint32  uint8
UInt8           UInt8          int    {:#x} 0         '0x0'      uint32  uint8
UInt12          UInt12         int    {:#x} 0         '0x0'      uint32  uint16
UInt32          UInt32         int    {:#x} 0         '0x0'      uint32  uint32
UInt33          UInt33         int    {:#x} 0         '0x0'      uint64  uint64
UInt64          UInt64         int    {:#x} 0         '0x0'      uint64  uint64
UIntBE12        UIntBE12       int    {:#x} 0         '0x0'      uint32  uint16
UIntBE32        UIntBE32       int    {:#x} 0         '0x0'      uint32  uint32
UInt100         UInt100        int    {:#x} 0         '0x0'      -       -
UInt128         UInt128        int    {:#x} 0         '0x0'      -       -
UIntBE128       UIntBE128      int    {:#x} 0         '0x0'      -       -
UIntReversed8   UIntReversed8  int    {:#x} 0         '0x0'      -       -
UIntReversed12  UIntReversed12 int    {:#x} 0         '0x0'      -       -
Int8            Int8           int    {:d}  0         '0'        int32   int8
Int12           Int12          int    {:d}  0         '0'        int32   int16
Int32           Int32          int    {:d}  0         '0'        int32   int32
Int64           Int64          int    {:d}  0         '0'        int64   int64
IntBE12         IntBE12        int    {:d}  0         '0'        int32   int16
IntBE16         IntBE16        int    {:d}  0         '0'        int32   int16
Int100          Int100         int    {:d}  0         '0'        -       -
Int128          Int128         int    {:d}  0         '0'        -       -
IntBE128        IntBE128       int    {:d}  0         '0'        -       -
Bool            Bool           bool   enum  0         'False'    bool    bool
String          String(8)      str    {}    0         ''         -       -
Float           Float32        float  {:f}  8         '0.000000' float32 float32
FloatBE         FloatBE32      float  {:f}  8         '0.000000' float32 float32
Double          Double64       float  {:f}  8         '0.000000' float64 float64
DoubleBE        DoubleBE64     float  {:f}  8         '0.000000' float64 float64
Float16         Float16        float  {:f}  8         '0.000000' float16 float16
Float16BE       Float16        float  {:f}  8         '0.000000' float16 float16
Float8          Float8         float  {:f}  8         '0.000000' float32 float32
Float8BE        Float8         float  {:f}  8         '0.000000' float32 float32
Float6          Float6         float  {:f}  8         '0.000000' float32 float32
Float6BE        Float6         float  {:f}  8         '0.000000' float32 float32
Float4          Float4         float  {:f}  8         '0.000000' float32 float32
Float4BE        Float4         float  {:f}  8         '0.000000' float32 float32
BFloat16        BFloat16       float  {:f}  8         '0.000000' float32 float32
BFloat16BE      BFloat16       float  {:f}  8         '0.000000' float32 float32
TensorFloat32   TensorFloat32  float  {:f}  8         '0.000000' float32 float32
TensorFloat32BE TensorFloat32  float  {:f}  8         '0.000000' float32 float32
Fixed16_8       Fixed_16_8     float  {}    8         '0.0'      float64 float64
Fixed12_4       Fixed_12_4     float  {}    8         '0.0'      float64 float64
Fixed64_8       Fixed_64_8     float  {}    8         '0.0'      float64 float64
UFixed16_4      UFixed_16_4    float  {}    8         '0.0'      float64 float64
"""


@each("name, what, cell", cells(DECLARED))
def test_declared(root, name, what, cell):
    scalar, array = root.S.node(name), root.A.node(name)
    if what == "text":
        assert repr(scalar.genDisp(type(scalar.value())())) == cell
    elif what == "ndType":
        assert ("-" if array is None else str(array.ndType)) == cell
    elif what == "delivered":
        assert ("-" if array is None else str(array.value().dtype)) == cell
    else:
        seen = scalar.nativeType.__name__ if what == "native" else str(getattr(scalar, what))
        assert seen == cell


@each("name", MODELS)
def test_a_scalar_declares(root, name):
    var = root.S.node(name)
    assert (var.numValues, var.valueBits, var.bitSize) == (0, MODELS[name][1], [MODELS[name][1]])
    assert var.ndType is None
    assert var.enum == ({False: "False", True: "True"} if name == "Bool" else None)
    assert not hasattr(var, "lock")


@each("name", [name for name in MODELS if has_array(name)])
def test_an_array_declares(root, name):
    var = root.A.node(name)
    assert var.typeStr == f"{var.ndType}({COUNT},)"
    assert var.nativeType is np.ndarray
    assert (var.numValues, var.valueBits, var.precision) == (COUNT, MODELS[name][1], 8)
    assert (var.minimum, var.maximum) == (root.S.node(name).minimum, root.S.node(name).maximum)
    assert var.disp == root.S.node(name).disp
    value = var.value()
    assert value.shape == (COUNT,)
    assert value.flags.owndata
    assert value.flags.writeable
    assert var.value() is not value
    assert type(var.value(index=0)) is type(root.S.node(name).value())


@each("name", MODELS)
def test_a_command_declares_what_a_variable_does(root, name):
    pairs = [(root.S.node(name), root.C.node(name))]
    if has_array(name):
        pairs.append((root.A.node(name), root.CA.node(name)))
    for var, command in pairs:
        assert (command.mode, command.isCommand, command.arg) == ("WO", True, True)
        for what in ("typeStr", "nativeType", "ndType", "disp", "enum", "minimum", "maximum"):
            assert getattr(command, what) == getattr(var, what), what


@each("name", MODELS)
def test_the_limits_are_those_of_the_model(tree, root, name):
    var, model = root.S.node(name), make_model(tree, name)
    assert (var.minimum, var.maximum) == LIMITS[name] == (model.minValue(), model.maxValue())
    assert [type(limit) for limit in (var.minimum, var.maximum)] == [type(x) for x in LIMITS[name]]


# Functions --------------------------------------------------------------------------------

FLAGS = """\
                pytype signed endianness isBigEndian bitReverse binPoint fstring encoding
UInt8           int    False  little     False       False      0        None    None
UIntBE32        int    False  big        True        False      0        None    None
UIntReversed8   int    False  little     False       True       0        None    None
Int8            int    True   little     False       False      0        None    None
IntBE16         int    True   big        True        False      0        None    None
Bool            bool   False  little     False       False      0        None    None
String          str    False  little     False       False      0        None    utf-8
Float           float  False  little     False       False      0        f       None
FloatBE         float  False  big        True        False      0        !f      None
Double          float  False  little     False       False      0        d       None
DoubleBE        float  False  big        True        False      0        !d      None
Float16         float  False  little     False       False      0        e       None
Float16BE       float  False  big        True        False      0        !e      None
Float8,Float6   float  False  little     False       False      0        None    None
Float4,BFloat16 float  False  little     False       False      0        None    None
BFloat16BE      float  False  big        True        False      0        None    None
TensorFloat32   float  False  little     False       False      0        None    None
TensorFloat32BE float  False  big        True        False      0        None    None
Fixed16_8       float  True   little     False       False      8        None    None
UFixed16_4      float  False  little     False       False      4        None    None
"""


@each("name, flag, cell", cells(FLAGS))
def test_flags_of_a_model(tree, name, flag, cell):
    value = getattr(make_model(tree, name), flag)
    assert (value.__name__ if isinstance(value, type) else str(value)) == cell


@each("name", [n for n in BYTES if "ixed" not in n and n != "String"])
def test_functions_of_a_model_and_its_registers_agree(tree, name):
    model, (value, data) = make_model(tree, name), BYTES[name]
    expected = bytes.fromhex(data)
    if name.endswith("BE128"):  # beyond 64 bits the function swaps bytes, and then the register
        expected = expected[::-1]
    assert bytes(model.toBytes(value)) == expected
    assert model.fromBytes(expected) == value
    assert type(model.fromBytes(expected)) is model.pytype


def test_functions_of_the_other_models(tree):
    assert bytes(make_model(tree, "String").toBytes("ab")) == b"ab\0"
    assert make_model(tree, "String").fromBytes(bytearray(b"ab\0\0")) == "ab"
    for name in ("Fixed16_8", "UFixed16_4"):
        assert make_model(tree, name).toBytes(1.5) is None
        assert make_model(tree, name).fromBytes(b"00") is None
    assert bytes(make_model(tree, "Float16").toBytes(0.1)) == b"f."  # to nearest, unlike registers


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("UInt8", "0xff", 255), ("Int8", "0xff", -1), ("Int8", "0x7f", 127), ("Bool", "1", False),
        ("Bool", "TRUE", True), ("String", "5", "5"), ("Float", "2.5", 2.5), ("Float8", "9e9", 9e9),
        ("Double", "nan", math.nan), ("Fixed16_8", "2.5", None),
    ],
)  # fmt: skip
def test_from_string(tree, name, text, value):
    assert written(make_model(tree, name).fromString(text)) == written(value)


def test_equal_models_are_one_object(tree):
    pr = tree.pr
    assert pr.UInt(8) is pr.UInt(8)
    assert pr.Fixed(16, 8) is pr.Fixed(16, 8)
    assert pr.UInt(8) is not pr.UInt(9)
    assert pr.Int(8) is not pr.UInt(8)


@pytest.mark.parametrize(
    ("name", "bits"),
    [
        ("Float", 16), ("Double", 32), ("Bool", 2), ("Float16", 32), ("Float8", 16), ("Float6", 6),
        ("Float4", 4), ("BFloat16", 32), ("TensorFloat32", 19),
    ],
)  # fmt: skip
def test_a_model_of_a_wrong_width(tree, name, bits):
    with pytest.raises(AssertionError, match=f"bitSize param of Model {name} must be"):
        getattr(tree.pr, name)(bits)


def test_helpers(tree):
    pr = tree.pr
    assert [pr.byteCount(bits) for bits in (0, 1, 8, 9, 64)] == [1, 1, 1, 2, 8]
    assert [pr.wordCount(bits, 32) for bits in (0, 1, 32, 33)] == [1, 1, 1, 2]
    assert [pr.reverseBits(x, 8) for x in (1, 0b1010, 0x1FF)] == [128, 0b01010000, 255]
    assert [pr.twosComplement(x, 8) for x in (0, 127, 128, 255)] == [0, 127, -128, -1]
