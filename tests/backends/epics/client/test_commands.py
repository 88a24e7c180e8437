"""``roguebridge get``, ``put``, ``monitor``, ``call`` and ``info``, as an operator types them."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from support.trees import running

from roguebridge.backends.epics import EpicsPvServer

LIMIT = 60.0
BOTH = pytest.mark.parametrize("protocol", [[], ["--ca"]], ids=["pva", "ca"])


@pytest.fixture(scope="module")
def run(tree):
    """Serve a tree; give a function that runs the command and returns status, stdout, stderr."""
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)

    def add(**options):
        root.add(pr.LocalVariable(**options))

    add(name="Gain", value=1, minimum=0, maximum=100, units="dB", description="of the amplifier")
    add(name="Volt", value=0.5, units="V", disp="{:.3f}", highAlarm=8.0)
    add(name="Mode", value=0, enum={0: "Off", 1: "Test", 5: "Run"})
    add(name="Flag", value=True)
    add(name="Text", value="a b")
    add(name="Wave", value=np.zeros(3))
    add(name="Image", value=np.zeros((2, 3), np.uint16))
    add(name="Table", value=np.zeros(2, [("a", "<i4"), ("b", "<f8")]))
    add(name="Fixed", value=3, mode="RO")
    root.add(pr.LocalCommand(name="Triple", value=0, function=lambda arg: 3 * arg))
    root.add(pr.LocalCommand(name="Fail", function=_fail))
    server = EpicsPvServer("B", root, isolate=True, backends=["pva", "ca"])
    root.addProtocol(server)
    with running(root):
        env = os.environ | server.client_conf("pva") | server.client_conf("ca")
        env |= {"TZ": "UTC", "NO_COLOR": "1"}

        def run(*words):
            done = subprocess.run(
                [sys.executable, "-m", "roguebridge", *words],
                env=env, capture_output=True, text=True, timeout=LIMIT,
            )  # fmt: skip
            return done.returncode, done.stdout.splitlines(), done.stderr.splitlines()

        yield run


def _fail():
    raise RuntimeError("the pump is off")


def without_time(line):
    """A line without its time and age, which must be there."""
    short, found = re.subn(r"  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}  \(.* ago\)$", "", line)
    assert found, line
    return short


@BOTH
def test_values_are_put_and_printed_with_units_and_alarms(run, protocol):
    pairs = ["B:Top:Gain", "0x10", "B:Top:Mode", "Run", "B:Top:Flag", "off", "B:Top:Volt", "9.25"]
    status, lines, errors = run("put", *protocol, *pairs)
    assert (status, errors) == (0, [])
    assert list(map(without_time, lines)) == [
        "B:Top:Gain  16  dB", "B:Top:Mode  Run (2)", "B:Top:Flag  False (0)",
        "B:Top:Volt  9.250  V  MAJOR HIHI",
    ]  # fmt: skip
    status, lines, errors = run("get", *protocol, "B:Top:Mode", "B:Top:Fixed")
    assert list(map(without_time, lines)) == ["B:Top:Mode  Run (2)", "B:Top:Fixed  3"]


def test_arrays_images_and_tables_are_put_as_json(run):
    status, lines, errors = run(
        "put", "B:Top:Wave", "[1, 2.5, 3]", "B:Top:Image", "[[1, 2, 3], [4, 5, 6]]",
        "B:Top:Table", '{"a": [1, 2], "b": [0.5, 1]}', "B:Top:Text", "more words",
    )  # fmt: skip
    assert (status, errors) == (0, [])
    assert list(map(without_time, lines)) == [
        "B:Top:Wave  [1.  2.5 3. ]", "B:Top:Image  [[1 2 3] [4 5 6]]",
        'B:Top:Table  {"a": [1, 2], "b": [0.5, 1.0]}', "B:Top:Text  more words",
    ]  # fmt: skip
    status, lines, errors = run("get", "--json", "B:Top:Table", "B:Top:Image", "B:Top:Mode")
    table, image, mode = map(json.loads, lines)
    assert table["value"] == {"a": [1, 2], "b": [0.5, 1.0]}
    assert image["value"] == [[1, 2, 3], [4, 5, 6]]
    assert mode["choices"] == ["Off", "Test", "Run"]
    assert mode["severity"] == "NO_ALARM"
    assert 0 <= mode["age"] < LIMIT


@BOTH
def test_what_is_refused_or_no_value_is_said_with_exit_status_1(run, protocol):
    wrong = {"Gain": "x", "Mode": "Fast", "Wave": "[1, [2]]"}
    for name, text in wrong.items():
        status, lines, errors = run("put", *protocol, f"B:Top:{name}", text)
        assert (status, lines) == (1, []), name
        assert errors[0].startswith(f"B:Top:{name}: "), errors
        assert "Traceback" not in "".join(errors)
    status, _, errors = run("put", *protocol, "B:Top:Fixed", "4")
    assert status == 1
    assert "read-only" in errors[0]
    status, _, errors = run("put", *protocol, "B:Top:Gain", "101")
    assert status == 1
    said = "refused" if protocol else "Top.Gain: 101 is outside 0 .. 100"
    assert said in errors[0]


@BOTH
def test_a_name_that_nobody_serves_does_not_hide_the_others(run, protocol):
    status, lines, errors = run("get", *protocol, "B:Top:Gone", "B:Top:Fixed", "--timeout", "2")
    assert status == 1
    assert list(map(without_time, lines)) == ["B:Top:Fixed  3"]
    protocol = "Channel Access" if protocol else "PVAccess"
    assert errors == [f"B:Top:Gone: no answer over {protocol} in 2 s"]


def test_commands_are_called_and_their_failure_is_said(run):
    assert run("call", "B:Top:Triple", "4") == (0, ["12"], [])
    assert run("call", "B:Top:Triple", "arg=0x10", "--json") == (
        0, ['{"name": "B:Top:Triple", "result": 48}'], [],
    )  # fmt: skip
    assert run("call", "B:Top:Fail") == (1, [], ["B:Top:Fail: the pump is off"])
    status, _, errors = run("call", "B:Top:Triple", "x=1")
    assert status == 1
    assert "unknown arguments ['x']" in errors[0]


@BOTH
def test_a_monitor_prints_updates_until_it_has_seen_enough(run, protocol):
    status, lines, errors = run("monitor", *protocol, "--count", "1", "B:Top:Fixed")
    assert (status, errors) == (0, [])
    assert list(map(without_time, lines)) == ["B:Top:Fixed  3"]


def test_info_says_type_limits_and_choices(run):
    status, lines, _ = run("info", "B:Top:Gain", "B:Top:Mode")
    assert status == 0
    text = "\n".join(re.sub(r"  +", "  ", line) for line in lines)
    for part in ("description  of the amplifier", "control limits  0 .. 100", "units  dB",
                 "choices  0 Off, 1 Test, 2 Run"):  # fmt: skip
        assert part in text
    status, lines, _ = run("info", "--ca", "B:Top:Fixed", "B:Top:Gain")
    text = "\n".join(re.sub(r"  +", "  ", line) for line in lines)
    assert "access  you may read\n" in text
    assert "access  you may read and write" in text


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["put", "B:Top:Gain"], "has no value"),
        (["get"], "NAME"),
        (["call", "B:Top:Triple", "a=1", "a=2"], "is not NAME=VALUE"),
        (["get", "x", "--timeout", "0"], "--timeout"),
    ],
)
def test_a_wrong_command_line_has_exit_status_2(run, words, text):
    status, lines, errors = run(*words)
    assert (status, lines) == (2, [])
    assert any(text in line for line in errors), errors
