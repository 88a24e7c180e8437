"""The watchdog on both trees, whose update threads are really ended and really held up."""

import gc
import pickle
import queue
import sys
import threading
import weakref
from contextlib import ExitStack

import numpy as np
import pytest
from support.fakes import WAIT, FakeClock, bridge_threads, join
from support.killers import KILLERS, Switch, make_root
from support.listeners import Recorder

from roguebridge.core.culprit import running_in
from roguebridge.core.watchdog import Watchdog

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")

STUCK_AFTER = 10.0
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


class Sign:
    """Put into the watchdog's queue; shows that all before it has been worked off."""

    def __init__(self):
        self.seen = threading.Event()

    def __bool__(self):
        self.seen.set()
        return True


class Told(queue.SimpleQueue):
    """What a watchdog tells, in order; every wait has a limit."""

    def next(self):
        return self.get(timeout=WAIT)

    def rest(self):
        items = []
        while not self.empty():
            items.append(self.get())
        return items


class Watch:
    """A watchdog with a clock that stands still and callbacks that are recorded."""

    def __init__(self, root):
        self.clock = FakeClock()
        self.told = Told()  # fault, well
        self.failed = Told()
        self.logged = []
        self.watchdog = Watchdog(
            root,
            self.clock,
            STUCK_AFTER,
            on_fault=lambda text: self.told.put(("fault", text, self.watchdog.fault)),
            on_well=lambda: self.told.put(("well", None, self.watchdog.fault)),
            on_failed=lambda path, exc: self.failed.put((path, type(exc))),
            log=self.logged.append,
        )

    def check(self):
        """Have one whole check made, with the time as it is."""
        for sign in (Sign(), Sign()):
            self.watchdog._wake.put(sign)
        assert sign.seen.wait(WAIT)

    def advance(self, seconds):
        self.clock.advance(seconds)
        self.check()

    def fault(self):
        """Wait for a fault, and give its text."""
        what, text, fault = self.told.next()
        assert (what, fault) == ("fault", text)
        return text

    def well(self):
        """Wait until all is well again."""
        assert self.told.next() == ("well", None, None)


@pytest.fixture
def watch():
    """Start a watchdog on a root; at the end it has left nothing behind."""
    before = threading.excepthook
    with ExitStack() as stack:

        def watch(root):
            made = Watch(root)
            stack.callback(made.watchdog.stop)
            made.watchdog.start()
            return made

        yield watch
    assert threading.excepthook is before
    assert "roguebridge-watchdog" not in bridge_threads()


@pytest.fixture
def switch():
    return Switch()


@pytest.fixture
def root(tree, running, switch):
    """A running root; at the end none of its threads is left."""
    before = set(threading.enumerate())
    root = make_root(tree, switch)
    with running(root):
        yield root
    left = [t for t in threading.enumerate() if t not in before and "watchdog" not in t.name]
    join(*left)


def delivers(root, node, value):
    """Tell whether the value arrives at a listener of the node."""
    updates = Recorder()
    node.addListener(updates)
    node.set(value)
    updates.wait(1)
    root.waitOnUpdate()
    node.delListener(updates)
    return value in updates.values


# Death ----------------------------------------------------------------------------------------


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

    watched.watchdog._on_fault = watched.watchdog._on_well = broken
    watched.watchdog._on_failed = watched.watchdog._tell = broken
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

    monkeypatch.setattr("roguebridge.core.watchdog.guard", fail)
    watched = watch(root)
    switch.on = True
    root.D.Got.set(1)
    watched.fault()
    watched.well()
    assert "cannot be guarded" in caplog.text
    assert delivers(root, root.D.Other, 1)


# Deaths of which less is known ----------------------------------------------------------------


def test_a_death_that_nobody_told_is_found_by_the_next_check(root, switch, watch):
    watched = watch(root)
    root.addVarListener(lambda path, value: sys.exit() if path == "Top.D.Other" else None)
    watched.check()
    hook, threading.excepthook = threading.excepthook, lambda args: None  # another tool
    try:
        dead = root._updateThread
        root.D.Other.set(1)
        join(dead)
        watched.check()
        assert watched.fault() == (
            "the tree's update thread has ended, and what ended it was not seen"
        )
        watched.well()
        # The revived one tells by itself.
        dead = root._updateThread
        root.D.Other.set(1)
        join(dead)
        assert "was ended by Top.D.Other: SystemExit" in watched.fault()
        watched.well()
    finally:
        threading.excepthook = hook
    assert len(watched.logged) == 2


