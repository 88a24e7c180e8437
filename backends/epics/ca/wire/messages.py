"""The bytes that one client sends, cut into messages; on the loop.

Each message is handed on alone and as bytes of its own. What a monitor or an unanswered put keeps
is then its message and no more, and nothing is copied once for each message before it.
"""

from __future__ import annotations

import struct

_HEADER = struct.Struct("!HHHHII")
_MORE = struct.Struct("!II")  # of an extended header: the true size and count
_EXTENDED = 0xFFFF


class Messages:
    """What has arrived of a connection and was not taken yet."""

    __slots__ = ("_bytes", "_at", "_unwanted")

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._at = 0  # of the first byte that was not taken
        self._unwanted = 0  # bytes that are to come and belong to a message that was left out

    def __bool__(self) -> bool:
        return self._at < len(self._bytes)

    def add(self, data: bytes) -> None:
        """Add what has arrived."""
        if self._unwanted:
            left_out = min(self._unwanted, len(data))
            self._unwanted -= left_out
            data = data[left_out:]
        del self._bytes[: self._at]
        self._at = 0
        self._bytes += data

    @property
    def command(self) -> int:
        """What the first message is; its header has arrived."""
        return self._bytes[self._at] << 8 | self._bytes[self._at + 1]

    @property
    def missing(self) -> int:
        """Bytes of the first message that have not arrived; 0 if it is whole, or there is none."""
        if not self:
            return 0
        return max(self.size - (len(self._bytes) - self._at), 0)

    @property
    def size(self) -> int:
        """Bytes of the first message, header included, as far as its header has arrived."""
        there = len(self._bytes) - self._at
        if there < _HEADER.size:
            return _HEADER.size
        _, size, _, count, _, _ = _HEADER.unpack_from(self._bytes, self._at)
        if size != _EXTENDED or count:
            return int(_HEADER.size + size)
        whole = _HEADER.size + _MORE.size
        if there < whole:
            return whole
        size, _ = _MORE.unpack_from(self._bytes, self._at + _HEADER.size)
        return int(whole + size)

    def take(self) -> bytes | None:
        """Take the first message; None if it is not whole."""
        if not self:
            return None
        end = self._at + self.size
        if end > len(self._bytes):
            return None
        with memoryview(self._bytes) as view:
            message = bytes(view[self._at : end])
        self._at = end
        if end == len(self._bytes):  # give the memory of a large one back
            self.clear()
        return message

    def leave_out(self) -> bytes:
        """Return the header of the first message, which has arrived in part; the rest is dropped.

        :returns: 16 bytes, or 24 of an extended header
        """
        _, size, _, count, _, _ = _HEADER.unpack_from(self._bytes, self._at)
        length = _HEADER.size + (_MORE.size if size == _EXTENDED and not count else 0)
        header = bytes(self._bytes[self._at : self._at + length])
        self._unwanted = self.missing
        self._bytes = bytearray()
        self._at = 0
        return header

    def clear(self) -> None:
        """Forget all."""
        self._bytes = bytearray()
        self._at = 0
