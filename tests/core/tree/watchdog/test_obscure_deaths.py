"""Deaths of which less is known: untold, early, often, many at once."""

import sys
import threading

import pytest
from support.engine.fakes import join
from support.engine.watching import Told, delivers
from support.trees.killers import Switch

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


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
        assert watched.fault() == ("the tree's update thread has ended for an unknown reason")
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
