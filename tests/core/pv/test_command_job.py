"""Commands: the arguments of a call, the busy state, and what becomes of a failure."""

import inspect
import threading

import numpy as np
import pytest
from support.engine.fakes import WAIT
from support.engine.holders import HolderBench, call, put

from roguebridge.backends.soft import RemoteError
from roguebridge.core.concurrency.workers import BUSY
from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.values.alarm import NO_ALARM, Alarm, Severity, Status


class Opened:
    """Tells the test when a PV has opened."""

    def __init__(self, inbox):
        self.inbox = inbox

    @hookimpl
    def holder_opened(self, holder):
        self.inbox.put(holder.path)


@pytest.mark.parametrize(
    "result", [5, 1.5, "text", True, None, [1, 2], {"a": 1}, np.arange(3)], ids=repr
)
def test_a_call_gives_what_the_command_returned(serve, tree, result):
    site = serve(tree.pr.LocalCommand(name="Go", function=lambda: result))
    assert site.client().rpc("B:Top:Go") is result


@pytest.mark.parametrize("name", ["arg", "value"])
def test_a_call_takes_its_argument_by_either_name(serve, tree, name):
    site = serve(tree.pr.LocalCommand(name="Go", function=lambda arg: arg * 2))
    assert site.client().rpc("B:Top:Go", **{name: 4}) == 8


def test_an_array_that_a_call_brings_stays_with_the_command(serve, tree):
    kept = []
    site = serve(tree.pr.LocalCommand(name="Go", function=lambda arg: kept.append(arg)))
    mine = np.arange(3.0)
    site.client().rpc("B:Top:Go", arg=mine)
    mine[:] = 9.0
    assert list(kept[0]) == [0.0, 1.0, 2.0]


def test_an_argument_for_a_command_that_takes_none_is_ignored(serve, tree):
    ran = []
    site = serve(tree.pr.LocalCommand(name="Go", function=lambda: ran.append("ran")))
    site.client().rpc("B:Top:Go", arg=5)
    assert ran == ["ran"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "the argument 'arg' is missing"),
        ({"arg": None}, "arg"),
        ({"what": 4}, r"unknown arguments \['what'\]; \['arg', 'value'\] are allowed"),
        ({"arg": 4, "value": 4}, r"unknown arguments \['value'\]"),
    ],
)
def test_a_call_without_its_argument_is_refused_and_not_run_with_the_last_one(
    serve, tree, arguments, words
):
    ran = []
    site = serve(tree.pr.LocalCommand(name="Go", function=lambda arg: ran.append(arg)))
    client = site.client()
    client.rpc("B:Top:Go", arg=7)
    with pytest.raises(RemoteError, match=words):
        client.rpc("B:Top:Go", **arguments)
    assert ran == [7]


def test_an_exception_of_a_command_reaches_the_caller(serve, tree):
    site = serve(tree.pr.LocalCommand(name="Go", function=lambda arg: 1 / arg))
    client = site.client()
    with pytest.raises(RemoteError, match="division by zero"):
        client.rpc("B:Top:Go", arg=0)
    assert client.rpc("B:Top:Go", arg=2) == 0.5


def test_a_variable_cannot_be_called_with_arguments(serve, tree):
    site = serve(tree.pr.LocalVariable(name="V", value=5))
    with pytest.raises(RemoteError, match="B:Top:V is a variable: it can be read with op='read'"):
        site.client().rpc("B:Top:V", arg=5)


def test_a_put_runs_a_command_and_zero_does_not(serve, tree, inbox):
    ran = []
    go = tree.pr.LocalCommand(name="Go", function=lambda: ran.append(1))
    site = serve(go, plugins=[Opened(inbox)])
    client = site.client()
    client.get("B:Top:Go")
    inbox.next()
    client.monitor("B:Top:Go", inbox.put)
    client.put("B:Top:Go", 0)
    assert ran == []
    client.put("B:Top:Go", 1)
    assert ran == [1]
    assert [inbox.next().value for _ in range(3)] == [0, 1, 0]


def test_a_put_hands_a_command_its_argument_even_zero(serve, tree):
    ran = []
    site = serve(tree.pr.LocalCommand(name="Go", value=3, function=lambda arg: ran.append(arg)))
    client = site.client()
    client.put("B:Top:Go", 0)
    client.put("B:Top:Go", 4)
    assert ran == [0, 4]
    assert client.get("B:Top:Go").value == 4


