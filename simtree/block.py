"""A run of bytes in hardware shared by the registers in it: cache, transactions, verification."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from roguebridge.simtree.errors import GeneralError
from roguebridge.simtree.memory import POST, READ, VERIFY, WRITE, Slave, Transaction

if TYPE_CHECKING:
    from roguebridge.simtree.remote import RemoteVariable

SOURCE = "Block::checkTransaction"


class Block:
    """Cache and transaction state of some registers.

    One lock is held while a transaction is started and while its end is awaited, so that reading
    the cache waits too.

    :param slave: the memory.
    :param address: first byte in the memory.
    :param offset: first byte in the device.
    :param size: bytes, a multiple of the slave's smallest access.
    :param timeout: seconds a transaction may take.
    """

    def __init__(self, slave: Slave, address: int, offset: int, size: int, timeout: float) -> None:
        self.slave, self.address, self.offset, self.size = slave, address, offset, size
        self.variables: list[RemoteVariable] = []
        self.path, self.mode = "", "RW"
        self.bulkOpEn = self._notifies = self._verifies = False
        self.mutex = threading.Lock()
        self.data = bytearray(size)
        self._seen = bytearray(size)
        self._expected = bytearray(size)
        self._mask = bytearray(size)
        self._timeout, self._retries = timeout, 0
        self._enable = True
        self._stale = self._verifyWanted = self._verifying = self._update = False
        self._range = (0, size)
        self._pending: Transaction | None = None
        self._error = ""

    def addVariables(self, variables: list[RemoteVariable]) -> None:
        """Take over registers whose bit offsets count from the block's first byte.

        :param variables: the registers.
        """
        self.variables = variables
        self.path, self.mode = variables[0].path, variables[0].mode
        used = 0
        mask = untested = 0
        for var in variables:
            bits = var.bitMask()
            if not var.overlapEn:
                if used & bits:
                    raise GeneralError(
                        "Block::addVariables",
                        f"Variable bit overlap detected for block {self.path} with address "
                        f"0x{self.address:08x} and variable {var.name}",
                    )
                used |= bits
            if var.mode == "RW" and var.verifyEn:
                mask |= bits
            else:
                untested |= bits
            if var.mode != self.mode:
                self.mode = "RW"
            self.bulkOpEn |= var.bulkEn
            self._notifies |= var.updateNotify
            self._retries = max(self._retries, var.retryCount)
        self._verifies = mask != 0
        self._mask[:] = (mask & ~untested).to_bytes(self.size, "little")

    def setEnable(self, value: bool) -> None:
        """Follow the device's enable state.

        :param value: True if enabled.
        """
        with self.mutex:
            self._enable = value

    def setTimeout(self, timeout: float) -> None:
        """Change the time limit of transactions.

        :param timeout: seconds.
        """
        self._timeout = timeout

    def start(
        self,
        kind: int,
        *,
        force: bool = False,
        wait: bool = False,
        var: RemoteVariable | None = None,
        index: int = -1,
    ) -> None:
        """Start a transaction, after the end of a previous one.

        :param kind: READ, WRITE, POST or VERIFY.
        :param force: write even if nothing was staged.
        :param wait: also wait for its end.
        :param var: only this register, else the whole block.
        :param index: only this element of the register.
        """
        update = False
        for attempt in range(self._retries + 1):
            self._startTransaction(kind, force, var, index)
            if not wait and self._retries == 0:
                return
            try:
                update = self._finish()
                break
            except GeneralError:
                force = True
                if attempt == self._retries:
                    raise
        if update:
            self._notify()

    def check(self) -> None:
        """Wait for the transaction's end, raise its error, or queue the registers' updates."""
        if self._finish():
            self._notify()

    def mark_stale(self, var: RemoteVariable, low: int, high: int) -> None:
        """Note that bytes of the cache wait to be written; the caller holds the lock.

        :param var: the register.
        :param low: first byte.
        :param high: byte after the last.
        """
        if var.mode == "RO":
            return
        self._stale = True
        old = var.staleBytes
        var.staleBytes = (low, high) if old is None else (min(low, old[0]), max(high, old[1]))

    def _needless(self, kind: int, force: bool) -> bool:
        if kind == WRITE:
            return self.mode == "RO" or not (self._stale or force)
        if kind == POST:
            return self.mode == "RO"
        if kind == READ:
            return self.mode == "WO" or self._stale
        return self.mode != "RW" or self._stale or not self._verifyWanted

    def _startTransaction(
        self, kind: int, force: bool, var: RemoteVariable | None, index: int
    ) -> None:
        if self._needless(kind, force):
            return
        with self.mutex:
            self._waitTransaction()
            self._error = ""
            low, high = self._extent(kind, var, index)
            if not self._enable:
                return
            target = self.data
            if kind == VERIFY:
                (low, high), target = self._range, self._seen
                self._verifying = True
            elif kind == WRITE:
                self._range = (low, high)
                self._verifyWanted = self._verifies
                self._expected[low:high] = self.data[low:high]
            self._update = self._notifies
            self._pending = Transaction(
                kind, self.address + low, memoryview(target)[low:high], self._timeout
            )
            self.slave._doTransaction(self._pending)  # noqa: SLF001

    def _extent(self, kind: int, var: RemoteVariable | None, index: int) -> tuple[int, int]:
        writing = kind in (WRITE, POST)
        low, high = (0, self.size) if var is None else var.byteRange(index)
        if writing:
            if var is not None and var.staleBytes is not None:
                low, high = var.staleBytes
            for other in self.variables:
                if other.staleBytes is not None:
                    low, high = min(low, other.staleBytes[0]), max(high, other.staleBytes[1])
                    other.staleBytes = None
            self._stale = False
        return low, high

    def _waitTransaction(self) -> None:
        if self._pending is not None:
            self._error = self._pending.wait()
            self._pending = None

    def _finish(self) -> bool:
        with self.mutex:
            self._waitTransaction()
            error, self._error = self._error, ""
            if error:
                raise GeneralError(
                    SOURCE,
                    f"Transaction error for block {self.path} with address "
                    f"0x{self.address:08x}. Error {error}",
                )
            if not self._enable:
                return False
            if self._verifying:
                self._verifyWanted = self._verifying = False
                self._compare()
            update, self._update = self._update, False
            return update

    def _compare(self) -> None:
        for i in range(*self._range):
            got, wanted, mask = self._seen[i], self._expected[i], self._mask[i]
            if (got ^ wanted) & mask:
                raise GeneralError(
                    SOURCE,
                    f"Verify error for block {self.path} with address 0x{self.address:08x}. "
                    f"Byte: {i}. Got: 0x{got:02x}, Exp: 0x{wanted:02x}, Mask: 0x{mask:02x}",
                )

    def _notify(self) -> None:
        for var in self.variables:
            if var.updateNotify:
                var._queueUpdate()  # noqa: SLF001
