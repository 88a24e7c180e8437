"""What stands in for a variable's `_doUpdate` is put in place and taken back in any order."""

from itertools import permutations

import pytest

from roguebridge.core.tree.patches.update_override import UpdateOverride, override_of


class Variable:
    def _doUpdate(self):
        return ["own"]


@pytest.fixture
def variable():
    return Variable()


def lazily(override):
    override.deliver = lambda: ["lazy"]


def guarded(override):
    override.guard = lambda deliver: ["guard", *deliver()]


def take_back(override, name):
    setattr(override, name, None)
    override.leave_if_unused()


@pytest.mark.parametrize("uses", list(permutations([lazily, guarded])))
@pytest.mark.parametrize("order", list(permutations(["deliver", "guard"])))
def test_a_guard_goes_before_what_delivers_and_both_leave_in_any_order(variable, uses, order):
    for use in uses:
        use(override_of(variable))
    override = override_of(variable)
    assert variable._doUpdate() == ["guard", "lazy"]
    first, second = order
    take_back(override, first)
    assert variable._doUpdate() == (["guard", "own"] if second == "guard" else ["lazy"])
    take_back(override, second)
    assert vars(variable) == {}
    assert variable._doUpdate() == ["own"]


def test_a_variable_has_one_override(variable):
    assert override_of(variable) is override_of(variable)


def test_what_was_there_before_is_given_back(variable):
    variable._doUpdate = before = lambda: ["mine"]
    override = override_of(variable)
    guarded(override)
    assert variable._doUpdate() == ["guard", "mine"]
    take_back(override, "guard")
    assert variable._doUpdate is before


def test_what_another_has_put_on_top_stays(variable):
    low = override_of(variable)
    lazily(low)
    variable._doUpdate = other = lambda: ["other", *low()]
    high = override_of(variable)
    guarded(high)
    assert isinstance(high, UpdateOverride) and high is not low
    assert variable._doUpdate() == ["guard", "other", "lazy"]
    take_back(low, "deliver")
    assert variable._doUpdate() == ["guard", "other", "own"]
    take_back(high, "guard")
    assert variable._doUpdate is other
