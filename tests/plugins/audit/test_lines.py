"""A record as a line of JSON: what is in it."""

import json
import time

import numpy as np
import pytest
from support.engine.audit import make_record

from roguebridge.core.requests.audit_values import kept
from roguebridge.core.requests.credentials import Credentials
from roguebridge.plugins.audit.line import line_of


def fields(record, lost=0):
    line = line_of(record, lost)
    assert len(line.splitlines()) == 1
    return json.loads(line, parse_constant=pytest.fail)


def value(given):
    """The fields of a record that tell a value."""
    found = fields(make_record(kept(given)))
    return {name: found[name] for name in found if name.startswith("new")}


@pytest.fixture
def in_central_europe(monkeypatch):
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_central_europe")
def test_a_line_has_the_fields_of_caputlog_in_its_order_and_then_ours():
    who = Credentials("ann", "10.0.0.1", "pva", roles=lambda: frozenset({"ops", "dev"}))
    record = make_record(77.5, who=who, old=1, time_ns=1_597_057_328_124_999_999, trap=True)
    assert line_of(record) == (
        '{"date":"2020-08-10","time":"13:02:08.124","host":"10.0.0.1","user":"ann",'
        '"pv":"B:Top:Dev:V","new":77.5,"old":1,'
        '"operation":"put","path":"Top.Dev.V","result":"done","protocol":"pva","trapwrite":true}'
    )
    assert who.roles == {"ops", "dev"}
    assert fields(record)["roles"] == ["dev", "ops"]


def test_what_is_not_known_is_null_and_an_error_has_its_text():
    found = fields(make_record(None, "failed", "cannot be read"))
    assert (found["new"], found["old"]) == (None, None)
    assert (found["result"], found["error"]) == ("failed", "cannot be read")
    assert not {"roles", "returned", "lost", "new-size"} & set(found)


def test_a_call_has_its_arguments_and_what_it_returned():
    record = make_record({"arg": 4}, operation="rpc", returned=kept([1, 2]))
    found = fields(record, lost=3)
    assert (found["operation"], found["new"], found["old"]) == ("rpc", {"arg": 4}, None)
    assert (found["returned"], found["returned-size"], found["lost"]) == ([1, 2], 2, 3)


@pytest.mark.parametrize(
    "given, written",
    [
        (True, True),
        (np.int16(-3), -3),
        (0.1, 0.1),
        (np.float64(0.1), 0.1),
        (np.longdouble(0.5), 0.5),
        (2**64, 2**64),
        (float("nan"), "Nan"),
        (float("inf"), "Infinity"),
        (np.float32("-inf"), "-Infinity"),
        ("two\nlines\x85\u2028 and µ", "two\nlines\x85\u2028 and µ"),
        ("lone \udc80", "lone \udc80"),
        (1 + 2j, "(1+2j)"),
        ({"a": np.array([1.0, float("nan")])}, {"a": [1, "Nan"]}),
    ],
    ids=repr,
)
def test_a_value_is_written_as_caputlog_does(given, written):
    assert value(given) == {"new": written}


def test_lines_are_utf_8_that_people_can_read():
    assert '"new":"10 µA"' in line_of(make_record("10 µA"))


@pytest.mark.parametrize(
    "given, written",
    [
        (np.array([4.5, 5, float("nan")]), {"new": [4.5, 5, "Nan"], "new-size": 3}),
        (np.zeros(0), {"new": [], "new-size": 0}),
        (["a", "b"], {"new": ["a", "b"], "new-size": 2}),
        (np.array([b"a", b"\xff"]), {"new": ["a", "\\xff"], "new-size": 2}),
        (np.array([[1, 2], [3, 4]]), {"new": [[1, 2], [3, 4]], "new-size": 4}),
        (
            np.arange(1000.0),
            {"new": list(range(10)), "new-size": 1000, "new-min": 0, "new-max": 999},
        ),
        (
            np.zeros((20, 30), bool),
            {
                "new": [False] * 10, "new-size": 600, "new-shape": [20, 30],
                "new-min": False, "new-max": False,
            },
        ),
        (["x"] * 60, {"new": ["x"] * 10, "new-size": 60}),
        (
            {"col": np.arange(60)},
            {
                "new": {
                    "col": {"first": list(range(10)), "first-size": 60, "first-min": 0,
                            "first-max": 59}
                }
            },
        ),
    ],
    ids=["floats", "empty", "texts", "bytes", "2-D", "large", "image", "long list", "table"],
)  # fmt: skip
def test_an_array_has_its_size_and_a_large_one_its_range(given, written):
    assert value(given) == written
