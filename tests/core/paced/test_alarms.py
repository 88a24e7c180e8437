"""Updates that are held back: the newest is shown in time, and nothing hides what counts."""

import math

import numpy as np
import pytest
from support.fakes import FakeServed, PlainConverter
from support.holders import Bench, call, put, strictly_increasing

from roguebridge.core.alarm import CALC, DISABLE, HIGH, HIHI, NO_ALARM, READ, TIMEOUT, WRITE, Alarm
from roguebridge.core.nt import NtKind, PvSpec, ScalarType
from roguebridge.core.outlet import Outlet
from roguebridge.core.pacing import Pacing

TABLE = PvSpec(NtKind.TABLE, ScalarType.String)
DOUBLE = PvSpec(NtKind.SCALAR, ScalarType.Float64)


def paced(rate=None, deadband=None, value=5, spec=None, **options):
    """A holder whose PV is open and shows a value."""
    bench = Bench(
        value, pacing=Pacing(rate, deadband), converter=PlainConverter(spec or DOUBLE), **options
    )
    bench.arrive()
    bench.clock.advance(2)  # no timer of the opening is left
    bench.served.events.clear()
    return bench


def shown(bench, served=None):
    """What was posted since it was last asked: values, or words of alarms on the value kept."""
    served = served or bench.served
    events, served.events[:] = list(served.events), []
    return [alarm.message if kind == "alarm" else value for kind, value, alarm, _ in events]


# The rate ---------------------------------------------------------------------------------------


def test_a_pv_without_a_pace_is_as_it_was():
    for pacing in (None, Pacing({"Other.*": 1}, {"Other.*": 1})):
        bench = Bench(5, pacing=pacing)
        assert type(bench.holder._outlets[0]) is Outlet
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
    outlet = bench.holder._outlets[0]
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


# Alarms -----------------------------------------------------------------------------------------


def test_an_alarm_that_grows_is_shown_at_once_and_one_that_ends_with_the_next_post():
    bench = paced(rate=1)
    bench.node.update(6)
    bench.node.update(7)
    bench.node.update(8, "AlarmHigh")
    bench.node.update(9, "AlarmHigh")
    bench.node.update(10, "AlarmHiHi")
    bench.node.update(11, "AlarmHigh")
    bench.node.update(12)
    assert [(e[1], e[2]) for e in bench.served.events] == [
        (6, NO_ALARM), (8, HIGH), (10, HIHI),
    ]  # fmt: skip
    shown(bench)
    bench.clock.advance(0.99)
    assert shown(bench) == []
    bench.clock.advance(0.02)
    assert bench.served.last == ("post", 12, NO_ALARM)


def test_an_alarm_that_is_shown_at_once_begins_a_period():
    bench = paced(rate=1)
    bench.node.update(6)
    bench.clock.advance(0.5)
    bench.node.update(7)
    bench.node.update(8, "AlarmHigh")
    bench.node.update(9, "AlarmHigh")
    shown(bench)
    bench.clock.advance(0.9)
    assert shown(bench) == []
    bench.clock.advance(0.2)
    assert shown(bench) == [9]


def test_a_flapping_alarm_is_shown_twice_in_a_period_at_most():
    bench = paced(rate=10)
    for _ in range(1000):
        bench.clock.advance(0.0005)
        bench.node.update(6, "AlarmHiHi")
        bench.clock.advance(0.0005)
        bench.node.update(5)
    assert len(shown(bench)) <= 21


def test_the_deadband_hides_no_change_of_an_alarm():
    bench = paced(deadband=1)
    bench.node.update(5.5)
    bench.node.update(5.6, "AlarmHigh")
    bench.node.update(5.7, "AlarmHigh")
    bench.node.update(5.8)
    assert [(e[1], e[2]) for e in bench.served.events] == [(5.6, HIGH), (5.8, NO_ALARM)]


def test_the_deadband_hides_no_other_alarm_of_the_same_severity():
    low = Alarm(HIGH.severity, HIGH.status, "other")
    converter = PlainConverter(DOUBLE)
    converter.alarm_of = lambda value, pv_value: low if value < 5 else HIGH
    bench = Bench(5.0, pacing=Pacing(None, 1), converter=converter)
    bench.arrive()
    bench.node.update(4.9)
    assert bench.served.last == ("post", 4.9, low)


