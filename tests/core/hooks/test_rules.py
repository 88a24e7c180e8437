import numpy as np
import pytest
from support.engine.fakes import FakeNode, PlainConverter

from roguebridge.core.errors import PluginError
from roguebridge.core.hooks.rules import ConverterRule, NamingRule, converter_of, first
from roguebridge.core.mapping.select import Select
from roguebridge.core.values.spec import Column, NtKind, PvSpec, ScalarType


@pytest.fixture
def node():
    node = FakeNode(path="Top.Adc[0].Gain")
    node.groups, node.typeStr, node.units = ["Fast", "Raw"], "UInt16", "mV"
    return node


@pytest.mark.parametrize(
    ("fields", "selected"),
    [
        ({}, True),
        ({"path": "*.Gain"}, True),
        ({"path": "*.gain"}, False),
        ({"path": "Top.Adc[[]0].*"}, True),
        ({"path": "Top.Adc[[]1].*"}, False),
        ({"path": "Adc"}, False),
        ({"path": "Top.Adc[0].*"}, True),
        ({"path": "Top.Adc[1].*"}, False),
        ({"path": "Top.Adc[*].Gain"}, True),
        ({"path": "Top.Adc[?].Gain"}, True),
        ({"path": "Top.Adc[0-3].Gain"}, True),
        ({"path": "Top.Adc[1-3].Gain"}, False),
        ({"path": "Top.Ad[abc][0].Gain"}, True),
        ({"path": ["*.Offset", "*.Gain"]}, True),
        ({"path": ("*.Offset", "Adc")}, False),
        ({"group": ["Slow", "Raw"]}, True),
        ({"group": ("Slow", "Ra")}, False),
        ({"group": "Raw"}, True),
        ({"group": "Slow"}, False),
        ({"group": "Ra"}, False),
        ({"type": "UInt*"}, True),
        ({"type": "Int*"}, False),
        ({"units": "mV"}, True),
        ({"units": "V"}, False),
        ({"where": lambda node: node.name == "Gain"}, True),
        ({"where": lambda node: False}, False),
        ({"path": "*.Gain", "group": "Raw", "type": "UInt16", "units": "mV"}, True),
        ({"path": "*.Gain", "group": "Slow", "type": "UInt16", "units": "mV"}, False),
    ],
)
def test_every_field_given_must_match(node, fields, selected):
    assert Select(**fields)(node) is selected


def test_the_own_test_is_asked_last(node):
    assert Select(path="no", where=lambda node: pytest.fail("asked"))(node) is False


def test_a_node_without_units_is_selected_by_none_only(node):
    node.units = None
    assert Select()(node)
    assert not Select(units="")(node)


def test_the_first_matching_rule_makes(node):
    rules = [
        NamingRule(lambda n: "a", Select(path="x")),
        NamingRule(lambda n: "b", Select(group="Raw")),
        NamingRule(lambda n: "c"),
    ]
    assert first(rules, node) == "b"
    assert first(rules[:1], node) is None
    assert first([], node) is None


@pytest.mark.parametrize(
    ("glob", "path", "selected"),
    [
        ("Top.Adc[0]", "Top.Adc0", False),
        ("Top.Adc[*]", "Top.Adc[12]", True),
        ("Top.Adc[*]", "Top.Adc", False),
        ("Top.Adc[?]", "Top.Adc[12]", False),
        ("Top.Adc[1?]", "Top.Adc[12]", True),
        ("Top.Adc[0-3]", "Top.Adc2", True),
        ("Top.Adc[!3]", "Top.Adc[2]", True),
        ("Top.Adc[!3]", "Top.Adc[3]", False),
        ("Top.Mat[1][*].V", "Top.Mat[1][7].V", True),
        ("Top.Mat[1][*].V", "Top.Mat[2][7].V", False),
        ("Top.Adc[[]0]", "Top.Adc[0]", True),
        ("Top.A", "Top.A.B", False),
    ],
)
def test_brackets_are_those_of_array_nodes(glob, path, selected):
    assert Select(path=glob)(FakeNode(path=path)) is selected


