"""Local variables: types, limits, texts, callbacks."""

import datetime
import enum

import numpy as np
import pytest
from support.listeners import Recorder
from support.trees import running


class Color(enum.Enum):
    RED = 1


DEFAULTS = {
    "Int": (3, "int", "3"),
    "Big": (2**70, "int", str(2**70)),
    "Float": (1.5, "float", "1.5"),
    "Bool": (True, "bool", "True"),
    "Str": ("hi", "str", "hi"),
    "List": ([1, "a"], "list", "[1, 'a']"),
    "Dict": ({"a": 1}, "dict", "{'a': 1}"),
    "Tuple": ((1, 2), "tuple", "(1, 2)"),
    "Bytes": (b"x", "bytes", "b'x'"),
    "Stamp": (datetime.datetime(2020, 1, 2), "datetime", "2020-01-02 00:00:00"),
    "Complex": (1j, "complex", "1j"),
    "Np": (np.float64(2.5), "float64", "2.5"),
    "Arr": (np.array([1.0, 2.0, 3.0]), "float64(3,)", "[1.0, 2.0, 3.0]"),
    "Cube": (np.zeros((2, 2, 2), np.uint16), "uint16(2, 2, 2)", None),
    "Text": (np.array(["ab", "c"]), "<U2(2,)", "[ab, c]"),
    "Enum": (Color.RED, "Color", None),
}


@pytest.fixture(scope="module")
def root(tree):
    pr = tree.pr
    root = pr.Root(name="Top")
    for name, (value, _, _) in DEFAULTS.items():
        root.add(pr.LocalVariable(name=name, value=value))
    root.add(pr.LocalVariable(name="Free", value=1, typeCheck=False))
    root.add(pr.LocalVariable(name="Lim", value=1, minimum=0, maximum=10))
    root.add(pr.LocalVariable(name="LimF", value=1.0, minimum=0, maximum=10))
    root.add(pr.LocalVariable(name="LimA", value=np.zeros(2), minimum=0, maximum=10))
    root.add(pr.LocalVariable(name="Named", value=1, typeStr="UInt16"))
    root.add(pr.LocalVariable(name="None_", localGet=lambda: None))
    root.add(pr.LocalVariable(name="Fmt", value=1.23456, disp="{:1.3f}"))
    root.add(pr.LocalVariable(name="Fmt2", value=1.23456, disp="{:.2f}"))
    root.add(pr.LocalVariable(name="Quiet", value=np.zeros(3), disp=""))
    root.add(pr.LocalVariable(name="Choice", value=5, enum={5: "five", 2: "two", 100: "many"}))
    root.add(pr.LocalVariable(name="Label", value="on", disp={"x": "on", "y": "off"}))
    root.add(pr.LocalVariable(name="FromList", value=2, disp=[1, 2, 3]))
    root.add(pr.LocalVariable(name="Hash", value="ten", enum={"b": 10, "a": "ten"}))
    root.add(pr.LocalVariable(name="Ro", value=1, mode="RO"))
    root.add(pr.LocalVariable(name="Mute", value=1, updateNotify=False))
    with running(root):
        yield root


@pytest.mark.parametrize("name", DEFAULTS)
def test_type_and_text_of_a_default(root, name):
    value, type_name, text = DEFAULTS[name]
    var = root.node(name)
    assert var.typeStr == type_name
    assert var.nativeType is type(value)
    assert var.value() is value or name in ("Int", "Str")
    if text is not None:
        assert var.valueDisp() == text
    assert var.mode == "RW"
    assert var.pollInterval == 0
    assert var.updateNotify is True


def test_declared_type_name(root):
    assert root.Named.typeStr == "UInt16"
    assert root.Named.nativeType is int


def test_a_getter_may_give_none(root):
    assert root.None_.nativeType is type(None)
    assert root.None_.typeStr == "NoneType"
    assert root.None_.valueDisp() == "None"


@pytest.mark.parametrize(
    ("name", "digits"),
    [("Int", 0), ("Float", 8), ("Fmt", 3), ("Fmt2", 8), ("Arr", 8), ("Np", 0), ("Quiet", 8)],
)
def test_precision(root, name, digits):
    assert root.node(name).precision == digits


