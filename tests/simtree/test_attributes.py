"""The attributes that every kind of variable has, and those that only some have."""

import numpy as np
import pytest
from support.trees import running

REGISTER_ONLY = ("numValues", "valueBits", "valueStride", "bitSize", "bitOffset", "offset")


@pytest.fixture(scope="module")
def root(tree):
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    d = pr.Device(name="D", memBase=tree.memory(), guiGroup="pages", expand=True)
    root.add(d)
    limits = {"lowAlarm": 1, "lowWarning": 2, "highWarning": 7, "highAlarm": 9}
    d.add(
        pr.LocalVariable(
            name="Local",
            description="a local",
            value=5,
            units="V",
            minimum=0,
            maximum=10,
            guiGroup="g",
            offset=3,
            colour="red",
            **limits,
        )
    )
    d.add(pr.LocalVariable(name="Array", value=np.zeros(3), highAlarm=None))
    d.add(
        pr.LinkVariable(name="Link", linkedGet=lambda: 2.5, units="s", highAlarm=2, disp="{:.1f}")
    )
    d.add(pr.LinkVariable(name="Mirror", variable=d.Local))
    d.add(pr.LocalCommand(name="Command", description="a command", value="x", units="m"))
    d.add(pr.BaseVariable(name="Base", value=4))
    d.add(pr.RemoteVariable(name="Register", offset=8, bitSize=12, bitOffset=4, units="A"))
    d.add(pr.RemoteCommand(name="Remote", offset=0x10, function=pr.BaseCommand.touchOne))

    def enum(name, value, **kwargs):
        d.add(pr.LocalVariable(name=name, value=value, **kwargs))

    enum("FromBool", False)
    enum("BoolOwn", True, enum={True: "yes", False: "no"})
    enum("FromDict", 2, disp={2: "two", 1: "one"})
    enum("FromList", "b", disp=["a", "b"])
    enum("FromEnum", 2, enum={2: "two"}, disp="{:d}")
    enum("Twice", 0, enum={0: "same", 1: "same"})
    for i, disp in enumerate(DIGITS):
        d.add(pr.LocalVariable(name=f"Digits[{i}]", value=1.5, disp=disp))
    with running(root):
        yield root


DIGITS = {
    "{}": 8,
    "{:1.3f}": 3,
    "{:1.12f}": 12,
    "{:10.3f}": 8,
    "{:.3f}": 8,
    "{:1.3e}": 8,
    "{:1.f}": 8,
    "{:d} {:2.4f}": 4,
    "": 8,
}

# mode, typeStr, nativeType, units, minimum, maximum, disp, precision, hasAlarm, poll
KINDS = {
    "Local": ("RW", "int", int, "V", 0, 10, "{}", 0, True, 0),
    "Array": ("RW", "float64(3,)", np.ndarray, None, None, None, "{}", 8, False, 0),
    "Link": ("RO", "float", float, "s", None, None, "{:.1f}", 8, True, 0),
    "Mirror": ("RW", "int", int, "V", 0, 10, "{}", 0, False, 0),
    "Command": ("WO", "str", str, "m", None, None, "{}", 0, False, 0),
    "Base": ("RW", "int", int, None, None, None, "{}", 0, False, 0),
    "Register": ("RW", "UInt12", int, "A", 0, 4095, "{:#x}", 0, False, 0),
    "Remote": ("WO", "UInt32", int, None, 0, 2**32 - 1, "{:#x}", 0, False, 0),
    "enable": ("RW", "bool", bool, None, None, None, "enum", 0, False, 0),
}


@pytest.mark.parametrize("name", KINDS)
def test_of_each_kind(root, name):
    var = root.D.node(name)
    found = (
        *(var.mode, var.typeStr, var.nativeType, var.units, var.minimum, var.maximum),
        *(var.disp, var.precision, var.hasAlarm, var.pollInterval),
    )
    assert found == KINDS[name]
    assert var.path == f"Top.D.{name}"
    assert (var.parent, var.root) == (root.D, root)
    assert var.updateNotify is True
    assert var.expand is True
    assert var.guiGroup == ("g" if name == "Local" else None)
    assert (var.isDevice, var.isCommand) == (False, name in ("Command", "Remote"))
    assert var.isVariable is not var.isCommand
    assert var.ndType == (np.dtype(float) if name == "Array" else None)
    assert var.ndTypeStr == str(var.ndType)
    assert var.dependencies == ([root.D.Local] if name == "Mirror" else [])
    assert var.getExtraAttribute("colour") == ("red" if name == "Local" else None)
    assert var.getExtraAttribute("offset") is None


