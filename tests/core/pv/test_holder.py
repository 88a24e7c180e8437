"""What a holder does for those who ask: reading anew, and arguments of commands; in one thread."""

import numpy as np
import pytest
from support.engine.fakes import PlainConverter
from support.engine.holders import HolderBench, call, put, strictly_increasing

from roguebridge.core.concurrency.workers import BUSY
from roguebridge.core.errors import PutError
from roguebridge.core.values.alarm import CALC, COMM, NO_ALARM, READ, STATE, TIMEOUT
from roguebridge.core.values.converter import ConversionError
from roguebridge.core.values.reading import Reading, Snapshot
from roguebridge.core.values.spec import NtKind, PvSpec, ScalarType

INT64 = PvSpec(NtKind.SCALAR, ScalarType.Int64)
ARRAY = PvSpec(NtKind.SCALAR_ARRAY, ScalarType.Float64)
DOUBLE = PvSpec(NtKind.SCALAR, ScalarType.Float64)


def reads(bench, value):
    """Have the node find this in its hardware."""

    def get():
        bench.node.present = value
        return value

    bench.node.get = get


@pytest.fixture
def bench():
    return HolderBench(5)


@pytest.fixture
def opened(bench):
    bench.arrive()
    return bench


def test_a_holder_says_which_pv_stands_for_which_node(bench):
    assert repr(bench.holder) == "<PvHolder B:Top:Dev:V -> Top.Dev.V>"


# Reading ----------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [{}, {"op": "read"}], ids=str)
def test_a_call_reads_shows_and_answers_with_the_whole_pv(opened, arguments):
    reads(opened, 6)
    opened.clock.advance(1)
    time = opened.clock.time_ns()
    answer = Snapshot(INT64, Reading(6, NO_ALARM, time))
    assert call(opened, **arguments) == [("done", answer)]
    assert opened.served.events[-1] == ("post", 6, NO_ALARM, time)


def test_a_value_that_has_not_changed_is_shown_with_the_time_of_the_read(opened):
    opened.clock.advance(1)
    call(opened)
    assert opened.served.events[-1] == ("post", 5, NO_ALARM, opened.clock.time_ns())


def test_the_update_that_a_read_brings_is_shown_once(opened):
    reads(opened, 6)
    call(opened)
    opened.node.update(6)
    assert [event[1] for event in opened.served.events] == [5, 6]


def test_an_update_during_the_read_is_what_is_shown_and_answered(opened):
    def get():
        opened.node.update(7)
        return 7

    opened.node.get = get
    ((word, snapshot),) = call(opened)
    assert (word, snapshot.reading[:2]) == ("done", (7, NO_ALARM))
    assert strictly_increasing(opened.served.times)


def test_a_pv_that_nobody_looks_at_can_be_read(bench):
    reads(bench, 6)
    ((word, snapshot),) = call(bench)
    assert (word, snapshot.spec, snapshot.reading.value) == ("done", INT64, 6)
    assert bench.served.events == []
    bench.arrive()
    assert bench.served.last == ("open", 6, NO_ALARM)


def test_an_array_that_was_read_is_the_answers_own():
    bench = HolderBench(np.zeros(2), converter=PlainConverter(ARRAY))
    ((_, snapshot),) = call(bench)
    bench.node.present[:] = 9
    assert list(snapshot.reading.value) == [0, 0]


@pytest.mark.parametrize(
    ("error", "hardware", "alarm"),
    [
        (RuntimeError("NAK"), True, READ),
        (RuntimeError("NAK"), False, CALC),
        (RuntimeError("Timeout waiting for register"), True, TIMEOUT),
        (ConnectionError("gone"), True, COMM),
        (SystemExit(), True, READ),
    ],
    ids=repr,
)
def test_a_read_that_fails_is_answered_and_shown_until_one_succeeds(error, hardware, alarm):
    def fail():
        raise error

    bench = HolderBench(5, hardware, expect_reads=False)
    bench.arrive()
    bench.node.get = fail
    text = str(error) or "SystemExit"
    assert call(bench) == [("error", text)]
    assert bench.served.last == ("alarm", None, alarm)
    assert bench.holder.trouble == f"it cannot be read: {text}"
    reads(bench, 6)
    call(bench)
    assert bench.served.last == ("post", 6, NO_ALARM)
    assert bench.holder.trouble is None


