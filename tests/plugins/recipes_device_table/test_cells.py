"""A table of devices: which variables, which types, what is told and when."""

import logging
import math
import threading
from types import SimpleNamespace

import pytest
from support.fakes import WAIT
from support.nodes import node

from roguebridge.core import PluginError, PutError, ScalarType, Select
from roguebridge.core.alarm import CALC, DISABLE, HIHI, LOW, NO_ALARM, READ, STATE
from roguebridge.core.converter import ConversionError
from roguebridge.core.rules import ConverterRule
from roguebridge.plugins.recipes import DeviceTable, bit_field

from support.fakes import PlainConverter  # isort: skip


def variable(path, type_str="float", value=0.0, **attributes):
    made = node(type_str, value, **attributes)
    made.path, made.name = path, path.rpartition(".")[2]
    return made


def root_of(*nodes):
    return SimpleNamespace(variableList=list(nodes), name="Top")


def gains(number, type_str="float", **attributes):
    return [variable(f"Top.Adc[{n}].Gain", type_str, float(n), **attributes) for n in range(number)]


def made(root, *arguments, **options):
    """The node of a table and its converter."""
    plugin = DeviceTable("{base}:T", *arguments, **options)
    (extra,) = plugin.extra_nodes("B", root)
    (rule,) = plugin.converter_rules()
    assert rule.select(extra.node)
    return extra.node, rule.make(extra.node)


# Which variables ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "options", "problem"),
    [
        ((5, "Top.*"), {}, "pv_name must be a str, not 5"),
        (("T", "Top.*", "Gain"), {}, "variables and excGroups must be lists, not a str"),
        (("T", "Top.*"), {"excGroups": "A"}, "variables and excGroups must be lists, not a str"),
        (("T", "Top.*"), {"period": -1}, "period must be a number of seconds, not -1"),
        (("T", "Top.*"), {"period": math.nan}, "period must be a number of seconds, not nan"),
        (("T", "Top.*"), {"period": "1"}, "period must be a number of seconds, not '1'"),
    ],
)
def test_arguments_that_are_none_are_refused(arguments, options, problem):
    with pytest.raises((TypeError, ValueError)) as caught:
        DeviceTable(*arguments, **options)
    assert str(caught.value) == f"DeviceTable: {problem}"


@pytest.mark.parametrize(
    ("devices", "variables", "problem"),
    [
        ("Top.Dac[*]", None, "no device matches ('Top.Dac[*]',)"),
        ("Top.Adc[*]", ["Gain", "Offset"], "Top.Adc[0] has no variable Offset"),
        ("Top.Adc[*]", ["Only"], "Top.Adc[1] has no variable Only"),
        ("Top.Adc[*]", ["Key"], "Top.Adc[0] has a write-only variable Key"),
        ("Top.Adc[*]", [], "Top.Adc[0] has nothing to show"),
    ],
)
def test_a_table_that_cannot_be_is_named(devices, variables, problem):
    keys = [variable(f"Top.Adc[{n}].Key", mode="WO") for n in range(2)]
    root = root_of(*gains(2), *keys, variable("Top.Adc[0].Only"))
    with pytest.raises(PluginError) as caught:
        made(root, devices, variables)
    assert str(caught.value) == f"DeviceTable {{base}}:T: {problem}"


def test_the_name_and_the_path_are_those_of_the_server():
    (extra,) = DeviceTable("{base}:T", "Top.Adc[*]").extra_nodes("Base", root_of(*gains(1)))
    assert extra.pv_name == "Base:T"
    assert extra.node.path == "RB.Base:T"


def test_by_default_it_is_what_all_devices_have_and_no_group_hides():
    nodes = []
    for n in range(2):
        nodes += [
            variable(f"Top.Adc[{n}].{name}", groups=groups)
            for name, groups in (("A", []), ("B", ["Hidden"]), ("C", ["NoServe"]), ("D", ["Slow"]))
        ]
        nodes += [variable(f"Top.Adc[{n}].W", mode="WO"), variable(f"Top.Adc[{n}].Sub.A")]
        nodes += [variable(f"Top.Adc[{n}].Go", isCommand=True)]
        nodes += [variable(f"Top.Adc[{n}].L", "complex", 1j, nativeType=complex)]
    nodes += [variable("Top.Adc[0].Only"), variable("Top.Other.A")]
    _, converter = made(root_of(*nodes), "Top.Adc[*]")
    labels = [column.label for column in converter.spec.columns]
    assert labels == ["device", "A", "D", "L"]
    _, converter = made(root_of(*nodes), "Top.Adc[*]", excGroups=["Slow"])
    assert [column.label for column in converter.spec.columns] == ["device", "A", "B", "C", "L"]


def test_several_globs_and_variables_of_sub_devices():
    nodes = [variable(f"Top.{name}.Sub.Gain") for name in ("X", "Y", "Z")]
    nodes += [variable(f"Top.{name}.Gain") for name in ("X", "Y", "Z")]
    _, converter = made(root_of(*nodes), ["Top.X", "Top.Z"], ["Sub.Gain"])
    assert [column.name for column in converter.spec.columns] == ["device", "Sub_Gain"]
    node, converter = made(root_of(*nodes), ["Top.X", "Top.Z"], ["Sub.Gain"])
    assert converter.to_pv(node.value())["device"] == ["Top.X", "Top.Z"]


