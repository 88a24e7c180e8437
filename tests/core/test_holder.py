import logging
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from support.fakes import ENTRY, FakeClock, FakeServed, PlainConverter, make_put
from support.holders import Bench, put, strictly_increasing

from roguebridge.core.alarm import CALC, HIGH, HIHI, NO_ALARM, READ, STATE, TIMEOUT, UDF, WRITE
from roguebridge.core.converter import ConversionError
from roguebridge.core.nt import NtKind, PvSpec, ScalarType, ValueAlarm
from roguebridge.core.workers import BUSY

ARRAY = PvSpec(NtKind.SCALAR_ARRAY, ScalarType.Float64)


@pytest.fixture
def bench():
    return Bench()


@pytest.fixture
def opened():
    bench = Bench(5)
    bench.arrive()
    return bench


# Nobody watching --------------------------------------------------------------------------


def test_a_closed_pv_touches_neither_node_nor_converter(bench):
    bench.node.present = AssertionError("read while closed")
    for listener in bench.node.listeners:
        listener(ENTRY.path, SimpleNamespace(value=object(), status="None"))
    assert bench.made == 0
    assert bench.served.events == []
    assert (bench.holder.converter, bench.holder.spec, bench.holder.is_open) == (None, None, False)


def test_a_closed_pv_keeps_only_the_time_of_the_last_update(bench):
    bench.node.update(7)
    bench.clock.advance(3)
    bench.node.update(8)
    last = bench.clock.time_ns()
    bench.clock.advance(3)
    bench.node.present = 9
    bench.arrive()
    assert bench.served.events == [("open", 9, NO_ALARM, last)]


def test_a_never_updated_pv_carries_the_time_of_the_servers_start(bench):
    bench.clock.advance(100)
    bench.arrive()
    assert bench.served.events == [("open", 0, NO_ALARM, bench.start_ns)]


def test_unlisten_ends_the_updates(opened):
    opened.holder.unlisten()
    opened.node.update(6)
    assert len(opened.served.events) == 1


# Opening and closing ----------------------------------------------------------------------


def test_the_first_client_opens_with_value_and_spec(opened):
    assert opened.served.spec is opened.converter.spec
    assert opened.served.last == ("open", 5, NO_ALARM)
    assert opened.holder.is_open
    assert opened.opened == [opened.holder]


def test_the_converter_is_made_once_for_all_visits_and_backends(opened):
    other = FakeServed()
    opened.holder.attach(other)
    opened.arrive(other)
    assert opened.leave() is True
    opened.arrive()
    assert opened.made == 1
    assert other.last == ("open", 5, NO_ALARM)


def test_after_the_last_client_the_backend_is_to_close_and_updates_stop(opened):
    assert opened.leave() is True
    opened.node.update(6)
    assert len(opened.served.events) == 1
    assert not opened.holder.is_open


def test_a_client_that_leaves_before_the_value_came_finds_nothing_to_close(bench):
    bench.variables.held = True
    bench.arrive()
    assert bench.leave() is False
    bench.variables.run()
    assert bench.served.events == []


def test_the_read_of_an_earlier_visit_does_not_open_the_next(bench):
    bench.variables.held = True
    bench.arrive()
    bench.leave()
    bench.arrive()
    bench.variables.jobs[0].run()
    assert bench.served.events == []
    bench.variables.jobs[1].run()
    assert [event[0] for event in bench.served.events] == ["open"]


def test_updates_while_the_value_is_read_follow_the_open(bench):
    order = []

    def open(spec, reading):
        bench.node.update(7)
        bench.node.update(8)
        order.append(("open", reading.value))

    bench.served.open = open
    bench.served.post = lambda reading: order.append(("post", reading.value))
    bench.arrive()
    assert order == [("open", 0), ("post", 8)]