def test_an_extra_attribute_selects(node):
    given = {"kind": "adc", "shape": np.arange(3), "none": None}
    node.getExtraAttribute = given.get
    assert Select(attribute="kind")(node)
    assert Select(attribute=("kind", "adc"))(node)
    assert not Select(attribute=("kind", "dac"))(node)
    assert not Select(attribute="none")(node)
    assert not Select(attribute="other")(node)


def test_a_node_of_a_remote_tree_has_no_extra_attributes(node):
    assert not Select(attribute="kind")(node)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"path": 5}, "path must be a str or a sequence of str, not 5"),
        ({"path": []}, "path must be a str or a sequence of str, not []"),
        ({"group": ["a", 1]}, "group must be a str or a sequence of str, not ['a', 1]"),
        ({"type": ["a"]}, "type must be a str, not ['a']"),
        ({"units": 1}, "units must be a str, not 1"),
        ({"where": "x"}, "where must be a function, not 'x'"),
        ({"attribute": ("a",)}, "attribute must be a name or (name, value), not ('a',)"),
        ({"attribute": (1, 2)}, "attribute must be a name or (name, value), not (1, 2)"),
    ],
)
def test_a_field_of_another_type_is_refused(fields, problem):
    with pytest.raises(TypeError) as caught:
        Select(**fields)
    assert str(caught.value) == f"Select: {problem}"


def test_selectors_of_the_same_fields_are_equal():
    assert Select(path=["a", "b"]) == Select(path=("a", "b"))
    assert len({Select(path=["a", "b"], group="c"), Select(path=("a", "b"), group="c")}) == 1
    assert "_path" not in repr(Select(path="a"))


# What a converter rule makes ------------------------------------------------------------------


def table(*names):
    columns = tuple(Column(name, str(name), ScalarType.Int32) for name in names)
    return PvSpec(NtKind.TABLE, ScalarType.String, columns=columns)


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        (None, "its spec is None, no PvSpec"),
        ("double", "its spec is 'double', no PvSpec"),
        (PvSpec("NTScalar", ScalarType.Int8), "its spec has kind 'NTScalar' and scalar"),
        (PvSpec(NtKind.SCALAR, "d"), "and scalar 'd'"),
        (PvSpec(NtKind.ENUM, ScalarType.Int32), "is of an NTEnum with the choices ()"),
        (PvSpec(NtKind.ENUM, ScalarType.Int32, (1, 2)), "is of an NTEnum with the choices (1, 2)"),
        (table(), "is of an NTTable with the columns ()"),
        (PvSpec(NtKind.TABLE, ScalarType.String, columns=("a",)), "with the columns ('a',)"),
        (table("a b"), "has a column 'a b', which is no name of a member"),
        (table("a", "a"), "has two columns 'a'"),
    ],
)
def test_a_converter_whose_spec_cannot_be_served_is_named(node, spec, problem):
    converter = PlainConverter()
    converter.spec = spec
    with pytest.raises(PluginError) as caught:
        converter_of([ConverterRule(lambda node: converter)], node)
    assert str(caught.value).startswith("Top.Adc[0].Gain: converter PlainConverter: ")
    assert problem in str(caught.value)


def test_a_converter_without_a_spec_is_named(node):
    converter = PlainConverter()
    del converter.spec
    with pytest.raises(PluginError, match="converter PlainConverter: its spec is None, no PvSpec"):
        converter_of([ConverterRule(lambda node: converter)], node)


@pytest.mark.parametrize(
    "spec",
    [
        table("a", "b_2"),
        PvSpec(NtKind.ENUM, ScalarType.Int32, ("Off", "On")),
        PvSpec(NtKind.NDARRAY, ScalarType.UInt16),
    ],
)
def test_a_converter_whose_spec_can_be_served_is_taken(node, spec):
    converter = PlainConverter(spec)
    assert converter_of([ConverterRule(lambda node: converter)], node) is converter