def test_a_failed_read_of_what_nobody_looks_at_is_answered_alone(bench):
    bench.node.get = lambda: 1 / 0
    assert call(bench) == [("error", "division by zero")]
    assert bench.served.events == []


def test_a_value_that_was_read_and_has_no_place_is_an_error_and_an_alarm(opened):
    opened.node.value = lambda: ConversionError("not in its enum", STATE)
    ((word, text),) = call(opened)
    assert (word, text) == (
        "error",
        "B:Top:Dev:V: a ConversionError has no place in it: not in its enum",
    )
    assert opened.served.last == ("alarm", None, STATE)


def test_a_pv_without_a_type_cannot_be_read():
    bench = HolderBench(converter=RuntimeError("no type"))
    text = "B:Top:Dev:V: its type cannot be found out: RuntimeError('no type')"
    assert call(bench) == [("error", text)]
    bench.arrive()
    assert call(bench) == [("error", text)]


@pytest.mark.parametrize(
    ("mode", "arguments", "words"),
    [
        ("WO", {}, "B:Top:Dev:V is write-only (mode WO): it cannot be read"),
        (
            "RW",
            {"op": "write", "x": 1},
            "B:Top:Dev:V is a variable: it can be read with op='read', "
            "not called with {'op': 'write', 'x': 1}",
        ),
    ],
)
def test_what_cannot_be_read_or_called_is_refused_by_name(mode, arguments, words):
    bench = HolderBench(5, mode=mode)
    bench.node.get = lambda: pytest.fail("read in spite of that")
    assert call(bench, **arguments) == [("error", words)]


# Puts with options ------------------------------------------------------------------------


def test_a_put_of_nothing_that_processes_reads(opened):
    reads(opened, 6)
    assert put(opened, None, marked=False, process=True) == [("done", None)]
    assert opened.served.last == ("post", 6, NO_ALARM)
    assert opened.node.sets == []


@pytest.mark.parametrize("process", [None, False])
def test_a_put_of_nothing_does_nothing(opened, process):
    opened.node.get = lambda: pytest.fail("read without being asked")
    assert put(opened, None, marked=False, process=process) == [("done", None)]
    assert len(opened.served.events) == 1


def test_a_put_that_does_not_process_stays_in_the_tree_and_is_shown(opened):
    assert put(opened, 6, process=False) == [("done", None)]
    assert opened.node.sets == [(6, "not written")]
    assert opened.served.last == ("post", 6, NO_ALARM)


def test_a_put_that_finds_the_workers_busy_is_told_so(opened):
    opened.variables.refusal = BUSY
    assert put(opened, 6) == [("error", BUSY)]
    assert opened.node.sets == []


# The argument of a command ----------------------------------------------------------------


class Whole(PlainConverter):
    def to_tree(self, value):
        if value == "out":
            raise PutError("Top.Dev.V: 11 is outside 0 .. 10")
        return int(value)


def test_an_argument_without_a_declared_type_is_taken_as_it_is():
    bench = HolderBench(function=lambda arg: arg, converter=Whole())
    assert call(bench, arg=4.0) == [("done", 4)]
    assert call(bench, arg="text") == [  # as PyRogue does, which reads text as a literal
        ("error", "B:Top:Dev:V: the argument 'arg' cannot be 'text': it is of type int")
    ]
    assert call(bench, arg="(1, 2)") == [("done", (1, 2))]
    assert call(bench, arg=[1]) == [("done", [1])]
    assert call(bench, arg="out") == [
        ("error", "B:Top:Dev:V: the argument 'arg': 11 is outside 0 .. 10")
    ]
    assert call(bench, arg=None) == [("error", "B:Top:Dev:V: the argument is empty")]


def test_a_declared_type_binds_an_argument():
    bench = HolderBench(function=lambda arg: arg, converter=Whole())
    bench.node._default = 3
    bench.services.defaults.note(bench.node.path, bench.node)
    bench.node._default = 0  # what the last call has left
    assert call(bench, arg=4.0) == [("done", 4)]
    reason = "B:Top:Dev:V: the argument 'arg' cannot be 'text': it is of type int"
    assert call(bench, arg="text") == [("error", reason)]


def test_an_argument_of_a_type_that_cannot_be_found_out_is_handed_over_as_it_is():
    bench = HolderBench(function=lambda arg: arg, converter=RuntimeError("no type"))
    assert call(bench, arg="text") == [("done", "text")]