def test_checks_are_made_by_the_clock(root, watch, monkeypatch):
    watched = watch(root)
    armed = Told()
    later = watched.clock.call_later

    def call_later(delay, call):
        timer = later(delay, call)
        armed.put(delay)
        return timer

    monkeypatch.setattr(watched.clock, "call_later", call_later)
    watched.check()
    for _ in range(2):
        assert armed.next() == 1.0
    monkeypatch.setattr(threading, "excepthook", lambda args: None)
    root.D.Int.set("x")
    join(root._updateThread)
    watched.clock.advance(1)
    watched.fault()
    watched.well()
    monkeypatch.undo()


def test_a_worker_that_was_dead_before_is_revived_at_once(root, watch):
    root.D.Int.set(1.5)
    join(root._updateThread)
    watched = watch(root)
    assert "has ended" in watched.fault()
    watched.well()
    assert delivers(root, root.D.Other, 1)


def test_deaths_that_no_guard_prevents_are_all_answered_once_a_second(root, watch):
    watched = watch(root)
    root.addVarListener(lambda path, value: sys.exit() if path == "Top.D.Other" else None)
    root.D.Other.set(0)
    assert "was ended by Top.D.Other: SystemExit" in watched.fault()
    watched.well()
    for number in range(1, 5):
        dead = root._updateThread
        root.D.Other.set(number)
        watched.fault()  # at once
        watched.check()
        assert watched.told.empty()
        assert watched.watchdog.fault is not None
        assert root._updateThread is dead
        watched.advance(1)
        watched.well()
    assert delivers(root, root.D.V, 1)
    assert len(watched.logged) == 1
    watched.clock.advance(60)
    root.D.Other.set(5)
    watched.fault()
    watched.well()
    assert len(watched.logged) == 2


def test_many_culprits_in_one_batch_are_found_without_waiting(tree, running, watch):
    switch = Switch()
    root = tree.pr.Root(name="Top", pollEn=False)
    for number in range(20):
        root.add(tree.pr.LocalVariable(name=f"V{number}", value=0, localGet=lambda: switch()))
    with running(root):
        root.waitOnUpdate()
        watched = watch(root)
        switch.on = True
        for number in range(20):
            root.node(f"V{number}").set(1)
        for number in range(20):
            assert f"by Top.V{number}:" in watched.fault()
            watched.well()
        assert watched.clock.seconds == 0


# Several roots and servers --------------------------------------------------------------------


def test_two_roots_in_one_process(tree, running, watch):
    switches = Switch(), Switch()
    roots = [make_root(tree, s, name) for s, name in zip(switches, ("One", "Two"), strict=True)]
    with running(roots[0]), running(roots[1]):
        watches = [watch(root) for root in roots]
        workers = [root._updateThread for root in roots]
        switches[0].on = True
        roots[0].D.Got.set(1)
        assert "One.D.Got" in watches[0].fault()
        watches[0].well()
        watches[1].check()
        assert watches[1].told.empty()
        assert roots[1]._updateThread is workers[1]
        switches[1].on = True
        roots[1].D.Got.set(1)
        assert "Two.D.Got" in watches[1].fault()
        watches[1].well()
        watches[0].check()
        assert watches[0].told.empty()


def test_two_servers_of_one_root_give_it_one_worker(root, switch, watch):
    before = set(threading.enumerate())
    watches = [watch(root) for _ in range(3)]
    dead = root._updateThread
    switch.on = True
    root.D.Got.set(1)
    for watched in watches:
        assert "Top.D.Got" in watched.fault()
        watched.well()
    root.D.Got.set(1)
    for watched in watches:
        assert watched.failed.next() == ("Top.D.Got", OSError)
    watches[0].watchdog.stop()
    watches[2].watchdog.stop()
    root.D.Got.set(1)
    assert watches[1].failed.next() == ("Top.D.Got", OSError)
    root.waitOnUpdate()
    watches[1].watchdog.stop()
    assert "_doUpdate" not in vars(root.D.Got)
    join(dead)
    assert {t for t in threading.enumerate() if t not in before} == {root._updateThread}
    assert watches[0].failed.rest() == watches[2].failed.rest() == []


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)])
def test_hooks_are_taken_out_in_any_order(root, switch, watch, monkeypatch, order):
    heard = Told()
    monkeypatch.setattr(threading, "excepthook", heard.put)
    own = threading.excepthook
    watches = [watch(root) for _ in range(3)]
    for number in order:
        assert threading.excepthook is not own
        watches[number].watchdog.stop()
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        join(thread)
        assert heard.next().exc_type is ZeroDivisionError
        assert heard.empty()
    assert threading.excepthook is own
    monkeypatch.undo()


def test_the_hook_of_another_tool_on_top_stays(root, switch, watch, monkeypatch):
    heard = Told()
    monkeypatch.setattr(threading, "excepthook", lambda args: heard.put("below"))
    below = threading.excepthook
    watched = watch(root)
    ours = threading.excepthook

    def tool(args):
        heard.put("tool")
        ours(args)

    threading.excepthook = tool
    watched.watchdog.stop()
    assert threading.excepthook is tool
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    join(thread)
    assert heard.rest() == ["tool", "below"]
    threading.excepthook = below
    monkeypatch.undo()


