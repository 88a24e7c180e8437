"""Local variables: identity of values, elements, enums, updates, alarms."""

import numpy as np
import pytest
from support.trees import running
from support.trees.listeners import Recorder


@pytest.fixture(scope="module")
def root(tree):
    pr = tree.pr
    root = pr.Root(name="Top")
    root.add(pr.LocalVariable(name="Int", value=3))
    root.add(pr.LocalVariable(name="List", value=[1, "a"]))
    root.add(pr.LocalVariable(name="Arr", value=np.zeros(3)))
    root.add(pr.LocalVariable(name="Choice", value=5, enum={5: "five", 2: "two", 100: "many"}))
    root.add(pr.LocalVariable(name="Label", value="on", disp={"x": "on", "y": "off"}))
    root.add(pr.LocalVariable(name="FromList", value=2, disp=[1, 2, 3]))
    root.add(pr.LocalVariable(name="Hash", value="ten", enum={"b": 10, "a": "ten"}))
    root.add(
        pr.LocalVariable(name="Twins", value="same", enum={1: "same", 2: "same"}, typeCheck=False)
    )
    root.add(pr.LocalVariable(name="Ro", value=1, mode="RO"))
    root.add(pr.LocalVariable(name="Mute", value=1, updateNotify=False))
    with running(root):
        yield root


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
    var.set(7)  # not held to the keys
    assert var.value() == 7


def test_enum_with_other_keys(root):
    assert root.Label.value() == "x"  # the default is the label
    assert root.FromList.value() == 2
    assert root.FromList.valueDisp() == "2"
    assert root.Hash.value() == "a"


def test_of_equal_labels_the_last_counts(root):
    assert root.Twins.value() == 2
    root.Twins.set(1)
    assert root.Twins.valueDisp() == "same"


def test_post_sets(root):
    root.Int.post(8)
    assert root.Int.value() == 8


def test_the_mode_is_not_enforced(root):
    updates = Recorder()
    root.Ro.addListener(updates)
    root.Ro.set(2)
    root.waitOnUpdate()
    assert root.Ro.value() == 2
    assert updates.values == [2]


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