def test_an_update_during_the_opening_read_follows_with_a_later_time(bench):
    bench.converter = PlainConverter()
    bench.arrive()
    bench.leave()

    def value():
        bench.node.update(7)
        return 6

    bench.node.value = value
    bench.arrive()
    assert [event[:3] for event in bench.served.events[1:]] == [
        ("open", 6, NO_ALARM),
        ("post", 7, NO_ALARM),
    ]
    assert bench.served.times[1] < bench.served.times[2]
    bench.node.value = lambda: 6
    assert put(bench, 6) == [("done", None)]
    assert bench.served.last == ("post", 6, NO_ALARM)


def test_an_update_that_comes_while_the_read_is_slow_opens_the_pv(opened):
    opened.leave()
    opened.variables.held = True
    opened.arrive()
    opened.node.update(8)
    opened.clock.advance(1.1)
    assert opened.served.last == ("open", 8, NO_ALARM)
    opened.variables.run()
    opened.node.update(9)
    assert strictly_increasing(opened.served.times)


def test_the_last_client_may_leave_while_the_pv_opens(bench):
    real_open = bench.served.open

    def open(spec, reading):
        assert bench.leave() is False
        real_open(spec, reading)

    bench.served.open = open
    bench.arrive()
    assert bench.holder.is_open
    bench.node.update(3)
    assert bench.served.last == ("post", 3, NO_ALARM)
    bench.arrive()
    assert bench.leave() is True
    assert not bench.holder.is_open


def test_a_slow_read_opens_invalid_in_time_and_the_value_follows(bench):
    bench.variables.held = True
    bench.arrive()
    bench.clock.advance(0.9)
    assert bench.served.events == []
    bench.clock.advance(0.2)
    assert [event[:3] for event in bench.served.events] == [("open", "", TIMEOUT)]
    bench.leave()
    bench.arrive()
    bench.node.present = 4
    bench.variables.run()
    assert bench.served.spec.scalar is ScalarType.Int64
    assert bench.served.last == ("open", 4, NO_ALARM)


def test_a_slow_read_of_a_known_pv_opens_with_its_last_good_value(opened):
    opened.leave()
    opened.variables.held = True
    opened.arrive()
    opened.clock.advance(1.1)
    assert opened.served.last == ("open", 5, TIMEOUT)
    opened.node.present = 6
    opened.variables.run()
    assert opened.served.last == ("post", 6, NO_ALARM)


def test_a_value_read_late_does_not_replace_a_newer_update(opened):
    opened.leave()
    opened.variables.held = True
    opened.arrive()
    opened.clock.advance(1.1)
    real_value = opened.node.value

    def value():
        old = real_value()
        opened.node.value = real_value
        opened.node.update(9)
        return old

    opened.node.value = value
    opened.variables.run()
    assert opened.served.last == ("post", 9, NO_ALARM)


def test_a_timely_open_is_not_opened_again_at_the_deadline(opened):
    opened.clock.advance(5)
    assert len(opened.served.events) == 1


def test_an_opening_read_that_finds_the_workers_busy_is_tried_again(bench):
    bench.variables.refusal = BUSY
    bench.arrive()
    bench.variables.refusal = None
    bench.clock.advance(0.2)
    assert bench.served.last == ("open", 0, NO_ALARM)


@pytest.mark.parametrize(("hardware", "alarm"), [(True, READ), (False, CALC)])
def test_a_failing_read_opens_with_zero_and_an_alarm(hardware, alarm):
    bench = Bench(RuntimeError("no link"), hardware, expect_reads=False)
    bench.arrive()
    assert bench.served.last == ("open", 0, alarm)
    bench.node.update(3)
    assert bench.served.last == ("post", 3, NO_ALARM)


def test_a_value_that_the_pv_does_not_take_opens_it_with_zero(bench):
    bench.served.refuse = (2**70,)
    bench.node.present = 2**70
    bench.arrive()
    assert bench.served.last == ("open", 0, CALC)


def test_a_pv_that_cannot_be_opened_at_all_harms_nothing(bench, caplog):
    bench.served.refuse = (0,)
    bench.arrive()
    bench.node.update(4)
    assert "cannot be opened" in caplog.text
    assert bench.leave() is False
    bench.served.refuse = ()
    bench.arrive()
    assert bench.served.last == ("open", 4, NO_ALARM)


