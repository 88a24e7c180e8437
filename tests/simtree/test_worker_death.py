"""What ends the only update worker, and what does not."""

import threading

import numpy as np
import pytest
from support.listeners import Recorder
from support.trees import LIMIT, running

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


class Switch:
    """Raises once switched on."""

    def __init__(self):
        self.on = False
        self.called = threading.Event()

    def __call__(self, *args, **kwargs):
        if self.on:
            self.called.set()
            raise OSError("switched on")
        return 0


def make(tree, switch):
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    d = pr.Device(name="D", memBase=tree.memory())
    root.add(d)
    d.add(pr.LocalVariable(name="V", value=0))
    d.add(pr.LocalVariable(name="Other", value=0))
    d.add(pr.LinkVariable(name="Link", dependencies=[d.V], linkedGet=lambda: switch()))
    d.add(pr.LocalVariable(name="Got", value=0, localGet=lambda: switch()))
    d.add(pr.LocalVariable(name="Int", value=0, disp="{:d}", typeCheck=False))
    d.add(pr.LocalVariable(name="Alarm", value=0, highAlarm=5, typeCheck=False))
    d.add(pr.LocalVariable(name="Enum", value=0, enum={0: "zero"}, typeCheck=False))
    d.add(pr.RemoteVariable(name="S", offset=0, bitSize=32, base=pr.String, verify=False))
    return root


def die_of_listener(root, switch):
    root.D.V.addListener(switch)
    switch.on = True
    root.D.V.set(1)


def die_of_exit(root, switch):
    def leave(path, value):
        raise SystemExit

    root.D.V.addListener(leave)
    root.D.V.set(1)


def die_of_link(root, switch):
    switch.on = True
    root.D.V.set(1)


def die_of_getter(root, switch):
    switch.on = True
    root.D.Got.set(1)


def die_of_text(root, switch):
    root.D.Int.set(1.5)


def die_of_none(root, switch):
    root.D.Int.set(None)


def die_of_alarm_text(root, switch):
    root.D.Alarm.set("high")


def die_of_alarm_array(root, switch):
    root.D.Alarm.set(np.zeros(3))


def die_of_unhashable(root, switch):
    root.D.Enum.set([1])


def die_of_bad_string(root, switch):
    root.D.S.set("ab\N{LATIN SMALL LETTER U WITH DIAERESIS}")


KILLERS = [value for name, value in list(globals().items()) if name.startswith("die_of_")]


@pytest.mark.parametrize("kill", KILLERS, ids=lambda f: f.__name__)
def test_the_worker_dies_and_can_be_revived(tree, kill):
    switch = Switch()
    root = make(tree, switch)
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
    root = make(tree, switch)
    monkeypatch.setattr(threading, "excepthook", lambda args: told.append(args.exc_type))
    with running(root):
        log = root.SystemLog.value()
        die_of_listener(root, switch)
        root._updateThread.join(LIMIT)
        assert told == [OSError]
        assert root.SystemLog.value() == log


def test_stop_works_with_a_dead_worker(tree):
    switch = Switch()
    root = make(tree, switch)
    with running(root):
        die_of_link(root, switch)
        root._updateThread.join(LIMIT)
    assert root.running is False


def test_root_listeners_and_done_are_protected(tree):
    switch = Switch()
    root = make(tree, switch)
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
