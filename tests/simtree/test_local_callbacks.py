"""Local variables with localSet and localGet."""

import threading

import numpy as np
import pytest
from support.trees import LIMIT, running
from support.trees.listeners import Recorder


@pytest.fixture(scope="module")
def root(tree):
    pr, calls = tree.pr, []

    def local_set(dev, var, value, changed):
        calls.append((dev, var.path, value, changed))
        if var.name == "S" and value == 13:
            raise OSError("unlucky")

    root = pr.Root(name="Top")
    root.calls = calls
    root.gate = threading.Event()
    root.inside = threading.Event()

    def slow(value):
        if value:
            root.inside.set()
            root.gate.wait(LIMIT)

    root.add(pr.Device(name="D"))
    root.D.add(pr.LocalVariable(name="S", value=0, localSet=local_set))
    root.D.add(pr.LocalVariable(name="A", value=np.zeros(2), localSet=local_set))
    root.D.add(pr.LocalVariable(name="G", localGet=lambda: len(calls)))
    root.D.add(
        pr.LocalVariable(name="KwOnly", value=1, localSet=lambda *, value: calls.append(value))
    )
    root.D.add(pr.LocalVariable(name="Slow", value=0, localSet=slow))
    with running(root):
        yield root


def test_arguments(root):
    root.calls.clear()
    root.D.S.set(1)
    root.D.S.set(1)
    # dev is None in PyRogue, too: the block is built before its device is known
    assert root.calls == [(None, "Top.D.S", 1, True), (None, "Top.D.S", 1, False)]
    root.D.KwOnly.set(4)
    assert root.calls[-1] == 4


def test_changed_is_inverted_for_arrays(root):
    root.calls.clear()
    root.D.A.set(np.ones(2))
    root.D.A.set(np.ones(2))
    assert [c[3] for c in root.calls] == [False, True]


def test_getter_runs_each_time(root):
    root.calls.clear()
    assert root.D.G.value() == 0
    root.calls.append("x")
    assert root.D.G.value() == 1
    assert root.D.G.nativeType is int


def test_getter_runs_for_each_update(root):
    updates = Recorder()
    root.waitOnUpdate()
    root.calls.clear()
    root.D.G.addListener(updates)
    root.D.G.set(77)
    root.waitOnUpdate()
    assert updates.values == [0]
    root.D.G.delListener(updates)


def test_a_raising_setter_leaves_the_value_without_update(root):
    updates = Recorder()
    root.waitOnUpdate()
    root.D.S.addListener(updates)
    with pytest.raises(OSError, match="unlucky"):
        root.D.S.set(13)
    root.waitOnUpdate()
    assert root.D.S.value() == 13
    assert updates.calls == []


def test_others_see_the_value_while_the_setter_runs(root):
    thread = threading.Thread(target=root.D.Slow.set, args=(5,))
    thread.start()
    try:
        assert root.inside.wait(LIMIT)
        assert root.D.Slow.value() == 5
        root.D.S.set(2)
        assert root.D.S.value() == 2
        assert not root.D.Slow.lock.acquire(blocking=False)
    finally:
        root.gate.set()
        thread.join(LIMIT)