@pytest.mark.parametrize("rate", [None, 1])
def test_what_hides_the_alarm_of_a_node_is_shown_at_once_with_the_newest_value(rate):
    bench = paced(rate=rate, deadband=1)
    bench.node.update(7)
    bench.node.update(7.5)
    bench.holder.show_stale(bench.holder.updates)
    assert [(e[1], e[2]) for e in bench.served.events] == [(7, NO_ALARM), (7.5, TIMEOUT)]
    bench.node.update(7.6)
    bench.holder.show_alarm(READ)
    assert bench.served.last[-1] == READ
    bench.services.fault = DISABLE
    bench.holder.reveal()
    assert bench.served.last[-1] == DISABLE
    assert strictly_increasing(bench.served.times)


def test_an_alarm_on_a_value_that_was_posted_leaves_it():
    bench = paced(rate=1)
    bench.holder.show_alarm(READ)
    assert bench.served.last == ("alarm", None, READ)


def test_values_that_have_no_place_in_the_pv_are_shown_at_the_rate_too():
    bench = paced(rate=1, deadband=1)
    bench.node.update(10)
    bench.node.update(20)
    for _ in range(3):
        bench.node.update(ValueError("no"))
    assert bench.served.events[1][1:3] == (20, CALC)
    assert len(bench.served.events) == 2
    bench.clock.advance(1)
    assert bench.served.last == ("alarm", None, CALC)
    assert len(bench.served.events) == 3


def test_a_held_value_that_does_not_fit_is_told_and_shown_as_an_alarm():
    bench = paced(rate=1)
    bench.served.refuse = (9,)
    for value in (6, 9):
        bench.node.update(value)
    bench.clock.advance(1)
    assert bench.served.last == ("alarm", None, CALC)
    assert bench.holder.trouble == "a value does not fit it: 9 does not fit"
    bench.node.update(9)
    bench.clock.advance(1)
    assert bench.served.last == ("alarm", None, CALC)
    bench.node.update(8)
    bench.node.update(9)
    bench.holder.show_held()
    assert bench.served.last == ("alarm", None, CALC)


# The deadband -----------------------------------------------------------------------------------


def test_what_is_near_the_value_shown_is_not_shown_then_or_later():
    bench = paced(deadband=1)
    for value in (5.5, 6, 4, 6.1, 5.1, 7.1, 7.2):
        bench.node.update(value)
        bench.clock.advance(10)
    assert shown(bench) == [6.1, 7.2]


def test_a_relative_deadband_goes_with_the_value_shown():
    bench = paced(deadband="10%", value=100)
    for value in (109, 111, 100, 99, 0, 0.001, 0.00101):
        bench.node.update(value)
    assert shown(bench) == [111, 99, 0, 0.001]


def test_nan_and_infinity_come_and_go():
    bench = paced(deadband=1)
    for value in (math.nan, math.nan, 5, math.inf, math.inf, -math.inf, 5.5):
        bench.node.update(value)
    assert str(shown(bench)) == "[nan, 5, inf, -inf, 5.5]"


def test_integers_have_a_deadband():
    bench = paced(deadband=2, spec=PvSpec(NtKind.SCALAR, ScalarType.Int32))
    for value in (6, 7, 8, 9, 5):
        bench.node.update(value)
    assert shown(bench) == [8, 5]


@pytest.mark.parametrize(
    ("spec", "values"),
    [
        (PvSpec(NtKind.ENUM, ScalarType.Int32, choices=("A", "B", "C")), [0, 1, 0]),
        (PvSpec(NtKind.SCALAR, ScalarType.Bool), [False, True, False]),
        (PvSpec(NtKind.SCALAR, ScalarType.String), ["a", "b", "b"]),
        (PvSpec(NtKind.SCALAR_ARRAY, ScalarType.Float64), [[1.0], [1.1], [1.1]]),
    ],
)
def test_what_is_no_number_has_none(spec, values):
    bench = paced(deadband=100, value=values[-1], spec=spec)
    for value in values:
        bench.node.update(value)
    assert shown(bench) == values


def test_with_both_the_newest_is_judged_when_the_period_ends():
    bench = paced(rate=1, deadband=1)
    for value in (7, 20, 7.5):
        bench.node.update(value)
    bench.clock.advance(1)
    assert shown(bench) == [7]
    bench.node.update(20)
    bench.node.update(21.5)
    bench.clock.advance(1)
    assert shown(bench) == [20, 21.5]


# Puts, reads and commands -----------------------------------------------------------------------


@pytest.mark.parametrize("pace", [{"rate": 1}, {"deadband": 10}, {"rate": 1, "deadband": 10}])
def test_a_put_is_shown_before_its_answer_and_what_was_held_is_gone(pace):
    bench = paced(**pace)
    for value in (50, 51, 52):
        bench.node.update(value)
    shown(bench)
    assert put(bench, 53) == [("done", None)]
    assert shown(bench) == [53]
    bench.clock.advance(10)
    assert shown(bench) == []


