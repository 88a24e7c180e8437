"""Channel Access by the byte: a client that sends what it likes, and reads when it likes."""

import contextlib
import socket
import struct

from support.clients import LIMIT

VERSION, EVENT_ADD, EVENT_CANCEL, SEARCH = 0, 1, 2, 6
EVENTS_OFF, EVENTS_ON, ERROR, CLEAR, READ = 8, 9, 11, 12, 15
CREATE, WRITE, CLIENT, HOST, RIGHTS, ECHO = 18, 19, 20, 21, 22, 23
DOUBLE, TIME_DOUBLE = 6, 20


def packed(command, type=0, count=0, one=0, two=0, payload=b""):
    """A message."""
    payload += bytes(-len(payload) % 8)
    return struct.pack("!HHHHII", command, len(payload), type, count, one, two) + payload


def long_head(command, size, type, count, one, two):
    """The extended header of a message."""
    return struct.pack("!HHHHIIII", command, 0xFFFF, type, 0, one, two, size, count)


def read(sid, number, type=DOUBLE, count=0):
    return packed(READ, type, count, sid, number)


def monitor(sid, number, type=DOUBLE, count=0, mask=1):
    return packed(EVENT_ADD, type, count, sid, number, struct.pack("!fffHH", 0, 0, 0, mask, 0))


class RawClient:
    """A connection; answers come as (command, type, count, one, two, payload)."""

    def __init__(self, conf, version=13):
        address = conf["EPICS_CA_ADDR_LIST"], int(conf["EPICS_CA_SERVER_PORT"])
        self.socket = socket.create_connection(address, LIMIT)
        self._left = b""
        names = packed(CLIENT, payload=b"u\0") + packed(HOST, payload=b"h\0")
        self.send(packed(VERSION, count=version) + names)
        assert self.next()[0] == VERSION

    def send(self, *messages):
        self.socket.sendall(b"".join(messages))

    def _take(self, size):
        while len(self._left) < size:
            data = self.socket.recv(2**20)
            if not data:
                raise EOFError
            self._left += data
        taken, self._left = self._left[:size], self._left[size:]
        return taken

    def next(self):
        """The next message."""
        command, size, type, count, one, two = struct.unpack("!HHHHII", self._take(16))
        if size == 0xFFFF and count == 0:
            size, count = struct.unpack("!II", self._take(8))
        return command, type, count, one, two, self._take(size)

    def until(self, command):
        """The next message of a kind."""
        while True:
            found = self.next()
            if found[0] == command:
                return found

    def channel(self, name, number=1):
        """The server's number for a new channel."""
        self.send(packed(CREATE, one=number, two=13, payload=name.encode() + b"\0"))
        return self.until(CREATE)[4]

    def ended(self):
        """Wait until the server has ended the connection; what it sent before."""
        found = []
        with contextlib.suppress(EOFError, ConnectionError):
            while True:
                found.append(self.next())
        return found

    def close(self):
        self.socket.close()