def test_an_unknown_type_opens_as_text_for_one_visit(bench, caplog):
    good, bench.converter = bench.converter, RuntimeError("no type")
    bench.arrive()
    assert bench.served.spec.scalar is ScalarType.String
    assert bench.served.last == ("open", "0", CALC)
    assert "no type" in caplog.text
    bench.converter = good
    bench.leave()
    bench.arrive()
    assert bench.served.spec is good.spec
    assert bench.served.last == ("open", 0, NO_ALARM)


def test_a_type_not_found_after_its_client_left_is_looked_for_again(bench):
    good, bench.converter = bench.converter, RuntimeError("no type")
    real_make = bench.make

    def make(node):
        bench.leave()
        return real_make(node)

    bench.holder._make_converter = make
    bench.arrive()
    bench.holder._make_converter = real_make
    bench.converter = good
    bench.arrive()
    assert bench.served.spec is good.spec


# UDF --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hardware", "expect_reads", "updated", "alarm"),
    [
        (True, True, False, UDF),
        (True, True, True, NO_ALARM),
        (True, False, False, NO_ALARM),
        (False, True, False, NO_ALARM),
    ],
)
def test_only_hardware_never_read_since_the_roots_start_is_undefined(
    hardware, expect_reads, updated, alarm
):
    bench = Bench(5, hardware, expect_reads=expect_reads)
    if updated:
        bench.node.update(5)
    bench.arrive()
    assert bench.served.last == ("open", 5, alarm)


def test_the_first_update_ends_undefined():
    bench = Bench(5, hardware=True)
    bench.arrive()
    bench.node.update(5)
    assert bench.served.last == ("post", 5, NO_ALARM)


def test_a_put_ends_undefined():
    bench = Bench(5, hardware=True)
    bench.arrive()
    request, reply = make_put(5, block=True)
    bench.holder.put(request)
    assert bench.served.last == ("post", 5, NO_ALARM)
    assert reply.answers == [("done", None)]


def test_a_command_in_hardware_is_never_undefined():
    bench = Bench(0, hardware=True)
    bench.holder.entry = type(ENTRY)(ENTRY.path, ENTRY.pv_name, True, "WO")
    bench.arrive()
    assert bench.served.last == ("open", 0, NO_ALARM)


def test_a_read_error_is_not_hidden_by_undefined():
    bench = Bench(RuntimeError("x"), hardware=True)
    bench.arrive()
    assert bench.served.last == ("open", 0, READ)


# Updates ----------------------------------------------------------------------------------


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
    bench = Bench(5)
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
        bench = Bench(5)
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
    bench = Bench(5, converter=PlainConverter(spec))
    bench.arrive()
    assert bench.served.last == ("open", 5, HIHI)


def test_a_value_that_cannot_be_judged_is_an_alarm():
    spec = PvSpec(NtKind.SCALAR, ScalarType.Int64, value_alarm=ValueAlarm(high_alarm=4))
    bench = Bench("five", converter=PlainConverter(spec))
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


# Time -------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [0, -1, -(10**18)])
def test_time_strictly_increases_whatever_the_clock_does(opened, step):
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
    bench = Bench(clock=FakeClock(0))
    bench.arrive()
    bench.node.update(1)
    assert min(bench.served.times) > 0
    assert strictly_increasing(bench.served.times)


def test_a_time_source_gives_the_values_time(bench):
    bench = Bench(time_source=lambda value: value * 10**9)
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

    bench = Bench(5, time_source=source)
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
    bench = Bench(5, time_source=lambda value: np.int64(1_800_000_000_000_000_000))
    if watched:
        bench.arrive()
    bench.node.update(6)
    if not watched:
        bench.arrive()
    assert bench.served.times[-1] == 1_800_000_000_000_000_000
    assert type(bench.served.times[-1]) is int


# Puts -------------------------------------------------------------------------------------


def test_the_value_is_shown_before_the_put_is_answered(opened):
    shown = []
    request, reply = make_put(6, block=True)
    reply.done = lambda result=None: shown.append(opened.served.last)
    opened.holder.put(request)
    assert shown == [("post", 6, NO_ALARM)]
    assert opened.node.sets == [6]