ACCEPTED = [
    ("Int", 4),
    ("Int", True),
    ("Float", 2.5),
    ("Float", np.float64(3.5)),
    ("Bool", False),
    ("Str", np.str_("x")),
    ("List", []),
    ("Np", np.float64(1)),
    ("Arr", np.arange(5)),
    ("Arr", np.zeros((2, 2), np.uint8)),
    ("Free", None),
    ("Free", [1]),
    ("Free", "text"),
    ("Free", np.zeros(3)),
    ("LimF", float("nan")),
    ("LimA", np.array([100.0])),
    ("Ro", 2),
]

REJECTED = [
    ("Int", 2.0),
    ("Int", "2"),
    ("Int", None),
    ("Int", np.int64(2)),
    ("Float", 2),
    ("Float", np.float32(2)),
    ("Float", "2.0"),
    ("Bool", 1),
    ("Bool", 0),
    ("Bool", np.True_),
    ("Str", b"x"),
    ("List", (1,)),
    ("Np", 1.0),
    ("Arr", [1.0]),
    ("Arr", 1.0),
]


@pytest.mark.parametrize(("name", "value"), ACCEPTED, ids=lambda x: repr(x)[:30])
def test_accepted(root, name, value):
    root.node(name).set(value)
    assert root.node(name).value() is value


@pytest.mark.parametrize(("name", "value"), REJECTED, ids=lambda x: repr(x)[:30])
def test_rejected_by_type(root, tree, name, value):
    var = root.node(name)
    before = var.value()
    with pytest.raises(tree.pr.VariableError, match=f"Type mismatch for Top.{name}: expected"):
        var.set(value)
    assert var.value() is before


def test_declared_types_stay(root):
    root.Arr.set(np.zeros((2, 2), np.uint8))
    assert root.Arr.typeStr == "float64(3,)"
    assert root.Arr.ndType == np.dtype(np.float64)
    root.Free.set("text")
    assert root.Free.nativeType is int
    assert root.Free.typeStr == "int"


def test_limits(root, tree):
    for value in (-1, 11):
        with pytest.raises(tree.pr.VariableError) as caught:
            root.Lim.set(value)
        assert str(caught.value) == f"Value range error for Lim. Value={value}, Min=0, Max=10"
    root.Lim.set(10)
    with pytest.raises(TypeError):
        root.Lim.set("a")
    assert root.Lim.value() == 10


def test_values_are_not_copied(root):
    mine = np.zeros(3)
    root.Arr.set(mine)
    mine[0] = 7
    assert root.Arr.value()[0] == 7
    assert root.Arr.getVariableValue(read=False).value is mine


def test_index(root):
    items = [1, 2, 3]
    root.List.set(items)
    root.List.set("new", index=1)
    assert items == [1, "new", 3]
    assert root.List.value(index=1) == "new"
    with pytest.raises(IndexError):
        root.List.set(0, index=9)
    with pytest.raises(TypeError):
        root.Int.set(0, index=0)


def test_enum_by_value(root, tree):
    var = root.Choice
    assert var.disp == "enum"
    assert list(var.enum.values()) == ["five", "two", "many"]
    assert var.revEnum["two"] == 2
    var.set(2)
    assert var.valueDisp() == "two"
    var.setDisp("many")
    assert var.value() == 100
    for text in ("Many", "5", ""):
        with pytest.raises(tree.pr.VariableError, match="Invalid value"):
            var.setDisp(text)
    var.set(7)
    assert var.valueDisp() == "INVALID: 7"


def test_enum_with_other_keys(root):
    assert root.Label.value() == "x"
    assert root.FromList.enum == {1: "1", 2: "2", 3: "3"}
    assert root.FromList.valueDisp() == "2"
    assert root.Hash.value() == "a"
    root.Hash.set("b")
    assert root.Hash.valueDisp() == 10
    assert root.Bool.enum == {False: "False", True: "True"}
    assert root.Bool.disp == "enum"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("Int", "0x10", 16),
        ("Int", "-7", -7),
        ("Float", "1e3", 1000.0),
        ("Str", "", ""),
        ("Str", "0x10", "0x10"),
        ("Bool", "False", False),
        ("List", "[1, 2]", [1, 2]),
    ],
)
def test_text_in(root, name, text, value):
    root.node(name).setDisp(text)
    assert root.node(name).value() == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Int", "abc"),
        ("Int", ""),
        ("Float", "nan"),
        ("Float", "inf"),
        ("Float", "3"),
        ("Bool", "true"),
    ],
)
def test_text_refused(root, tree, name, text):
    with pytest.raises(tree.pr.VariableError):
        root.node(name).setDisp(text)


