"""Automatic mode: each node of the tree is named by a rule."""

from types import SimpleNamespace

import pytest
from support.engine.fakes import FakeNode
from support.engine.maps import PATHS, by_path, nodes, served, texts

from roguebridge.core.errors import MappingError
from roguebridge.core.mapping.pv_map import automatic_map
from roguebridge.core.mapping.pv_names import standard_name


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
