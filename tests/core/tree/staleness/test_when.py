"""When a polled variable has fallen silent, and when not."""

import pytest
from support.engine.silence import STEP, SilenceBench, SilentPv


@pytest.mark.parametrize(("interval", "limit"), [(1, 3), (2.0, 6), (0.01, 1), (100, 300)])
def test_a_polled_pv_is_stale_once_when_polls_were_missed(bench, interval, limit):
    pv = bench.watch(interval)
    bench.pass_by(limit - STEP)
    assert pv.shown == []
    bench.pass_by(2 * STEP)
    assert pv.shown == [0]
    bench.pass_by(10 * limit)
    assert pv.shown == [0]


def test_updates_keep_a_pv_fresh(bench):
    pv = bench.watch(1)
    for _ in range(50):
        bench.pass_by(2.5)
        pv.updates += 1
    assert pv.shown == []


def test_a_pv_recovers_with_an_update_and_may_fall_silent_again(bench):
    pv = bench.watch(1)
    bench.pass_by(4)
    pv.updates += 1
    bench.pass_by(2)
    assert pv.shown == [0]
    bench.pass_by(2)
    assert pv.shown == [0, 1]


def test_what_is_not_polled_may_be_silent(bench):
    pvs = [bench.watch(interval) for interval in (0, -1, "fast", None, float("nan"), float("inf"))]
    bench.pass_by(100)
    assert all(pv.shown == [] for pv in pvs)


def test_a_poll_interval_that_raises_or_is_missing_is_none(bench):
    class Raising:
        mode = "RW"

        @property
        def pollInterval(self):
            raise OSError("no hardware")

    class Missing:
        mode = "RW"

    pvs = [SilentPv(Raising()), SilentPv(Missing()), SilentPv(object())]
    for pv in pvs:
        bench.staleness.watch(pv)
    polled = bench.watch(1)
    bench.pass_by(10)
    assert all(pv.shown == [] for pv in pvs)
    assert polled.shown == [0]


def test_an_interval_set_later_counts_from_then(bench):
    pv = bench.watch(0)
    bench.pass_by(100)
    pv.node.pollInterval = 10
    bench.pass_by(29)
    assert pv.shown == []
    bench.pass_by(6)
    assert pv.shown == [0]


def test_a_shorter_interval_does_not_count_the_silence_before(bench):
    pv = bench.watch(60)
    bench.pass_by(50)
    pv.node.pollInterval = 10
    bench.pass_by(29)
    assert pv.shown == []
    bench.pass_by(6)
    assert pv.shown == [0]


def test_polls_that_are_switched_off_in_time_are_not_missed(bench):
    pv = bench.watch(1)
    bench.pass_by(2.5)
    pv.node.pollInterval = 0
    bench.pass_by(100)
    assert pv.shown == []


def test_a_stale_pv_that_is_polled_no_more_is_left_alone(bench):
    pv = bench.watch(1)
    bench.pass_by(4)
    pv.node.pollInterval = 0
    bench.pass_by(100)
    pv.updates += 1
    bench.pass_by(100)
    assert pv.shown == [0]


def test_fractions_of_intervals_may_be_given():
    bench = SilenceBench(1.5)
    pv = bench.watch(10)
    bench.pass_by(14.5)
    assert pv.shown == []
    bench.pass_by(1)
    assert pv.shown == [0]
