"""What a PV shows first: a value never read, one read for the client, and one looked at again."""

from types import SimpleNamespace

import pytest
from support.engine.fakes import ENTRY, make_put
from support.engine.holders import HolderBench, strictly_increasing
from support.engine.ids import no_address

from roguebridge.core.concurrency.workers import BUSY
from roguebridge.core.pv.services import Watchers
from roguebridge.core.values.alarm import CALC, NO_ALARM, READ, UDF

# UDF ------------------------------------------------------------------------------------


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
    bench = HolderBench(5, hardware, expect_reads=expect_reads)
    if updated:
        bench.node.update(5)
    bench.arrive()
    assert bench.served.last == ("open", 5, alarm)


def test_the_first_update_ends_undefined():
    bench = HolderBench(5, hardware=True)
    bench.arrive()
    bench.node.update(5)
    assert bench.served.last == ("post", 5, NO_ALARM)


def test_a_put_ends_undefined():
    bench = HolderBench(5, hardware=True)
    bench.arrive()
    request, reply = make_put(5, block=True)
    bench.holder.put(request)
    assert bench.served.last == ("post", 5, NO_ALARM)
    assert reply.answers == [("done", None)]


def test_a_command_in_hardware_is_never_undefined():
    bench = HolderBench(0, hardware=True)
    bench.holder.reader.entry = type(ENTRY)(ENTRY.path, ENTRY.pv_name, True, "WO")
    bench.arrive()
    assert bench.served.last == ("open", 0, NO_ALARM)


def test_a_read_error_is_not_hidden_by_undefined():
    bench = HolderBench(RuntimeError("x"), hardware=True)
    bench.arrive()
    assert bench.served.last == ("open", 0, READ)


# Reading for the first client -------------------------------------------------------------


@pytest.fixture
def reading():
    """A PV whose value is read when its first client comes; what is cached differs."""
    bench = HolderBench(5, hardware=True, expect_reads=False, read_on_connect=True)
    bench.node.get = lambda: read(bench, 8)
    return bench


def read(bench, value):
    """The hardware says this."""
    bench.node.present = value
    return value


def test_by_default_nothing_is_read_for_a_client(bench):
    bench.node.get = lambda: pytest.fail("read without being asked")
    bench.arrive()
    assert bench.served.last == ("open", 0, NO_ALARM)


def test_the_first_client_sees_what_was_read_for_it_at_the_time_of_the_read(reading):
    reading.clock.advance(3)
    reading.arrive()
    assert reading.served.events == [("open", 8, NO_ALARM, reading.clock.time_ns())]


def test_the_time_of_what_was_read_for_it_is_that_of_its_time_source():
    bench = HolderBench(5, True, time_source=lambda value: value * 10**9, read_on_connect=True)
    bench.node.update(7)
    bench.node.get = lambda: read(bench, 8)
    bench.arrive()
    assert bench.served.events == [("open", 8, NO_ALARM, 8 * 10**9)]


def test_a_read_for_the_first_client_that_fails_opens_with_what_was_read_before(reading):
    def fail():
        raise RuntimeError("no link")

    reading.node.get = fail
    reading.arrive()
    assert reading.served.last == ("open", 5, READ)
    reading.node.get = lambda: read(reading, 8)
    reading.clock.advance(1)
    assert reading.served.last == ("post", 8, NO_ALARM)
    assert strictly_increasing(reading.served.times)


@pytest.mark.parametrize("options", [{"mode": "WO"}, {"function": lambda: None}], ids=no_address)
def test_what_cannot_be_read_opens_unread(options):
    bench = HolderBench(read_on_connect=True, **options)
    bench.node.get = lambda: pytest.fail("read in spite of its mode")
    bench.arrive()
    assert bench.served.last == ("open", 0, NO_ALARM)


# Once more, while the PV is open ----------------------------------------------------------


def test_what_updates_did_not_tell_is_found_by_looking_again(opened):
    opened.node.present = 6
    opened.holder.look_again()
    assert opened.served.last == ("post", 6, NO_ALARM)
    assert opened.holder.updates == 1


def test_looking_again_waits_for_busy_workers(opened):
    opened.variables.refusal = BUSY
    opened.node.present = 6
    opened.holder.look_again()
    assert len(opened.served.events) == 1
    opened.variables.refusal = None
    opened.clock.advance(0.1)
    assert opened.served.last == ("post", 6, NO_ALARM)


def test_a_register_never_read_is_read_in_hardware_if_that_is_asked_for():
    bench = HolderBench(5, hardware=True)
    bench.arrive()
    bench.node.get = lambda: 1 / 0
    bench.holder.look_again(fresh=True)
    assert bench.served.last == ("post", 5, UDF)
    bench.node.get = lambda: read(bench, 8)
    bench.holder.look_again(fresh=True)
    assert bench.served.last == ("post", 8, NO_ALARM)


@pytest.mark.parametrize("spoken", [True, False])
def test_what_could_not_be_looked_at_is_tried_again_unless_the_node_speaks_first(opened, spoken):
    opened.node.present = RuntimeError("no link")
    opened.holder.look_again()
    assert opened.served.last == ("alarm", None, CALC)
    if spoken:
        opened.node.update(6)
    reads = []
    opened.node.value = lambda: reads.append(opened.clock.monotonic()) or 6
    opened.clock.advance(60)
    assert reads == ([] if spoken else [1.0])
    assert opened.served.last == ("post", 6, NO_ALARM)


def test_nobody_looks_again_at_what_nobody_sees(opened):
    opened.variables.held = True
    opened.holder.look_again()
    opened.leave()
    opened.holder.look_again()
    opened.node.value = lambda: pytest.fail("read for nobody")
    assert len(opened.variables.jobs) == 1
    opened.variables.run()
    assert len(opened.served.events) == 1


def test_an_update_is_newer_than_a_look_that_began_before_it(opened):
    def value():
        opened.node.update(7)
        return 6

    opened.node.value = value
    opened.holder.look_again()
    assert opened.served.last == ("post", 7, NO_ALARM)
    assert [event[1] for event in opened.served.events] == [5, 7]


def test_nobody_is_watched_for_who_leaves_while_the_pv_opens(bench):
    told = []
    watcher = SimpleNamespace(
        watch=lambda holder: told.append("watch"), unwatch=lambda holder: told.append("unwatch")
    )
    bench.services.watchers = Watchers(watcher)
    opening = bench.served.open

    def leaves(spec, reading):
        assert bench.leave() is False
        opening(spec, reading)

    bench.served.open = leaves
    bench.arrive()
    assert told == ["watch", "unwatch"]
    bench.node.update(7)
    assert bench.served.last == ("post", 7, NO_ALARM)
    bench.arrive()
    assert bench.leave() is True
    assert told == ["watch", "unwatch"] * 2
