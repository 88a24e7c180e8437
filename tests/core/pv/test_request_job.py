"""Puts and calls are answered exactly once, whatever the tree raises and however it ends."""

import pytest
from support.engine.fakes import FakeNode, make_put
from support.engine.holders import HolderBench, call, put

from roguebridge.core.concurrency.workers import STOPPING
from roguebridge.core.pv.request_job import abandon_all
from roguebridge.core.values.alarm import CALC, WRITE


class Silent(Exception):
    """Its text cannot be had."""

    def __str__(self):
        raise ValueError("no text")


@pytest.fixture
def opened():
    bench = HolderBench(5)
    bench.arrive()
    return bench


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (RuntimeError("bus error"), "bus error"),
        (RuntimeError(), "RuntimeError"),
        (Silent(), "Silent"),
        (SystemExit(3), "3"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
    ],
    ids=["text", "empty", "unreadable", "exit", "interrupt"],
)
def test_whatever_the_tree_raises_is_the_answer(opened, error, text):
    def fail(*arguments):
        raise error

    opened.node.set = fail
    assert put(opened, 6) == [("error", text)]
    assert opened.served.last[2] == WRITE
    opened.node.get = fail
    assert call(opened) == [("error", text)]
    assert opened.served.last[2] == CALC
    assert opened.holder.trouble == f"it cannot be read: {text}"
    command = HolderBench(function=fail)
    command.arrive()
    assert call(command) == [("error", text)]
    assert command.served.last[2].message == text


@pytest.mark.parametrize("error", [ValueError(), Silent()], ids=["empty", "unreadable"])
def test_a_value_that_a_converter_refuses_without_a_word_is_refused_with_its_type(opened, error):
    def refuse(value):
        raise error

    opened.converter.to_tree = refuse
    assert put(opened, 6) == [("error", f"B:Top:Dev:V: {type(error).__name__}")]
    assert opened.node.sets == []


def test_a_failure_that_cannot_be_shown_is_answered_all_the_same(opened):
    def fail(*arguments):
        opened.services.time_ns = lambda: 1 / 0
        raise RuntimeError("bus error")

    opened.node.set = fail
    request, reply = make_put(6, block=True)
    with pytest.raises(ZeroDivisionError):
        opened.holder.put(request)
    assert reply.answers == [("error", "bus error")]


@pytest.mark.parametrize("state", [False, "parent"])
def test_what_a_disabled_device_would_drop_is_refused(opened, state):
    device = FakeNode(path="Top.Dev")
    device.enable = FakeNode(state, "Top.Dev.enable")
    opened.node.parent = device
    text = f"Top.Dev.V: its device Top.Dev is disabled (enable is {state!r})"
    assert put(opened, 6) == [("error", text)]
    assert call(opened) == [("error", text)]
    assert opened.node.sets == []
    device.enable.present = True
    assert put(opened, 6) == [("done", None)]


def test_a_put_that_does_not_block_is_answered_in_time_and_once(opened):
    opened.variables.held = True
    request, reply = make_put(6)
    opened.holder.put(request)
    opened.clock.advance(0.4)
    assert reply.answers == []
    opened.clock.advance(0.1)
    assert reply.answers == [("done", None)]
    opened.variables.run()
    assert reply.answers == [("done", None)]
    assert opened.node.sets == [6]


def test_a_put_that_was_answered_leaves_no_timer(opened):
    opened.clock.timers.clear()
    request, reply = make_put(6)
    opened.holder.put(request)
    assert reply.answers == [("done", None)]
    assert all(timer._call is None for _, _, timer in opened.clock.timers)


def test_a_call_that_still_runs_when_the_server_stops_is_answered_and_counted_once():
    def run():
        abandon_all(jobs)

    bench = HolderBench(function=run)
    bench.commands.held = True
    answers = call(bench)
    jobs = list(bench.commands.jobs)
    bench.commands.run()
    assert answers == [("error", STOPPING)]
    bench.commands.held = False
    jobs.clear()
    assert call(bench) == [("done", None)]
    assert bench.holder.parts.runs.begin()
    assert not bench.holder.parts.runs.begin()
