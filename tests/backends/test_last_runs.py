"""How the last run of a command went is served beside it, where that is asked for."""

import contextlib
import time

import numpy as np
import pytest
from support.clients import LIMIT

NAMES = ("LAST_START", "LAST_DURATION", "LAST_RESULT", "LAST_ERROR")


class NoText:
    """An object of a site."""

    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


def commands(gate=lambda: None):
    results = {"Zero": 0, "Text": "x" * 100_000, "Array": np.zeros(100_000), "Odd": NoText()}

    def build(pr, root):
        def fail():
            raise ValueError("the pump is off")

        root.add(pr.LocalCommand(name="Double", value=1, function=lambda arg: arg * 2))
        root.add(pr.LocalCommand(name="Fail", function=fail))
        root.add(pr.LocalCommand(name="Wait", function=lambda: gate()))
        for name, result in results.items():
            root.add(pr.LocalCommand(name=name, function=lambda result=result: result))
        root.add(pr.LocalVariable(name="V", value=1))

    return build


def last(client, command):
    return {name: client.get(f"T:Top:{command}:{name}").value for name in NAMES}


def test_start_duration_and_result_are_those_of_the_last_run(site):
    client = site(commands(), command_status=True).client()
    assert last(client, "Double") == dict(zip(NAMES, (0.0, 0.0, "", ""), strict=True))
    before = time.time()
    for value in (4, 5):
        client.put("T:Top:Double", value)
    found = last(client, "Double")
    assert before - 1 < found["LAST_START"] < time.time() + 1
    assert 0 <= found["LAST_DURATION"] < LIMIT
    assert (found["LAST_RESULT"], found["LAST_ERROR"]) == ("10", "")


def test_an_error_is_told_and_gone_after_the_next_run_that_works(site):
    served = site(commands(), command_status=True)
    client = served.client()
    errors = client.monitor("T:Top:Fail:LAST_ERROR")
    assert errors.next().value == ""
    with contextlib.suppress(Exception):
        client.put("T:Top:Fail", 1)
    assert "the pump is off" in errors.until(len).value
    assert client.get("T:Top:Fail:LAST_RESULT").value == ""
    served.node("Fail")._function = lambda: 3
    client.put("T:Top:Fail", 1)
    errors.until(lambda value: value == "")
    assert client.get("T:Top:Fail:LAST_RESULT").value == "3"


def test_a_run_is_told_when_it_starts(site):
    gate = site.gate()
    client = site(commands(gate), command_status=True).client()
    starts = client.monitor("T:Top:Wait:LAST_START")
    assert starts.next().value == 0.0
    done = client.start_put("T:Top:Wait", 1)
    starts.until(lambda value: value > 0)
    assert client.get("T:Top:Wait:LAST_DURATION").value == 0.0
    gate.open()
    done.result(LIMIT)
    assert client.get("T:Top:Wait:LAST_DURATION").value > 0.0


@pytest.mark.parametrize(
    ("command", "wanted"), [("Zero", "0"), ("Text", "xxx"), ("Odd", ""), ("Array", "")]
)
def test_any_result_has_a_short_text(site, command, wanted):
    client = site(commands(), command_status=True).client()
    client.put(f"T:Top:{command}", 1)
    found = last(client, command)
    assert found["LAST_RESULT"].startswith(wanted)
    assert found["LAST_RESULT"] != ""
    assert len(found["LAST_RESULT"]) < 2000
    assert found["LAST_ERROR"] == ""


def test_they_are_not_there_unless_asked_for(site):
    served = site(commands())
    assert not [name for name in served.server.list(own=True).values() if "LAST_" in name]
    served = site(commands(), command_status=True, status=False)
    own = served.server.list(own=True)
    assert own["Top.Double.LAST_START"] == "T:Top:Double:LAST_START"
    assert "Top.V.LAST_START" not in own
    assert "RB.HEARTBEAT" not in own
