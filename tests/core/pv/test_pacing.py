"""What ``update_rate`` and ``deadband`` may say, and which PV they are for."""

import math

import numpy as np
import pytest
from support.engine.fakes import FakeNode

from roguebridge.core.mapping.selectors import unmatched
from roguebridge.core.pv.pacing import Deadband, Pace, Pacing
from roguebridge.core.server.server import PvServer

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("shown", "value", "covered"),
    [
        (5.0, 5.0, True),
        (5.0, 5.5, True),
        (5.0, 4.5, True),
        (5.0, 5.6, False),
        (5.0, 4.4, False),
        (NAN, NAN, True),
        (5.0, NAN, False),
        (NAN, 5.0, False),
        (INF, INF, True),
        (INF, -INF, False),
        (5.0, INF, False),
        (INF, 5.0, False),
        (2**63, 2**63, True),
        (2**63, 2**63 - 1, False),
        (np.uint64(5), np.uint64(4), False),
        (np.uint64(2**64 - 1), np.uint64(2**64 - 1), True),
        (np.float32(5), np.float32(5.5), True),
        (5.0, "5", False),
        ("5", 5.0, False),
    ],
)
def test_an_absolute_deadband_is_in_the_units_of_the_pv(shown, value, covered):
    assert Deadband(0.5).covers(shown, value) is covered


@pytest.mark.parametrize(
    ("shown", "value", "covered"),
    [
        (100.0, 101.0, True),
        (100.0, 101.1, False),
        (-100, -99, True),
        (-100, -98, False),
        (0.0, 1e-300, False),
        (0.0, 0.0, True),
        (1e-300, 0.0, False),
        (INF, 5.0, False),
        (INF, -INF, False),
        (NAN, 5.0, False),
        (NAN, NAN, True),
        (5.0, NAN, False),
    ],
)
def test_a_relative_deadband_is_a_share_of_what_is_shown(shown, value, covered):
    assert Deadband(0.01, relative=True).covers(shown, value) is covered


def test_one_value_is_for_all_and_the_pace_is_shared():
    pacing = Pacing(4, "1%")
    assert pacing.active
    assert pacing.of("Top.A") == Pace(0.25, Deadband(0.01, relative=True))
    assert pacing.of("Top.A") is pacing.of("Top.B.C")
    assert pacing.selectors() == []


def test_without_a_value_nothing_has_a_pace():
    for nothing in (None, {}, {"*": None}):
        pacing = Pacing(nothing, nothing)
        assert not pacing.active
        assert pacing.of("Top.A") is None


def test_the_first_glob_that_matches_counts():
    pacing = Pacing(
        {"Top.Cam[*].*": 1, "Top.Cam*": 5, "Top.Fast": None, "Top.F*": 10},
        {"Top.Fast": 0.5, "Top.Cam2": "2 %", "Top.Cam[3].Mean": None, "*Mean": 3},
    )
    assert pacing.of("Top.Cam[3].Image") == Pace(1.0, None)
    assert pacing.of("Top.Cam[3].Mean") == Pace(1.0, None)
    assert pacing.of("Top.Cam[4].Mean") == Pace(1.0, Deadband(3))
    assert pacing.of("Top.Cam2") == Pace(0.2, Deadband(0.02, relative=True))
    assert pacing.of("Top.Fast") == Pace(0.0, Deadband(0.5))
    assert pacing.of("Top.Fall") == Pace(0.1, None)
    assert pacing.of("Top.Other") is None


def test_each_glob_that_matches_no_node_is_told():
    pacing = Pacing({"Top.A": 1, "Top.X*": None}, {"Top.B": 1, "top.a": "1%"})
    found = unmatched(pacing.selectors(), [FakeNode(path="Top.A"), FakeNode(path="Top.B")])
    assert [problem.text for problem in found] == [
        "update_rate: no node matches the path 'Top.X*'; the nearest path is 'Top.B'",
        "deadband: no node matches the path 'top.a'; the nearest path is 'Top.A'",
    ]


def test_no_period_is_longer_than_a_clock_can_wait():
    assert Pacing(1e-300, None).of("Top.A") == Pace(1e9, None)


NUMBER = "a number greater than 0 or None"
SHARE = "a number greater than 0, text such as '1%' or None"


@pytest.mark.parametrize("value", [0, -1, NAN, INF, True, "10", "1%", [1], 1j])
def test_a_wrong_rate_is_told_by_the_constructor(value):
    for given, of in ((value, ""), ({"Top.A": 1, "Top.B*": value}, " of 'Top.B*'")):
        with pytest.raises(ValueError) as caught:
            PvServer("B", None, backends=["soft"], update_rate=given)
        assert str(caught.value) == f"update_rate{of} must be {NUMBER}, not {value!r}"


@pytest.mark.parametrize(
    "value", [0, -0.5, NAN, INF, False, "", "1", "%", "-1%", "0%", "nan%", "1%%", "1% x", (1,)]
)
def test_a_wrong_deadband_is_told_by_the_constructor(value):
    for given, of in ((value, ""), ({"Top.A": 1, "Top.B*": value}, " of 'Top.B*'")):
        with pytest.raises(ValueError) as caught:
            PvServer("B", None, backends=["soft"], deadband=given)
        assert str(caught.value) == f"deadband{of} must be {SHARE}, not {value!r}"


@pytest.mark.parametrize("glob", ["", 5, None])
def test_a_glob_is_text(glob):
    for argument in ("update_rate", "deadband"):
        with pytest.raises(ValueError) as caught:
            PvServer("B", None, backends=["soft"], **{argument: {glob: 1}})
        assert str(caught.value) == f"{argument}: the glob of a path must be text, not {glob!r}"


def test_a_glob_that_no_node_matches_is_told_wherever_one_looks(tree, serve, caplog):
    told = ("update_rate: no node matches the path 'Top.B'; the nearest path is 'Top.A'",)
    options = {"update_rate": {"Top.B": 1, "Top.A": 2}, "deadband": {"*": 1}}
    site = serve(tree.pr.LocalVariable(name="A", value=1), start=False, **options)
    assert site.server.report() == ()
    assert site.server.survey().errors == told
    site.server.start()
    assert site.server.report() == told
    assert site.server.survey().errors == told
    assert told[0] in caplog.messages
