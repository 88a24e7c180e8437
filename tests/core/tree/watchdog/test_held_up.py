"""An update thread that is really held up, and those that only look like it."""

import gc
import threading
import weakref

import numpy as np
import pytest
from support.engine.fakes import WAIT
from support.engine.watching import STUCK_AFTER, UpdateGate, hold_listener

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


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
        "the tree's update thread has been held up for 10 s by Top.D.V (in hold, watching.py:"
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
        gate = UpdateGate()
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
    gate = UpdateGate()
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