def test_a_variable_named_as_the_first_column_has_its_name():
    _, converter = made(root_of(variable("Top.A.device")), "Top.A", ["device"])
    assert [column.name for column in converter.spec.columns] == ["device_path", "device"]


def test_arrays_are_left_out_unless_they_are_named():
    array = {"ndType": float, "numValues": 3, "valueBits": 64}
    root = root_of(variable("Top.A.Wave", "float64(3,)", **array), variable("Top.A.Gain"))
    _, converter = made(root, "Top.A")
    assert [column.label for column in converter.spec.columns] == ["device", "Gain"]
    with pytest.raises(PluginError, match=r"^RB.B:T: Top.A.Wave is no scalar$"):
        made(root, "Top.A", ["Wave"])
    with pytest.raises(PluginError, match=r"^RB.B:T: Top.A has no scalar variable$"):
        made(root_of(root.variableList[0]), "Top.A")


# Cells ----------------------------------------------------------------------------------------


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


def enabled(value, **attributes):
    enable = variable("Top.A.enable", "bool", value, **attributes)
    enable.parent = SimpleNamespace(enable=enable)
    return enable


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


def test_a_table_is_its_own_plugins_only():
    root = root_of(*gains(1))
    one, other = (DeviceTable(name, "Top.Adc[*]") for name in ("A", "B"))
    (extra,) = one.extra_nodes("B", root)
    for plugin, ours in ((one, True), (other, False)):
        (rule,) = plugin.converter_rules()
        (times,) = plugin.time_source_rules()
        assert rule.select(extra.node) is times.select(extra.node) is ours
        assert not rule.select(root.variableList[0])


# Updates --------------------------------------------------------------------------------------


class Listening:
    """A listener that stands in the way until it is told to go on."""

    def __init__(self, error=None):
        self.told, self.arrived, self.go = [], threading.Semaphore(0), threading.Semaphore(0)
        self.error = error

    def __call__(self, path, value):
        self.told.append((path, value.value.time_ns, value.status))
        self.arrived.release()
        assert self.go.acquire(timeout=WAIT)
        if self.error is not None:
            raise self.error

    def wait(self):
        assert self.arrived.acquire(timeout=WAIT)


def table_threads():
    return [t.name for t in threading.enumerate() if t.name.startswith("roguebridge-B:T")]


def test_many_updates_are_told_once_and_nothing_is_read_for_it():
    nodes = gains(3)
    table, _ = made(root_of(*nodes), "Top.Adc[*]", period=0)
    assert table.value().time_ns is None
    for one in nodes:
        one.value = lambda: pytest.fail("read")
    listening = Listening()
    table.addListener(listening)
    nodes[0].update(1.0)
    listening.wait()
    for one in nodes:
        for value in range(100):
            one.update(float(value))
    listening.go.release()
    listening.wait()
    assert len(listening.told) == 2
    (path, first, status), (_, second, _) = listening.told
    assert (path, status) == ("RB.B:T", "None")
    assert second >= first > 0
    assert table.value().time_ns == second
    listening.go.release()
    table.delListener(listening)
    assert table_threads() == []
    assert [one.listeners for one in nodes] == [[], [], []]


def test_a_listener_that_raises_is_logged_and_the_next_are_told(caplog):
    (gain,) = gains(1)
    table, _ = made(root_of(gain), "Top.Adc[*]", period=0)
    bad, good = Listening(RuntimeError("oops")), Listening()
    table.addListener(bad)
    table.addListener(good)
    table.addListener(good)
    with caplog.at_level(logging.ERROR):
        gain.update(1.0)
        bad.go.release()
        good.wait()
    assert "RB.B:T: a listener failed" in caplog.text
    good.go.release()
    table.delListener(bad)
    assert len(table_threads()) == 1
    table.delListener(bad)
    table.delListener(good)
    table.delListener(good)
    assert table_threads() == []
    assert len(good.told) == 1


def test_a_variable_and_the_enable_of_its_device_are_heard_once_each():
    nodes = [variable("Top.A.Gain"), variable("Top.A.Temp")]
    enable = enabled(True)
    for one in nodes:
        one.parent = SimpleNamespace(enable=enable)
    table, _ = made(root_of(*nodes), "Top.A")
    listening = Listening()
    table.addListener(listening)
    assert [len(one.listeners) for one in (*nodes, enable)] == [1, 1, 1]
    table.delListener(listening)
    assert [len(one.listeners) for one in (*nodes, enable)] == [0, 0, 0]


def test_a_read_reads_every_variable_and_raises_what_failed_first():
    nodes = gains(3)
    table, _ = made(root_of(*nodes), "Top.Adc[*]")
    read = []
    for one in nodes:
        one.get = lambda one=one: read.append(one) or one.value()
    table.get()
    assert read == nodes
    nodes[0].present, nodes[2].present = OSError("first"), OSError("last")
    with pytest.raises(OSError, match="first"):
        table.get()
    assert read == nodes * 2
