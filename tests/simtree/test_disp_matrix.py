"""Text into and out of registers: what setDisp() makes of each text, and the text of values.

A cell tells what the register holds after setDisp, or the exception, see support.trees.tables.
"""

import numpy as np
import pytest
from support.each import each
from support.trees import running
from support.trees.registers import COUNT, GROUPS, build, start
from support.trees.tables import cells, outcome
from support.trees.texts import ARRAY_TEXTS, TEXTS

ENUM = {0: "Zero", 1: "One", 2: "Two words", 5: "None"}


@pytest.fixture(scope="module")
def memory(tree):
    return tree.memory()


@pytest.fixture(scope="module")
def root(tree, memory):
    pr = tree.pr
    root = build(tree, memory)
    enums = {
        "Enum": {"bitSize": 4, "enum": ENUM},
        "EnumBool": {"bitSize": 1, "value": False},
        "EnumText": {"bitSize": 4, "enum": ENUM, "value": "One"},
        "Decimal": {"bitSize": 8, "disp": "{:d}"},
    }
    for number, (name, arguments) in enumerate(enums.items()):
        root.S.add(pr.RemoteVariable(name=name, offset=0x9000 + 16 * number, **arguments))
    layout = {"numValues": COUNT, "valueBits": 8, "valueStride": 8}
    root.A.add(pr.RemoteVariable(name="Enum", offset=0x9000, enum=ENUM, **layout))
    with running(root):
        yield root


# Text into registers ----------------------------------------------------------------------

SCALARS = (
    """\
                       1   0x10 0xff  -1   1.0 1e3    nan inf 1e400 True true None empty blank
UInt8,UIntBE32,UInt64  1   16   255   OE   GE  GE     VE  VE  GE    1    VE   GE   VE    1
UInt128                1   16   255   OE   AE  AE     VE  VE  AE    1    VE   AE   VE    1
UIntReversed8          1   16   255   255  TE  TE     VE  VE  TE    1    VE   TE   VE    1
Int8                   1   16   GE    -1   GE  GE     VE  VE  GE    1    VE   GE   VE    1
Int64                  1   16   255   -1   GE  GE     VE  VE  GE    1    VE   GE   VE    1
Int128                 1   16   255   -1   AE  AE     VE  VE  AE    1    VE   TE   VE    1
Bool                   VE  VE   VE    VE   VE  VE     VE  VE  VE    True VE   VE   VE    VE
String                 =   =    =     =    =   =      =   =   =     =    =    =    =     =
Float                  1.0 16.0 255.0 -1.0 1.0 1000.0 VE  VE  GE    1.0  VE   GE   VE    1.0
Double                 1.0 16.0 255.0 -1.0 1.0 1000.0 VE  VE  inf   1.0  VE   GE   VE    1.0
Float16                1.0 16.0 255.0 -1.0 1.0 1000.0 VE  VE  GE    1.0  VE   GE   VE    1.0
Float8                 1.0 16.0 240.0 -1.0 1.0 GE     VE  VE  GE    1.0  VE   GE   VE    1.0
Float6                 1.0 16.0 GE    -1.0 1.0 GE     VE  VE  GE    1.0  VE   GE   VE    1.0
Float4                 1.0 GE   GE    -1.0 1.0 GE     VE  VE  GE    1.0  VE   GE   VE    1.0
BFloat16,TensorFloat32 1.0 16.0 255.0 -1.0 1.0 1000.0 VE  VE  GE    1.0  VE   GE   VE    1.0
Fixed16_8              1.0 16.0 GE    -1.0 1.0 GE     VE  VE  GE    1.0  VE   GE   VE    1.0
Fixed64_8              1.0 16.0 255.0 -1.0 1.0 1000.0 VE  VE  GE    1.0  VE   GE   VE    1.0
UFixed16_4             1.0 16.0 255.0 GE   1.0 1000.0 VE  VE  GE    1.0  VE   GE   VE    1.0
Enum                   VE  VE   VE    VE   VE  VE     VE  VE  VE    VE   VE   5    VE    VE
EnumBool               VE  VE   VE    VE   VE  VE     VE  VE  VE    1    VE   VE   VE    VE
EnumText               VE  VE   VE    VE   VE  VE     VE  VE  VE    VE   VE   5    VE    VE
""",
    """\
                       1_0  0b11 007 1+1 abc 'a' [1,2] (1,2) [] {} 1j b'x' One one False Two
UInt8,UIntBE32,UInt64  10   -    VE  VE  VE  GE  GE    GE    -  GE GE GE   VE  VE  0     VE
UInt128                10   -    VE  VE  VE  AE  GE    AE    -  AE AE AE   VE  VE  0     VE
UIntReversed8          10   -    VE  VE  VE  TE  GE    TE    -  TE TE TE   VE  VE  0     VE
Int8                   10   -    VE  VE  VE  GE  GE    GE    -  GE GE GE   VE  VE  0     VE
Int64                  10   -    VE  VE  VE  GE  GE    GE    -  GE GE GE   VE  VE  0     VE
Int128                 10   -    VE  VE  VE  TE  GE    TE    -  TE TE TE   VE  VE  0     VE
Bool                   VE   VE   VE  VE  VE  VE  VE    VE    VE VE VE VE   VE  VE  -     VE
String                 =    =    =   =   =   =   =     =     =  =  =  =    =   =   =     'Twowor'
Float                  10.0 -    VE  VE  VE  GE  GE    GE    -  GE GE GE   VE  VE  0.0   VE
Double                 10.0 -    VE  VE  VE  GE  GE    GE    -  GE GE GE   VE  VE  0.0   VE
Float16                10.0 -    VE  VE  VE  GE  GE    GE    -  GE GE GE   VE  VE  0.0   VE
Float8                 10.0 -    VE  VE  VE  GE  GE    GE    -  GE GE GE   VE  VE  0.0   VE
Float6                 10.0 -    VE  VE  VE  GE  GE    GE    -  GE GE GE   VE  VE  0.0   VE
Float4                 GE   -    VE  VE  VE  GE  GE    GE    -  GE GE GE   VE  VE  0.0   VE
BFloat16,TensorFloat32 10.0 -    VE  VE  VE  GE  GE    GE    -  GE GE GE   VE  VE  0.0   VE
Fixed16_8              10.0 -    VE  VE  VE  GE  GE    GE    -  GE GE GE   VE  VE  0.0   VE
Fixed64_8              10.0 -    VE  VE  VE  GE  GE    GE    -  GE GE GE   VE  VE  0.0   VE
UFixed16_4             10.0 -    VE  VE  VE  GE  GE    GE    -  GE GE GE   VE  VE  0.0   VE
Enum                   VE   VE   VE  VE  VE  VE  VE    VE    VE VE VE VE   1   VE  VE    2
EnumBool               VE   VE   VE  VE  VE  VE  VE    VE    VE VE VE VE   VE  VE  -     VE
EnumText               VE   VE   VE  VE  VE  VE  VE    VE    VE VE VE VE   1   VE  VE    2
""",
)


