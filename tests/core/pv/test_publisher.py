"""What an open PV shows: updates, in order of time, and what hides them."""

import logging

import numpy as np
import pytest
from support.engine.fakes import ENTRY, FakeClock, FakeServed, PlainConverter
from support.engine.holders import HolderBench, put, strictly_increasing

from roguebridge.core.values.alarm import CALC, HIGH, HIHI, NO_ALARM, STATE, TIMEOUT, WRITE
from roguebridge.core.values.converter import ConversionError
from roguebridge.core.values.spec import NtKind, PvSpec, ScalarType, ValueAlarm

ARRAY = PvSpec(NtKind.SCALAR_ARRAY, ScalarType.Float64)


# Updates --------------------------------------------------------------------------------


class Odd:
    """A VariableValue that cannot be looked at."""

    def __init__(self, error):
        self.error = error

    def __getattr__(self, name):
        raise self.error


@pytest.mark.parametrize(
    "error", [ValueError("x"), SystemExit(1), KeyboardInterrupt(), RecursionError()], ids=repr
)
@pytest.mark.parametrize("where", ["value", "converter", "post", "post_alarm", "clock"])
def test_the_listener_never_raises_and_the_next_update_recovers(where, error, caplog):
    caplog.set_level(logging.CRITICAL)
    bench = HolderBench(5)
    bench.arrive()
    raising = {"active": True}

    def guard(real):
        def call(*args):
            if raising["active"]:
                raise error
            return real(*args)

        return call

    if where == "converter":
        bench.converter.to_pv = guard(bench.converter.to_pv)
    elif where in ("post", "post_alarm"):
        bench.served.post = guard(bench.served.post)
    if where == "post_alarm":
        bench.served.post_alarm = guard(bench.served.post_alarm)
    if where == "clock":
        bench.clock.time_ns = guard(bench.clock.time_ns)
    (listener,) = bench.node.listeners
    if where == "value":
        listener(ENTRY.path, Odd(error))
    else:
        bench.node.update(6)
    if where in ("value", "converter", "post"):
        assert bench.served.last == ("alarm", None, CALC)
    raising["active"] = False
    bench.node.update(7)
    assert bench.served.last == ("post", 7, NO_ALARM)


@pytest.mark.parametrize(
    "value",
    [None, float("nan"), float("inf"), 2**70, "\ud800", b"\xff", object(), [], {}, set(), lambda: 0]
    + [
        np.array([[1, 2]]),
        np.array(["a"]),
        np.ma.masked,
        NotImplemented,
        ...,
        range(3),
        "x" * 10**6,
    ],
    ids=lambda value: str(type(value)),
)
def test_no_value_whatever_raises_into_the_tree(value):
    for watched in (True, False):
        bench = HolderBench(5)
        if watched:
            bench.arrive()
        bench.node.update(value)
        bench.node.update(6)
        assert not watched or bench.served.last == ("post", 6, NO_ALARM)


def test_a_value_out_of_the_enum_is_state_and_keeps_the_value(opened):
    opened.node.update(ConversionError("not in its enum", STATE))
    assert opened.served.last == ("alarm", None, STATE)
    opened.node.update(6)
    assert opened.served.last == ("post", 6, NO_ALARM)


def test_a_write_alarm_of_the_converters_own_is_no_failed_put_and_ends_with_the_next_update(opened):
    opened.node.update(ConversionError("not taken by the device", WRITE))
    assert opened.served.last == ("alarm", None, WRITE)
    opened.node.update(5)
    assert opened.served.last == ("post", 5, NO_ALARM)


def test_a_value_that_the_pv_refuses_is_an_alarm_on_the_old_one(opened):
    opened.served.refuse = (2**70,)
    opened.node.update(2**70)
    assert opened.served.last == ("alarm", None, CALC)
    opened.node.update(1)
    assert opened.served.last == ("post", 1, NO_ALARM)


