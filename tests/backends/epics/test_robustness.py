"""One bad node never harms the rest: whatever it holds or raises, the others go on."""

import logging
import math
import threading

import numpy as np
import pytest
from support.clients.lab import NO_ALARM, lab, triple

CALC, STATE, TIMEOUT = (3, 3, "CALC"), (3, 1, "STATE"), (3, 2, "TIMEOUT")
# PyRogue's update thread dies of some of these, and the test is about its coming back.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


def build(pr, root, device):
    root.raising = []

    def get():
        if root.raising:
            raise root.raising[0]
        return 1.5

    root.add(pr.LocalVariable(name="Good", value=0))
    root.add(pr.LocalVariable(name="Int", value=1, typeCheck=False))
    root.add(pr.LocalVariable(name="Float", value=1.5, typeCheck=False))
    root.add(pr.LocalVariable(name="Text", value="a", typeCheck=False))
    root.add(pr.LocalVariable(name="Choice", value=0, enum={0: "a", 1: "b"}, typeCheck=False))
    root.add(pr.LocalVariable(name="Array", value=np.arange(3.0)))
    root.add(pr.LocalVariable(name="Limited", value=1.0, highAlarm=5.0, typeCheck=False))
    root.add(pr.LocalVariable(name="Arrays", value=np.zeros(2), highAlarm=5.0, highWarning=3.0))
    root.add(pr.LocalVariable(name="Getter", value=1.5, localGet=get, typeCheck=False))
    root.add(pr.LinkVariable(name="Link", dependencies=[root.Good], linkedGet=get, typeStr="float"))


@pytest.fixture
def served(tree):
    with lab(tree, build) as made:
        yield made


def still_alive(served):
    """An update of another variable arrives, and the watchdog has nothing left to say."""
    monitor = served.monitor("Good")
    value = int(monitor.next()) + 1
    served.node("Good").set(value)
    monitor.until(lambda update: update == value and triple(update) == NO_ALARM)
    monitor.close()


@pytest.mark.parametrize(
    ("path", "good", "bad", "alarm"),
    [
        ("Int", 5, None, CALC),
        ("Int", 5, 2**70, CALC),
        ("Int", 5, 1.5, CALC),
        ("Int", 5, math.nan, CALC),
        ("Int", 5, "text", CALC),
        ("Int", 5, [1, 2], CALC),
        ("Int", 5, np.zeros((2, 2)), CALC),
        ("Float", 2.5, None, CALC),
        ("Float", 2.5, 2**70 + 1, CALC),
        ("Float", 2.5, "nan?", CALC),
        ("Float", 2.5, {"a": 1}, CALC),
        ("Text", "b", None, CALC),
        ("Text", "b", 5, CALC),
        ("Choice", 1, 7, STATE),
        ("Choice", 1, [1], STATE),
        ("Choice", 1, None, STATE),
        ("Array", np.arange(4.0), np.zeros((2, 2)), CALC),
        ("Array", np.arange(4.0), np.array(["a"]), CALC),
        ("Limited", 2.0, "text", CALC),
        ("Limited", 2.0, None, CALC),
    ],
    ids=repr,
)
def test_a_value_that_does_not_fit_is_shown_as_invalid_and_the_next_good_one_clears_it(
    served, path, good, bad, alarm
):
    monitor = served.monitor(path)
    first = monitor.next()
    served.node(path).set(bad)
    invalid = monitor.until(lambda update: triple(update) == alarm)
    assert np.array_equal(invalid.raw["value"], first.raw["value"]) or path == "Choice"
    still_alive(served)
    (problem,) = served.server.report()
    assert problem.startswith(f"Top.{path}: Base:Top:{path} is INVALID: ")
    served.node(path).set(good)
    monitor.until(lambda update: triple(update) == NO_ALARM)
    assert served.server.report() == ()
    monitor.close()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Int", 3.0), ("Int", True), ("Int", np.int8(3)), ("Float", 3), ("Float", math.inf),
        ("Float", np.float32(0.5)), ("Array", np.arange(5, dtype=np.int16)), ("Array", np.zeros(0)),
    ],
    ids=repr,
)  # fmt: skip
def test_a_value_of_another_type_that_loses_nothing_is_converted(served, path, value):
    monitor = served.monitor(path)
    monitor.next()
    served.node(path).set(value)
    update = monitor.until(lambda update: np.array_equal(update.raw["value"], value))
    assert triple(update) == NO_ALARM
    monitor.close()