@each("name, text, cell", [c for t in SCALARS for c in cells(t)])
def test_text_into_a_scalar(tree, root, name, text, cell):
    var, text = root.S.node(name), TEXTS[text]
    var.set(0 if name.startswith("Enum") else start(name))
    assert outcome(tree, lambda: var.setDisp(text), var.get, text) == cell


ARRAYS = (
    """\
                                     1  [1,2]   (1,2)   [1.5,2]   [0x10]   [-1]     [300]     []
UInt8,Enum                           GE 1,2,3,3 1,2,3,3 1,2,3,3   16,3,3,3 VE       GE        -
UInt12,UIntBE32,UInt64               GE 1,2,3,3 1,2,3,3 1,2,3,3   16,3,3,3 VE       300,3,3,3 -
Int8                                 GE 1,2,3,3 1,2,3,3 1,2,3,3   16,3,3,3 -1,3,3,3 GE        -
Int64,IntBE16                        GE 1,2,3,3 1,2,3,3 1,2,3,3   16,3,3,3 -1,3,3,3 300,3,3,3 -
Bool                                 GE 1,1,0,0 1,1,0,0 1,1,0,0   1,0,0,0  1,0,0,0  1,0,0,0   -
Float,FloatBE,BFloat16,TensorFloat32 GE 1,2,3,3 1,2,3,3 1.5,2,3,3 16,3,3,3 -1,3,3,3 300,3,3,3 -
Double                               GE 1,2,3,3 1,2,3,3 1.5,2,3,3 16,3,3,3 -1,3,3,3 300,3,3,3 -
Float16                              GE 1,2,3,3 1,2,3,3 1.5,2,3,3 16,3,3,3 -1,3,3,3 300,3,3,3 -
Float8                               GE 1,2,3,3 1,2,3,3 1.5,2,3,3 16,3,3,3 -1,3,3,3 288,3,3,3 -
Float6                               GE 1,2,3,3 1,2,3,3 1.5,2,3,3 16,3,3,3 -1,3,3,3 GE        -
Float4                               GE 1,2,3,3 1,2,3,3 1.5,2,3,3 GE       -1,3,3,3 GE        -
Fixed16_8                            GE 1,2,3,3 1,2,3,3 1.5,2,3,3 16,3,3,3 -1,3,3,3 GE        -
UFixed16_4                           GE 1,2,3,3 1,2,3,3 1.5,2,3,3 16,3,3,3 GE       300,3,3,3 -
""",
    """\
                                     2-D ragged long [True]  [nan] [None]    ['a']   ['1']
UInt8,Enum                           GE  VE     GE   1,3,3,3 VE    VE        VE      1,3,3,3
UInt12,UIntBE32,UInt64               GE  VE     GE   1,3,3,3 VE    VE        VE      1,3,3,3
Int8                                 GE  VE     GE   1,3,3,3 VE    VE        VE      1,3,3,3
Int64,IntBE16                        GE  VE     GE   1,3,3,3 VE    VE        VE      1,3,3,3
Bool                                 GE  VE     GE   1,0,0,0 VE    -         1,0,0,0 1,0,0,0
Float,FloatBE,BFloat16,TensorFloat32 GE  VE     GE   1,3,3,3 VE    nan,3,3,3 VE      1,3,3,3
Double                               GE  VE     GE   1,3,3,3 VE    nan,3,3,3 VE      1,3,3,3
Float16                              GE  VE     GE   1,3,3,3 VE    nan,3,3,3 VE      1,3,3,3
Float8                               GE  VE     GE   1,3,3,3 VE    nan,3,3,3 VE      1,3,3,3
Float6                               GE  VE     GE   1,3,3,3 VE    28,3,3,3  VE      1,3,3,3
Float4                               GE  VE     GE   1,3,3,3 VE    6,3,3,3   VE      1,3,3,3
Fixed16_8                            GE  VE     GE   1,3,3,3 VE    GE        VE      1,3,3,3
UFixed16_4                           GE  VE     GE   1,3,3,3 VE    GE        VE      1,3,3,3
""",
    """\
                                     [1j]    [1e400]   'a' empty no-comma {1} None
UInt8,Enum                           VE      VE        VE  VE    VE       VE  VE
UInt12,UIntBE32,UInt64               VE      VE        VE  VE    VE       VE  VE
Int8                                 VE      VE        VE  VE    VE       VE  VE
Int64,IntBE16                        VE      VE        VE  VE    VE       VE  VE
Bool                                 1,0,0,0 1,0,0,0   GE  VE    VE       GE  GE
Float,FloatBE,BFloat16,TensorFloat32 VE      GE        VE  VE    VE       VE  GE
Double                               VE      inf,3,3,3 VE  VE    VE       VE  GE
Float16                              VE      GE        VE  VE    VE       VE  GE
Float8                               VE      GE        VE  VE    VE       VE  GE
Float6                               VE      GE        VE  VE    VE       VE  GE
Float4                               VE      GE        VE  VE    VE       VE  GE
Fixed16_8                            VE      GE        VE  VE    VE       VE  GE
UFixed16_4                           VE      GE        VE  VE    VE       VE  GE
""",
)


