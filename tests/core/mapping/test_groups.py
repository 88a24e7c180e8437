import pytest

from roguebridge.core.mapping.groups import group_list, passes


@pytest.mark.parametrize("nothing", [None, "", [], (), set(), frozenset()])
def test_no_groups_in_any_spelling_filter_nothing(nothing):
    assert group_list(nothing, "incGroups") == []
    assert passes(["A"], group_list(nothing, "incGroups"), group_list(nothing, "excGroups"))
    assert passes([], group_list(nothing, "incGroups"), [])


@pytest.mark.parametrize(
    "groups",
    ["A", ["A"], ("A",), {"A"}, frozenset({"A"}), {"A": 1}.keys(), (g for g in "A")],
)
def test_each_kind_of_collection_gives_a_list(groups):
    assert group_list(groups, "incGroups") == ["A"]


def test_a_list_keeps_its_order_and_a_set_is_sorted():
    assert group_list(["B", "A"], "x") == ["B", "A"]
    assert group_list({"B", "A", "C"}, "x") == ["A", "B", "C"]


@pytest.mark.parametrize("wrong", [5, 1.5, True, b"A", ["A", 5], [None], object(), [["A"]]])
def test_a_wrong_type_is_refused_naming_the_argument(wrong):
    with pytest.raises(TypeError, match="excGroups must be a str or a sequence or set of str"):
        group_list(wrong, "excGroups")


def test_the_callers_list_is_not_kept():
    mine = ["A"]
    group_list(mine, "x").append("B")
    assert mine == ["A"]


@pytest.mark.parametrize(
    ("groups", "include", "exclude", "served"),
    [
        (["A"], ["A"], [], True),
        (["A", "B"], ["B", "C"], [], True),
        (["A"], ["B"], [], False),
        ([], ["A"], [], False),
        ([], [], ["A"], True),
        (["A"], [], ["A"], False),
        (["A"], [], ["B"], True),
        (["A", "B"], ["A"], ["B"], False),
        (["A"], ["A"], ["A"], False),
        (["AB"], ["A"], [], False),
    ],
)
def test_any_included_group_serves_and_exclusion_wins(groups, include, exclude, served):
    assert passes(groups, include, exclude) is served
