"""What ends the only update worker, and what does not."""

import threading

import pytest
from support.trees import LIMIT, running
from support.trees.killers import KILLERS, Switch, die_of_link, die_of_listener, make_root
from support.trees.listeners import Recorder

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


@pytest.mark.parametrize("kill", KILLERS, ids=lambda f: f.__name__)
def test_the_worker_dies_and_can_be_revived(tree, kill):
    switch = Switch()
    root = make_root(tree, switch)
    updates = Recorder()
    with running(root):
        worker = root._updateThread
        kill(root, switch)
        worker.join(LIMIT)
        assert not worker.is_alive()
        assert root.running is True
        root.D.Other.addListener(updates)
        root.D.Other.set(1)
        assert updates.calls == []
        switch.on = False
        root._updateThread = threading.Thread(target=root._updateWorker)
        root._updateThread.start()
        assert updates.wait(1)[0][0] == "Top.D.Other"


def test_only_the_except_hook_hears_of_a_raising_listener(tree, monkeypatch):
    switch, told = Switch(), []
    root = make_root(tree, switch)
    monkeypatch.setattr(threading, "excepthook", lambda args: told.append(args.exc_type))
    with running(root):
        log = root.SystemLog.value()
        die_of_listener(root, switch)
        root._updateThread.join(LIMIT)
        assert told == [OSError]
        assert root.SystemLog.value() == log


def test_stop_works_with_a_dead_worker(tree):
    switch = Switch()
    root = make_root(tree, switch)
    with running(root):
        die_of_link(root, switch)
        root._updateThread.join(LIMIT)
    assert root.running is False


def test_root_listeners_and_done_are_protected(tree):
    switch = Switch()
    root = make_root(tree, switch)
    updates = Recorder()
    root.addVarListener(switch, done=switch)
    root.addVarListener(updates, incGroups=None)
    with running(root):
        root.waitOnUpdate()
        switch.on = True
        updates.clear()
        root.D.Other.set(1)
        assert switch.called.wait(LIMIT)
        switch.on = False
        updates.wait(1)
        root.waitOnUpdate()
        assert "Top.D.Other" in updates.paths
        assert root._updateThread.is_alive()
