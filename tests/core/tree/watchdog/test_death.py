"""The watchdog on both trees, whose update threads are really ended."""

import pickle
import threading

import pytest
from support.engine.fakes import WAIT, join
from support.engine.watching import delivers
from support.trees.killers import KILLERS, Switch
from support.trees.listeners import Recorder

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")

CULPRITS = {
    "listener": ("V", "OSError: switched on"),
    "exit": ("V", "SystemExit"),
    "link": ("Link", "OSError: switched on"),
    "getter": ("Got", "OSError: switched on"),
    "text": ("Int", "ValueError"),
    "none": ("Int", "TypeError"),
    "alarm_text": ("Alarm", "TypeError"),
    "alarm_none": ("Alarm", "TypeError"),
    "alarm_array": ("Alarm", "ValueError"),
    "unhashable": ("Enum", "TypeError"),
    "bad_string": ("S", "GeneralError"),
}


@pytest.mark.parametrize("kill", KILLERS, ids=lambda f: f.__name__)
def test_a_dead_worker_is_revived_and_the_culprit_named(tree, root, switch, watch, kill):
    name, text = CULPRITS[kill.__name__.removeprefix("die_of_")]
    everything = Recorder()
    root.addVarListener(everything)
    watched = watch(root)
    dead = root._updateThread
    kill(root, switch)
    fault = watched.fault()
    assert fault.startswith(f"the tree's update thread was ended by Top.D.{name}: {text}")
    watched.well()
    assert watched.watchdog.fault is None
    assert watched.logged == [fault + "; it is started again"]
    join(dead)
    revived = root._updateThread
    assert (revived.is_alive(), revived.name, revived.daemon) == (True, dead.name, dead.daemon)

    # Others are delivered, also by root listeners and through the barrier.
    everything.clear()
    assert delivers(root, root.D.Other, 7)
    assert "Top.D.Other" in everything.paths

    # The culprit fails on, which is told, and ends nothing. It alone is guarded.
    kill(root, switch)
    root.waitOnUpdate()
    assert watched.failed.next()[0] == f"Top.D.{name}"
    assert root._updateThread is revived
    assert revived.is_alive()
    value = [v for path, v in everything.calls if path == f"Top.D.{name}"][-1]
    assert type(pickle.loads(pickle.dumps(value))) is tree.pr.VariableValue  # noqa: S301
    assert (value.updated, value.status) == (False, "None")
    assert [v.name for v in root.variableList if "_doUpdate" in vars(v)] == [name]
    assert watched.told.empty()

    watched.watchdog.stop()
    assert not any("_doUpdate" in vars(v) for v in root.variableList)


def test_a_guarded_variable_recovers_and_keeps_its_last_good_value(root, switch, watch):
    def mark(path, value):
        value.updated = True  # as VariableWait does

    everything = Recorder()
    root.D.Got.addListener(mark)
    root.addVarListener(everything)
    watched = watch(root)
    switch.on = True
    root.D.Got.set(1)
    watched.fault()
    watched.well()
    everything.clear()
    root.D.Got.set(1)  # no good value yet
    root.waitOnUpdate()
    switch.on = False
    root.D.Got.set(1)
    root.waitOnUpdate()
    switch.on = True
    root.D.Got.set(1)
    root.waitOnUpdate()
    values = [v for path, v in everything.calls if path == "Top.D.Got"]
    assert [(v.value, v.valueDisp) for v in values] == [(None, ""), (0, "0"), (0, "0")]
    assert [v.updated for v in values] == [False, True, False]
    assert len({id(v) for v in values}) == 3
    assert watched.failed.rest() == [("Top.D.Got", OSError)] * 2


def test_root_listeners_get_the_true_value_although_a_listener_raises(root, switch, watch):
    everything = Recorder()
    root.addVarListener(everything)
    watched = watch(root)
    root.D.V.addListener(switch)
    switch.on = True
    root.D.V.set(1)
    watched.fault()
    watched.well()
    everything.clear()
    for value in (2, 3):
        root.D.V.set(value)
        root.waitOnUpdate()
    assert [v.value for path, v in everything.calls if path == "Top.D.V"] == [2, 3]


def test_what_was_queued_behind_is_delivered(root, switch, watch):
    watched = watch(root)
    updates = Recorder()
    gate = threading.Event()

    def hold_and_raise(path, value):
        gate.wait(WAIT)
        raise OSError

    root.D.V.addListener(hold_and_raise)
    root.D.Other.addListener(updates)
    root.D.V.set(1)
    for value in range(5):
        root.D.Other.set(value)
    gate.set()
    watched.fault()
    watched.well()
    updates.wait(5)


def test_an_enable_variable_keeps_its_own_way(tree, running, watch):
    switch = Switch()
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    root.add(pr.LocalVariable(name="Power", value=True))
    root.add(pr.Device(name="D", enableDeps=[root.Power]))
    with running(root):
        watched = watch(root)
        root.waitOnUpdate()
        root.D.enable.addListener(switch)
        switch.on = True
        root.Power.set(False)
        assert "Top.D.enable" in watched.fault()
        watched.well()
        for power, state in ((True, True), (False, "deps")):
            root.Power.set(power)
            root.waitOnUpdate()
            assert watched.failed.next()[0] == "Top.D.enable"
            assert root.D.enable.value() == state


def test_a_replaced_update_method_is_given_back(root, switch, watch):
    variable = root.D.Link
    original = variable._doUpdate
    variable._doUpdate = mine = lambda: original()
    watched = watch(root)
    switch.on = True
    root.D.V.set(1)
    assert "Top.D.Link" in watched.fault()
    watched.well()
    assert variable._doUpdate is not mine
    watched.watchdog.stop()
    assert variable._doUpdate is mine


def test_a_guard_under_the_wrapper_of_another_is_left_transparent(root, switch, watch):
    watched = watch(root)
    switch.on = True
    root.D.Got.set(1)
    watched.fault()
    watched.well()
    guard = root.D.Got._doUpdate
    root.D.Got._doUpdate = mine = lambda: guard()
    watched.watchdog.stop()
    assert root.D.Got._doUpdate is mine
    with pytest.raises(OSError, match="switched on"):
        mine()
    assert watched.failed.empty()


def test_a_failing_callback_harms_nobody(root, switch, watch):
    watched = watch(root)

    def broken(*args):
        watched.told.put(("broken", *args))
        raise SystemExit

    watched.watchdog.on_fault = watched.watchdog.on_well = broken
    watched.watchdog.on_failed = watched.watchdog.log = broken
    switch.on = True
    root.D.Got.set(1)
    root.D.Got.set(1)
    assert [len(watched.told.next()) for _ in range(4)] == [2, 2, 1, 3]  # fault, log, well, failed
    assert delivers(root, root.D.Other, 1)


def test_a_culprit_that_cannot_be_guarded_is_revived_all_the_same(
    root, switch, watch, monkeypatch, caplog
):
    def fail(variable, failed):
        raise RuntimeError("no enable")

    monkeypatch.setattr("roguebridge.core.tree.patches.watchdog.guard", fail)
    watched = watch(root)
    switch.on = True
    root.D.Got.set(1)
    watched.fault()
    watched.well()
    assert "cannot be guarded" in caplog.text
    assert delivers(root, root.D.Other, 1)
