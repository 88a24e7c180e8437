"""The memory side of a device: its address, its blocks, and transactions on all of them."""

from __future__ import annotations

import warnings
from typing import Any

from roguebridge.simtree.block import Block
from roguebridge.simtree.errors import DeviceError, MemoryError
from roguebridge.simtree.local import LocalVariable
from roguebridge.simtree.memory import READ, VERIFY, WRITE, Slave
from roguebridge.simtree.node import Node
from roguebridge.simtree.remote import RemoteVariable


def wait_each(waitEach: bool | None, kwargs: dict[str, Any]) -> bool:
    """Combine the `waitEach` keyword and its deprecated spelling `checkEach`.

    :param waitEach: the current keyword.
    :param kwargs: other keywords; the deprecated one is taken out, using it warns.
    """
    old = kwargs.pop("checkEach", None)
    if old is None:
        return bool(waitEach)
    warnings.warn("`checkEach` is deprecated; use `waitEach`.", DeprecationWarning, stacklevel=3)
    if waitEach is not None and bool(waitEach) != bool(old):
        raise ValueError("Conflicting values for `waitEach` and deprecated `checkEach`.")
    return bool(old)


class Hub(Node):
    """The blocks of a device.

    :param memBase: memory of its registers; by default its parent's, at the parent's address.
    :param offset: bytes from the memory's or parent's address.
    :param kwargs: the arguments of Node.
    """

    def __init__(self, *, memBase: Slave | None, offset: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._memBase, self._offset = memBase, offset
        self._blocks: list[Any] = []
        self._timeout = 1.0

    @property
    def offset(self) -> int:
        """Bytes from the memory's or parent's address."""
        return self._offset

    @property
    def address(self) -> int:
        """Address in the memory."""
        return self._hub()[1]

    def _hub(self) -> tuple[Slave | None, int]:
        """Give the memory beneath, if any, and the device's address in it."""
        if self._memBase is not None or self._parent in (None, self):
            return self._memBase, self._offset
        slave, base = self._parent._hub()  # noqa: SLF001
        return slave, base + self._offset

    def _start_blocks(self, kind: int, variable: Any, waitEach: bool, **options: Any) -> None:
        if variable is not None:
            whole = kind == VERIFY  # the range was fixed by the write before
            variable.block.start(
                kind, wait=waitEach, **({} if whole else {"var": variable, **options})
            )
            return
        options.pop("index", None)
        for block in self._blocks:
            if block.bulkOpEn:
                block.start(kind, wait=waitEach, **options)

    def writeBlocks(
        self,
        *,
        force: bool = False,
        recurse: bool = True,
        variable: Any = None,
        waitEach: bool | None = None,
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
        waitEach = wait_each(waitEach, kwargs)
        self._start_blocks(WRITE, variable, waitEach, force=force, index=index)
        if variable is None and recurse:
            for device in self.devices.values():
                device.writeBlocks(force=force, recurse=True, waitEach=waitEach, **kwargs)

    def verifyBlocks(
        self,
        *,
        recurse: bool = True,
        variable: Any = None,
        waitEach: bool | None = None,
        **kwargs: Any,
    ) -> None:
        """Start to read back what was written.

        :param recurse: also the devices below.
        :param variable: only this register.
        :param waitEach: wait for each block's end.
        :param kwargs: passed to the devices below.
        """
        waitEach = wait_each(waitEach, kwargs)
        self._start_blocks(VERIFY, variable, waitEach)
        if variable is None and recurse:
            for device in self.devices.values():
                device.verifyBlocks(recurse=True, waitEach=waitEach, **kwargs)

    def readBlocks(
        self,
        *,
        recurse: bool = True,
        variable: Any = None,
        waitEach: bool | None = None,
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
        waitEach = wait_each(waitEach, kwargs)
        self._start_blocks(READ, variable, waitEach, index=index)
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
        for block in self._blocks:
            block.check()
        if recurse:
            for device in self.devices.values():
                device.waitBlocks(recurse=True, **kwargs)

    def writeAndVerifyBlocks(
        self,
        force: bool = False,
        recurse: bool = True,
        variable: Any = None,
        checkEach: bool | None = None,
        *,
        waitEach: bool | None = None,
    ) -> None:
        """Write, read back and wait.

        :param force: write also what is not staged.
        :param recurse: also the devices below.
        :param variable: only this register.
        :param checkEach: deprecated spelling of waitEach.
        :param waitEach: wait for each block's end before the next begins.
        """
        waitEach = wait_each(waitEach, {"checkEach": checkEach})
        self.writeBlocks(force=force, recurse=recurse, variable=variable, waitEach=waitEach)
        self.verifyBlocks(recurse=recurse, variable=variable, waitEach=waitEach)
        self.waitBlocks(recurse=recurse, variable=variable)

    def readAndWaitBlocks(
        self,
        recurse: bool = True,
        variable: Any = None,
        waitEach: bool | None = None,
        *,
        checkEach: bool | None = None,
    ) -> None:
        """Read and wait.

        :param recurse: also the devices below.
        :param variable: only this register.
        :param waitEach: wait for each block's end before the next begins.
        :param checkEach: deprecated spelling of waitEach.
        """
        waitEach = wait_each(waitEach, {"checkEach": checkEach})
        self.readBlocks(recurse=recurse, variable=variable, waitEach=waitEach)
        self.waitBlocks(recurse=recurse, variable=variable)

    def checkBlocks(self, *, recurse: bool = True, variable: Any = None, **kwargs: Any) -> None:
        """Do waitBlocks, under its old name.

        :param recurse: also the devices below.
        :param variable: only this register.
        :param kwargs: passed to the devices below.
        """
        warnings.warn("`checkBlocks` is deprecated; use `waitBlocks`.", DeprecationWarning, 2)
        self.waitBlocks(recurse=recurse, variable=variable, **kwargs)

    def readAndCheckBlocks(self, recurse: bool = True, variable: Any = None) -> None:
        """Do readAndWaitBlocks, under its old name.

        :param recurse: also the devices below.
        :param variable: only this register.
        """
        warnings.warn(
            "`readAndCheckBlocks` is deprecated; use `readAndWaitBlocks`.", DeprecationWarning, 2
        )
        self.readAndWaitBlocks(recurse, variable)

    def _updateBlockEnable(self) -> None:
        """Tell the blocks here and below whether they are enabled."""
        for block in self._blocks:
            block.setEnable(self.enable.value() is True)
        for device in self.devices.values():
            device._updateBlockEnable()  # noqa: SLF001

    def _setTimeout(self, timeout: float) -> None:
        """Set the time limit of transactions here and below.

        :param timeout: seconds.
        """
        for block in self._blocks:
            block.setTimeout(timeout)
        for device in self.devices.values():
            device._setTimeout(timeout)  # noqa: SLF001

    def _buildBlocks(self) -> None:
        """Group the registers into blocks: those that share bytes share a block."""
        registers = []
        for node in self._nodes.values():
            if isinstance(node, LocalVariable):
                self._blocks.append(node.block)
            elif isinstance(node, RemoteVariable):
                registers.append(node)
        if not registers:
            return
        slave, base = self._hub()
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
        self._blocks.append(block)
