"""A memory that only exists in Python, zero until written."""

from __future__ import annotations

from roguebridge.simtree.memory import POST, WRITE, Slave, Transaction


class MemEmulate(Slave):
    """Byte memory to use as `memBase` of a device.

    :param minWidth: bytes to which accesses must be aligned.
    :param maxSize: most bytes in one access.
    :param dropCount: this many transactions of each dropCount + 1 are never answered.
    """

    def __init__(self, *, minWidth: int = 4, maxSize: int = 0xFFFFFFFF, dropCount: int = 0) -> None:
        super().__init__(minWidth, maxSize)
        self._data: dict[int, int] = {}
        self._dropCount = dropCount
        self._dropped = 0

    def _doTransaction(self, transaction: Transaction) -> None:
        if self._dropped < self._dropCount:
            self._dropped += 1
            return
        self._dropped = 0
        address, size = transaction.address(), transaction.size()
        if address % self._minAccess:
            transaction.error(f"Address {address:#x} is not aligned to {self._minAccess:#x}")
            return
        if size > self._maxAccess:
            transaction.error(f"Size {size} exceeds {self._maxAccess}")
            return
        where = range(address, address + size)
        if transaction.type() in (WRITE, POST):
            data = bytearray(size)
            transaction.getData(data, 0)
            self._data.update(zip(where, data, strict=True))
        else:
            transaction.setData(bytes(self._data.get(a, 0) for a in where), 0)
        transaction.done()
