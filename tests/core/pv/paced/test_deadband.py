"""What is near the value shown is not shown."""

import math

import pytest
from support.engine.pace import paced, shown

from roguebridge.core.values.spec import NtKind, PvSpec, ScalarType


def test_what_is_near_the_value_shown_is_not_shown_then_or_later():
    bench = paced(deadband=1)
    for value in (5.5, 6, 4, 6.1, 5.1, 7.1, 7.2):
        bench.node.update(value)
        bench.clock.advance(10)
    assert shown(bench) == [6.1, 7.2]


def test_a_relative_deadband_goes_with_the_value_shown():
    bench = paced(deadband="10%", value=100)
    for value in (109, 111, 100, 99, 0, 0.001, 0.00101):
        bench.node.update(value)
    assert shown(bench) == [111, 99, 0, 0.001]


def test_nan_and_infinity_come_and_go():
    bench = paced(deadband=1)
    for value in (math.nan, math.nan, 5, math.inf, math.inf, -math.inf, 5.5):
        bench.node.update(value)
    assert str(shown(bench)) == "[nan, 5, inf, -inf, 5.5]"


def test_integers_have_a_deadband():
    bench = paced(deadband=2, spec=PvSpec(NtKind.SCALAR, ScalarType.Int32))
    for value in (6, 7, 8, 9, 5):
        bench.node.update(value)
    assert shown(bench) == [8, 5]


@pytest.mark.parametrize(
    ("spec", "values"),
    [
        (PvSpec(NtKind.ENUM, ScalarType.Int32, choices=("A", "B", "C")), [0, 1, 0]),
        (PvSpec(NtKind.SCALAR, ScalarType.Bool), [False, True, False]),
        (PvSpec(NtKind.SCALAR, ScalarType.String), ["a", "b", "b"]),
        (PvSpec(NtKind.SCALAR_ARRAY, ScalarType.Float64), [[1.0], [1.1], [1.1]]),
    ],
)
def test_what_is_no_number_has_none(spec, values):
    bench = paced(deadband=100, value=values[-1], spec=spec)
    for value in values:
        bench.node.update(value)
    assert shown(bench) == values


def test_with_both_the_newest_is_judged_when_the_period_ends():
    bench = paced(rate=1, deadband=1)
    for value in (7, 20, 7.5):
        bench.node.update(value)
    bench.clock.advance(1)
    assert shown(bench) == [7]
    bench.node.update(20)
    bench.node.update(21.5)
    bench.clock.advance(1)
    assert shown(bench) == [20, 21.5]
