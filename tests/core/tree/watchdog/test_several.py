"""Several roots, and several servers of one, each with a watchdog."""

import threading

import pytest
from support.engine.fakes import join
from support.engine.watching import Told
from support.trees.killers import Switch, make_root

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


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
