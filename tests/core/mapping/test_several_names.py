"""Several names of a node: the first is the primary, the others are aliases."""

from collections import UserList
from collections.abc import Sequence
from dataclasses import replace

import pytest
from support.engine.fakes import FakeNode
from support.engine.maps import explicit, nodes, texts

from roguebridge.core.errors import MappingError
from roguebridge.core.mapping.pv_map import automatic_map


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
    "a sequence that raises": (Raising(), "its PV names cannot be read: RuntimeError('no names"),
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
