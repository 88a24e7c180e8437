"""A table of devices: the types of its cells, and its alarm."""

import math
from types import SimpleNamespace

import pytest
from support.engine.device_tables import enabled, gains, made, root_of, variable
from support.engine.fakes import PlainConverter

from roguebridge.core import PutError, ScalarType, Select
from roguebridge.core.hooks.rules import ConverterRule
from roguebridge.core.values.alarm import CALC, DISABLE, HIHI, LOW, NO_ALARM, READ, STATE
from roguebridge.core.values.converter import ConversionError
from roguebridge.plugins.recipes import bit_field


def test_each_column_has_the_type_of_its_variable_in_the_first_device():
    enum = {0: "Slow", 1: "Fast"}
    bools = {False: "False", True: "True"}
    nodes = [
        variable("Top.A.F", "Float32", 1.5),
        variable("Top.A.U", "UInt8", 7),
        variable("Top.A.T", "str", "text"),
        variable("Top.A.E", "UInt8", 1, enum=enum),
        variable("Top.A.B", "bool", True, enum=bools, nativeType=bool),
    ]
    node, converter = made(root_of(*nodes), "Top.A")
    scalars = [column.scalar for column in converter.spec.columns[1:]]
    assert scalars == [
        ScalarType.Float32, ScalarType.UInt8, ScalarType.String, ScalarType.String, ScalarType.Bool,
    ]  # fmt: skip
    row = {name: list(column) for name, column in converter.to_pv(node.value()).items()}
    assert row == {
        "device": ["Top.A"],
        "F": [1.5],
        "U": [7],
        "T": ["text"],
        "E": ["Fast"],
        "B": [1],
    }


@pytest.mark.parametrize(
    ("first", "second", "value", "cell", "alarm"),
    [
        ("UInt8", "UInt16", 255, 255, NO_ALARM),
        ("UInt8", "UInt16", 256, 0, CALC),
        ("UInt8", "float", 3.0, 3, NO_ALARM),
        ("UInt8", "float", 3.5, 0, CALC),
        ("str", "UInt8", 3, "3", NO_ALARM),
        ("UInt8", "str", "3", 0, CALC),
    ],
)
def test_a_device_of_another_type_is_converted_exactly_or_invalid(
    first, second, value, cell, alarm
):
    start = "a" if first == "str" else 1
    nodes = [variable("Top.A.V", first, start), variable("Top.B.V", second, value)]
    node, converter = made(root_of(*nodes), "Top.?")
    moment = node.value()
    shown = converter.to_pv(moment)
    assert shown["V"][1] == cell
    assert converter.alarm_of(moment, shown) == alarm


def test_a_cell_that_cannot_be_read_keeps_what_was_read_and_says_so_once(caplog):
    one, two = gains(2)
    node, converter = made(root_of(one, two), "Top.Adc[*]")
    two.numValues = 0
    node, converter = made(root_of(one, two), "Top.Adc[*]")
    two.present = OSError("the cable is out")
    for _ in range(2):
        moment = node.value()
        shown = converter.to_pv(moment)
        assert shown["Gain"][0] == 0.0
        assert math.isnan(shown["Gain"][1])
        assert converter.alarm_of(moment, shown) == READ
    text = "Top.Adc[1].Gain cannot be shown in its table: the cable is out"
    assert [record.getMessage() for record in caplog.records] == [text]
    two.present = 7.0
    converter.to_pv(node.value())
    two.present = OSError("the cable is out")
    shown = converter.to_pv(node.value())
    assert shown["Gain"].tolist() == [0.0, 7.0]
    assert len(caplog.records) == 2


def test_the_alarm_is_the_worst_and_of_its_own_limits():
    nodes = [
        variable("Top.A.V", "UInt8", 5, highAlarm=9),
        variable("Top.B.V", "UInt8", 5, lowWarning=2),
    ]
    node, converter = made(root_of(*nodes), "Top.?")

    def alarm():
        moment = node.value()
        return converter.alarm_of(moment, converter.to_pv(moment))

    assert alarm() == NO_ALARM
    nodes[1].present = 1
    assert alarm() == LOW
    nodes[0].present = 10
    assert alarm() == HIHI


def test_the_alarm_of_an_enum_is_told_by_the_limits_of_its_node():
    enum = {0: "A", 1: "B", 2: "C"}
    one = variable("Top.A.V", "UInt8", 2, enum=enum, highAlarm=1)
    node, converter = made(root_of(one), "Top.A")
    moment = node.value()
    assert converter.alarm_of(moment, converter.to_pv(moment)) == HIHI
    one.present = 7
    assert converter.alarm_of(moment, converter.to_pv(moment)) == STATE


def test_rules_of_the_table_choose_the_converters():
    class Odd(PlainConverter):
        def to_pv(self, value):
            raise ConversionError("odd", STATE)

    class Judged(PlainConverter):
        def alarm_of(self, value, pv_value):
            return HIHI

    rules = [
        bit_field(Select(path="*.Bits"), ["Off", "On"]),
        ConverterRule(lambda node: Odd(), Select(path="*.Odd")),
        ConverterRule(lambda node: Judged(), Select(path="*.Judged")),
    ]
    nodes = [variable("Top.A.Bits", "UInt8", 3), variable("Top.A.Judged", "int", 3)]
    node, converter = made(root_of(*nodes), "Top.A", rules=rules)
    moment = node.value()
    assert converter.to_pv(moment)["Bits"] == ["On"]
    assert converter.alarm_of(moment, None) == HIHI
    node, converter = made(root_of(variable("Top.A.Odd", "int", 3)), "Top.A", rules=rules)
    moment = node.value()
    converter.to_pv(moment)
    assert converter.alarm_of(moment, None) == STATE


@pytest.mark.parametrize(
    ("value", "alarm"),
    [(True, NO_ALARM), (False, DISABLE), ("parent", DISABLE), (OSError("gone"), CALC)],
)
def test_a_device_that_is_not_enabled_makes_it_invalid(value, alarm):
    gain = variable("Top.A.Gain")
    gain.parent = SimpleNamespace(enable=enabled(value))
    node, converter = made(root_of(gain), "Top.A")
    moment = node.value()
    assert converter.alarm_of(moment, converter.to_pv(moment)) == alarm


def test_enable_itself_may_be_in_the_table_whatever_it_is():
    enum = {False: "False", True: "True", "parent": "ParentFalse"}
    enable = enabled(False, enum=enum, nativeType=bool)
    node, converter = made(root_of(enable), "Top.A")
    moment = node.value()
    assert converter.to_pv(moment)["enable"] == ["False"]
    assert converter.alarm_of(moment, None) == NO_ALARM


def test_it_cannot_be_put():
    node, converter = made(root_of(*gains(1)), "Top.Adc[*]")
    assert node.mode == "RO"
    assert not converter.spec.writable
    with pytest.raises(PutError, match="^RB.B:T is a table of devices: it cannot be put$"):
        converter.to_tree({"Gain": [1.0]})
