import itertools
import math

import numpy as np
import pytest

from roguebridge.core.values.alarm import (
    BY_STATUS,
    CALC,
    COMM,
    DISABLE,
    HIGH,
    HIHI,
    LOLO,
    LOW,
    NO_ALARM,
    READ,
    STATE,
    TIMEOUT,
    UDF,
    WRITE,
    Alarm,
    Severity,
    Status,
    judge,
    worst,
)
from roguebridge.core.values.spec import ValueAlarm

LIMITS = {"lowAlarm": -10, "lowWarning": -5, "highWarning": 5, "highAlarm": 10}
ALL = ValueAlarm(low_alarm=-10, low_warning=-5, high_warning=5, high_alarm=10)


@pytest.mark.parametrize(
    ("alarm", "triple"),
    [
        (NO_ALARM, (0, 0, "")),
        (HIHI, (2, 1, "HIHI")),
        (LOLO, (2, 1, "LOLO")),
        (HIGH, (1, 1, "HIGH")),
        (LOW, (1, 1, "LOW")),
        (READ, (3, 1, "READ")),
        (WRITE, (3, 1, "WRITE")),
        (STATE, (3, 1, "STATE")),
        (TIMEOUT, (3, 2, "TIMEOUT")),
        (UDF, (3, 2, "UDF")),
        (CALC, (3, 3, "CALC")),
    ],
)
def test_the_literal_triples(alarm, triple):
    assert alarm == triple
    assert isinstance(alarm, Alarm)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, NO_ALARM), (5, NO_ALARM), (-5, NO_ALARM), (5.1, HIGH), (-5.1, LOW), (10, HIGH),
        (-10, LOW), (10.1, HIHI), (-10.1, LOLO), (math.inf, HIHI), (-math.inf, LOLO),
        (math.nan, NO_ALARM), (True, NO_ALARM),
    ],
)  # fmt: skip
def test_limits_are_strict_and_alarm_comes_before_warning(value, expected):
    assert judge(value, ALL) is expected


@pytest.mark.parametrize("missing", ["low_alarm", "low_warning", "high_warning", "high_alarm"])
@pytest.mark.parametrize("value", [-11, -6, 0, 6, 11])
def test_a_limit_that_is_not_set_raises_nothing(missing, value):
    names = ("low_alarm", "low_warning", "high_warning", "high_alarm")
    kept = {n: getattr(ALL, n) for n in names if n != missing}
    unset = {"low_alarm": LOLO, "low_warning": LOW, "high_warning": HIGH, "high_alarm": HIHI}
    assert judge(value, ValueAlarm(**kept)) is not unset[missing]
    assert judge(value, ValueAlarm()) is NO_ALARM


# No limits, each alone and all; at, just beside and far from each limit
CASES = [{}, LIMITS, *({name: limit} for name, limit in LIMITS.items())]
CASES += [{"lowWarning": 0}, {"highAlarm": 0}, {"lowAlarm": 2, "highAlarm": 1}]
VALUES = [-11.0, -10.0, -9.5, -5.0, -4.5, 0.0, 1.5, 4.5, 5.0, 5.5, 10.0, 10.5, math.nan, math.inf]


def test_a_number_is_judged_as_pyrogue_judges_it(tree, running):
    root = tree.pr.Root(name="Top", pollEn=False)
    for number, limits in enumerate(CASES):
        root.add(tree.pr.LocalVariable(name=f"V{number}", value=0.0, **limits))
    wrong = []
    with running(root):
        for number, limits in enumerate(CASES):
            node = root.node(f"V{number}")
            mine = ValueAlarm(
                low_alarm=limits.get("lowAlarm"),
                low_warning=limits.get("lowWarning"),
                high_warning=limits.get("highWarning"),
                high_alarm=limits.get("highAlarm"),
            )
            for value in VALUES:
                node.set(value)
                status = node.getVariableValue(read=False).status
                if BY_STATUS[status] is not judge(value, mine):
                    wrong.append((limits, value, status))
    assert wrong == []


def test_every_status_word_of_the_tree_has_a_triple(tree, running):
    seen = set()
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.LocalVariable(name="V", value=0.0, **LIMITS))
    root.add(tree.pr.LocalVariable(name="Plain", value=0.0))
    with running(root):
        seen.add(root.Plain.getVariableValue(read=False).status)
        for value in (0.0, 6.0, 11.0, -6.0, -11.0):
            root.V.set(value)
            seen.add(root.V.getVariableValue(read=False).status)
    assert seen == set(BY_STATUS)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 1.0], NO_ALARM), ([0.0, 6.0], HIGH), ([0.0, 6.0, 11.0], HIHI), ([6.0, -11.0], LOLO),
        ([math.nan, 0.0], NO_ALARM), ([math.nan, 6.0], HIGH), ([math.nan], NO_ALARM),
        ([], NO_ALARM),
        ([math.nan, math.inf], HIHI), ([-6.0, 6.0], LOW),
    ],
)  # fmt: skip
def test_an_array_is_as_bad_as_its_worst_element(values, expected):
    assert judge(np.array(values, float), ALL) is expected


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "float32", "float16"])
def test_arrays_of_each_type_and_rank_are_judged(dtype):
    assert judge(np.zeros((2, 3), dtype), ALL) is NO_ALARM
    assert judge(np.full((2, 3), 11, dtype), ALL) is HIHI
    assert judge(np.array(7, dtype), ALL) is HIGH


def test_the_worst_is_found_by_severity_and_then_by_the_table():
    later = [LOW, HIGH, LOLO, HIHI, READ, WRITE, COMM, TIMEOUT, UDF, STATE, CALC, DISABLE]
    for better, worse in itertools.pairwise([NO_ALARM, *later]):
        assert worst([better, worse]) == worst([worse, better]) == worse
    assert worst([]) == NO_ALARM
    text = Alarm(Severity.MAJOR, Status.RECORD, "the pump is off")
    assert worst([HIGH, text]) == text
    assert worst([text, HIHI]) == HIHI