def test_text_into_arrays_is_cast(root):
    root.Arr.setDisp("[1, 2]")
    assert root.Arr.value().dtype == np.float64
    assert root.Arr.value().tolist() == [1, 2]


def test_parse_disp_passes_other_types_on(root):
    assert root.Int.parseDisp(1.5) == 1.5


def test_text_out(root):
    assert root.Fmt.genDisp(2.0) == "2.000"
    assert root.Fmt.genDisp(2.0, useDisp="{:.1f}") == "2.0"
    assert root.Quiet.valueDisp() == ""
    with pytest.raises(ValueError, match="format code"):
        root.Int.genDisp(1.5, useDisp="{:d}")


def test_post_sets(root):
    root.Int.post(8)
    assert root.Int.value() == 8


def test_lock(root, tree):
    assert type(root.Int.lock).__name__ == "RLock"
    assert root.LocalTime.lock is None


def test_no_update_without_notify_or_write(root):
    updates = Recorder()
    root.waitOnUpdate()
    root.Mute.addListener(updates)
    root.Int.addListener(updates)
    root.Mute.set(2)
    root.Int.set(3, write=False)
    root.Int.value()
    root.waitOnUpdate()
    assert updates.calls == []
    root.Int.get(read=False)
    root.Int.getVariableValue(read=False)
    root.waitOnUpdate()
    assert updates.calls == []
    root.Int.get()
    root.Int.getVariableValue()
    root.waitOnUpdate()
    assert len(updates.calls) == 2
    root.Int.delListener(updates)


def test_wrong_constructions(tree):
    pr = tree.pr
    with pytest.raises(pr.VariableError, match="Invalid variable mode"):
        pr.LocalVariable(name="V", value=1, mode="XX")
    with pytest.raises(pr.VariableError, match="Invalid use of enum"):
        pr.LocalVariable(name="V", value=[1], enum={1: "a"})
    with pytest.raises((pr.VariableError, RecursionError)):
        pr.LocalVariable(name="V")


@pytest.mark.parametrize(
    ("value", "status", "severity"),
    [
        (-11.0, "AlarmLoLo", "AlarmMajor"),
        (-10.0, "AlarmLow", "AlarmMinor"),
        (-5.0, "Good", "Good"),
        (0.0, "Good", "Good"),
        (5.0, "Good", "Good"),
        (6.0, "AlarmHigh", "AlarmMinor"),
        (10.0, "AlarmHigh", "AlarmMinor"),
        (10.5, "AlarmHiHi", "AlarmMajor"),
        (float("nan"), "Good", "Good"),
    ],
)
def test_alarms(tree, value, status, severity):
    var = tree.pr.LocalVariable(
        name="V", value=value, lowAlarm=-10, lowWarning=-5, highWarning=5, highAlarm=10
    )
    assert var.hasAlarm
    assert (var.alarmStatus, var.alarmSeverity) == (status, severity)
    seen = var.getVariableValue(read=False)
    assert (seen.status, seen.severity) == (status, severity)


def test_alarms_of_other_values(tree):
    pr = tree.pr
    plain = pr.LocalVariable(name="V", value=1)
    assert not plain.hasAlarm
    assert (plain.alarmStatus, plain.alarmSeverity) == ("None", "None")
    listed = pr.LocalVariable(name="V", value=[100], highAlarm=1)
    assert listed.alarmStatus == "None"
    array = pr.LocalVariable(name="V", value=np.zeros(2), highAlarm=1)
    with pytest.raises(ValueError, match="ambiguous"):
        _ = array.alarmStatus
    text = pr.LocalVariable(name="V", value="a", highAlarm=1)
    with pytest.raises(TypeError):
        _ = text.alarmStatus
