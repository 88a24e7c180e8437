"""What happens at the worst moment; one thread plays all parts, so that the moment is certain."""

import numpy as np
import pytest
from support.engine.fakes import PlainConverter, make_put
from support.engine.holders import HolderBench, put, strictly_increasing

from roguebridge.core.concurrency.workers import BUSY, STOPPING
from roguebridge.core.errors import BackendError
from roguebridge.core.pv.request_job import abandon_all
from roguebridge.core.requests.policy import ALLOW, AccessPolicy
from roguebridge.core.values.alarm import CALC, NO_ALARM, STATE, TIMEOUT
from roguebridge.core.values.converter import ConversionError
from roguebridge.core.values.spec import NtKind, PvSpec, ScalarType

WORDS = PvSpec(NtKind.SCALAR_ARRAY, ScalarType.String)


@pytest.fixture
def bench():
    return HolderBench(5)


@pytest.fixture
def opened(bench):
    bench.arrive()
    return bench


# The client leaves ------------------------------------------------------------------------


def test_while_the_workers_are_busy(bench):
    bench.variables.refusal = BUSY
    bench.arrive()
    bench.leave()
    bench.variables.refusal = None
    bench.node.present = AssertionError("read for nobody")
    bench.clock.advance(60)
    assert bench.served.events == []


def test_and_comes_back_while_the_first_value_is_read(bench):
    read = bench.node.value

    def value():
        bench.node.value = read
        bench.variables.held = True
        bench.leave()
        bench.arrive()
        return 4

    bench.node.value = value
    bench.arrive()
    assert bench.served.events == []
    bench.variables.run()
    assert [event[:3] for event in bench.served.events] == [("open", 5, NO_ALARM)]


def test_after_a_read_that_failed(bench):
    bench.node.present = RuntimeError("no link")
    bench.arrive()
    assert bench.served.last == ("open", 0, CALC)
    bench.leave()
    bench.node.present = AssertionError("read for nobody")
    bench.clock.advance(60)
    assert len(bench.served.events) == 1


def test_before_a_put_that_was_answered_early_fails(opened):
    def fail(value):
        opened.leave()
        raise RuntimeError("bus error")

    opened.node.set = fail
    opened.variables.held = True
    request, reply = make_put(6)
    opened.holder.put(request)
    opened.clock.advance(0.5)
    assert reply.answers == [("done", None)]
    opened.node.value = opened.node.get = lambda: pytest.fail("read for nobody")
    opened.variables.run()
    assert len(opened.served.events) == 1
    assert [(record.result, record.error) for record in opened.records] == [("failed", "bus error")]


@pytest.mark.parametrize("is_command", [False, True])
def test_before_a_put_to_a_pv_whose_type_was_never_found_out(bench, is_command):
    bench.holder.reader.entry = type(bench.holder.entry)("Top.V", "B:V", is_command, "RW")
    bench.converter = RuntimeError("no type")
    bench.arrive()
    bench.variables.held = bench.commands.held = True
    request, reply = make_put("6", entry=bench.holder.entry)
    bench.holder.put(request)
    bench.clock.advance(0.5)
    bench.leave()
    bench.variables.run()
    bench.commands.run()
    assert reply.answers == [("done", None)]
    assert bench.node.sets == []
    assert [(record.result, record.error) for record in bench.records] == [
        ("failed", "B:V is closed")
    ]


# The server stops -------------------------------------------------------------------------


def test_between_a_worker_taking_a_put_and_running_it(opened):
    opened.variables.held = True
    request, reply = make_put(6, block=True)
    opened.holder.put(request)
    abandon_all(opened.variables.jobs)
    opened.variables.run()
    assert reply.answers == [("error", STOPPING)]
    assert opened.node.sets == []


def test_between_a_worker_taking_a_judgement_and_asking_for_it(opened):
    class Policy(AccessPolicy):
        def decide(self, request):
            asked.append(request)
            return ALLOW

    asked = []
    opened.holder.policies = (Policy(),)
    opened.variables.held = True
    request, reply = make_put(6, block=True)
    opened.holder.put(request)
    abandon_all(opened.variables.jobs)
    opened.variables.run()
    assert reply.answers == [("error", STOPPING)]
    assert (asked, opened.node.sets) == ([], [])


