"""The end of a watchdog, whatever its tree is about."""

import threading

import pytest
from support.engine.fakes import WAIT, bridge_threads, join
from support.engine.watching import STUCK_AFTER, WatchdogBench, delivers, hold_listener
from support.trees.killers import Switch, make_root

from roguebridge.core.tree.patches.update_frames import running_in

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


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

    monkeypatch.setattr("roguebridge.core.tree.patches.watchdog._reviving", Lock())
    WatchdogBench(Root()).watchdog._work()
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
    watched.watchdog.on_fault = lambda text: watched.watchdog.stop()
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
        "roguebridge.core.tree.patches.watchdog.delivered", lambda places: watched.watchdog.stop()
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
