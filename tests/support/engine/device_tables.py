"""Tables of devices that are made up."""

from types import SimpleNamespace

from roguebridge.plugins.recipes import DeviceTable
from support.engine.nodes import node


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


def enabled(value, **attributes):
    enable = variable("Top.A.enable", "bool", value, **attributes)
    enable.parent = SimpleNamespace(enable=enable)
    return enable