def test_the_trees_own_alarm_word_is_shown(opened):
    opened.node.update(6, "AlarmHigh")
    assert opened.served.last == ("post", 6, HIGH)
    opened.node.update(6, "Good")
    assert opened.served.last == ("post", 6, NO_ALARM)
    opened.node.update(6, "a word of a later PyRogue")
    assert opened.served.last == ("post", 6, NO_ALARM)


def test_the_alarm_of_the_first_value_is_judged_by_the_limits():
    limits = ValueAlarm(high_alarm=4)
    spec = PvSpec(NtKind.SCALAR, ScalarType.Int64, value_alarm=limits)
    bench = HolderBench(5, converter=PlainConverter(spec))
    bench.arrive()
    assert bench.served.last == ("open", 5, HIHI)


def test_a_value_that_cannot_be_judged_is_an_alarm():
    spec = PvSpec(NtKind.SCALAR, ScalarType.Int64, value_alarm=ValueAlarm(high_alarm=4))
    bench = HolderBench("five", converter=PlainConverter(spec))
    bench.arrive()
    assert bench.served.last == ("open", 0, CALC)


def test_every_backend_gets_every_update(opened):
    other = FakeServed()
    opened.holder.attach(other)
    opened.arrive(other)
    opened.node.update(6)
    assert opened.served.last == other.last == ("post", 6, NO_ALARM)
    opened.leave()
    opened.node.update(7)
    assert opened.served.last == ("post", 6, NO_ALARM)
    assert other.last == ("post", 7, NO_ALARM)
    opened.leave(other)
    assert not opened.holder.is_open


def test_one_failing_backend_does_not_cost_the_other_its_update(opened):
    other = FakeServed(refuse=(6,))
    opened.holder.attach(other)
    opened.arrive(other)
    opened.node.update(6)
    assert opened.served.last == ("post", 6, NO_ALARM)
    assert other.last == ("alarm", None, CALC)


# Time -----------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [0, -1, -(10**9), -5 * 10**9])
def test_time_strictly_increases_if_the_clock_goes_back_a_little(opened, step):
    for value in range(5):
        opened.clock.ns += step
        opened.node.update(value)
    opened.served.refuse = (99,)
    opened.node.update(99)
    assert len(opened.served.times) == 7
    assert strictly_increasing(opened.served.times)
    assert min(opened.served.times) > 0


def test_time_increases_after_the_open_of_a_never_updated_pv(bench):
    bench.arrive()
    bench.clock.ns -= 10**9
    bench.node.update(1)
    assert strictly_increasing(bench.served.times)


def test_time_does_not_go_back_over_a_visit(opened):
    opened.clock.advance(5)
    opened.node.update(1)
    opened.leave()
    opened.clock.ns -= 10**9
    opened.node.update(2)
    opened.arrive()
    opened.node.update(3)
    assert strictly_increasing(opened.served.times)


def test_time_zero_is_never_shown():
    bench = HolderBench(clock=FakeClock(0))
    bench.arrive()
    bench.node.update(1)
    assert min(bench.served.times) > 0
    assert strictly_increasing(bench.served.times)


def test_a_time_source_gives_the_values_time(bench):
    bench = HolderBench(time_source=lambda value: value * 10**9)
    bench.node.update(100)
    bench.arrive()
    assert bench.served.times == [100 * 10**9]
    bench.node.update(200)
    assert bench.served.times[-1] == 200 * 10**9
    bench.node.update(150)
    assert bench.served.times[-1] == 200 * 10**9 + 1


@pytest.mark.parametrize("given", [None, 0, -5, "soon", 1.5e18, ValueError("x")])
@pytest.mark.parametrize("watched", [True, False])
def test_a_time_that_is_none_means_now_and_costs_no_value(given, watched, caplog):
    def source(value):
        if isinstance(given, Exception):
            raise given
        return given

    bench = HolderBench(5, time_source=source)
    if watched:
        bench.arrive()
    bench.clock.advance(1)
    bench.node.update(6)
    if not watched:
        bench.arrive()
    assert bench.served.last[1:] == (6, NO_ALARM)
    times = bench.served.times
    assert all(type(time) is int for time in times)
    assert times[-1] == bench.clock.time_ns()


