import pytest
from support.fakes import FakeNode

from roguebridge.core.rules import NamingRule, Select, first


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
