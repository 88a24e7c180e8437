"""Memory beneath the registers: transactions, and the slaves that answer them from any thread."""

from __future__ import annotations

import itertools
import threading
import time

READ, WRITE, POST, VERIFY = 1, 2, 3, 4


class Transaction:
    """One access to a slave, answered exactly once by done() or error(), else it times out.

    :param kind: READ, WRITE, POST or VERIFY.
    :param address: first byte.
    :param buffer: what is written, or where the answer goes.
    :param timeout: seconds.
    """

    _ids = itertools.count(1)

    def __init__(self, kind: int, address: int, buffer: memoryview, timeout: float) -> None:
        self._kind, self._address, self._buffer = kind, address, buffer
        self._id = next(self._ids)
        self._end = time.monotonic() + timeout
        self._answered = threading.Event()
        self._guard = threading.RLock()
        self._text = ""

    def id(self) -> int:
        """Give the number of the transaction."""
        return self._id

    def type(self) -> int:
        """Give READ, WRITE, POST or VERIFY."""
        return self._kind

    def address(self) -> int:
        """Give the first byte's address."""
        return self._address

    def size(self) -> int:
        """Give the number of bytes."""
        return len(self._buffer)

    def expired(self) -> bool:
        """Tell whether nobody waits any more."""
        return self._answered.is_set()

    def lock(self) -> threading.RLock:
        """Give the lock that holds off the end of the transaction, as a context manager."""
        return self._guard

    def getData(self, data: bytearray, offset: int) -> None:
        """Copy what is to be written.

        :param data: receives the bytes.
        :param offset: first byte of the transaction to copy.
        """
        data[:] = self._buffer[offset : offset + len(data)]

    def setData(self, data: bytes | bytearray, offset: int) -> None:
        """Give what was read; ignored when expired.

        :param data: the bytes.
        :param offset: their place in the transaction.
        """
        with self._guard:
            if not self.expired():
                self._buffer[offset : offset + len(data)] = data

    def done(self) -> None:
        """Answer: all went well."""
        self._answered.set()

    def error(self, text: str) -> None:
        """Answer: it failed.

        :param text: why.
        """
        with self._guard:
            if not self.expired():
                self._text = text
                self._answered.set()

    def wait(self) -> str:
        """Wait for the answer or the timeout; gives the error text or ''."""
        if not self._answered.wait(max(0.0, self._end - time.monotonic())):
            self.error(f"Timeout waiting for register transaction {self._id} message response.")
        return self._text


class Slave:
    """Something that answers transactions; subclasses override _doTransaction.

    :param minAccess: bytes to which accesses are aligned.
    :param maxAccess: most bytes in one access.
    """

    def __init__(self, minAccess: int = 4, maxAccess: int = 0xFFFFFFFF) -> None:
        self._minAccess, self._maxAccess = minAccess, maxAccess

    def _doMinAccess(self) -> int:
        return self._minAccess

    def _doMaxAccess(self) -> int:
        return self._maxAccess

    def _doAddress(self) -> int:
        return 0

    def _doTransaction(self, transaction: Transaction) -> None:
        transaction.error("Unsupported transaction, no slave is connected.")
