"""What stands in for a variable's `_doUpdate` is put in place and taken back in any order."""

from itertools import permutations

import pytest

from roguebridge.core.tree.patches.update_override import UpdateOverride, stack_of, standing


class Variable:
    def _doUpdate(self):
        return ["own"]


class Low(UpdateOverride):
    def __call__(self):
        return ["low", *self.original()]


class High(UpdateOverride):
    rank = 1

    def __call__(self):
        return ["high", *self.original()]


@pytest.fixture
def variable():
    return Variable()


@pytest.mark.parametrize("kinds", [(Low, High), (High, Low)])
@pytest.mark.parametrize("first", [Low, High])
def test_rank_goes_before_time(variable, kinds, first):
    present = {kind: kind(variable) for kind in kinds}
    for kind in kinds:
        present[kind].enter()
    assert variable._doUpdate() == ["high", "low", "own"]
    assert list(stack_of(variable)) == [present[High], present[Low]]
    assert standing(variable, Low) is present[Low]
    present.pop(first).leave()
    assert standing(variable, first) is None
    (left,) = present.values()
    assert variable._doUpdate() == [type(left).__name__.lower(), "own"]
    left.leave()
    assert vars(variable) == {}


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_any_order_of_leaving(variable, order):
    present = [kind(variable) for kind in (Low, High, High, Low)]
    for one in present:
        one.enter()
    assert variable._doUpdate() == ["high", "high", "low", "low", "own"]
    for number in order:
        present[number].leave()
        assert present[number] not in stack_of(variable)
    assert vars(variable) == {}
    assert variable._doUpdate() == ["own"]


def test_what_was_there_before_is_given_back(variable):
    variable._doUpdate = before = lambda: ["mine"]
    low = Low(variable)
    low.enter()
    assert variable._doUpdate() == ["low", "mine"]
    low.leave()
    assert variable._doUpdate is before


def test_what_another_has_put_on_top_stays(variable):
    low, high = Low(variable), High(variable)
    low.enter()
    variable._doUpdate = other = lambda: ["other", *low()]
    high.enter()
    assert variable._doUpdate() == ["high", "other", "low", "own"]
    assert standing(variable, Low) is None  # it cannot be seen
    low.leave()
    assert variable._doUpdate() == ["high", "other", "low", "own"]
    high.leave()
    assert variable._doUpdate is other
