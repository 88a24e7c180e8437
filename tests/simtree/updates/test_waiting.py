"""Waiting for updates, and for the values of variables."""

import threading

from support.trees import LIMIT, running


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
