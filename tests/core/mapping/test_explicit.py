from collections import UserList
from collections.abc import Sequence
from dataclasses import replace
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


# Several names of a node --------------------------------------------------------------------


def named(result):
    return {entry.path: entry.names for entry in result.entries}


def automatic(given):
    return automatic_map(nodes(*given), [], [], lambda node: given[node.path])


@pytest.mark.parametrize("names", [["a", "b", "c"], ("a", "b", "c"), UserList(["a", "b", "c"])])
def test_of_several_names_the_first_is_the_primary(names):
    for result in (automatic({"Top.A": names}), explicit({"Top.A": names})):
        assert named(result) == {"Top.A": ("a", "b", "c")}
        (entry,) = result.entries
        assert (entry.pv_name, entry.aliases) == ("a", ("b", "c"))
        assert result.problems == ()


def test_there_is_an_entry_for_each_name():
    (entry,) = automatic({"Top.A": ["a", "b"]}).entries
    first, second = entry.by_name()
    assert first is entry
    assert second == replace(entry, pv_name="b", aliases=())
    (entry,) = automatic({"Top.A": "a"}).entries
    assert entry.by_name() == (entry,)


def test_the_same_name_given_twice_for_a_node_counts_once():
    result = automatic({"Top.A": ["a", "b", "a", "b"]})
    assert named(result) == {"Top.A": ("a", "b")}
    assert result.problems == ()


def test_an_alias_that_another_node_has_is_reported_and_left_out():
    result = automatic({"Top.A": ["a", "b", "c"], "Top.B": ["b", "c", "d"]})
    assert named(result) == {"Top.A": ("a", "c"), "Top.B": ("b", "d")}
    assert texts(result) == [
        "Top.B and Top.A both map to PV b",
        "Top.A and Top.B both map to PV c",
    ]
    result.check(strict=False)
    with pytest.raises(MappingError):
        result.check(strict=True)


def test_an_alias_of_an_earlier_node_does_not_keep_a_later_one_out():
    result = automatic({"Top.A": ["a", "b"], "Top.B": "b"})
    assert named(result) == {"Top.A": ("a",), "Top.B": ("b",)}


def test_the_aliases_of_a_node_that_is_left_out_are_free():
    result = automatic({"Top.A": "a", "Top.B": ["a", "b"], "Top.C": ["c", "b"]})
    assert named(result) == {"Top.A": ("a",), "Top.C": ("c", "b")}


def test_in_an_explicit_map_a_name_that_two_nodes_have_is_fatal_also_as_an_alias():
    for pv_map in (
        {"Top.A": ["a", "b"], "Top.Z": "b"},
        {"Top.A": ["a", "b"], "Top.Nope": ["n", "b"]},
    ):
        with pytest.raises(MappingError, match="both map to PV b"):
            explicit(pv_map).check(strict=False)


def test_an_illegal_alias_is_reported_and_left_out():
    result = automatic({"Top.A": ["a", "b c", None, b"d", "", "e.f"]})
    assert named(result) == {"Top.A": ("a", "e.f")}
    assert texts(result) == [
        "Top.A: PV name 'b c' contains ' '",
        "Top.A: PV name None is not a str",
        "Top.A: PV name b'd' is not a str",
        "Top.A: PV name is empty",
        "Top.A: PV name 'e.f' contains '.', which some clients read as a field",
    ]
    assert [problem.warning for problem in result.problems] == [False] * 4 + [True]


def test_a_node_whose_primary_name_is_illegal_is_not_served_under_its_aliases():
    assert named(automatic({"Top.A": ["a b", "c"], "Top.B": "b"})) == {"Top.B": ("b",)}


def endless():
    while True:
        yield "a"


class Endless(Sequence):
    """More names than there will ever be room for."""

    def __len__(self):
        return 10**18

    def __getitem__(self, place):
        return f"n{place}"


class Raising(Endless):
    def __getitem__(self, place):
        raise RuntimeError("no names today")


CYCLIC = []
CYCLIC.append(CYCLIC)

ODD = {
    "a generator": (endless(), "PV names <generator object endless at 0x"),
    "a set": ({"a"}, "PV names {'a'} are neither a str nor a list of str"),
    "a dict": ({"a": 1}, "PV names {'a': 1} are neither a str nor a list of str"),
    "an empty list": ([], "the list of its PV names is empty"),
    "an empty tuple": ((), "the list of its PV names is empty"),
    "a list of itself": (CYCLIC, "PV name [[[[[[[...]]]]]]] is not a str"),
    "a list in a list": ([["a"]], "PV name ['a'] is not a str"),
    "an endless sequence": (Endless(), "more than 64 PV names: ('n0', 'n1', 'n2', 'n3'"),
    "a long list": (["a"] * 65, "more than 64 PV names: ('a', 'a', 'a', 'a', 'a', 'a', ...)"),
    "a sequence that raises": (Raising(), "its PV names cannot be had: RuntimeError('no names"),
    "None": (None, "PV name None is not a str"),
    "bytes": (b"a", "PV name b'a' is not a str"),
    "a bytearray": (bytearray(b"a"), "PV name bytearray(b'a') is not a str"),
    "a number": (5, "PV name 5 is not a str"),
    "numbers": (range(3), "PV name 0 is not a str"),
    "much": ([list(range(10**6))], "PV name [0, 1, 2, 3, 4, 5, ...] is not a str"),
}  # fmt: skip


@pytest.mark.parametrize("case", ODD)
def test_what_is_no_name_costs_only_its_node_and_is_told_shortly(case):
    given, text = ODD[case]
    for result in (
        automatic({"Top.A": given, "Top.Z": "z"}),
        explicit({"Top.A": given, "Top.Z": "z"}),
    ):
        assert named(result) == {"Top.Z": ("z",)}
        (found,) = texts(result)
        assert found.startswith(f"Top.A: {text}")
        assert len(found) < 200


def test_as_many_names_as_are_allowed_are_served():
    names = [f"n{number}" for number in range(64)]
    assert named(automatic({"Top.A": names})) == {"Top.A": tuple(names)}


def test_a_node_that_fails_after_its_names_were_taken_mixes_up_nothing():
    class Broken(FakeNode):
        @property
        def isCommand(self):
            raise RuntimeError("who knows")

        @isCommand.setter
        def isCommand(self, value):
            pass

    tree = [Broken(path="Top.A"), FakeNode(path="Top.B")]
    names = {"Top.A": ["a", "x"], "Top.B": ["b", "y"]}
    result = automatic_map(tree, [], [], lambda node: names[node.path])
    assert named(result) == {"Top.B": ("b", "y")}
    assert texts(result) == ["Top.A: cannot be served: RuntimeError('who knows')"]
