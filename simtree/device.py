"""Devices: nodes with children, an address, and hardware blocks built when the root starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from roguebridge.simtree.block import Block
from roguebridge.simtree.command import LocalCommand
from roguebridge.simtree.enable import EnableVariable
from roguebridge.simtree.errors import DeviceError, MemoryError
from roguebridge.simtree.link import LinkVariable
from roguebridge.simtree.local import LocalVariable
from roguebridge.simtree.memory import READ, VERIFY, WRITE, Slave
from roguebridge.simtree.node import Node
from roguebridge.simtree.remote import RemoteVariable
from roguebridge.simtree.variable import BaseVariable


class Device(Node):
    """A group of variables, commands and further devices.

    :param name: name; the class name by default.
    :param memBase: memory of its registers; by default its parent's, at the parent's address.
    :param offset: bytes from the memory's or parent's address.
    :param enabled: the first value of enable.
    :param defaults: defaults of variables by name.
    :param enableDeps: variables that must all be true for the device to be enabled.
    """

    logFamily = "Device"

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
        )
        self._memBase, self._offset = memBase, offset
        self._defaults = dict(defaults or {})
        self._ifAndProto: list[Any] = []
        self.blocks: list[Any] = []
        self._timeout = 1.0
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
    def offset(self) -> int:
        """Bytes from the memory's or parent's address."""
        return self._offset

    @property
    def address(self) -> int:
        """Address in the memory."""
        return self.hub()[1]

    @property
    def running(self) -> bool:
        """True while the root runs."""
        return self._root is not None and bool(self._root.running)

    def hub(self) -> tuple[Slave | None, int]:
        """Give the memory beneath, if any, and the device's address in it."""
        if self._memBase is not None or self._parent in (None, self):
            return self._memBase, self._offset
        slave, base = self._parent.hub()
        return slave, base + self._offset

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
        from roguebridge.simtree.command import RemoteCommand

        self.addNodes(RemoteCommand, number, stride, **kwargs)

    def addRemoteVariables(self, number: int, stride: int, **kwargs: Any) -> None:
        """Add an array of registers.

        :param number: how many.
        :param stride: bytes from one to the next.
        :param kwargs: their arguments.
        """
        self.addNodes(RemoteVariable, number, stride, **kwargs)

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

    def _start_blocks(
        self, kind: int, variable: Any, recurse: bool, waitEach: bool, **options: Any
    ) -> None:
        if variable is not None:
            whole = kind == VERIFY  # the range was fixed by the write before
            variable.block.start(
                kind, wait=waitEach, **({} if whole else {"var": variable, **options})
            )
            return
        options.pop("index", None)
        for block in self.blocks:
            if block.bulkOpEn:
                block.start(kind, wait=waitEach, **options)

    def writeBlocks(
        self,
        *,
        force: bool = False,
        recurse: bool = True,
        variable: Any = None,
        waitEach: bool = False,
        index: int = -1,
        **kwargs: Any,
    ) -> None:
        """Start to write what is staged.

        :param force: write also what is not staged.
        :param recurse: also the devices below.
        :param variable: only this register.
        :param waitEach: wait for each block's end.
        :param index: only this element.
        :param kwargs: passed to the devices below.
        """
        self._start_blocks(WRITE, variable, recurse, waitEach, force=force, index=index)
        if variable is None and recurse:
            for device in self.devices.values():
                device.writeBlocks(force=force, recurse=True, waitEach=waitEach, **kwargs)

    def verifyBlocks(
        self, *, recurse: bool = True, variable: Any = None, waitEach: bool = False, **kwargs: Any
    ) -> None:
        """Start to read back what was written.

        :param recurse: also the devices below.
        :param variable: only this register.
        :param waitEach: wait for each block's end.
        :param kwargs: passed to the devices below.
        """
        self._start_blocks(VERIFY, variable, recurse, waitEach)
        if variable is None and recurse:
            for device in self.devices.values():
                device.verifyBlocks(recurse=True, waitEach=waitEach, **kwargs)

    def readBlocks(
        self,
        *,
        recurse: bool = True,
        variable: Any = None,
        waitEach: bool = False,
        index: int = -1,
        **kwargs: Any,
    ) -> None:
        """Start to read.

        :param recurse: also the devices below.
        :param variable: only this register.
        :param waitEach: wait for each block's end.
        :param index: only this element.
        :param kwargs: passed to the devices below.
        """
        self._start_blocks(READ, variable, recurse, waitEach, index=index)
        if variable is None and recurse:
            for device in self.devices.values():
                device.readBlocks(recurse=True, waitEach=waitEach, **kwargs)

    def waitBlocks(self, *, recurse: bool = True, variable: Any = None, **kwargs: Any) -> None:
        """Wait for the end of what was started; raise the first error, queue updates.

        :param recurse: also the devices below.
        :param variable: only this register.
        :param kwargs: passed to the devices below.
        """
        if variable is not None:
            variable.block.check()
            return
        for block in self.blocks:
            block.check()
        if recurse:
            for device in self.devices.values():
                device.waitBlocks(recurse=True, **kwargs)

    def writeAndVerifyBlocks(
        self, force: bool = False, recurse: bool = True, variable: Any = None
    ) -> None:
        """Write, read back and wait.

        :param force: write also what is not staged.
        :param recurse: also the devices below.
        :param variable: only this register.
        """
        self.writeBlocks(force=force, recurse=recurse, variable=variable)
        self.verifyBlocks(recurse=recurse, variable=variable)
        self.waitBlocks(recurse=recurse, variable=variable)

    def readAndWaitBlocks(self, recurse: bool = True, variable: Any = None) -> None:
        """Read and wait.

        :param recurse: also the devices below.
        :param variable: only this register.
        """
        self.readBlocks(recurse=recurse, variable=variable)
        self.waitBlocks(recurse=recurse, variable=variable)

    def updateBlockEnable(self) -> None:
        """Tell the blocks here and below whether they are enabled."""
        for block in self.blocks:
            block.setEnable(self.enable.value() is True)
        for device in self.devices.values():
            device.updateBlockEnable()

    def setTimeout(self, timeout: float) -> None:
        """Set the time limit of transactions here and below.

        :param timeout: seconds.
        """
        for block in self.blocks:
            block.setTimeout(timeout)
        for device in self.devices.values():
            device.setTimeout(timeout)

    def _rootAttached(self, parent: Any, root: Any) -> None:
        super()._rootAttached(parent, root)
        for node in self._nodes.values():
            node._rootAttached(self, root)
        self.buildBlocks()
        for name, value in self._defaults.items():
            if name in self._nodes and (var := self._nodes[name]).isVariable:
                var.replaceDefault(value)  # type: ignore[attr-defined]

    def buildBlocks(self) -> None:
        """Group the registers into blocks: those that share bytes share a block."""
        registers = []
        for node in self._nodes.values():
            if isinstance(node, LocalVariable):
                self.blocks.append(node.block)
            elif isinstance(node, RemoteVariable):
                registers.append(node)
        if not registers:
            return
        slave, base = self.hub()
        if slave is None:
            raise DeviceError(
                f"Device {self.path} has registers but no memBase, nor has a device above it."
            )
        grain = slave._doMinAccess()  # noqa: SLF001
        for var in registers:
            var.register.align(var.register.offset % grain, grain)
        registers.sort(key=lambda v: (v.offset, v.varBytes))
        groups: list[list[RemoteVariable]] = []
        end = 0
        for var in registers:
            if groups and var.offset < end:
                var.register.align(var.offset - groups[-1][0].offset, grain)
                groups[-1].append(var)
            else:
                groups.append([var])
                end = var.offset
            end = max(end, var.offset + var.varBytes)
        for group in groups:
            self._add_block(slave, base, group)

    def _add_block(self, slave: Slave, base: int, group: list[RemoteVariable]) -> None:
        offset, size = group[0].offset, max(v.varBytes for v in group)
        if size > (most := slave._doMaxAccess()):  # noqa: SLF001
            text = f"Block size {size} is more than {most}"
            raise MemoryError(name=self.path, address=base, msg=text)
        block = Block(slave, base + offset, offset, size, self._timeout)
        block.addVariables(group)
        for var in group:
            var.attach(block)
        block.setEnable(self.enable.value() is True)
        self.blocks.append(block)
