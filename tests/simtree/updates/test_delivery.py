"""Delivery of updates: when, what, in which order and on which thread."""

import threading

import numpy as np
import pytest
from support.listeners import Recorder
from support.trees import LIMIT, running


def add_link(pr, device, name, sources, getter):
    device.add(pr.LinkVariable(name=name, dependencies=sources, linkedGet=getter))


@pytest.fixture(scope="module")
def root(tree):
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    d = pr.Device(name="D", memBase=tree.memory())
    root.add(d)
    d.add(pr.LocalVariable(name="A", value=0, groups=["GA"]))
    d.add(pr.LocalVariable(name="B", value=0, groups=["GB"]))
    d.add(pr.LocalVariable(name="Arr", value=np.zeros(3)))
    d.add(pr.LocalVariable(name="Off", value=0, updateNotify=False))
    d.add(pr.RemoteVariable(name="R", offset=0))
    add_link(pr, d, "Sum", [d.A, d.B], lambda: d.A.value() + d.B.value())
    add_link(pr, d, "Twice", [d.Sum], lambda: 2 * d.Sum.value())
    with running(root):
        yield root


@pytest.fixture
def listen(root):
    """Record the updates of some variables during a test."""
    added = []

    def add(*names):
        root.waitOnUpdate()
        recorder = Recorder()
        for name in names:
            root.D.node(name).addListener(recorder)
            added.append((root.D.node(name), recorder))
        return recorder

    yield add
    for var, recorder in added:
        var.delListener(recorder)


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


def test_a_function_is_kept_once_and_can_go(root):
    updates = Recorder()
    root.waitOnUpdate()
    root.D.A.addListener(updates)
    root.D.A.addListener(updates)
    root.D.A.set(1)
    root.waitOnUpdate()
    assert len(updates.calls) == 1
    root.D.A.delListener(updates)
    root.D.A.delListener(updates)
    root.D.A.set(2)
    root.waitOnUpdate()
    assert len(updates.calls) == 1


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


def test_a_group_is_one_batch(root, listen):
    updates = listen("A", "B")
    with root.updateGroup():
        for i in range(5):
            root.D.A.set(i)
            root.D.B.set(i)
        root.waitOnUpdate()
        assert updates.calls == []
    root.waitOnUpdate()
    assert updates.calls[0][1].value == 4
    assert updates.paths == ["Top.D.A", "Top.D.B"]


def test_groups_nest_and_end_on_exceptions(root, listen):
    updates = listen("A")
    with pytest.raises(OSError, match="inner"), root.updateGroup():
        with root.updateGroup():
            root.D.A.set(1)
        root.waitOnUpdate()
        assert updates.calls == []
        raise OSError("inner")
    root.waitOnUpdate()
    assert len(updates.calls) == 1


def test_groups_are_per_thread(root, listen):
    updates = listen("A")
    with root.updateGroup():
        other = threading.Thread(target=root.D.A.set, args=(1,))
        other.start()
        other.join(LIMIT)
        root.waitOnUpdate()
        assert len(updates.calls) == 1


def test_a_group_with_a_period_does_not_wait_for_its_end(root, listen):
    updates = listen("A")
    with root.updateGroup(period=0.01):
        for i in range(100_000):
            root.D.A.set(i)
            if updates.calls:
                break
        assert updates.calls


def test_dependents_follow_their_sources_once(root, listen):
    updates = listen("A", "B", "Sum", "Twice")
    with root.updateGroup():
        root.D.A.set(1)
        root.D.B.set(2)
    root.waitOnUpdate()
    assert updates.paths == ["Top.D.A", "Top.D.B", "Top.D.Sum", "Top.D.Twice"]
    assert updates.values[2:] == [3, 6]


def test_a_listener_may_set_and_add(root, listen):
    updates = listen("B")
    late = Recorder()

    def first(path, value):
        root.D.A.addListener(late)
        root.D.B.set(value.value)

    root.D.A.addListener(first)
    root.D.A.set(9)
    updates.wait(1)
    root.waitOnUpdate()
    root.D.A.delListener(first)
    root.D.A.delListener(late)
    assert updates.values == [9]
    assert late.values == [9]


def test_a_listener_that_removes_itself_hides_the_next(root):
    after = Recorder()

    def once(path, value):
        root.D.A.delListener(once)

    root.waitOnUpdate()
    root.D.A.addListener(once)
    root.D.A.addListener(after)
    root.D.A.set(1)
    root.waitOnUpdate()
    assert after.calls == []
    root.D.A.set(2)
    root.waitOnUpdate()
    assert len(after.calls) == 1
    root.D.A.delListener(after)


