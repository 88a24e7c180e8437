"""A run of a server: its limits in time, and what its PVs show while the tree tells nothing."""

import queue

import pytest
from support.engine.fakes import WAIT, FakeClock

from roguebridge.core.server.server import PvServer
from roguebridge.core.values.alarm import CALC, NO_ALARM, TIMEOUT

# PyRogue's update thread dies here, and the tests are about its coming back.
dying = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


@pytest.mark.parametrize("name", ["missed_polls", "poll_watched", "stuck_after"])
@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), 1e9, "10", True, [1]], ids=repr)
def test_a_time_that_is_none_is_refused_at_once(name, value):
    with pytest.raises(ValueError, match=f"{name} must be a number") as caught:
        PvServer("B", None, backends=["soft"], **{name: value})
    assert str(caught.value).endswith(f", not {value!r}")


@pytest.mark.parametrize("value", [None, 0])
def test_only_what_can_be_switched_off_is(value):
    PvServer("B", None, backends=["soft"], missed_polls=value, poll_watched=value)
    with pytest.raises(ValueError, match="stuck_after must be a number of seconds"):
        PvServer("B", None, backends=["soft"], stuck_after=value)


class Monitor(queue.SimpleQueue):
    """What a PV shows, from its first value on; every wait has a limit."""

    def __init__(self, site, name):
        site.client().monitor(site.pv(name), self.put)
        self.until(NO_ALARM)

    def until(self, alarm, value=None):
        """Wait for an alarm, with a value if given."""
        while True:
            reading = self.get(timeout=WAIT)
            if reading.alarm == alarm and value in (None, reading.value):
                return reading


def fail(path, value):
    raise OSError("a listener of somebody else")


@dying
def test_while_the_update_thread_is_dead_every_pv_says_so_and_then_recovers(serve, tree):
    site = serve(
        tree.pr.LocalVariable(name="V", value=5),
        tree.pr.LocalVariable(name="Bad", value=0),
        clock=FakeClock(),
    )
    good, bad = Monitor(site, "V"), Monitor(site, "Bad")
    site.root.Bad.addListener(fail)
    site.root.Bad.set(1)
    for monitor in (good, bad):
        monitor.until(TIMEOUT)
    good.until(NO_ALARM, 5)
    bad.until(NO_ALARM, 1)
    site.root.V.set(6)
    good.until(NO_ALARM, 6)
    assert site.server.report() == ()


@dying
def test_a_value_is_shown_although_another_listener_fails(serve, tree):
    site = serve(tree.pr.LocalVariable(name="Bad", value=0), clock=FakeClock())
    monitor = Monitor(site, "Bad")
    site.root.Bad.addListener(fail)
    for value in range(1, 4):
        site.root.Bad.set(value)
        monitor.until(NO_ALARM, value)


@dying
def test_a_getter_that_raises_is_an_alarm_of_its_own_pv_only(serve, tree):
    raising = []

    def get():
        if raising:
            raise ValueError("no sensor")
        return 1.5

    site = serve(
        tree.pr.LocalVariable(name="Got", value=1.5, localGet=get),
        tree.pr.LocalVariable(name="V", value=5),
        clock=FakeClock(),
    )
    got, good = Monitor(site, "Got"), Monitor(site, "V")
    raising.append(1)
    site.root.Got.set(2.5)
    assert got.until(CALC).value == 1.5
    good.until(TIMEOUT)  # while the update thread is dead
    good.until(NO_ALARM, 5)
    site.root.Got.set(2.5)  # it is guarded by now
    got.until(CALC)
    raising.clear()
    site.root.Got.set(2.5)
    got.until(NO_ALARM, 1.5)
    assert good.empty()


def test_a_failure_of_a_variable_that_is_not_served_alarms_nobody(serve, tree):
    site = serve(tree.pr.LocalVariable(name="V", value=5))
    site.server._lifecycle.run._update_failed("Top.Elsewhere", OSError())
    assert site.server.report() == ()


def test_a_tree_whose_devices_have_no_enable_is_served(serve, tree, monkeypatch):
    monkeypatch.setattr("roguebridge.core.tree.gates.enable_of", lambda node: None)
    site = serve(tree.pr.LocalVariable(name="V", value=5))
    client = site.client()
    client.put("B:Top:V", 6)
    assert client.get("B:Top:V").value == 6
