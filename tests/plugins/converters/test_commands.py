"""A command is served as its argument, or as whether it runs."""

import pytest
from support.trees import make_memory, running
from support.trees.everything import ENUM, OFF_ON, SCALAR, typed

from roguebridge.core.errors import PutError
from roguebridge.plugins.converters import make_converter


@pytest.fixture
def commands(tree):
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    memory = make_memory(tree)
    root.addInterface(memory)
    device = pr.Device(name="Dev", memBase=memory)
    root.add(device)
    device.add(pr.LocalCommand(name="Plain", function=lambda: None))
    device.add(pr.LocalCommand(name="Number", function=lambda arg: arg))
    device.add(pr.LocalCommand(name="Real", value=0.0, function=lambda arg: arg))
    device.add(pr.LocalCommand(name="Text", value="", function=lambda arg: arg))
    device.add(pr.LocalCommand(name="Choice", value=0, enum=OFF_ON, function=lambda arg: arg))
    device.add(
        pr.RemoteCommand(
            name="Touch", offset=0, bitSize=16, base=pr.UInt, function=pr.BaseCommand.touch
        )
    )
    device.add(
        pr.RemoteCommand(
            name="TouchOne", offset=4, bitSize=16, base=pr.UInt, function=pr.BaseCommand.touchOne
        )
    )
    with running(root):
        yield device


@pytest.mark.parametrize(
    ("name", "kind", "scalar"),
    [
        ("Plain", SCALAR, "Int32"), ("Number", SCALAR, "Int64"), ("Real", SCALAR, "Float64"),
        ("Text", SCALAR, "String"), ("Choice", ENUM, "Int32"), ("Touch", SCALAR, "UInt16"),
        ("TouchOne", SCALAR, "Int32"),
    ],
)  # fmt: skip
def test_a_command_is_served_as_its_argument_or_as_running(commands, name, kind, scalar):
    spec = make_converter(commands.node(name)).spec
    assert (spec.kind, spec.scalar) == typed(kind, scalar)
    assert spec.writable


def test_a_command_without_argument_runs_for_anything_but_zero(commands):
    for name in ("Plain", "TouchOne"):
        converter = make_converter(commands.node(name))
        assert [converter.to_tree(value) for value in (0, 1, 5)] == [False, True, True]
        assert converter.to_pv(commands.node(name).value()) == 0


def test_arguments_are_converted_and_held_to_their_range(commands):
    assert commands.Number(make_converter(commands.Number).to_tree("0x10")) == 16
    assert commands.Real(make_converter(commands.Real).to_tree(2)) == 2.0
    assert commands.Choice(make_converter(commands.Choice).to_tree("On")) == 1
    with pytest.raises(PutError):
        make_converter(commands.Touch).to_tree(2**16)
    commands.Touch(make_converter(commands.Touch).to_tree(7))
    assert commands.Touch.value() == 7