@pytest.mark.parametrize("watched", [True, False])
def test_a_numpy_integer_is_a_time(watched):
    bench = HolderBench(5, time_source=lambda value: np.int64(1_799_999_999_999_999_994 + value))
    if watched:
        bench.arrive()
    bench.node.update(6)
    if not watched:
        bench.arrive()
    assert bench.served.times[-1] == 1_800_000_000_000_000_000
    assert type(bench.served.times[-1]) is int


# Updates that could not be delivered ------------------------------------------------------


def test_a_value_whose_update_failed_elsewhere_is_read_and_shown(opened):
    opened.node.present = 6
    opened.holder.listener.update_failed()
    assert opened.served.last == ("post", 6, NO_ALARM)


def test_a_failed_update_of_a_value_that_cannot_be_read_is_an_alarm(opened):
    opened.node.present = ValueError("no sensor")
    opened.holder.listener.update_failed()
    assert opened.served.last == ("alarm", None, CALC)
    assert opened.holder.trouble == "it cannot be read: no sensor"
    opened.node.update(6)
    assert opened.served.last == ("post", 6, NO_ALARM)
    assert opened.holder.trouble is None


def test_of_a_failed_update_that_nobody_sees_the_time_is_kept(bench):
    bench.clock.advance(3)
    bench.node.value = lambda: pytest.fail("read for nobody")
    bench.holder.listener.update_failed()
    last = bench.clock.time_ns()
    del bench.node.value
    bench.clock.advance(3)
    bench.arrive()
    assert bench.served.times == [last]


def test_a_failed_update_raises_nothing_into_the_tree(opened, caplog):
    opened.converter.to_pv = lambda value: 1 / 0
    real = opened.services.time_ns

    def fail_once():
        opened.services.time_ns = real
        raise ZeroDivisionError

    opened.services.time_ns = fail_once
    opened.holder.listener.update_failed()
    assert opened.served.last == ("alarm", None, CALC)
    assert "an update could not be shown" in caplog.text
    assert opened.clock.time_ns() == real()


# Alarms that hide the node's own ----------------------------------------------------------


def test_a_silent_pv_is_old_until_its_next_update(opened):
    opened.holder.show_stale(opened.holder.updates)
    assert opened.served.last == ("alarm", None, TIMEOUT)
    opened.node.update(5)
    assert opened.served.last == ("post", 5, NO_ALARM)


def test_a_silence_that_has_just_ended_is_not_shown(opened):
    heard = opened.holder.updates
    opened.node.update(6)
    opened.holder.show_stale(heard)
    assert opened.served.last == ("post", 6, NO_ALARM)
    opened.leave()
    opened.holder.show_stale(opened.holder.updates)
    assert opened.served.last == ("post", 6, NO_ALARM)


def test_while_the_tree_tells_nothing_every_alarm_is_its_and_values_are_shown(opened):
    opened.services.fault = TIMEOUT
    opened.holder.reveal()
    assert opened.served.last == ("alarm", None, TIMEOUT)
    assert put(opened, 6) == [("done", None)]
    assert opened.served.last == ("post", 6, TIMEOUT)
    opened.leave()
    opened.holder.reveal()
    assert opened.served.last == ("post", 6, TIMEOUT)
    opened.arrive()
    assert opened.served.last == ("open", 6, TIMEOUT)


def test_what_was_hidden_is_shown_again(opened):
    opened.node.update(6, "AlarmHigh")
    opened.services.fault = TIMEOUT
    opened.holder.reveal()
    opened.services.fault = None
    opened.holder.reveal()
    assert opened.served.last == ("alarm", None, HIGH)
