"""A table of devices: which variables it has, and which tables cannot be."""

import math

import pytest
from support.engine.device_tables import gains, made, root_of, variable

from roguebridge.core import PluginError
from roguebridge.plugins.recipes import DeviceTable


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


def test_a_table_is_its_own_plugins_only():
    root = root_of(*gains(1))
    one, other = (DeviceTable(name, "Top.Adc[*]") for name in ("A", "B"))
    (extra,) = one.extra_nodes("B", root)
    for plugin, ours in ((one, True), (other, False)):
        (rule,) = plugin.converter_rules()
        (times,) = plugin.time_source_rules()
        assert rule.select(extra.node) is times.select(extra.node) is ours
        assert not rule.select(root.variableList[0])
