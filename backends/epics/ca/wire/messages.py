"""The messages of Channel Access: those of a client cut from its bytes, and replies as bytes.

Each message is copied alone: an object that keeps one keeps no other message of the same packet.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

VERSION, EVENT_ADD, EVENT_CANCEL, READ, WRITE, SEARCH = 0, 1, 2, 3, 4, 6
EVENTS_OFF, EVENTS_ON, READ_SYNC, ERROR, CLEAR, BEACON = 8, 9, 10, 11, 12, 13
NOT_FOUND, READ_NOTIFY, REPEATER_CONFIRM, CREATE, WRITE_NOTIFY = 14, 15, 17, 18, 19
CLIENT_NAME, HOST_NAME, RIGHTS, ECHO, REPEATER_REGISTER = 20, 21, 22, 23, 24
CREATE_FAILED, DISCONNECTED = 26, 27
NORMAL, BAD_TYPE, GET_FAILED, PUT_FAILED = 1, 114, 152, 160  # with their severity
REVISION = 13  # of the protocol: CA 4.13
_HEADER = struct.Struct("!HHHHII")
_MORE = struct.Struct("!II")  # of an extended header: the true size and count
_EXTENDED = 0xFFFF


class ProtocolError(Exception):
    """A client broke the protocol."""


@dataclass(slots=True)
class Request:
    """A message of a client.

    :param command: number of its kind
    :param type: type of DBR, or what else the second number of the header means
    :param one: first parameter: of most kinds the number of the channel
    :param two: second parameter: of most kinds the client's number for the request
    :param header: the bytes of the header, which an error repeats
    """

    command: int
    type: int
    count: int
    one: int
    two: int
    payload: bytes
    header: bytes


class Messages:
    """The bytes of a connection, or of a datagram, that were not taken yet."""

    __slots__ = ("_bytes", "_at", "_unwanted")

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._at = 0  # of the first byte that was not taken
        self._unwanted = 0  # bytes that are to come and belong to a message that was left out

    def __bool__(self) -> bool:
        return self._at < len(self._bytes)

    def add(self, data: bytes) -> None:
        """Add bytes that have arrived."""
        if self._unwanted:
            left_out = min(self._unwanted, len(data))
            self._unwanted -= left_out
            data = data[left_out:]
        del self._bytes[: self._at]
        self._at = 0
        self._bytes += data

    @property
    def command(self) -> int:
        """The kind of the first message; its header has arrived."""
        return self._bytes[self._at] << 8 | self._bytes[self._at + 1]

    @property
    def missing(self) -> int:
        """Bytes of the first message that have not arrived; 0 if it is whole, or there is none."""
        return max(self.size - (len(self._bytes) - self._at), 0) if self else 0

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

    def take(self) -> Request | None:
        """Take the first message; None if it is not whole, or there is none."""
        if not self or self.missing:
            return None
        return self._taken(self._at + self.size)

    def leave_out(self) -> Request:
        """Take the first message, which has arrived in part, without its payload."""
        missing = self.missing
        request = self._taken(self._at)
        self.clear()
        self._unwanted = missing
        return request

    def _taken(self, end: int) -> Request:
        command, size, type, count, one, two = _HEADER.unpack_from(self._bytes, self._at)
        start = self._at + _HEADER.size
        if size == _EXTENDED and not count:
            _, count = _MORE.unpack_from(self._bytes, start)
            start += _MORE.size
        with memoryview(self._bytes) as view:
            header, payload = bytes(view[self._at : start]), bytes(view[start:end])
        self._at = end
        if end == len(self._bytes):  # give the memory of a large one back
            self.clear()
        return Request(command, type, count, one, two, payload, header)

    def clear(self) -> None:
        """Forget all."""
        self._bytes = bytearray()
        self._at = 0


def message(
    command: int, type: int = 0, count: int = 0, one: int = 0, two: int = 0, payload: bytes = b""
) -> bytes:
    """Return a whole message with its header, the extended one where that must be."""
    payload += bytes(-len(payload) % 8)
    size = len(payload)
    if size < _EXTENDED and count < _EXTENDED:
        return _HEADER.pack(command, size, type, count, one, two) + payload
    head = _HEADER.pack(command, _EXTENDED, type, 0, one, two)
    return head + _MORE.pack(size, count) + payload


def error(header: bytes, cid: int, status: int, text: bytes) -> bytes:
    """Return the error about a request.

    :param header: the request's
    :param cid: the client's number for the channel
    """
    return message(ERROR, one=cid, two=status, payload=header + text + b"\0")


def numbered(whole: bytes, number: int) -> bytes:
    """Return a message with its second parameter replaced."""
    return b"".join((whole[:12], number.to_bytes(4, "big"), whole[16:]))