# Held up --------------------------------------------------------------------------------------


class Gate:
    """Holds whoever calls it until opened."""

    def __init__(self):
        self.reached = threading.Semaphore(0)
        self.opened = threading.Event()

    def hold(self, *args, **kwargs):
        self.reached.release()
        assert self.opened.wait(WAIT)
        return 0

    def wait(self):
        assert self.reached.acquire(timeout=WAIT)


@pytest.fixture
def gate():
    gate = Gate()
    yield gate
    gate.opened.set()


def hold_listener(root, gate):
    root.D.V.addListener(gate.hold)


def hold_root_listener(root, gate):
    root.addVarListener(lambda path, value: gate.hold() if path == "Top.D.V" else None)


def hold_text(root, gate):
    root.D.V.genDisp = gate.hold


@pytest.mark.parametrize("hold", [hold_listener, hold_root_listener, hold_text])
def test_a_delivery_that_does_not_return_is_reported(root, watch, gate, hold):
    watched = watch(root)
    hold(root, gate)
    root.D.V.set(1)
    gate.wait()
    watched.check()
    watched.advance(STUCK_AFTER - 1)
    assert watched.told.empty()
    watched.advance(1)
    text = watched.fault()
    assert text.startswith(
        "the tree's update thread has been held up for 10 s by Top.D.V (in hold, test_death.py:"
    )
    assert watched.watchdog.fault == text
    watched.advance(100)
    assert watched.told.empty()
    gate.opened.set()
    root.waitOnUpdate()
    watched.check()
    watched.well()
    assert watched.watchdog.fault is None
    assert watched.logged == [text]
    assert watched.watchdog._held is None


def test_a_long_queue_that_moves_is_not_held_up(root, watch):
    watched = watch(root)
    reached, go = threading.Semaphore(0), threading.Semaphore(0)

    def step(path, value):
        reached.release()
        assert go.acquire(timeout=WAIT)

    root.D.V.addListener(step)
    with root.updateGroup():
        root.D.V.set(1)
    for value in range(20):
        root.D.V.set(value)
    for _ in range(21):
        assert reached.acquire(timeout=WAIT)
        watched.advance(STUCK_AFTER - 1)
        go.release()
    assert watched.told.empty()


def test_a_long_batch_that_moves_is_not_held_up(root, watch):
    watched = watch(root)
    reached, go = threading.Semaphore(0), threading.Semaphore(0)

    def step(path, value):
        reached.release()
        assert go.acquire(timeout=WAIT)

    nodes = [root.D.V, root.D.Other, root.D.Int, root.D.Enum]
    root.waitOnUpdate()
    with root.updateGroup():
        for node in nodes:
            node.addListener(step)
            node.set(0)
    for _ in nodes:
        assert reached.acquire(timeout=WAIT)
        watched.advance(STUCK_AFTER - 1)
        go.release()
    assert watched.told.empty()


def test_an_idle_worker_is_not_held_up(root, watch):
    watched = watch(root)
    root.waitOnUpdate()
    for _ in range(5):
        watched.advance(STUCK_AFTER)
    assert watched.told.empty()
    assert watched.watchdog._held is None


def test_a_second_hold_up_is_reported_again(root, watch):
    watched = watch(root)
    for _ in range(2):
        gate = Gate()
        root.D.V.addListener(gate.hold)
        root.D.V.set(1)
        gate.wait()
        watched.check()
        watched.advance(STUCK_AFTER)
        watched.fault()
        gate.opened.set()
        root.waitOnUpdate()
        watched.check()
        watched.well()
        root.D.V.delListener(gate.hold)
    assert len(watched.logged) == 2


def test_a_worker_that_is_held_up_and_then_dies_is_revived(root, watch, gate):
    watched = watch(root)

    def hold_and_raise(path, value):
        gate.hold()
        raise OSError("too late")

    root.D.V.addListener(hold_and_raise)
    root.D.V.set(1)
    gate.wait()
    watched.check()
    watched.advance(STUCK_AFTER)
    assert "held up" in watched.fault()
    gate.opened.set()
    assert "OSError: too late" in watched.fault()
    assert watched.watchdog._held is None
    watched.well()
    watched.check()
    assert watched.told.empty()


def test_values_are_not_kept(tree, running, watch):
    class Value(np.ndarray):
        pass

    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.LocalVariable(name="A", value=0, typeCheck=False, disp=""))
    root.add(tree.pr.LocalVariable(name="B", value=0))
    gate = Gate()
    with running(root):
        root.A.addListener(gate.hold)
        watched = watch(root)
        value = np.zeros(10).view(Value)
        gone = weakref.ref(value)
        root.A.set(value)
        del value
        gate.wait()
        watched.check()
        watched.advance(STUCK_AFTER)
        watched.fault()
        gate.opened.set()
        root.A.set(0)
        root.B.set(1)
        root.waitOnUpdate()
        watched.check()
        watched.well()
        gc.collect()
        assert gone() is None


