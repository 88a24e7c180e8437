"""Watchdogs on a running root, which leave nothing behind."""

import threading
from contextlib import ExitStack

import pytest
from support.engine.fakes import bridge_threads, join
from support.engine.watching import UpdateGate, WatchdogBench
from support.trees.killers import Switch, make_root


@pytest.fixture
def watch():
    """Start a watchdog on a root; at the end it has left nothing behind."""
    before = threading.excepthook
    with ExitStack() as stack:

        def watch(root):
            made = WatchdogBench(root)
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


@pytest.fixture
def gate():
    gate = UpdateGate()
    yield gate
    gate.opened.set()
