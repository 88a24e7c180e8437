"""Updates that are held back hide no alarm."""

import pytest
from support.engine.fakes import PlainConverter
from support.engine.holders import HolderBench, strictly_increasing
from support.engine.pace import DOUBLE, paced, shown

from roguebridge.core.pv.pacing import Pacing
from roguebridge.core.values.alarm import CALC, DISABLE, HIGH, HIHI, NO_ALARM, READ, TIMEOUT, Alarm


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
    bench = HolderBench(5.0, pacing=Pacing(None, 1), converter=converter)
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
    bench.holder.parts.publisher.show_alarm(READ)
    assert bench.served.last[-1] == READ
    bench.services.fault = DISABLE
    bench.holder.reveal()
    assert bench.served.last[-1] == DISABLE
    assert strictly_increasing(bench.served.times)


def test_an_alarm_on_a_value_that_was_posted_leaves_it():
    bench = paced(rate=1)
    bench.holder.parts.publisher.show_alarm(READ)
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