def test_while_a_pv_opens_and_nobody_is_alarmed(bench, caplog):
    def open(spec, reading):
        raise BackendError("the backend is not running")

    bench.served.open = open
    bench.arrive()
    bench.node.update(6)
    assert not bench.holder.is_open
    assert bench.opened == []
    assert caplog.records == []


# An update comes --------------------------------------------------------------------------


def test_while_the_type_is_not_known_yet(bench):
    bench.variables.held = True
    bench.arrive()
    bench.clock.advance(0.4)
    bench.node.update(6)
    assert bench.made == 0
    last = bench.clock.time_ns()
    bench.clock.advance(0.2)
    bench.variables.run()
    assert bench.served.events == [("open", 6, NO_ALARM, last)]


def test_with_an_alarm_alone_while_the_pv_opens(bench):
    really_open = bench.served.open

    def open(spec, reading):
        really_open(spec, reading)
        bench.node.update(6)
        bench.node.update(ConversionError("not in its enum", STATE))

    bench.served.open = open
    bench.arrive()
    assert [event[:3] for event in bench.served.events] == [
        ("open", 5, NO_ALARM),
        ("post", 6, STATE),
    ]


def test_before_a_failed_read_is_made_again(bench):
    bench.node.present = RuntimeError("no link")
    bench.arrive()
    bench.node.update(6)
    reads = []
    bench.node.value = lambda: reads.append(1) or 6
    bench.clock.advance(60)
    assert reads == []
    assert bench.served.last == ("post", 6, NO_ALARM)


def test_after_a_put_whose_value_cannot_be_compared():
    def words(value):
        return [np.array(list(value))]

    bench = HolderBench(words("ab"), converter=PlainConverter(WORDS))
    bench.arrive()
    bench.node.set = lambda value: setattr(bench.node, "present", words("cd"))
    assert put(bench, "cd") == [("done", None)]
    shown = len(bench.served.events)
    bench.node.update(words("cd"))
    assert len(bench.served.events) == shown + 1


# A put ends -------------------------------------------------------------------------------


def test_while_an_older_delivery_is_converted(opened):
    convert = opened.converter.to_pv

    def slow(value):
        if value == 6:
            opened.converter.to_pv = convert
            assert put(opened, 7) == [("done", None)]
        return convert(value)

    opened.converter.to_pv = slow
    opened.node.update(6)
    assert opened.served.last == ("post", 7, NO_ALARM)
    assert strictly_increasing(opened.served.times)


def test_while_the_delivery_after_another_is_read_again(opened):
    put(opened, 6)
    read = opened.node.value

    def slow():
        old = read()
        opened.node.value = read
        put(opened, 7)
        return old

    opened.node.value = slow
    opened.node.update(6)
    assert opened.served.last == ("post", 7, NO_ALARM)
    opened.node.update(8)
    assert opened.served.last == ("post", 8, NO_ALARM)


def test_while_an_open_that_never_ends_holds_the_pv():
    bench = HolderBench(5, open_timeout=0.0)
    answers = []
    bench.served.open = lambda spec, reading: answers.extend(put(bench, 6))
    bench.arrive()
    assert answers == [("done", None)]
    assert bench.served.last == ("post", 6, NO_ALARM)


# Time runs out ----------------------------------------------------------------------------


def test_while_the_pv_opens_with_its_value(bench):
    really_open = bench.served.open

    def open(spec, reading):
        bench.clock.advance(1.1)
        really_open(spec, reading)

    bench.served.open = open
    bench.arrive()
    assert [event[:3] for event in bench.served.events] == [("open", 5, NO_ALARM)]


@pytest.mark.parametrize("hardware", [True, False])
def test_and_the_late_read_fails_too(hardware):
    bench = HolderBench(5, hardware, expect_reads=False)
    bench.arrive()
    bench.leave()
    bench.variables.held = True
    bench.arrive()
    bench.clock.advance(1.1)
    assert bench.served.last == ("open", 5, TIMEOUT)
    bench.node.present = RuntimeError("no link")
    shown = len(bench.served.events)
    bench.variables.run()
    assert len(bench.served.events) == shown
    bench.node.present = 6
    bench.clock.advance(1)
    bench.variables.run()
    assert bench.served.last == ("post", 6, NO_ALARM)
