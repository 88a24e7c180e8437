"""The newest value is shown in time, at no more than the rate."""

import numpy as np
from support.engine.holders import HolderBench, strictly_increasing
from support.engine.pace import paced, shown

from roguebridge.core.pv.pacing import Pacing
from roguebridge.core.pv.publication import Publication
from roguebridge.core.values.spec import NtKind, PvSpec, ScalarType

TABLE = PvSpec(NtKind.TABLE, ScalarType.String)


def test_a_pv_without_a_pace_is_as_it_was():
    for pacing in (None, Pacing({"Other.*": 1}, {"Other.*": 1})):
        bench = HolderBench(5, pacing=pacing)
        assert type(bench.holder.parts.publisher.publications[0]) is Publication
        bench.arrive()
        for value in (6, 7):
            bench.node.update(value)
        assert shown(bench) == [5, 6, 7]


def test_the_first_is_shown_at_once_and_the_newest_when_the_period_ends():
    bench = paced(rate=10)
    bench.node.update(6)
    assert shown(bench) == [6]
    for value in (7, 8, 9):
        bench.clock.advance(0.01)
        bench.node.update(value)
    assert shown(bench) == []
    bench.clock.advance(0.0699)
    assert shown(bench) == []
    bench.clock.advance(0.0002)
    assert shown(bench) == [9]
    bench.clock.advance(10)
    assert shown(bench) == []
    bench.node.update(10)
    assert shown(bench) == [10]


def test_a_stream_is_shown_at_the_rate_and_its_last_value_too():
    bench = paced(rate=10)
    for value in range(1000):
        bench.node.update(value)
        bench.clock.advance(0.001)
    bench.clock.advance(1)
    times = bench.served.times
    assert min(b - a for a, b in zip(times[1:], times[2:], strict=False)) >= 90_000_000
    values = shown(bench)
    assert (values[0], values[-1]) == (0, 999)
    assert len(values) in (11, 12)


def test_what_is_held_has_its_own_time():
    bench = paced(rate=10)
    bench.node.update(6)
    bench.clock.advance(0.02)
    heard = bench.clock.time_ns()
    bench.node.update(7)
    bench.clock.advance(1)
    bench.node.update(8)
    _, held, _ = times = list(bench.served.times)
    assert held == heard
    assert strictly_increasing(times)


def test_of_a_held_update_its_own_time_source_is_asked():
    bench = paced(rate=10, time_source=lambda value: 10**18 + int(value))
    bench.node.update(6)
    bench.node.update(7)
    bench.clock.advance(1)
    assert bench.served.times == [10**18 + 6, 10**18 + 7]


def test_one_timer_at_most_waits_for_a_pv():
    bench = paced(rate=10)
    assert bench.clock.timers == []
    bench.node.update(0)
    assert bench.clock.timers == []
    for value in range(50):
        bench.node.update(value)
    assert len(bench.clock.timers) == 1


def test_held_updates_count_as_heard():
    bench = paced(rate=1, deadband=1)
    before = bench.holder.updates
    for value in (6, 7, 7.5):
        bench.node.update(value)
    assert bench.holder.updates == before + 3


def test_an_array_that_changes_in_place_while_held_is_shown_as_it_was():
    array = np.arange(3.0)
    texts = ["a", "b"]
    table = {"numbers": array, "texts": texts}
    benches = [paced(rate=10, value=value, spec=TABLE) for value in (array, texts, table)]
    for bench in benches:
        bench.node.update(bench.node.present)
        bench.node.update(bench.node.present)
        shown(bench)
    array[:], texts[0] = 7, "c"
    for bench in benches:
        bench.clock.advance(1)
    (numbers,), (words,), (columns,) = map(shown, benches)
    assert numbers.tolist() == columns["numbers"].tolist() == [0, 1, 2]
    assert words == columns["texts"] == ["a", "b"]


def test_the_memory_of_a_held_array_is_used_again_for_one_like_it():
    bench = paced(rate=10, value=np.zeros(3), spec=PvSpec(NtKind.NDARRAY, ScalarType.Float64))
    outlet = bench.holder.parts.publisher.publications[0]
    bench.node.update(np.zeros(3))
    bench.node.update(np.ones(3))
    first = outlet._held.value
    bench.node.update(np.full(3, 2.0))
    assert outlet._held.value is first
    for other in (np.ones(4), np.ones(4, np.int8), np.ones((2, 2), np.int8)):
        bench.node.update(other)
        assert outlet._held.value is not first
        first = outlet._held.value
    bench.clock.advance(1)
    posted = shown(bench)[-1]
    assert posted.tolist() == [[1, 1], [1, 1]] and posted.dtype == np.int8