def test_a_failing_command_shows_that_it_no_longer_runs(serve, tree, inbox):
    go = tree.pr.LocalCommand(name="Go", function=lambda: 1 / 0)
    site = serve(go, plugins=[Opened(inbox)])
    client = site.client()
    client.get("B:Top:Go")
    inbox.next()
    client.monitor("B:Top:Go", inbox.put)
    with pytest.raises(RemoteError, match="division by zero"):
        client.put("B:Top:Go", 1)
    assert [inbox.next().value for _ in range(3)] == [0, 1, 0]


def test_a_command_can_be_called_while_another_of_its_device_runs(serve, tree):
    entered, gate = threading.Event(), threading.Event()

    def run():
        entered.set()
        assert gate.wait(WAIT)

    site = serve(
        tree.pr.LocalCommand(name="Run", function=run),
        tree.pr.LocalCommand(name="Stop", function=gate.set),
    )
    client = site.client()
    running = client.start_rpc("B:Top:Run")
    assert entered.wait(WAIT)
    client.rpc("B:Top:Stop")
    assert running.result(WAIT) is None


# Arguments by name ------------------------------------------------------------------------


def scan(arg, steps: int = 3, speed=1.5, up=True, *rest, label: "str" = "", **more):
    return arg, steps, speed, up, label


def ramp(dev, volts: float):
    return volts


def nothing():
    return "ran"


def keyword(*, arg):
    return arg


def listed(items: list):
    return items


def two(first: int, second):
    return first, second


@pytest.mark.parametrize(
    ("function", "arguments", "result"),
    [
        (scan, {"arg": 2}, (2, 3, 1.5, True, "")),
        (scan, {"value": 2}, (2, 3, 1.5, True, "")),
        (scan, {"arg": 2, "steps": 5, "up": False}, (2, 5, 1.5, False, "")),
        (scan, {"arg": "x", "steps": "0x10", "speed": "2"}, ("x", 16, 2.0, True, "")),
        (scan, {"arg": 1, "up": "FALSE", "label": "7"}, (1, 3, 1.5, False, "7")),
        (scan, {"arg": 1, "up": "1"}, (1, 3, 1.5, True, "")),
        (ramp, {"volts": 4}, 4),
        (ramp, {"value": "4.5"}, 4.5),
        (ramp, {"arg": 4.5}, 4.5),
        (keyword, {"arg": 4}, 4),
        (nothing, {}, "ran"),
        (nothing, {"arg": 1, "value": 2}, "ran"),
        (two, {"first": "1", "second": "2"}, (1, "2")),
    ],
)
def test_arguments_are_given_by_the_names_of_the_function(function, arguments, result):
    assert call(HolderBench(function=function), **arguments) == [("done", result)]


@pytest.mark.parametrize(
    ("function", "arguments", "reason"),
    [
        (
            scan,
            {},
            "the argument 'arg' is missing; "
            "['arg', 'steps', 'speed', 'up', 'label', 'value'] are allowed",
        ),
        (ramp, {}, "the argument 'volts' is missing; ['volts', 'arg', 'value'] are allowed"),
        (two, {"arg": 1}, "unknown arguments ['arg']; ['first', 'second'] are allowed"),
        (two, {"first": 1}, "the argument 'second' is missing; ['first', 'second'] are allowed"),
        (nothing, {"arg": 1, "up": 1}, "unknown arguments ['up']; there are none"),
        (scan, {"arg": 1, "steps": "x"}, "the argument 'steps' cannot be 'x': it is of type int"),
        (scan, {"arg": 1, "speed": "x"}, "the argument 'speed' cannot be 'x': it is of type float"),
        (scan, {"arg": 1, "up": "no"}, "the argument 'up' cannot be 'no': it is of type bool"),
        (listed, {"items": "5"}, "the argument 'items' cannot be '5': it is of type list"),
        (scan, {"arg": None}, "the argument is empty"),
        (keyword, {}, "the argument 'arg' is missing; ['arg', 'value'] are allowed"),
    ],
)
def test_wrong_arguments_are_refused_by_name_and_nothing_runs(function, arguments, reason):
    ran = []
    bench = HolderBench(function=function)
    bench.node._functionWrap = bench.node._function = lambda *given, **named: ran.append(given)
    bench.node._function.__signature__ = inspect.signature(function)
    assert call(bench, **arguments) == [("error", f"B:Top:Dev:V: {reason}")]
    assert ran == []


