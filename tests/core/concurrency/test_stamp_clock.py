"""Stamps are strictly later per PV, but follow a clock that goes back by more than five seconds."""

import pytest
from support.engine.fakes import FakeClock, FakeServed
from support.engine.holders import HolderBench, put, strictly_increasing

from roguebridge.core.concurrency.stamp_clock import SiteTime, StampClock
from roguebridge.core.pv.pacing import Pacing

SECOND = 10**9
DAY = 86400 * SECOND
LINE = "the clock of this machine has gone back by {} s: time stamps follow it"


def updated(bench, value):
    """The stamp of an update."""
    bench.node.update(value)
    return bench.served.times[-1]


# The clock alone ----------------------------------------------------------------------------


class Stamps:
    """A stamp clock, and what it has told."""

    def __init__(self):
        self.clock = FakeClock()
        self.told = []
        self.stamps = StampClock(self.clock, self.told.append)

    def back(self, seconds):
        self.clock.ns -= int(seconds * SECOND)


@pytest.fixture
def site():
    return Stamps()


def test_a_stamp_that_is_not_in_the_future_is_never_in_doubt(site):
    assert site.stamps.gone_back(site.clock.ns) is None
    assert site.stamps.gone_back(1) is None
    assert site.stamps.problems() == site.told == []


def test_a_small_step_is_waited_for_and_a_large_one_followed(site):
    stamp = site.clock.ns
    site.back(5)
    assert site.stamps.gone_back(stamp) is None
    assert site.told == []
    stamp = site.clock.ns
    site.back(5.001)
    assert site.stamps.gone_back(stamp) == site.clock.ns
    assert site.told == site.stamps.problems() == [LINE.format(5)]


def test_small_steps_are_waited_for_however_many_there_are(site):
    stamp = site.clock.ns
    for _ in range(10):
        site.back(4)
        assert site.stamps.gone_back(stamp) is None
    assert site.told == []


def test_a_clock_that_was_ahead_without_being_looked_at_is_followed_back(site):
    ahead = site.clock.ns + DAY
    site.clock.advance(1)
    assert site.stamps.gone_back(ahead) == site.clock.ns
    assert site.told == [LINE.format(86399)]


