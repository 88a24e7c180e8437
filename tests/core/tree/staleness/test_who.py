"""Who is looked at: what is watched, while it is, and nobody is harmed."""

import logging

import pytest
from support.engine.silence import STEP, Node, SilenceBench, SilentPv

from roguebridge.core.tree.poll_silence import Staleness


def test_only_what_is_watched_is_looked_at(bench):
    pv = bench.watch(1)
    bench.pass_by(2)
    bench.staleness.unwatch(pv)
    bench.staleness.unwatch(pv)
    bench.pass_by(10)
    assert pv.shown == []
    bench.staleness.watch(pv)
    bench.pass_by(2.5)
    assert pv.shown == []
    bench.pass_by(1)
    assert pv.shown == [0]


def test_one_whose_client_leaves_while_another_is_shown_is_not_shown(bench):
    first, second = bench.watch(1), bench.watch(1)
    first.show_stale = lambda updates: bench.staleness.unwatch(second)
    bench.pass_by(10)
    assert second.shown == []
    bench.staleness.watch(second)
    bench.pass_by(4)
    assert second.shown == [0]


def test_one_that_cannot_be_stale_and_returns_during_a_check_stays_watched(bench):
    class Returning:
        @property
        def mode(self):
            bench.staleness.watch(pv)
            pv.node = Node(1)
            return "WO"

        pollInterval = property(lambda self: 1)

    pv = SilentPv(Returning())
    bench.staleness.watch(pv)
    bench.clock.advance(1)
    bench.pass_by(4)
    assert pv.shown == [0]


def test_nothing_is_due_while_nothing_is_watched(bench):
    assert bench.clock.timers == []
    pv = bench.watch(1)
    assert len(bench.clock.timers) == 1
    bench.staleness.unwatch(pv)
    bench.pass_by(1)
    assert bench.clock.timers == []


@pytest.mark.parametrize("off", [None, 0])
def test_off(off):
    bench = SilenceBench(off)
    pv = bench.watch(1)
    bench.pass_by(100)
    assert (pv.shown, bench.clock.timers) == ([], [])


def test_before_the_start_and_after_the_stop(bench):
    early = Staleness(bench.clock, 3)
    pv = SilentPv(Node(1))
    early.watch(pv)
    bench.pass_by(10)
    assert pv.shown == []
    early.start()
    early.start()
    bench.pass_by(1)
    assert pv.shown == [0]
    pv.updates += 1
    bench.pass_by(1)
    early.stop()
    early.stop()
    bench.pass_by(10)
    assert (pv.shown, bench.clock.timers) == ([0], [])


def test_a_stop_during_a_check_is_the_end_of_it(bench):
    pv = bench.watch(1)
    pv.show_stale = lambda updates: bench.staleness.stop()
    bench.clock.advance(10)
    assert bench.clock.timers == []


def test_a_pv_that_raises_harms_no_other(bench, caplog):
    bad, good = bench.watch(1), bench.watch(1)

    def show_stale(updates):
        raise OSError("gone")

    bad.show_stale = show_stale
    bench.pass_by(4)
    assert good.shown == [0]
    assert [r.levelno for r in caplog.records if r.name == "roguebridge.staleness"] == [
        logging.ERROR
    ]


def test_a_check_that_fails_is_not_the_last(bench, caplog):
    class Failing(SilentPv):
        updates = property(lambda self: 1 // len(self.shown))

        def __init__(self, node):
            self.node = node
            self.shown = [0]

    bad = Failing(Node(1))
    bench.staleness.watch(bad)
    bad.shown.clear()
    bench.clock.advance(STEP)
    assert "a timed call failed" in caplog.text
    bench.staleness.unwatch(bad)
    good = bench.watch(1)
    bench.pass_by(4)
    assert good.shown == [0]


def test_many_alarms_leave_room_for_other_timed_calls(bench):
    pvs = [bench.watch(1) for _ in range(1200)]
    counts = []
    while not counts or counts[-1] < len(pvs):
        bench.clock.advance(0.01)
        count = sum(len(pv.shown) for pv in pvs)
        if count and count not in counts:
            counts.append(count)
    assert counts == [500, 1000, 1200]
    bench.pass_by(10)
    assert all(pv.shown == [0] for pv in pvs)