@pytest.mark.parametrize("name", KINDS)
def test_sizes_are_those_of_registers(root, name):
    var, remote = root.D.node(name), name in ("Register", "Remote")
    assert [hasattr(var, a) for a in REGISTER_ONLY] == [remote] * len(REGISTER_ONLY)
    assert hasattr(var, "arg") is hasattr(var, "retTypeStr") is var.isCommand
    if not remote:
        with pytest.raises(AttributeError, match=f"Top.D.{name} has no attribute numValues"):
            _ = var.numValues


def test_sizes_of_a_register(root):
    var = root.D.Register
    assert (var.numValues, var.bitSize, var.bitOffset, var.offset) == (0, [12], [4], 8)
    assert (var.verifyEn, var.overlapEn, var.retryCount, var.bulkEn) == (True, False, 0, True)
    assert (root.D.Remote.verifyEn, root.D.Remote.bulkEn) == (False, False)


def test_locks(root):
    with root.D.Local.lock, root.D.Local.lock:
        root.D.Local.set(5)
    for name in ("Link", "Mirror", "Command", "Base", "enable"):
        assert root.D.node(name).lock is None
    assert not hasattr(root.D.Register, "lock")


def test_of_a_device(root):
    assert (root.D.guiGroup, root.D.expand, root.D.description) == ("pages", True, "")
    assert (root.expand, root.guiGroup, root.running, root.D.running) == (True, None, True, True)
    assert root.D.Local.description == "a local"


@pytest.mark.parametrize(
    ("name", "enum", "text"),
    [
        ("FromBool", {False: "False", True: "True"}, "False"),
        ("BoolOwn", {True: "yes", False: "no"}, "yes"),
        ("FromDict", {2: "two", 1: "one"}, "two"),
        ("FromList", {"a": "a", "b": "b"}, "b"),
        ("FromEnum", {2: "two"}, "two"),
        ("Twice", {0: "same", 1: "same"}, "same"),
    ],
)
def test_where_an_enum_comes_from(root, name, enum, text):
    var = root.D.node(name)
    assert var.enum == enum
    assert list(var.enum) == list(enum)
    assert var.revEnum == {label: value for value, label in enum.items()}
    assert var.disp == "enum"
    assert var.valueDisp() == text


def test_digits_come_from_the_format(root):
    assert [v.precision for v in root.D.Digits.values()] == list(DIGITS.values())


def test_alarms_are_strict_and_major_wins(root):
    var = root.D.Local
    states = []
    for value in (0, 1, 2, 5, 7, 8, 9, 10):
        var.set(value)
        states.append((var.alarmStatus, var.alarmSeverity))
    assert states == [
        ("AlarmLoLo", "AlarmMajor"),
        ("AlarmLow", "AlarmMinor"),
        ("Good", "Good"),
        ("Good", "Good"),
        ("Good", "Good"),
        ("AlarmHigh", "AlarmMinor"),
        ("AlarmHigh", "AlarmMinor"),
        ("AlarmHiHi", "AlarmMajor"),
    ]
    assert (root.D.Link.alarmStatus, root.D.Link.alarmSeverity) == ("AlarmHiHi", "AlarmMajor")
    assert (root.D.Mirror.alarmStatus, root.D.Mirror.alarmSeverity) == ("None", "None")


def test_what_plain_variables_do(root):
    base = root.D.Base
    base.set(9, index=0, write=False, verify=False, wait=True)
    base.post(9)
    base.write(verify=True, wait=False)
    assert base.get(wait=True) is base.value() is None
    assert root.D.Local.write() is None
    assert root.D.Command.write() is None
    root.D.Command.set("y", wait=True, verify=True)
    assert root.D.Command.value() == "x"


def test_text_of_a_value_in_another_format(root):
    assert root.D.Register.genDisp(10) == "0xa"
    assert root.D.Register.genDisp(10, useDisp="<{:d}>") == "<10>"
    assert root.D.FromDict.genDisp(1) == "one"
    assert root.D.FromDict.genDisp(7) == "INVALID: 7"
    assert root.D.Array.genDisp(np.array([1.0, 2.0]), useDisp="{:.1f}") == "[1.0, 2.0]"
    with pytest.raises(ValueError, match="format code"):
        root.D.Local.genDisp("text", useDisp="{:d}")


@pytest.mark.parametrize("mode", ["rw", "", None, "WR"])
def test_unknown_modes(tree, mode):
    with pytest.raises(tree.pr.VariableError, match="Invalid variable mode"):
        tree.pr.LocalVariable(name="V", value=1, mode=mode)


def test_commands_have_their_own_mode(tree):
    for cls, kwargs in ((tree.pr.LocalCommand, {}), (tree.pr.RemoteCommand, {"offset": 0})):
        with pytest.raises(TypeError, match="mode"):
            cls(name="C", mode="RW", **kwargs)
        with pytest.raises(TypeError, match="bulkOpEn"):
            cls(name="C", bulkOpEn=True, **kwargs)
