from types import SimpleNamespace

import pytest
from support.fakes import FakeNode

from roguebridge.core.errors import MappingError
from roguebridge.core.mapping import automatic_map, explicit_map
from roguebridge.core.naming import standard_name

PATHS = ["Top.enable", "Top.A", "Top.Dev.B", "Top.Dev.Sub[0].C", "Top.Dev.Sub[1].C", "Top.Z"]


def nodes(*paths):
    return [FakeNode(path=path) for path in paths or PATHS]


def by_path(node):
    return standard_name("B", node.path)


class Device:
    isDevice = True


def explicit(pv_map, *paths, get_node=lambda path: None):
    return explicit_map(nodes(*paths), "Top", pv_map, get_node)


def served(result):
    return {entry.path: entry.pv_name for entry in result.entries}


def texts(result):
    return [problem.text for problem in result.problems]


# Automatic mode ---------------------------------------------------------------------------


def test_automatic_mode_names_every_node_in_tree_order():
    result = automatic_map(nodes(), [], [], by_path)
    assert list(served(result).items()) == [(path, standard_name("B", path)) for path in PATHS]
    assert result.problems == ()


def test_an_entry_says_what_the_node_is():
    command = FakeNode(path="Top.Dev[2].Go")
    command.isCommand, command.mode = True, "WO"
    (entry,) = automatic_map([command], [], [], by_path).entries
    assert (entry.is_command, entry.mode, entry.device) == (True, "WO", "Top.Dev[2]")


def test_the_map_pairs_each_entry_with_its_node():
    tree = nodes()
    for entry, node in automatic_map(tree, [], [], by_path):
        assert entry.path == node.path
    assert [n for _, n in automatic_map(tree, [], [], by_path)] == tree


def test_automatic_mode_applies_the_groups():
    tree = nodes("Top.A", "Top.B", "Top.C")
    tree[0].groups, tree[1].groups = ["G"], ["G", "NoServe"]
    assert list(served(automatic_map(tree, ["G"], ["NoServe"], by_path))) == ["Top.A"]


def test_a_group_that_no_node_is_in_is_a_warning():
    node = FakeNode(path="Top.A")
    node.groups = ["G"]
    result = automatic_map([node], ["G", "H"], ["NoServe"], by_path)
    assert list(served(result)) == ["Top.A"]
    assert texts(result) == ["no node is in group 'H': nothing is served for it"]
    result.check(strict=True)


def test_a_naming_rule_is_not_asked_for_a_filtered_node():
    asked = []
    tree = nodes("Top.A", "Top.B")
    tree[0].groups = ["NoServe"]
    automatic_map(tree, [], ["NoServe"], lambda node: asked.append(node) or "N")
    assert asked == [tree[1]]


def test_of_automatic_duplicates_the_first_in_tree_order_stays():
    result = automatic_map(nodes("Top.A", "Top.B", "Top.C"), [], [], lambda node: "same")
    assert served(result) == {"Top.A": "same"}
    assert texts(result) == [
        "Top.A and Top.B both map to PV same",
        "Top.A and Top.C both map to PV same",
    ]
    result.check(strict=False)


def test_strict_lists_every_automatic_problem_in_one_error():
    names = {"Top.A": "ok", "Top.B": "ok", "Top.C": "a b", "Top.D": "", "Top.E": None}

    def name(node):
        return names[node.path]

    result = automatic_map(nodes(*names, "Top.F"), [], [], name)
    assert served(result) == {"Top.A": "ok"}
    with pytest.raises(MappingError) as caught:
        result.check(strict=True)
    assert caught.value.problems == tuple(texts(result))
    assert len(caught.value.problems) == 5
    for path in ("Top.B", "Top.C", "Top.D", "Top.E", "Top.F"):
        assert path in str(caught.value)


def test_a_raising_naming_rule_leaves_only_its_node_out():
    def name(node):
        if node.path == "Top.A":
            raise RuntimeError("no name")
        return by_path(node)

    result = automatic_map(nodes("Top.A", "Top.B"), [], [], name)
    assert list(served(result)) == ["Top.B"]
    assert texts(result) == ["Top.A: naming rule failed: RuntimeError('no name')"]


def test_a_warning_is_served_even_when_strict():
    result = automatic_map(nodes("Top.A"), [], [], lambda node: "A.B")
    assert served(result) == {"Top.A": "A.B"}
    assert [p.warning for p in result.problems] == [True]
    result.check(strict=True)


# Explicit mode ----------------------------------------------------------------------------


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


def test_a_node_that_cannot_be_looked_at_is_left_out_and_reported():
    class Broken:
        path = "Top.Broken"

        @property
        def groups(self):
            raise RuntimeError("no groups today")

    good = SimpleNamespace(path="Top.V", groups=[], isCommand=False, mode="RW")
    found = automatic_map([Broken(), good], (), (), lambda node: node.path.replace(".", ":"))
    assert [entry.path for entry in found.entries] == ["Top.V"]
    (problem,) = found.problems
    assert problem.text == "Top.Broken: cannot be served: RuntimeError('no groups today')"
