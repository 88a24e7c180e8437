"""Explicit mode: exactly the given paths are served, and what is wrong is told."""

import pytest
from support.engine.maps import explicit, nodes, served, texts

from roguebridge.core.errors import MappingError
from roguebridge.core.mapping.pv_map import explicit_map


class Device:
    isDevice = True


def test_explicit_mode_serves_exactly_the_given_paths_in_tree_order():
    result = explicit({"Top.Z": "z", "Top.Dev.B": "b", "Top.A": "a"})
    assert list(served(result).items()) == [("Top.A", "a"), ("Top.Dev.B", "b"), ("Top.Z", "z")]
    assert result.problems == ()


def test_explicit_mode_passes_over_the_groups():
    tree = nodes("Top.A")
    tree[0].groups = ["NoServe"]
    assert served(explicit_map(tree, "Top", {"Top.A": "a"}, lambda p: None)) == {"Top.A": "a"}


def test_the_callers_dict_is_left_alone():
    mine = {"root.A": "a", "Top.nope": "x"}
    before = dict(mine)
    explicit(mine)
    assert mine == before


def test_root_is_an_alias_for_the_roots_name():
    assert served(explicit({"root.Dev.Sub[1].C": "c"})) == {"Top.Dev.Sub[1].C": "c"}


def test_a_root_that_is_called_root_needs_no_alias():
    result = explicit_map(nodes("root.A"), "root", {"root.A": "a"}, lambda p: None)
    assert served(result) == {"root.A": "a"}


def test_a_path_given_under_both_names_is_reported_and_served_once():
    result = explicit({"Top.A": "a", "root.A": "b"})
    assert served(result) == {"Top.A": "a"}
    assert texts(result) == ["Top.A is mapped twice, also as root.A"]


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("Top.Dev.Sub[2].C", "Top.Dev.Sub["),
        ("Top.Dev.BB", "Top.Dev.B"),
        ("top.dev.b", "Top.Dev.B"),
        ("Tip.Dev.B", "Top.Dev.B"),
        ("Top.Dev.Sub.C", "Top.Dev.Sub["),
        ("Dev.B", "Top.Dev.B"),
        ("root.Dev.BX", "Top.Dev.B"),
        (" Top.A", "Top.A"),
    ],
)
def test_an_unknown_path_is_reported_with_the_nearest(path, nearest):
    (text,) = texts(explicit({path: "x"}))
    assert text.startswith(f"{path!r} is not in the tree; the nearest path is {nearest}")


def test_an_empty_path_is_near_to_nothing():
    assert texts(explicit({"": "x"})) == ["'' is not in the tree"]


@pytest.mark.parametrize("path", ["qqqqqqqqqqqqqq", ".", "A"])
def test_every_other_unknown_path_is_reported_with_the_nearest_one(path):
    (text,) = texts(explicit({path: "x"}))
    assert text.startswith(f"{path!r} is not in the tree; the nearest path is Top.")


def test_two_entries_on_one_name_are_fatal_even_if_a_path_is_unknown():
    for pv_map in ({"Top.Nope": "x", "Top.A": "x"}, {"Top.Nope": "x", "Top.No": "x"}):
        result = explicit(pv_map)
        assert any(p.fatal and "both map to PV x" in p.text for p in result.problems)
        with pytest.raises(MappingError, match="both map to PV x"):
            result.check(strict=False)


def test_a_device_path_is_told_from_an_unknown_one():
    result = explicit({"Top.Dev": "x"}, get_node=lambda path: Device())
    assert texts(result) == ["Top.Dev is a device: only variables and commands can be served"]


@pytest.mark.parametrize("key", [5, None, b"Top.A", ("Top.A",)])
def test_a_path_that_is_not_a_str_is_reported(key):
    result = explicit({key: "x", "Top.A": "a"})
    assert served(result) == {"Top.A": "a"}
    assert texts(result) == [f"path {key!r} is not a str"]


@pytest.mark.parametrize("name", ["", None, 7, "a b", "a\tb", "a\x01", 'a"', "a'", "$a"])
def test_an_illegal_name_is_reported_with_its_path_and_not_served(name):
    result = explicit({"Top.A": name, "Top.Z": "z"})
    assert served(result) == {"Top.Z": "z"}
    (text,) = texts(result)
    assert text.startswith("Top.A: PV name")


def test_explicit_duplicates_raise_even_when_not_strict():
    result = explicit({"Top.A": "x", "Top.Z": "x", "Top.Dev.B": "x"})
    with pytest.raises(MappingError) as caught:
        result.check(strict=False)
    assert caught.value.problems == (
        "Top.A and Top.Dev.B both map to PV x",
        "Top.A and Top.Z both map to PV x",
    )


def test_an_error_for_duplicates_lists_every_other_problem_too():
    result = explicit({"Top.A": "x", "Top.Z": "x", "Top.Q1": "q", "Top.Dev.B": "a b", 5: "y"})
    with pytest.raises(MappingError) as caught:
        result.check(strict=False)
    assert len(caught.value.problems) == 4
    for part in ("Top.Z", "Top.Q1", "Top.Dev.B", "path 5"):
        assert part in str(caught.value)


def test_unknown_paths_do_not_raise_unless_strict():
    result = explicit({"Top.A": "a", "Top.nope": "x", "Top.neither": "y"})
    result.check(strict=False)
    with pytest.raises(MappingError) as caught:
        result.check(strict=True)
    assert len(caught.value.problems) == 2


def test_an_empty_map_serves_nothing_and_says_so():
    result = explicit({})
    assert result.entries == ()
    assert texts(result) == ["the explicit map is empty: nothing is served"]
    result.check(strict=True)


def test_in_an_empty_tree_no_path_is_near():
    result = explicit_map([], "Top", {"Top.A": "a"}, lambda path: None)
    assert texts(result) == ["'Top.A' is not in the tree"]


def test_a_large_map_with_one_error_is_checked_in_time():
    paths = [f"Top.Dev[{i}].Var{j}" for i in range(1000) for j in range(20)]
    result = explicit({"Top.Dev[3].Va9": "x"}, *paths)
    assert "the nearest path is Top.Dev[3].Var9" in texts(result)[0]


def test_on_a_running_tree_odd_paths_are_only_reported(tree, running):
    with running(tree.pr.Root(name="Top", pollEn=False)) as root:
        odd = ["", ".", "root", "Top", "Top.", "Top..enable", "Top.*", "Top.enable.x"]
        odd += ["Top.Sub[", "Top.Sub]", "Top.Sub[x]", "Top.[0]", "Top.enable[0]", "a b"]
        pv_map = {path: f"P{i}" for i, path in enumerate(odd)} | {"root.enable": "E"}
        result = explicit_map(root.variableList, root.name, pv_map, root.getNode)
    assert served(result) == {"Top.enable": "E"}
    assert len(result.problems) == len(odd)
    assert sum("is a device" in text for text in texts(result)) == 2
