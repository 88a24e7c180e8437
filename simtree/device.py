"""Devices: groups of variables, commands, devices, and of what is started and stopped with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from roguebridge.simtree.command import LocalCommand, RemoteCommand
from roguebridge.simtree.enable import EnableVariable
from roguebridge.simtree.hub import Hub
from roguebridge.simtree.link import LinkVariable
from roguebridge.simtree.memory import Slave
from roguebridge.simtree.remote import RemoteVariable
from roguebridge.simtree.variable import BaseVariable

# What PyRogue's devices have and these have not: a node of such a name could not be added there.
ABSENT = (
    "addCustomBlock classLogName forceCheckEach forceWaitEach genDocuments getYaml loadYaml "
    "logName nodeCount printYaml saveYaml setClassLogLevel setLogLevel setName setYaml"
)


class Device(Hub):
    """A group of variables, commands and further devices.

    :param name: name; the class name by default.
    :param memBase: memory of its registers; by default its parent's, at the parent's address.
    :param offset: bytes from the memory's or parent's address.
    :param enabled: the first value of enable.
    :param defaults: defaults of variables by name.
    :param enableDeps: variables that must all be true for the device to be enabled.
    """

    _logFamily = "Device"
    _absent = frozenset(ABSENT.split())

    def __init__(
        self,
        *,
        name: str | None = None,
        description: str = "",
        memBase: Slave | None = None,
        offset: int = 0,
        hidden: bool = False,
        groups: list[str] | str | None = None,
        expand: bool = False,
        enabled: bool = True,
        defaults: dict[str, Any] | None = None,
        enableDeps: Iterable[BaseVariable] | None = None,
        guiGroup: str | None = None,
    ) -> None:
        super().__init__(
            name=type(self).__name__ if name is None else name,
            description=description,
            hidden=hidden,
            groups=groups,
            expand=expand,
            guiGroup=guiGroup,
            memBase=memBase,
            offset=offset,
        )
        self._defaults = dict(defaults or {})
        self._ifAndProto: list[Any] = []
        self.add(EnableVariable(enabled=enabled, deps=enableDeps))
        self.add(
            LocalCommand(
                name="ReadDevice",
                value=False,
                hidden=True,
                function=lambda arg: self.readAndWaitBlocks(recurse=arg),
                description="Read the device; with argument True what is below it, too",
            )
        )
        self.add(
            LocalCommand(
                name="WriteDevice",
                value="",
                hidden=True,
                function=lambda arg: self.writeAndVerifyBlocks(force=True, recurse=arg),
                description="Write the device; with argument True what is below it, too",
            )
        )

    @property
    def isDevice(self) -> bool:
        """True."""
        return True

    @property
    def running(self) -> bool:
        """True while the root runs."""
        return self._root is not None and bool(self._root.running)

    def addInterface(self, *interfaces: Any) -> None:
        """Let the root start and stop objects that have `_start` or `_stop`.

        :param interfaces: objects or iterables of them.
        """
        for item in interfaces:
            if isinstance(item, Iterable):
                self._ifAndProto.extend(item)
            else:
                self._ifAndProto.append(item)

    def addProtocol(self, *protocols: Any) -> None:
        """Do the same as addInterface.

        :param protocols: objects or iterables of them.
        """
        self.addInterface(protocols)

    def manage(self, *interfaces: Any) -> None:
        """Do the same for objects that are iterable themselves.

        :param interfaces: the objects.
        """
        self._ifAndProto.extend(interfaces)

    def _start(self) -> None:
        self._call_managed("_start")

    def _stop(self) -> None:
        self._call_managed("_stop")

    def _call_managed(self, method: str) -> None:
        for item in self._ifAndProto:
            if hasattr(item, method):
                getattr(item, method)()
        for device in self.devices.values():
            getattr(device, method)()

    def addRemoteCommands(self, number: int, stride: int, **kwargs: Any) -> None:
        """Add an array of remote commands.

        :param number: how many.
        :param stride: bytes from one to the next.
        :param kwargs: their arguments.
        """
        self.addNodes(RemoteCommand, number, stride, **kwargs)

    def addRemoteVariables(
        self, number: int, stride: int, pack: bool = False, **kwargs: Any
    ) -> None:
        """Add an array of registers.

        :param number: how many.
        :param stride: bytes from one to the next.
        :param pack: True hides them and adds a link `name_All`: their texts, the last one first,
            joined by '_'.
        :param kwargs: their arguments.
        """
        if pack:
            kwargs["hidden"] = True
        self.addNodes(RemoteVariable, number, stride, **kwargs)
        if not pack:
            return
        packed = list(getattr(self, kwargs["name"]).values())

        def join(read: bool) -> str:
            return "_".join([v.getDisp(read=read) for v in packed][::-1])

        def split(value: str, write: bool) -> None:
            if value != "":
                for variable, text in zip(packed, value.split("_")[::-1], strict=False):
                    variable.setDisp(text, write=write)

        own = {**kwargs, "name": f"{kwargs['name']}_All", "value": "", "hidden": False}
        self.add(LinkVariable(linkedGet=join, linkedSet=split, dependencies=packed, **own))

    def command(self, **kwargs: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Give a decorator that adds a function as command.

        :param kwargs: arguments of LocalCommand.
        """

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            self.add(LocalCommand(function=function, **{"name": function.__name__, **kwargs}))
            return function

        return decorate

    def linkVariableGet(self, **kwargs: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Give a decorator that adds a function as getter of a link variable.

        :param kwargs: arguments of LinkVariable.
        """

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            self.add(LinkVariable(linkedGet=function, **{"name": function.__name__, **kwargs}))
            return function

        return decorate

    def setPollInterval(self, interval: float, variables: Iterable[str] | None = None) -> None:
        """Change the interval of some variables, by default of those that are polled.

        :param interval: seconds.
        :param variables: their names.
        """
        names = variables or [n for n, v in self.variables.items() if v.pollInterval != 0]
        for name in names:
            self.node(name).setPollInterval(interval)

    def hideVariables(
        self, hidden: bool, variables: Iterable[str | BaseVariable] | None = None
    ) -> None:
        """Hide or show some variables, by default all.

        :param hidden: True hides.
        :param variables: the variables or their names.
        """
        for item in self.variables.values() if variables is None else variables:
            (self.variables[item] if isinstance(item, str) else item).hidden = hidden

    def initialize(self) -> None:
        """Hook: initialise the device and those below."""
        for device in self.devices.values():
            device.initialize()

    def hardReset(self) -> None:
        """Hook: reset the device and those below."""
        for device in self.devices.values():
            device.hardReset()

    def countReset(self) -> None:
        """Hook: reset the counters of the device and of those below."""
        for device in self.devices.values():
            device.countReset()

    def enableChanged(self, value: Any) -> None:
        """Hook: enable has changed.

        :param value: the new state.
        """

    def _rootAttached(self, parent: Any, root: Any) -> None:
        super()._rootAttached(parent, root)
        for node in self._nodes.values():
            node._rootAttached(self, root)  # noqa: SLF001
        self._buildBlocks()
        for name, value in self._defaults.items():
            nodes, keys = self.nodeMatch(name)
            if keys is None:
                for node in nodes:
                    if isinstance(node, BaseVariable):
                        node.replaceDefault(value)