def test_no_call_runs_with_the_argument_of_an_earlier_one():
    bench = HolderBench(function=lambda arg=None: arg)
    assert call(bench, arg=7) == [("done", 7)]
    assert call(bench) == [("done", None)]


def test_pyrogue_itself_is_called_where_it_can_be():
    bench = HolderBench(function=lambda arg, steps=1: arg)
    call(bench, arg=7)
    assert bench.node.sets == [(7,)]
    call(bench, arg=7, steps=2)
    assert bench.node.sets == [(7,)]


# The busy state ---------------------------------------------------------------------------


def record(text):
    return Alarm(Severity.MAJOR, Status.RECORD, text)


def test_a_command_shows_that_it_runs_and_refuses_the_next_call():
    seen, again = [], []

    def run():
        seen.append(bench.served.last)
        again.extend((*call(bench), *put(bench, 1), *put(bench, 0)))

    bench = HolderBench(function=run)
    bench.arrive()
    assert call(bench) == [("done", None)]
    assert seen == [("post", 1, NO_ALARM)]
    busy = ("error", "B:Top:Dev:V: busy: the command is running")
    assert again == [busy, busy, ("done", None)]
    assert bench.served.last == ("post", 0, NO_ALARM)
    assert put(bench, 1) == [("done", None)]


def test_calls_can_be_queued():
    again = []

    def run():
        if not again:
            bench.commands.held = True
            again.append(call(bench))

    bench = HolderBench(function=run, queue_commands=True)
    assert call(bench) == [("done", None)]
    assert again == [[]]
    bench.commands.run()
    assert again == [[("done", None)]]


def test_a_call_that_finds_the_workers_busy_does_not_count():
    bench = HolderBench(function=lambda: None)
    bench.commands.refusal = BUSY
    assert call(bench) == [("error", BUSY)]
    bench.commands.refusal = None
    assert call(bench) == [("done", None)]


def test_a_failure_is_shown_until_the_next_run():
    fails = [RuntimeError("lone \udc80")]

    def run():
        if fails:
            raise fails.pop()

    bench = HolderBench(function=run)
    bench.arrive()
    assert put(bench, 1) == [("error", "lone \udc80")]
    assert bench.served.last == ("post", 0, record("lone \\udc80"))
    assert put(bench, 1) == [("done", None)]
    assert [event[1:3] for event in bench.served.events[-2:]] == [(1, NO_ALARM), (0, NO_ALARM)]


def test_a_failure_with_an_argument_is_an_alarm_on_the_last_one():
    bench = HolderBench(function=lambda arg: 1 // arg)
    bench.arrive()
    assert put(bench, 0) == [("error", "integer division or modulo by zero")]
    assert bench.served.last == ("alarm", None, record("integer division or modulo by zero"))
    bench.node.present = 1
    assert put(bench, 1) == [("done", None)]
    assert bench.served.last == ("post", 1, NO_ALARM)


def test_a_failure_that_nobody_sees_is_answered_alone():
    bench = HolderBench(function=lambda arg: 1 // arg)
    assert call(bench, arg=0) == [("error", "integer division or modulo by zero")]
    assert bench.served.events == []


# Puts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "options", "runs"),
    [
        (1, {}, 1),
        (0, {}, 0),
        (None, {"marked": False, "process": True}, 1),
        (None, {"marked": False}, 0),
        (1, {"process": False}, 0),
        (1, {"process": True}, 1),
    ],
)
def test_what_a_put_to_a_command_runs(value, options, runs):
    bench = HolderBench(function=lambda: None)
    bench.arrive()
    assert put(bench, value, **options) == [("done", None)]
    assert bench.node.sets == [()] * runs


def test_a_put_of_nothing_has_no_argument():
    bench = HolderBench(function=lambda arg: None)
    bench.arrive()
    answer = ("error", "B:Top:Dev:V: the argument is missing")
    assert put(bench, None, marked=False, process=True) == [answer]
    assert bench.node.sets == []
