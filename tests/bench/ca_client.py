"""The process of one Channel Access client: ``python -m bench.ca_client``.

It reads heads of messages and no more, so that the server is what is measured. It goes straight to
the server's port: how clients search is the same for all servers.
"""

from __future__ import annotations

import itertools
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import child
from .counting import LIMIT, Counting

_VERSION, _EVENT_ADD, _READ_NOTIFY, _CREATE, _WRITE_NOTIFY = 0, 1, 15, 18, 19
_CLIENT_NAME, _HOST_NAME = 20, 21
_FAILURES = {11: "ERROR", 26: "CREATE_CH_FAIL", 27: "SERVER_DISCONN"}
_DOUBLE, _TO_TIME = 6, 14  # DBR_TIME_x is x + 14
_VALUE_AND_ALARM = 5
_ECA_NORMAL = 1
_HEAD = struct.Struct("!HHHHII")
_LONG = struct.Struct("!II")
_MASK = struct.pack("!fffHxx", 0.0, 0.0, 0.0, _VALUE_AND_ALARM)

Head = tuple[int, int, int, int]  # command, type, and two parameters


def message(
    command: int, type: int = 0, count: int = 0, one: int = 0, two: int = 0, payload: bytes = b""
) -> bytes:
    """Return the bytes of a message."""
    payload += bytes(-len(payload) % 8)
    return _HEAD.pack(command, len(payload), type, count, one, two) + payload


class Connection:
    """A connection to a server."""

    def __init__(self, conf: Mapping[str, str]) -> None:
        address = conf["EPICS_CA_ADDR_LIST"], int(conf["EPICS_CA_SERVER_PORT"])
        self._socket = socket.create_connection(address, LIMIT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._left = b""
        self.send(
            message(_VERSION, count=13)
            + message(_CLIENT_NAME, payload=b"bench\0")
            + message(_HOST_NAME, payload=b"localhost\0")
        )

    def wait_for_ever(self) -> None:
        """Have no limit for what is received."""
        self._socket.settimeout(None)

    def send(self, messages: bytes) -> None:
        """Send messages."""
        self._socket.sendall(messages)

    def receive(self) -> list[Head]:
        """Return the heads of the next messages, one at least."""
        heads: list[Head] = []
        while not heads:
            data = self._socket.recv(2**18)
            if not data:
                raise ConnectionError("the server has ended the connection")
            data = self._left + data
            heads, used = _heads(data)
            self._left = data[used:]
        return heads

    def until(self, command: int) -> Head:
        """Return the next message of a kind; others are lost."""
        while True:
            for head in self.receive():
                if head[0] == command:
                    return head


def _heads(data: bytes) -> tuple[list[Head], int]:
    heads = []
    at, end = 0, len(data)
    while end - at >= 16:
        command, size, type_, count, one, two = _HEAD.unpack_from(data, at)
        begin = at + 16
        if size == 0xFFFF and count == 0 and end - at >= 24:
            size, _ = _LONG.unpack_from(data, begin)
            begin += 8
        if begin + size > end:
            break
        if command in _FAILURES:
            text = data[begin + _HEAD.size : begin + size].rstrip(b"\0").decode("latin-1")
            raise RuntimeError(f"the server says {_FAILURES[command]} {text}")
        heads.append((command, type_, one, two))
        at = begin + size
    return heads, at


class Client(Counting):
    """Watches and puts at the parent's command, and measures itself."""

    def connect(self, conf: dict[str, str]) -> None:
        """Connect; there are no channels yet."""
        self._conf = conf
        self._connection = Connection(conf)
        self._connection.until(_VERSION)
        self._connection.wait_for_ever()
        self._watched: set[int] = set()
        self._numbers = itertools.count(1)
        self._asked: dict[str, tuple[Connection, int]] = {}
        threading.Thread(target=self._read, daemon=True).start()

    def monitor(self, names: Sequence[str]) -> float:
        """Watch PVs; return the seconds until all first values were there."""
        begin = time.perf_counter()
        self._connection.send(b"".join(map(self._create, names)))
        return self.wait_for_firsts(len(names), begin)

    def _create(self, name: str) -> bytes:
        return message(_CREATE, one=next(self._numbers), two=13, payload=name.encode() + b"\0")

    def _read(self) -> None:
        try:
            while True:
                self._take(self._connection.receive())
        except Exception as exc:
            self.failed(exc)

    def _take(self, heads: Sequence[Head]) -> None:
        wanted = []
        firsts = more = 0
        for command, type_, one, two in heads:
            if command == _EVENT_ADD:
                if two in self._watched:
                    more += 1
                else:
                    self._watched.add(two)
                    firsts += 1
            elif command == _CREATE:
                wanted.append(message(_EVENT_ADD, type_ + _TO_TIME, 1, two, one, _MASK))
        if wanted:
            self._connection.send(b"".join(wanted))
        if firsts or more:
            self.saw(firsts, more)

    def put_loop(self, name: str, seconds: float) -> list[tuple[float, float]]:
        """Put, wait for the answer, and so on; return begin (monotonic) and seconds of each."""

        def put(number: int) -> bytes:
            value = struct.pack("!d", time.monotonic())
            return message(_WRITE_NOTIFY, _DOUBLE, 1, number, 1, value)

        return self._loop(name, seconds, put, _WRITE_NOTIFY)

    def get_loop(self, name: str, seconds: float) -> list[tuple[float, float]]:
        """Get value, alarm and time, and so on; return begin (monotonic) and seconds of each."""

        def get(number: int) -> bytes:
            return message(_READ_NOTIFY, _DOUBLE + _TO_TIME, 1, number, 1)

        return self._loop(name, seconds, get, _READ_NOTIFY)

    def _loop(
        self, name: str, seconds: float, request: Callable[[int], bytes], command: int
    ) -> list[tuple[float, float]]:
        if name not in self._asked:
            self._asked[name] = self._channel(name)
        connection, number = self._asked[name]
        times = []
        end = time.monotonic() + seconds
        while (begin := time.monotonic()) < end:
            connection.send(request(number))
            if (said := connection.until(command)[2]) != _ECA_NORMAL:
                raise RuntimeError(f"a request to {name} has failed with status {said}")
            times.append((begin, time.monotonic() - begin))
        return times

    def _channel(self, name: str) -> tuple[Connection, int]:
        # Of its own, so that the answer wakes who waits for it, and no other thread first.
        connection = Connection(self._conf)
        connection.send(self._create(name))
        _, type_, _, number = connection.until(_CREATE)
        if type_ != _DOUBLE:
            raise TypeError(f"{name} is of type {type_}, and not a double")
        return connection, number


def commands() -> Mapping[str, Callable[..., Any]]:
    """Return what the parent may ask for."""
    client = Client()
    names = ("connect", "monitor", "reset", "settle", "put_loop", "get_loop")
    return {name: getattr(client, name) for name in names}


if __name__ == "__main__":
    child.serve(commands)
