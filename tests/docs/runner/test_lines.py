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
    ],
)
def test_these_lines_differ(expected, got):
    assert consumed(expected, got, whole=True) is None


def test_the_fewest_lines_that_are_the_expected_ones_are_taken():
    assert consumed(["...", "b"], ["a", "b", "b"], whole=False) == 2
    assert consumed(["a"], [], whole=False) is None
