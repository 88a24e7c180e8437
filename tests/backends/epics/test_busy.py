"""Commands: arguments by name, the busy state, refused and queued calls, and failures."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Optional

import numpy as np
import pytest
from p4p.client.thread import RemoteError
from support.clients.lab import NO_ALARM, lab, triple

FAILED = 2, 3  # MAJOR, RECORD


@pytest.fixture
def calls():
    return []


@pytest.fixture
def build(calls):
    """A tree of commands that note their calls."""

    def add(pr, root, device):
        root.gate, root.entered = threading.Event(), threading.Event()

        def run():
            root.entered.set()
            root.gate.wait(20)
            calls.append("run")

        def scan(arg, steps: int = 3, speed=1.5, up=True):
            calls.append((arg, steps, speed, up))
            return arg * steps

        def keyword(*, arg):
            calls.append(arg)

        def optional(arg=None):
            calls.append(arg)

        def ramp(dev, volts: float):
            calls.append((dev.name, volts))
            return volts

        def fail(arg):
            if arg == 13:
                raise RuntimeError("the pump is off: lone \udc80")
            return arg

        def trip():
            if calls:
                raise ValueError("tripped")

        for name, function in {
            "Run": run, "Scan": scan, "Keyword": keyword, "Optional": optional, "Ramp": ramp,
            "Fail": fail, "Trip": trip, "Stop": lambda: calls.append("stop"),
        }.items():  # fmt: skip
            root.add(pr.LocalCommand(name=name, function=function))
        root.add(pr.LocalCommand(name="Float", value=0.0, function=lambda arg: arg))

    return add


@pytest.fixture
def served(tree, build):
    with lab(tree, build) as made:
        yield made
        made.root.gate.set()


@pytest.mark.parametrize(
    ("path", "arguments", "called"),
    [
        ("Scan", {"arg": 2}, (2, 3, 1.5, True)),
        ("Scan", {"value": 2}, (2, 3, 1.5, True)),
        ("Scan", {"arg": 2, "steps": 5, "speed": 2.5, "up": False}, (2, 5, 2.5, False)),
        ("Scan", {"arg": "0x10", "steps": "5", "speed": "2", "up": "false"}, (16, 5, 2.0, False)),
        ("Keyword", {"arg": 4}, 4),
        ("Ramp", {"volts": 4}, ("Top", 4)),
        ("Ramp", {"value": "4.5"}, ("Top", 4.5)),
        ("Ramp", {"arg": 4.5}, ("Top", 4.5)),
    ],
)
def test_arguments_are_given_by_the_names_of_the_function(served, calls, path, arguments, called):
    served.rpc(path, **arguments)
    assert calls == [called]


@pytest.mark.parametrize(
    ("path", "arguments", "reason"),
    [
        ("Scan", {}, r"Base:Top:Scan: the argument 'arg' is missing; .*'steps'.* are allowed"),
        ("Scan", {"arg": 1, "stops": 3}, r"unknown arguments \['stops'\]; .*'steps'"),
        ("Scan", {"arg": 1, "value": 3}, r"unknown arguments \['value'\]"),
        ("Scan", {"arg": 1, "steps": "many"}, "'steps' cannot be 'many': it is of type int"),
        ("Scan", {"arg": 1, "up": "maybe"}, "'up' cannot be 'maybe': it is of type bool"),
        ("Ramp", {}, "the argument 'volts' is missing"),
        ("Stop", {"speed": 1}, r"unknown arguments \['speed'\]; there are none"),
    ],
)
def test_wrong_arguments_are_refused_by_name(served, calls, path, arguments, reason):
    with pytest.raises(RemoteError, match=reason):
        served.rpc(path, **arguments)
    assert calls == []
    assert triple(served.get(path)) == NO_ALARM


def test_no_call_runs_with_the_argument_of_an_earlier_one(served, calls):
    served.rpc("Scan", arg=7)
    served.rpc("Optional", arg=7)
    served.rpc("Keyword", arg=7)
    served.rpc("Optional")
    for path in ("Scan", "Keyword"):
        with pytest.raises(RemoteError, match="'arg' is missing"):
            served.rpc(path)
    assert calls == [(7, 3, 1.5, True), 7, 7, None]


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (np.uint16, "0x10", 16), ("np.int32", "-3", -3), (int | None, "4", 4),
        ("float|None", "2", 2.0), (Optional[float], "2.5", 2.5),  # noqa: UP045
        (np.float32, "0.5", 0.5), (list, "[1, 2]", [1, 2]),
        (list[int], "[1, 2]", [1, 2]), (dict, '{"a": 1}', {"a": 1}), (tuple, "(1, 2)", (1, 2)),
        (str, "5", "5"), (object, "5", "5"), ("Optional[bool]", "TRUE", True),
    ],
    ids=str,
)  # fmt: skip
def test_text_is_read_as_the_annotation_has_it(tree, annotation, text, value):
    given = []

    def take(setting):
        given.append(setting)

    take.__annotations__ = {"setting": annotation}
    with lab(
        tree, lambda pr, root, device: root.add(pr.LocalCommand(name="Take", function=take))
    ) as served:
        served.rpc("Take", setting=text)
    assert given == [value]
    assert type(given[0]) is type(value)


def test_text_is_read_as_the_declared_type(served):
    assert served.rpc("Float", arg="2.5")["value"] == 2.5
    assert served.rpc_bare("Float", value="1e3")["value"] == 1000.0


def test_a_command_that_runs_is_busy_and_refuses_the_next_call(served, calls):
    monitor = served.monitor("Run")
    assert monitor.next() == 0
    with ThreadPoolExecutor() as pool:
        run = pool.submit(served.rpc, "Run")
        assert served.root.entered.wait(20)
        assert monitor.until(lambda update: update == 1) == 1
        for again in (lambda: served.rpc("Run"), lambda: served.put("Run", 1, wait=True)):
            with pytest.raises(RemoteError, match="Base:Top:Run: busy: the command is running"):
                again()
        served.put("Run", 0, wait=True)  # the release of a push button
        served.rpc("Stop")
        served.root.gate.set()
        run.result(20)
    assert monitor.until(lambda update: update == 0) == 0
    assert calls == ["stop", "run"]
    served.rpc("Run")
    assert calls == ["stop", "run", "run"]
    monitor.close()


def test_calls_can_be_queued(tree, build, calls):
    with lab(tree, build, queue_commands=True) as served, ThreadPoolExecutor() as pool:
        runs = [pool.submit(served.rpc, "Run") for _ in range(3)]
        assert served.root.entered.wait(20)
        served.root.gate.set()
        for run in runs:
            run.result(20)
    assert calls == ["run"] * 3


def test_a_blocking_put_is_answered_when_the_command_has_ended(served, calls):
    served.get("Run")
    with ThreadPoolExecutor() as pool:
        put = pool.submit(served.put, "Run", 1, wait=True)
        assert served.root.entered.wait(20)
        assert not put.done()
        served.root.gate.set()
        put.result(20)
        assert calls == ["run"]


def test_a_failure_is_answered_and_shown_until_the_next_run(served, calls):
    monitor = served.monitor("Fail")
    monitor.next()
    with pytest.raises(RemoteError, match=r"the pump is off: lone \\udc80"):
        served.rpc("Fail", arg=13)
    assert triple(served.get("Fail")) == (*FAILED, "the pump is off: lone \\udc80")
    with pytest.raises(RemoteError, match="the pump is off"):
        served.put("Fail", 13, wait=True)
    served.put("Fail", 12, wait=True)
    assert (served.get("Fail")["value"], triple(served.get("Fail"))) == (12, NO_ALARM)
    monitor.close()
    trip = served.monitor("Trip")
    trip.next()
    calls.append("armed")
    with pytest.raises(RemoteError, match="tripped"):
        served.put("Trip", 1, wait=True)
    failed = served.get("Trip")
    assert (failed["value"], triple(failed)) == (0, (*FAILED, "tripped"))
    calls.clear()
    served.rpc("Trip")
    assert triple(served.get("Trip")) == NO_ALARM
    trip.close()


def test_put_options_of_commands(served, calls):
    served.get("Stop")
    served.put_raw("Stop", {}, "field()record[block=true,process=true]")
    assert calls == ["stop"]
    served.put_raw("Stop", {"value": 1}, "field()record[block=true,process=false]")
    served.put_raw("Stop", {"alarm.severity": 2})
    assert calls == ["stop"]
    with pytest.raises(RemoteError, match="Base:Top:Optional: the argument is missing"):
        served.put_raw("Optional", {}, "field()record[block=true,process=true]")