def test_nan_is_a_number_and_text_without_a_character_is_escaped(served):
    monitor = served.monitor("Float")
    monitor.next()
    served.node("Float").set(math.nan)
    assert triple(monitor.until(math.isnan)) == NO_ALARM
    text = served.monitor("Text")
    text.next()
    served.node("Text").set("lone \udc80")
    assert text.until(lambda update: update != "a") == "lone \\udc80"
    still_alive(served)
    monitor.close()
    text.close()


@pytest.mark.parametrize("path", ["Getter", "Link"])
def test_a_getter_that_raises_is_shown_and_recovers(served, path):
    monitor = served.monitor(path)
    monitor.next()
    served.root.raising.append(ValueError("no sensor"))
    served.node("Good" if path == "Link" else path).set(3)
    invalid = monitor.until(lambda update: triple(update) == CALC)
    assert invalid == 1.5
    still_alive(served)
    assert any("no sensor" in text for text in served.server.report())
    served.root.raising.clear()
    served.node("Good" if path == "Link" else path).set(4)
    assert monitor.until(lambda update: triple(update) == NO_ALARM) == 1.5
    monitor.close()


def test_the_alarm_of_an_array_is_that_of_its_worst_element(served):
    monitor = served.monitor("Arrays")
    monitor.next()
    for values, alarm in (
        ([1.0, 9.0], (2, 1, "HIHI")),
        ([4.0, math.nan], (1, 1, "HIGH")),
        ([1.0, math.nan], NO_ALARM),
    ):
        served.node("Arrays").set(np.array(values))
        update = monitor.until(lambda update, alarm=alarm: triple(update) == alarm)
        assert np.array_equal(update, values, equal_nan=True)
    still_alive(served)
    monitor.close()


@pytest.mark.parametrize("exc", [RuntimeError("a foreign listener"), SystemExit(3)], ids=repr)
def test_whoever_ends_the_update_thread_it_goes_on(served, exc, caplog):
    def listener(path, value):
        raise exc

    monitor = served.monitor("Int")
    monitor.next()
    with caplog.at_level(logging.ERROR):
        served.node("Good").addListener(listener)
        served.node("Good").set(1)
        served.node("Int").set(5)
        assert monitor.until(lambda update: update == 5) == 5
        good = served.monitor("Good")
        good.until(lambda update: update == 1 and triple(update) == NO_ALARM)
        served.node("Good").set(2)
        good.until(lambda update: update == 2)
    served.root.waitOnUpdate()
    text = "the tree's update thread was ended by Top.Good"
    served.server.stop()
    assert sum(text in record.getMessage() for record in caplog.records) == 1
    monitor.close()
    good.close()


def test_while_the_update_thread_is_held_up_every_pv_is_invalid(tree):
    held, free = threading.Event(), threading.Event()

    def listener(path, value):
        held.set()
        free.wait(30)

    with lab(tree, build, stuck_after=0.05) as served:
        monitor = served.monitor("Int")
        monitor.next()
        served.node("Good").addListener(listener)
        served.node("Good").set(1)
        try:
            assert held.wait(30)
            monitor.until(lambda update: triple(update) == TIMEOUT)
            assert triple(served.get("Float")) == TIMEOUT
            (problem,) = served.server.report()
            assert "held up" in problem
            assert "Top.Good" in problem
            served.put("Int", 7, wait=True)
            assert triple(served.get("Int")) == TIMEOUT
            assert served.get("Int")["value"] == 7
        finally:
            free.set()
        served.node("Good").delListener(listener)
        assert monitor.until(lambda update: triple(update) == NO_ALARM) == 7
        monitor.close()
        other = served.monitor("Float")
        other.until(lambda update: triple(update) == NO_ALARM)
        other.close()
        assert served.server.report() == ()
        still_alive(served)


@pytest.mark.parametrize(
    "option",
    [{"missed_polls": -1}, {"poll_watched": 1e9}, {"stuck_after": "10"}, {"stuck_after": 0}],
    ids=repr,
)
def test_a_time_that_is_none_is_refused_at_once(tree, option):
    (name,) = option
    with (
        pytest.raises(ValueError, match=f"{name} must be a number"),
        lab(tree, build, **option),
    ):
        pass