def test_mutable_values_are_shared(root, listen):
    updates = listen("Arr")
    mine = np.ones(3)
    root.D.Arr.set(mine)
    assert updates.wait(1)[0][1].value is mine


def test_set_within_a_full_array_text(root, listen):
    updates = listen("Arr")
    root.D.Arr.set(np.array([1.0, 2.0]))
    assert updates.wait(1)[0][1].valueDisp == "[1.0, 2.0]"


def test_per_instance_do_update(root, listen, tree):
    var = root.D.A
    updates, everything = listen("A"), Recorder()
    root.addVarListener(everything, incGroups="GA")

    def replacement():
        value = tree.pr.VariableValue(var)
        value.valueDisp = "replaced"
        for func in var._BaseVariable__functions:
            func(var.path, value)
        return value

    var._doUpdate = replacement
    try:
        var.set(1)
        root.waitOnUpdate()
    finally:
        del var._doUpdate
    var.set(2)
    root.waitOnUpdate()
    assert [v.valueDisp for _, v in updates.calls] == ["replaced", "2"]
    assert [v.valueDisp for _, v in everything.calls] == ["replaced", "2"]
    assert isinstance(var._BaseVariable__functions, list)


def test_root_listeners(tree):
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    root.add(pr.LocalVariable(name="A", value=0, groups=["GA", "X"]))
    root.add(pr.LocalVariable(name="B", value=0, groups=["GB"]))
    every, some, without, tuples, log = (Recorder() for _ in range(5))
    order = []
    root.addVarListener(lambda path, value: order.append(path), done=lambda: order.append("done"))
    root.addVarListener(every)
    root.addVarListener(some, incGroups=["GA", "GB"], excGroups="X")
    root.addVarListener(without, excGroups=["NoSql", "NoStream", "GA"])
    root.addVarListener(tuples, incGroups=("GA",))
    root.A.addListener(log)
    with running(root):
        root.waitOnUpdate()
        for recorder in (every, some, without):
            recorder.clear()
        order.clear()
        with root.updateGroup():
            root.A.set(1)
            root.B.set(2)
        root.A.set(3)
        root.waitOnUpdate()
        assert order == ["Top.A", "Top.B", "done", "Top.A", "done"]
        assert every.paths == ["Top.A", "Top.B", "Top.A"]
        assert some.paths == ["Top.B"]
        assert without.paths == ["Top.B"]
        assert tuples.calls == []
        assert every.calls[-1][1] is log.calls[-1][1]
    assert not hasattr(root, "delVarListener")


def test_a_root_listener_holds_off_adding_another(tree):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.LocalVariable(name="A", value=0))
    inside, go, added = (threading.Event() for _ in range(3))

    def slow(path, value):
        if path == "Top.A":
            inside.set()
            go.wait(LIMIT)

    def add():
        root.addVarListener(Recorder())
        added.set()

    root.addVarListener(slow)
    with running(root):
        root.A.set(1)
        assert inside.wait(LIMIT)
        adder = threading.Thread(target=add)
        adder.start()
        assert not added.wait(0.05)
        go.set()
        assert added.wait(LIMIT)
        adder.join(LIMIT)


def test_waiting_for_updates_in_a_listener_lasts_until_the_end(tree):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.LocalVariable(name="A", value=0))
    inside, over = threading.Event(), threading.Event()

    def wait(path, value):
        inside.set()
        root.waitOnUpdate()
        over.set()

    root.A.addListener(wait)
    with running(root):
        root.A.set(1)
        assert inside.wait(LIMIT)
        assert not over.wait(0.05)
    assert over.is_set()


def test_a_failing_listener_of_the_log_is_not_logged_for_ever(tree, capfd):
    root, calls = tree.pr.Root(name="Top", pollEn=False), []

    def fail(path, value):
        calls.append(path)
        raise OSError("on purpose")

    root.add(tree.pr.LocalVariable(name="A", value=0))
    with running(root):
        root.waitOnUpdate()
        root.addVarListener(fail)
        root.A.set(1)
        for _ in range(3):  # the record of the failure is an update, too
            root.waitOnUpdate()
        assert calls == ["Top.A", "Top.SystemLogLast", "Top.SystemLog"]


def test_wait_on_update_is_at_once_when_not_running(tree):
    root = tree.pr.Root(name="Top")
    root.waitOnUpdate()


def test_variable_wait(root, tree):
    def later():
        root.D.A.set(41)
        root.D.A.set(42)

    thread = threading.Timer(0.05, later)
    thread.start()
    found = tree.pr.VariableWait(root.D.A, lambda values: values[0].value == 42, timeout=LIMIT)
    thread.join()
    assert found
    assert not tree.pr.VariableWait(root.D.A, lambda values: False, timeout=0.01)