@each("name, text, cell", [c for t in ARRAYS for c in cells(t)])
def test_text_into_an_array(tree, root, name, text, cell):
    var, text = root.A.node(name), ARRAY_TEXTS[text]
    var.set([start(name)] * COUNT)
    assert outcome(tree, lambda: var.setDisp(text), var.get, text) == cell


# Parsing ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "text"), [("S.UInt8", "x"), ("S.Float", "nan"), ("S.Enum", "1")])
def test_the_text_of_a_parse_error(tree, root, name, text):
    var = root.getNode(f"Top.{name}")
    said = f"Invalid value {text} for variable {var.name} with type {var.nativeType}"
    for parse in (var.setDisp, var.parseDisp):
        with pytest.raises(tree.pr.VariableError) as caught:
            parse(text)
        assert str(caught.value).startswith(said)


def test_parse_disp_only_parses(root):
    root.S.UInt8.set(3)
    assert root.S.UInt8.parseDisp("0x10") == 16
    assert root.S.Enum.parseDisp("Two words") == 2
    assert root.A.UInt8.parseDisp("[1, 2]").dtype == np.uint32
    assert root.S.UInt8.get() == 3
    for value in (1.5, None, b"1", [1]):
        assert root.S.UInt8.parseDisp(value) is value


def test_an_element_from_text(root):
    root.A.UInt8.set([1, 2, 3, 4])
    root.A.UInt8.setDisp("0x10", index=2)
    assert root.A.UInt8.get().tolist() == [1, 2, 16, 4]


