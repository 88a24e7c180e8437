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
    """The bytes of a connection, or of a datagram, that were not taken yet.

    Each header is read once, when the message becomes the first one.
    """

    __slots__ = ("command", "size", "missing", "_bytes", "_at", "_unwanted", "_head")

    def __init__(self) -> None:
        #: the kind of the first message; -1 until its header has arrived
        self.command = -1
        #: bytes of the first message, header included, as far as its header has arrived
        self.size = _HEADER.size
        #: bytes of the first message that have not arrived; 0 if it is whole, or there is none
        self.missing = 0
        self._bytes = bytearray()
        self._at = 0  # of the first byte that was not taken
        self._unwanted = 0  # bytes that are to come and belong to a message that was left out
        self._head: tuple[int, ...] = ()  # of the first message

    def __bool__(self) -> bool:
        return self._at < len(self._bytes)

    def add(self, data: bytes | memoryview) -> None:
        """Add a copy of bytes that have arrived."""
        if self._unwanted:
            left_out = min(self._unwanted, len(data))
            self._unwanted -= left_out
            data = data[left_out:]
        if self._at:
            del self._bytes[: self._at]
            self._at = 0
        self._bytes += data
        self._look()

    def _look(self) -> None:
        """Read the header of the first message, as far as it has arrived."""
        there = len(self._bytes) - self._at
        if there < _HEADER.size:
            self.command, self.size = -1, _HEADER.size
            self.missing = _HEADER.size - there if there else 0
            return
        self._head = _HEADER.unpack_from(self._bytes, self._at)
        self.command, size, _, count, _, _ = self._head
        whole = _HEADER.size
        if size == _EXTENDED and not count:
            whole += _MORE.size
            size = 0
            if there >= whole:
                size, _ = _MORE.unpack_from(self._bytes, self._at + _HEADER.size)
        self.size = whole + size
        self.missing = max(self.size - there, 0)

    def take(self) -> Request | None:
        """Take the first message; None if it is not whole, or there is none."""
        if self.missing or not self:
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
        command, size, type, count, one, two = self._head
        start = self._at + _HEADER.size
        if size == _EXTENDED and not count:
            _, count = _MORE.unpack_from(self._bytes, start)
            start += _MORE.size
        with memoryview(self._bytes) as view:
            header, payload = bytes(view[self._at : start]), bytes(view[start:end])
        if end < len(self._bytes):
            self._at = end
            self._look()
        else:  # give the memory of a large one back
            self.clear()
        return Request(command, type, count, one, two, payload, header)

    def clear(self) -> None:
        """Forget all."""
        self._bytes = bytearray()
        self._at = 0
        self._look()


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
