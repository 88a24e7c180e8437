"""How a PV opens and closes with its clients, with a value or in time without."""

from types import SimpleNamespace

import pytest
from support.engine.fakes import ENTRY, FakeServed, PlainConverter
from support.engine.holders import HolderBench, put, strictly_increasing

from roguebridge.core.concurrency.workers import BUSY
from roguebridge.core.values.alarm import CALC, NO_ALARM, READ, TIMEOUT
from roguebridge.core.values.spec import ScalarType

# Nobody watching ------------------------------------------------------------------------


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


# Opening and closing --------------------------------------------------------------------


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


def test_so_it_does_where_a_time_source_gives_both_times():
    bench = HolderBench(5, time_source=lambda value: value * 10**9)
    bench.arrive()
    bench.leave()

    def value():
        bench.node.update(7)
        return 8

    bench.node.value = value
    bench.arrive()
    assert bench.served.events[1:] == [
        ("open", 8, NO_ALARM, 7 * 10**9 - 1),
        ("post", 7, NO_ALARM, 7 * 10**9),
    ]


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


def test_a_read_that_waits_opens_with_its_own_type_and_the_value_follows(bench):
    bench.variables.held = True
    bench.arrive()
    bench.clock.advance(0.6)
    bench.clock.advance(0.5)
    assert [event[:3] for event in bench.served.events] == [("open", 0, TIMEOUT)]
    assert bench.served.spec.scalar is ScalarType.Int64
    bench.node.present = 4
    bench.variables.run()
    assert bench.served.last == ("post", 4, NO_ALARM)


def test_a_slow_read_opens_invalid_in_time_and_the_value_follows(bench):
    bench.variables.held = bench.commands.held = True
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


def test_nor_is_one_that_opens_when_half_its_time_has_passed(bench):
    bench.variables.held = True
    bench.arrive()
    bench.clock.advance(0.6)
    bench.variables.run()
    bench.clock.advance(5)
    assert [event[:3] for event in bench.served.events] == [("open", 0, NO_ALARM)]


def test_nor_is_one_opened_whose_client_leaves_then(bench):
    bench.variables.held = True
    bench.arrive()
    bench.clock.advance(0.6)
    bench.leave()
    bench.clock.advance(5)
    assert bench.served.events == []


def test_an_opening_read_that_finds_the_workers_busy_is_tried_again(bench):
    bench.variables.refusal = BUSY
    bench.arrive()
    bench.variables.refusal = None
    bench.clock.advance(0.2)
    assert bench.served.last == ("open", 0, NO_ALARM)


@pytest.mark.parametrize(("hardware", "alarm"), [(True, READ), (False, CALC)])
def test_a_failing_read_opens_with_zero_and_an_alarm(hardware, alarm):
    bench = HolderBench(RuntimeError("no link"), hardware, expect_reads=False)
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
    bench.services.log_troubles()
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

    bench.holder.reader._make_converter = make
    bench.arrive()
    bench.holder.reader._make_converter = real_make
    bench.converter = good
    bench.arrive()
    assert bench.served.spec is good.spec