def test_one_step_is_told_once_however_many_pvs_meet_it(site):
    ahead = site.clock.ns + DAY
    for n in range(57):
        assert site.stamps.gone_back(ahead + n * SECOND // 100) == site.clock.ns
        site.clock.advance(0.01)
    assert site.stamps.problems() == site.told == [LINE.format(86400)]


def test_a_stamp_from_before_is_followed_though_it_is_little_ahead(site):
    old, new = site.clock.ns, site.clock.ns + 8 * SECOND
    site.clock.advance(8)
    site.back(10)
    assert site.stamps.gone_back(new) == site.clock.ns
    assert site.stamps.gone_back(old) == site.clock.ns  # two seconds ahead
    assert len(site.told) == 1


def test_after_a_large_step_a_small_one_is_waited_for(site):
    stamp = site.clock.ns
    site.back(100)
    assert site.stamps.gone_back(stamp) is not None
    stamp = site.clock.ns
    site.clock.advance(1)
    site.back(3)
    assert site.stamps.gone_back(stamp) is None
    assert len(site.told) == 1


def test_each_large_step_is_followed_and_the_log_has_one_line_a_minute(site):
    for _ in range(3):
        stamp = site.clock.ns
        site.back(60)
        assert site.stamps.gone_back(stamp) == site.clock.ns
        assert len(site.stamps.problems()) == 1
        assert len(site.told) == 1
    assert site.stamps.problems() == [LINE.format(60)]
    site.clock.advance(60)
    for seconds in (0, 1000):  # ahead for a moment, twice
        site.clock.advance(seconds)
        assert site.stamps.gone_back(site.clock.ns + DAY) == site.clock.ns
    assert site.told[1:] == [LINE.format(86400)] * 2


def test_a_clock_that_goes_forward_and_back_a_little_is_waited_for(site):
    site.clock.ns += 100 * SECOND
    stamp = site.clock.ns
    for _ in range(5):
        site.back(4)
        assert site.stamps.gone_back(stamp) is None
    assert site.told == []


# PVs ----------------------------------------------------------------------------------------


def test_stamps_follow_a_clock_that_was_a_day_ahead_for_a_moment(opened):
    opened.clock.ns += DAY
    assert updated(opened, 1) == opened.clock.ns
    opened.clock.ns -= DAY
    assert updated(opened, 2) == opened.clock.ns
    again = updated(opened, 3)
    assert again == opened.clock.ns + 1
    assert opened.services.stamps.problems() == [LINE.format(86400)]


@pytest.mark.parametrize("step", [5.5, 60, 86400, 10**9])
def test_stamps_follow_each_step(opened, step):
    for value in range(3):
        opened.clock.advance(1)
        opened.clock.ns -= int((step + 1) * SECOND)
        assert updated(opened, value) == opened.clock.ns
        opened.clock.advance(0.1)
        assert put(opened, value + 100) == [("done", None)]
        assert opened.served.times[-1] == opened.clock.ns


def test_a_step_while_nobody_updates_is_followed_by_the_next_update(opened):
    opened.clock.ns += DAY
    updated(opened, 1)
    opened.clock.advance(3600)
    opened.clock.ns -= DAY
    opened.clock.advance(3600)
    assert updated(opened, 2) == opened.clock.ns


def test_an_update_that_waited_is_not_taken_for_a_step(opened):
    opened.clock.advance(10)
    opened.holder.parts.publisher.show_alarm(opened.served.events[-1][2])
    latest = opened.served.times[-1]
    with opened.holder.reader.lock:
        opened.holder.parts.publisher.publish(
            (7, opened.served.events[-1][2]), latest - 10 * SECOND
        )
    assert opened.served.times[-1] == latest + 1
    assert opened.services.stamps.problems() == []


def test_a_pv_that_was_closed_meanwhile_opens_with_a_time_that_follows(opened):
    opened.clock.ns += DAY
    updated(opened, 1)
    assert opened.leave()
    opened.clock.ns -= DAY
    opened.clock.advance(1)
    opened.arrive()
    assert opened.served.times[-1] == opened.clock.ns
    opened.clock.advance(1)
    assert updated(opened, 2) == opened.clock.ns


@pytest.mark.parametrize("fresh", [False, True])
def test_so_does_one_that_heard_an_update_while_it_was_closed(fresh):
    opened = HolderBench(5, read_on_connect=fresh)
    opened.arrive()
    opened.clock.ns += DAY
    updated(opened, 1)
    assert opened.leave()
    opened.node.update(2)
    opened.clock.ns -= DAY
    opened.node.update(3)
    opened.arrive()
    assert opened.served.times[-1] == opened.clock.ns
    assert opened.leave()
    opened.clock.ns += DAY
    opened.node.update(4)
    opened.clock.ns -= DAY
    opened.arrive()
    assert opened.served.times[-1] <= opened.clock.ns + 1


def test_the_start_stamp_follows_too():
    clock = FakeClock()
    clock.ns += DAY
    bench = HolderBench(5, clock=clock)
    bench.arrive()
    assert bench.served.times == [bench.start_ns]
    assert bench.leave()
    clock.ns -= DAY
    bench.arrive()
    assert bench.served.times[-1] == clock.ns
    other = HolderBench(5, clock=clock)
    other.services.start_ns += DAY
    other.arrive()
    assert other.served.times == [clock.ns]


def test_what_is_held_back_is_shown_with_a_time_that_follows():
    bench = HolderBench(0, pacing=Pacing(1, None))
    bench.arrive()
    bench.clock.ns += DAY
    updated(bench, 1)
    bench.clock.advance(0.1)
    updated(bench, 2)
    bench.clock.ns -= DAY
    bench.clock.advance(1)
    assert bench.served.last[1] == 2
    assert bench.served.times[-1] == bench.clock.ns - SECOND // 10
    bench.clock.advance(1)
    before = bench.clock.ns
    assert updated(bench, 3) == before
    updated(bench, 4)
    bench.clock.ns += DAY
    updated(bench, 5)
    bench.clock.ns -= DAY
    bench.holder.show_held()
    assert bench.served.last[1] == 5
    assert bench.served.times[-1] == bench.clock.ns
    bench.clock.advance(2)
    assert updated(bench, 6) == bench.clock.ns


def test_two_backends_have_times_of_their_own_that_go_forward():
    bench = HolderBench(0, pacing=Pacing(1, None))
    other = FakeServed()
    bench.holder.attach(other)
    bench.arrive()
    bench.arrive(other)
    bench.clock.ns += DAY
    for value in (1, 2):
        bench.node.update(value)
    bench.clock.ns -= DAY
    bench.clock.advance(1)
    bench.clock.advance(1)
    bench.node.update(3)
    for served in (bench.served, other):
        assert [event[1] for event in served.events[-2:]] == [2, 3]
        assert served.times[-2] < served.times[-1] == bench.clock.ns


# A site's own time source -------------------------------------------------------------------


def test_times_of_a_site_are_later_whatever_its_clock_does():
    bench = HolderBench(100, time_source=lambda value: value * SECOND)
    bench.arrive()
    for value in (10**6, 50, 10**5, 2 * 10**6):
        bench.node.update(value)
    assert strictly_increasing(bench.served.times)
    assert bench.served.times[-1] == 2 * 10**6 * SECOND
    assert bench.services.stamps.problems() == []


def test_a_site_whose_times_are_in_the_future_is_not_judged():
    bench = HolderBench(0, time_source=lambda value: value)
    ahead = bench.clock.ns + DAY
    bench.node.update(ahead)
    bench.arrive()
    assert bench.served.times == [ahead]
    bench.holder.reveal()
    bench.clock.ns -= 10 * SECOND
    bench.holder.reveal()
    assert bench.served.times == [ahead, ahead + 1, ahead + 2]
    assert bench.services.stamps.problems() == []


def test_what_a_time_source_leaves_to_the_clock_follows_the_clock():
    bench = HolderBench(0, time_source=lambda value: None)
    bench.arrive()
    bench.clock.ns += DAY
    updated(bench, 1)
    bench.clock.ns -= DAY
    assert updated(bench, 2) == bench.clock.ns


@pytest.mark.parametrize("given", [None, 0, -1, 2**63])
def test_what_is_no_time_of_a_site_is_now(given):
    assert SiteTime(lambda value: given)("value") is None


def test_what_a_site_gives_is_the_time():
    assert SiteTime(lambda value: 7)("value") == 7


def test_what_is_no_time_is_an_error():
    with pytest.raises(TypeError):
        SiteTime(lambda value: "today")("value")
