"""Which lines are those expected."""

import pytest
from support.docs.shell import consumed


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (["a", "b"], ["a", "b  ", ""]),
        (["...", "b"], ["b"]),
        (["...", "b"], ["x", "y", "b"]),
        (["a", "..."], ["a"]),
        (["a ... c"], ["a b c"]),
        (["a.c(*"], ["a.c(*"]),
        (["x  2026-12-01 05:38:23.593  (2.9 s ago)"], ["x  2031-01-31 23:00:59.001  (0.0 s ago)"]),
        (
            ["Serving 63 PVs (TCP port 5075 on all interfaces)."],
            ["Serving 5 PVs (TCP port 1 on 127.0.0.1)."],
        ),
        (["...: 63 PVs"], ["a: 5 PVs"]),
        (["tree by roguebridge.simtree"], ["tree by pyrogue"]),
        (["is for ada, not for 'ben'"], ["is for ada, not for 'root'"]),
        (["G does not grant WRITE to 'ben' from h"], ["G does not grant WRITE to 'r' from h"]),
        (
            ['{"date":"2026-12-01","time":"10:02:24.617","user":"ben"}'],
            ['{"date":"2027-01-31","time":"23:00:59.001","user":"root"}'],
        ),
        ([], []),
    ],
)
def test_these_lines_are_equal(expected, got):
    assert consumed(expected, got, whole=True) is not None


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (["a"], ["a", "b"]),
        (["a", "b"], ["a"]),
        (["a", "b"], ["b", "a"]),
        (["a.c"], ["abc"]),
        (["a ... c"], ["a b", "c"]),
        ([], ["a"]),
        (["a", "", "b"], ["a", "b"]),
        (["x  2026-12-01 05:38:23.593"], ["x  now"]),
        (["(2.9 s ago)"], ["2.9 s ago"]),
        (["port 5075"], ["port 1"]),
        (["is for 'ben'"], ["is for 'root'"]),
        (['"user":"ben"'], ['"name":"ben"']),
    ],
)
def test_these_lines_differ(expected, got):
    assert consumed(expected, got, whole=True) is None


def test_the_fewest_lines_that_are_the_expected_ones_are_taken():
    assert consumed(["...", "b"], ["a", "b", "b"], whole=False) == 2
    assert consumed(["a"], [], whole=False) is None