def test_the_trees_value_is_shown_and_not_the_clients(opened):
    opened.node.set = lambda value: setattr(opened.node, "present", value // 2)
    assert put(opened, 9) == [("done", None)]
    assert opened.served.last == ("post", 4, NO_ALARM)


def test_an_update_of_the_put_itself_is_not_shown_twice(opened):
    put(opened, 6)
    opened.node.update(6)
    assert [event[1] for event in opened.served.events] == [5, 6]
    opened.node.update(6)
    assert [event[1] for event in opened.served.events] == [5, 6, 6]


def test_an_update_that_came_during_the_put_is_not_shown_twice(opened):
    opened.node.set = lambda value: opened.node.update(value)
    put(opened, 6)
    assert [event[1] for event in opened.served.events] == [5, 6]


def test_a_delivery_with_an_older_value_is_read_again(opened):
    put(opened, 6)
    listener = opened.node.listeners[0]
    listener(ENTRY.path, SimpleNamespace(value=5, status="None"))
    assert [event[1] for event in opened.served.events] == [5, 6]


@pytest.mark.parametrize("delivered", ["during the put", "after it"])
def test_an_array_changed_in_place_after_a_put_is_shown(delivered):
    shown = []
    bench = Bench(np.zeros(2), converter=PlainConverter(ARRAY))
    bench.served.open = lambda spec, reading: shown.append(list(reading.value))
    bench.served.post = lambda reading: shown.append(list(reading.value))
    bench.arrive()
    if delivered == "during the put":
        bench.node.set = lambda value: bench.node.update(value)
    put(bench, np.array([1.0, 2.0]))
    if delivered == "after it":
        bench.node.update(bench.node.present)
    array = bench.node.present
    array[1] = 7.0
    bench.node.update(array)
    assert shown[-1] == [1.0, 7.0]


def test_a_failed_write_shows_the_true_value_with_an_alarm_until_the_next_update():
    bench = Bench(5, hardware=True, expect_reads=False)
    bench.arrive()

    def fail(value):
        bench.node.present = value
        raise RuntimeError("bus error")

    def get():
        bench.node.update(5)
        return 5

    bench.node.set, bench.node.get = fail, get
    assert put(bench, 9) == [("error", "bus error")]
    assert bench.served.last == ("post", 5, WRITE)
    bench.node.update(5)
    bench.node.update(5)
    assert bench.served.last == ("post", 5, NO_ALARM)


def test_a_failed_write_whose_value_cannot_be_read_keeps_the_value(opened):
    def fail(*value):
        raise RuntimeError("bus error")

    opened.node.set = opened.node.get = fail
    assert put(opened, 9) == [("error", "bus error")]
    assert opened.served.last == ("alarm", None, WRITE)
    opened.node.update(9)  # of the refused value, which the tree still has
    opened.clock.advance(0.5)
    assert opened.served.last == ("alarm", None, WRITE)
    opened.node.get = lambda: opened.node.update(6)
    opened.clock.advance(1.0)
    assert opened.served.last == ("post", 6, NO_ALARM)
    opened.node.update(7)
    assert opened.served.last == ("post", 7, NO_ALARM)


def test_a_value_in_doubt_is_read_for_the_next_client(opened):
    def fail(*value):
        raise RuntimeError("bus error")

    opened.node.set = opened.node.get = fail
    put(opened, 9)
    opened.node.present = 9  # the refused value, which the tree still has
    opened.leave()
    opened.arrive()
    assert opened.served.last == ("open", 5, CALC)
    opened.node.get = lambda: 4
    opened.node.present = 4
    opened.clock.advance(1.0)
    assert opened.served.last == ("post", 4, NO_ALARM)


def test_updates_from_many_threads_keep_time_in_order(opened):
    def updates():
        for value in range(200):
            opened.node.listeners[0](ENTRY.path, SimpleNamespace(value=value, status="None"))

    threads = [threading.Thread(target=updates) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(opened.served.times) == 801
    assert strictly_increasing(opened.served.times)
