"""What is known of PyRogue by the text and shape of its objects."""

import inspect
from types import SimpleNamespace

import pytest
from support.engine.fakes import FakeCommand, FakeNode

from roguebridge.core.tree.command_calls import parameters_of
from roguebridge.core.tree.device_enable import disabled, enable_of
from roguebridge.core.tree.links import computed, mirrored
from roguebridge.core.tree.pyrogue import protocols_of, read_fault, refused_by_tree
from roguebridge.core.values.alarm import CALC, COMM, READ, TIMEOUT


class GeneralError(Exception):
    """As rogue raises."""


class VariableError(Exception):
    """As PyRogue raises."""


@pytest.mark.parametrize(
    ("exc", "hardware", "alarm"),
    [
        (ConnectionError("gone"), True, COMM),
        (Exception("ZMQ Interface Exception: no reply"), False, COMM),
        (GeneralError("Timeout waiting for register transaction 3"), True, TIMEOUT),
        (GeneralError("Non zero status message returned: NAK"), True, READ),
        (ValueError("no sensor"), False, CALC),
    ],
    ids=repr,
)
def test_why_a_value_could_not_be_had_is_told_apart(exc, hardware, alarm):
    assert read_fault(exc, hardware) is alarm


@pytest.mark.parametrize(
    ("exc", "hardware", "refused"),
    [
        (GeneralError("Failed to extract value"), True, True),
        (GeneralError("Value range error for V"), False, True),
        (GeneralError("Timeout waiting for register"), True, False),
        (VariableError("mode is RO"), False, True),
        (OverflowError("too large"), True, True),
        (OverflowError("too large"), False, False),  # a localSet may have acted
        (RuntimeError("bus error"), True, False),
    ],
    ids=repr,
)
def test_what_the_tree_refused_changed_nothing(exc, hardware, refused):
    assert refused_by_tree(exc, hardware) is refused


def command(function):
    return FakeCommand(function)


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (lambda: None, []),
        (lambda arg: None, ["arg"]),
        (lambda root, dev, cmd: None, []),
        (lambda root, dev, cmd, arg, steps=3: None, ["arg", "steps"]),
        (lambda *, arg: None, ["arg"]),
        (lambda *args, **kwargs: None, []),
        (lambda first, /, second: None, ["second"]),
    ],
)
def test_the_arguments_that_a_function_takes(function, names):
    assert list(parameters_of(command(function))) == names


@pytest.mark.parametrize("function", [None, dict, 5], ids=repr)
@pytest.mark.parametrize("arg", [True, False])
def test_of_a_function_that_cannot_be_looked_into_pyrogues_argument_is_known(function, arg):
    parameters = parameters_of(SimpleNamespace(_function=function, arg=arg))
    assert list(parameters) == (["arg"] if arg else [])
    assert all(one.default is inspect.Parameter.empty for one in parameters.values())


def test_of_a_remote_command_pyrogues_argument_is_known():
    assert list(parameters_of(SimpleNamespace(arg=True))) == ["arg"]


def test_the_enable_of_a_devices_nodes_governs_all_but_itself():
    enable = FakeNode(False, "Top.Dev.enable")
    enable.parent = device = SimpleNamespace(path="Top.Dev", enable=enable)
    node = FakeNode()
    node.parent = device
    assert enable_of(node) is enable
    assert disabled(enable) is None
    assert disabled(node) == "Top.Dev.V: its device Top.Dev is disabled (enable is False)"
    enable.present = True
    assert disabled(node) is None


@pytest.mark.parametrize(
    "parent", [None, SimpleNamespace(), SimpleNamespace(enable=None)], ids=repr
)
def test_a_node_without_an_enable_cannot_be_disabled(parent):
    node = FakeNode()
    node.parent = parent
    assert (enable_of(node), disabled(node)) == (None, None)


def test_a_value_that_a_function_of_the_tree_gives_is_told_from_a_kept_one(tree, running):
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    root.add(pr.LocalVariable(name="Kept", value=1))
    root.add(pr.LocalVariable(name="Got", value=1, localGet=lambda: 2))
    root.add(pr.LinkVariable(name="Same", variable=root.Kept))
    root.add(pr.LinkVariable(name="SameGot", variable=root.Got))
    root.add(pr.LinkVariable(name="Mine", variable=root.Kept, linkedGet=lambda: 3))
    root.add(pr.LinkVariable(name="Sum", dependencies=[root.Kept], linkedGet=lambda: 4))
    root.add(pr.LocalCommand(name="Go", function=print))
    with running(root):
        names = ("Kept", "Got", "Same", "SameGot", "Mine", "Sum", "Go")
        found = [name for name in names if computed(root.getNode(f"Top.{name}"))]
    assert found == ["Got", "SameGot", "Mine", "Sum"]


def test_a_link_that_passes_values_on_mirrors_its_source(tree, running):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.LocalVariable(name="V", value=1))
    root.add(tree.pr.LinkVariable(name="Same", variable=root.V))
    root.add(tree.pr.LinkVariable(name="Own", dependencies=[root.V], linkedSet=lambda value: None))
    with running(root):
        assert mirrored(root.Same) is root.V
        assert [mirrored(node) for node in (root.Own, root.V)] == [None, None]
    assert mirrored(SimpleNamespace(_linkedSet=root.Same._linkedSet, dependencies=[])) is None


def test_protocols_are_found_before_the_start(tree):
    class Protocol:
        def _start(self):
            """Nothing."""

        def _stop(self):
            """Nothing."""

    root = tree.pr.Root(name="Top", pollEn=False)
    device = tree.pr.Device(name="Dev")
    root.add(device)
    mine = [Protocol(), Protocol()]
    root.addProtocol(mine[0])
    device.addProtocol(mine[1])
    found = protocols_of(root)
    assert [one for one in found if isinstance(one, Protocol)] == mine
