"""Delivery of updates: when, what, in which order and on which thread."""

import threading

import numpy as np
from support.trees import LIMIT


class Blocker:
    """Keeps the update worker busy within a listener."""

    def __init__(self, var):
        self.var = var
        self.inside, self.go = threading.Event(), threading.Event()

    def __call__(self, path, value):
        self.inside.set()
        self.go.wait(LIMIT)

    def __enter__(self):
        self.var.addListener(self)
        self.var.set(self.var.value())
        assert self.inside.wait(LIMIT)
        self.var.delListener(self)

    def __exit__(self, *exc):
        self.go.set()


def test_signature_and_thread(root, listen):
    updates = listen("A")
    root.D.A.set(3)
    [(path, value)] = updates.wait(1)
    assert path == "Top.D.A"
    assert (value.value, value.valueDisp, value.disp, value.enum) == (3, "3", "{}", None)
    assert (value.updated, value.status, value.severity) == (False, "None", "None")
    assert set(vars(value)) == {
        "value",
        "valueDisp",
        "disp",
        "enum",
        "updated",
        "status",
        "severity",
    }
    assert updates.threads == [root._updateThread]


def test_no_value_on_adding(root, listen):
    updates = listen("A")
    root.waitOnUpdate()
    assert updates.calls == []


def test_one_value_object_for_all_listeners(root, listen):
    first, second = listen("A"), listen("A")
    root.D.A.set(1)
    root.waitOnUpdate()
    assert first.calls[0][1] is second.calls[0][1]


def test_equal_values_are_updates(root, listen):
    updates = listen("A", "R")
    for _ in range(2):
        root.D.A.set(5)
        root.D.R.set(5)
    root.waitOnUpdate()
    assert updates.paths == ["Top.D.A", "Top.D.R"] * 2


def test_the_value_is_read_at_delivery(root, listen):
    updates = listen("A")
    with Blocker(root.D.B):
        for i in range(1, 11):
            root.D.A.set(i)
    root.waitOnUpdate()
    assert updates.values == [10] * 10


def test_reading_sends_an_update(root, listen):
    updates = listen("A", "R", "Sum")
    root.D.R.get()
    root.D.R.getVariableValue()
    root.D.R.getDisp()
    root.waitOnUpdate()
    assert updates.paths == ["Top.D.R"] * 3
    updates.clear()
    root.D.A.get()
    root.D.A.getVariableValue()
    root.D.A.getDisp()
    root.D.A.get(wait=False)
    root.waitOnUpdate()
    assert updates.paths == ["Top.D.A", "Top.D.Sum"] * 3
    updates.clear()
    for var in (root.D.A, root.D.R):
        var.get(read=False)
        var.value()
        var.valueDisp()
        var.getVariableValue(read=False)
    root.D.Sum.get()
    root.waitOnUpdate()
    assert updates.calls == []


def test_no_update_without_notify(root, listen):
    updates = listen("Off")
    root.D.Off.set(1)
    root.waitOnUpdate()
    assert updates.calls == []


def test_mutable_values_are_shared(root, listen):
    updates = listen("Arr")
    mine = np.ones(3)
    root.D.Arr.set(mine)
    assert updates.wait(1)[0][1].value is mine


def test_set_within_a_full_array_text(root, listen):
    updates = listen("Arr")
    root.D.Arr.set(np.array([1.0, 2.0]))
    assert updates.wait(1)[0][1].valueDisp == "[1.0, 2.0]"