def test_text_only_staged(root, memory):
    root.S.UInt8.set(3)
    root.S.UInt8.setDisp("7", write=False)
    assert root.S.UInt8.value() == 7
    assert memory.peek(root.S.UInt8.address, 1) == b"\3"
    root.S.UInt8.write()
    assert memory.peek(root.S.UInt8.address, 1) == b"\7"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("UInt8", "0x10", 16), ("Int8", "-1", -1), ("Bool", "True", True), ("String", "5", "5"),
        ("Float8", "0.1", 0.09375), ("Fixed16_8", "1.5", 1.5), ("UInt128", "1", 1),
    ],
)  # fmt: skip
def test_a_command_parses_its_argument(tree, root, name, text, value):
    command = root.C.node(name)
    command(text)
    assert (command.value(), type(command.value())) == (value, type(value))
    if name != "String":
        with pytest.raises(tree.pr.VariableError):
            command("nonsense")


# Text out ---------------------------------------------------------------------------------

OUT = [
    ("UInts", 10, "0xa"), ("BigUInts", 2**99, hex(2**99)), ("Reversed", 10, "0xa"),
    ("Ints", -3, "-3"), ("BigInts", -(2**99), str(-(2**99))), ("Bool", True, "True"),
    ("Bool", False, "False"), ("String", "ab", "ab"), ("String", "", ""),
    ("Singles", 1.5, "1.500000"), ("Doubles", 1e-7, "0.000000"), ("Doubles", float("nan"), "nan"),
    ("Doubles", float("-inf"), "-inf"), ("Halves", -2.5, "-2.500000"), ("Smalls", 0.5, "0.500000"),
    ("Fixeds", 1.5, "1.5"), ("Enum", 1, "One"), ("Enum", 3, "INVALID: 3"), ("Decimal", 31, "31"),
    ("EnumBool", 1, "True"), ("EnumText", 2, "Two words"),
]  # fmt: skip
ODD = ("UIntBE12", "IntBE12")  # their bytes change places


@each(
    "name, value, text",
    [(n, v, t) for group, v, t in OUT for n in GROUPS.get(group, [group]) if n not in ODD],
)
def test_the_text_of_a_scalar(root, name, value, text):
    var = root.S.node(name)
    var.set(value)
    assert var.valueDisp() == var.getDisp() == var.genDisp(value) == text
    seen = var.getVariableValue(read=False)
    assert (seen.valueDisp, seen.disp, seen.enum) == (text, var.disp, var.enum)


ARRAYS_OUT = [
    ("UInts", "[0x1, 0x2, 0x0, 0x4]"), ("Ints", "[1, 2, 0, 4]"), ("Fixeds", "[1.0, 2.0, 0.0, 4.0]"),
    ("Bool", "[enum, enum, enum, enum]"), ("Enum", "[enum, enum, enum, enum]"),
    *((group, "[1.000000, 2.000000, 0.000000, 4.000000]")
      for group in ("Singles", "Doubles", "Halves", "Smalls")),
]  # fmt: skip


@each(
    "name, text",
    [(n, text) for group, text in ARRAYS_OUT for n in GROUPS.get(group, [group]) if n not in ODD],
)
def test_the_text_of_an_array(root, name, text):
    var = root.A.node(name)
    var.set([1, 2, 0, 4])
    assert var.valueDisp() == text
    element = {"Bool": "True", "Enum": "Two words"}.get(name, text.strip("[]").split(", ")[1])
    assert var.valueDisp(index=1) == element