@pytest.mark.parametrize("pace", [{"rate": 1}, {"deadband": 10}])
def test_an_update_that_a_put_finds_held_is_shown_before_its_answer(pace):
    bench = paced(**pace)
    for value in (50, 51):
        bench.node.update(value)
    shown(bench)
    assert put(bench, 51) == [("done", None)]
    assert shown(bench) == [51]


def test_an_update_that_comes_with_a_put_is_shown_before_its_answer():
    bench = paced(rate=1)
    bench.node.update(50)
    shown(bench)
    told = []

    def value():
        if bench.node.sets and not told:
            told.append(54)
            bench.node.update(54)
        return bench.node.present

    bench.node.value = value
    assert put(bench, 53) == [("done", None)]
    assert shown(bench) == [54]


def test_a_failed_put_shows_its_alarm_at_once_with_the_true_value():
    bench = paced(rate=1)
    for value in (6, 7):
        bench.node.update(value)

    def refuse(value, write=True):
        raise ValueError("no")

    bench.node.set = refuse
    assert put(bench, 9)[0][0] == "error"
    assert bench.served.last == ("post", 7, WRITE)


def test_a_read_that_is_asked_for_is_shown_at_once():
    bench = paced(rate=1, deadband=10)
    bench.node.update(50)
    bench.node.update(51)
    bench.node.present = 52
    assert bench.holder.refresh("B").reading.value == 52
    assert shown(bench) == [50, 52]


def test_a_value_that_is_looked_at_again_is_shown_at_once():
    bench = paced(rate=1)
    bench.node.update(6)
    bench.node.present = 7
    bench.holder.look_again()
    assert shown(bench) == [6, 7]


def test_a_command_shows_that_it_runs_and_has_ended():
    seen = []
    bench = Bench(pacing=Pacing(1, 10), function=lambda: seen.append(list(bench.served.events)))
    bench.arrive()
    call(bench)
    assert [event[1] for event in seen[0]][-1:] == [1]
    assert [event[1] for event in bench.served.events] == [0, 1, 0]


# Clients come and go ----------------------------------------------------------------------------


def test_a_pv_that_closes_drops_what_was_held_and_opens_with_the_newest():
    bench = paced(rate=1, deadband=1)
    bench.node.update(7)
    bench.node.update(9)
    bench.leave()
    bench.clock.advance(10)
    assert shown(bench) == [7]
    assert bench.holder._outlets[0]._held is None
    bench.node.present = 10
    bench.arrive()
    assert shown(bench) == [10]
    bench.node.update(12)
    assert shown(bench) == [12]
    assert strictly_increasing(bench.served.times)


def test_a_pv_that_closes_and_opens_within_the_period_shows_nothing_older():
    bench = paced(rate=1)
    bench.node.update(7)
    bench.node.update(8)
    bench.leave()
    bench.node.update(9)
    bench.arrive()
    assert shown(bench) == [7, 9]
    bench.clock.advance(0.5)
    bench.node.update(10)
    bench.node.update(11)
    bench.clock.advance(0.6)
    assert shown(bench) == [10]
    bench.clock.advance(0.5)
    assert shown(bench) == [11]


def test_a_timer_that_fires_while_the_pv_closes_shows_nothing():
    bench = paced(rate=1)
    bench.node.update(7)
    bench.node.update(8)
    ((_, _, timer),) = bench.clock.timers
    fire = timer._call
    bench.leave()
    fire()
    assert shown(bench) == [7]


def test_the_deadband_is_that_of_the_value_the_pv_has_opened_with():
    bench = paced(deadband=1, value=5)
    bench.node.update(5.5)
    bench.leave()
    bench.arrive()
    bench.node.update(6.4)
    bench.node.update(6.6)
    assert shown(bench) == [5.5, 6.6]


def test_updates_that_come_while_the_pv_opens_are_not_paced():
    bench = Bench(5, pacing=Pacing(1, 1), converter=PlainConverter(DOUBLE))
    bench.variables.held = True
    bench.arrive()
    bench.holder._find_converter()
    bench.node.update(6)
    bench.node.update(7)
    bench.variables.run()
    assert shown(bench)[-1:] == [7]


def test_each_name_of_a_pv_keeps_its_own_pace():
    bench = paced(rate=1, deadband=1)
    other = FakeServed()
    bench.holder.attach(other)
    bench.node.update(7)
    bench.node.update(9)
    bench.arrive(other)
    bench.node.update(9.5)
    bench.node.update(9.8)
    assert shown(bench) == [7]
    assert shown(bench, other) == [9]
    bench.clock.advance(1)
    assert shown(bench) == [9.8]
    assert shown(bench, other) == []
