"""Puts and calls are counted by how they end, in memory that does not grow."""

import sys

from roguebridge.core.requests.request_counts import RequestCounts


def test_each_is_counted_by_how_it_ended():
    counts = RequestCounts()
    for result in ("done", "done", "failed", "dropped", "denied"):
        counts.add(result, 0.01)
    assert (counts.ended, counts.failed, counts.denied) == (5, 2, 1)


def test_the_percentile_is_that_of_the_slowest():
    counts = RequestCounts()
    assert counts.percentile(0.99) == 0.0
    for _ in range(99):
        counts.add("done", 0.001)
    assert 0.001 <= counts.percentile(0.99) < 0.002
    counts.add("failed", 5.0)
    counts.add("failed", 5.0)
    assert 5.0 <= counts.percentile(0.99) < 7.0
    assert 0.001 <= counts.percentile(0.5) < 0.002


def test_what_was_not_run_says_nothing_of_how_long_it_takes():
    counts = RequestCounts()
    counts.add("denied", 5.0)
    counts.add("dropped", 5.0)
    assert counts.percentile(0.99) == 0.0


def test_times_beyond_all_bounds_are_counted_too():
    counts = RequestCounts()
    counts.add("done", 0.0)
    assert 0 < counts.percentile(1.0) < 1e-4
    counts.add("done", 1e6)
    assert counts.percentile(1.0) > 9000


def test_after_five_minutes_they_are_forgotten():
    counts = RequestCounts()
    counts.add("done", 2.0)
    for _ in range(29):
        counts.next_slot()
    assert counts.percentile(0.99) > 1.0
    counts.next_slot()
    assert counts.percentile(0.99) == 0.0
    assert counts.ended == 1


def test_failures_count_for_a_minute():
    counts = RequestCounts()
    counts.add("failed", 0.1)
    for _ in range(6):
        counts.next_slot()
        assert counts.failed_in_a_minute == 1
    counts.next_slot()
    assert counts.failed_in_a_minute == 0
    assert counts.failed == 1


def test_a_million_take_no_more_memory_than_one():
    counts = RequestCounts()
    counts.add("done", 0.01)
    before = sum(map(sys.getsizeof, counts._slots))
    for number in range(10_000):
        counts.add("done", number / 1000)
    assert sum(map(sys.getsizeof, counts._slots)) == before