# Stopping -------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(40))
def test_a_root_may_stop_just_when_its_worker_dies(tree, running, watch, number):
    switch = Switch()
    before = set(threading.enumerate())
    root = make_root(tree, switch)
    with running(root):
        watched = watch(root)
        watched.check()
        switch.on = True
        root.D.Got.set(1)
        if number % 4 == 1:
            assert switch.called.wait(WAIT)
        elif number % 4 == 2:
            watched.fault()
        elif number % 4 == 3:
            watched.fault()
            watched.well()
    watched.watchdog.stop()
    join(*(t for t in threading.enumerate() if t not in before))
    assert not root._updateThread.is_alive()


def test_a_worker_that_ended_with_its_root_stays_ended(root, watch):
    watched = watch(root)
    root.waitOnUpdate()
    root.stop()
    watched.advance(100)
    assert watched.told.empty()
    assert not root._updateThread.is_alive()


def test_a_revival_that_comes_too_late_leaves_no_thread(root, switch, watch):
    watched = watch(root)
    revive = watched.watchdog._revive
    stopped = threading.Event()

    def late(dead):
        root.stop()
        revive(dead)
        stopped.set()

    watched.watchdog._revive = late
    worker = root._updateThread
    switch.on = True
    root.D.Got.set(1)
    assert stopped.wait(WAIT)
    watched.fault()
    watched.check()
    assert watched.told.empty()
    assert root._updateThread is worker


def test_a_revived_worker_that_finds_its_root_stopped_ends(root, watch):
    watched = watch(root)
    root.stop()
    thread = threading.Thread(target=watched.watchdog._work)
    thread.start()
    join(thread)


def test_a_revived_worker_looks_at_its_root_only_once_the_root_knows_it(monkeypatch):
    steps = []

    class Lock:
        def __enter__(self):
            steps.append("the root has been given its thread")

        def __exit__(self, *exc):
            pass

    class Root:
        @property
        def running(self):
            steps.append("running?")
            return False

    monkeypatch.setattr("roguebridge.core.watchdog._reviving", Lock())
    Watch(Root()).watchdog._work()
    assert steps == ["the root has been given its thread", "running?"]


def test_a_thread_that_has_just_ended_does_nothing():
    assert running_in(threading.Thread()) == []


def test_stop_and_start_again(root, switch, watch):
    watched = watch(root)
    watched.watchdog.start()
    assert bridge_threads().count("roguebridge-watchdog") == 1
    for _ in range(2):
        switch.on = True
        root.D.Got.set(1)
        watched.fault()
        watched.well()
        switch.on = False
        watched.watchdog.stop()
        watched.watchdog.stop()
        assert watched.watchdog.fault is None
        watched.watchdog.start()


def test_it_may_be_stopped_from_a_callback(root, switch, watch):
    watched = watch(root)
    thread = watched.watchdog._thread
    watched.watchdog._on_fault = lambda text: watched.watchdog.stop()
    switch.on = True
    root.D.Got.set(1)
    join(thread)
    assert delivers(root, root.D.Other, 1)  # revived all the same
    assert watched.told.empty()
    assert "_doUpdate" not in vars(root.D.Got)


def test_what_is_found_just_when_it_stops_is_told_to_nobody(root, watch, gate, monkeypatch):
    watched = watch(root)
    thread = watched.watchdog._thread
    hold_listener(root, gate)
    root.D.V.set(1)
    gate.wait()
    watched.check()
    monkeypatch.setattr(
        "roguebridge.core.watchdog.delivered", lambda places: watched.watchdog.stop()
    )
    watched.clock.advance(STUCK_AFTER)
    join(thread)
    assert watched.told.empty()
    assert watched.watchdog.fault is None


def test_a_death_that_is_told_after_the_stop_is_the_trees_own(root, watch):
    watched = watch(root)
    hook = watched.watchdog._hook.hear  # another thread may be about to call it
    watched.watchdog.stop()
    hook(threading.ExceptHookArgs((OSError, None, None, root._updateThread)))
    watched.watchdog.start()
    watched.check()
    assert watched.told.empty()
    assert delivers(root, root.D.V, 1)


def test_a_root_without_an_update_thread_is_not_watched(watch):
    class Remote:
        running = True

        def __getattr__(self, name):
            raise AssertionError(f"the server of the tree is asked for {name}")

    before = threading.excepthook
    watched = watch(Remote())
    assert threading.excepthook is before
    assert "roguebridge-watchdog" not in bridge_threads()
    assert watched.watchdog.fault is None
