"""PVAccess by the byte: a client that claims any account, in whatever bytes."""

import socket
import struct

from support.clients import LIMIT

VALIDATION, VALIDATED, CREATE, PUT = 1, 9, 7, 11
HEAD = "<BBBBI"


def text(raw):
    assert len(raw) < 254
    return bytes([len(raw)]) + raw


def structure(field, type_):
    """The type of a structure with one field."""
    return b"\x80\x00\x01" + text(field) + type_


BLOCK = structure(b"record", structure(b"_options", structure(b"block", b"\x60"))) + text(b"true")


class RawPva:
    """A connection with the authentication ``ca``.

    :param account: bytes of the name of the user
    """

    def __init__(self, conf, account):
        host = conf["EPICS_PVA_ADDR_LIST"].split()[0].partition(":")[0]
        port = int(conf["EPICS_PVA_SERVER_PORT"])
        self.channels = {}
        self.socket = socket.create_connection((host, port), LIMIT)
        self.until(VALIDATION)
        fields = b"".join(text(name) + b"\x60" for name in (b"user", b"host"))
        who = b"\x80\x00\x02" + fields + text(account) + text(b"here")
        self.send(VALIDATION, struct.pack("<IHH", 65536, 32767, 0) + text(b"ca") + who)
        self.until(VALIDATED)

    def send(self, command, payload):
        self.socket.sendall(struct.pack(HEAD, 0xCA, 2, 0, command, len(payload)) + payload)

    def _take(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def until(self, command):
        """The payload of the next message of a kind."""
        while True:
            _, _, flags, found, size = struct.unpack(HEAD, self._take(8))
            payload = b"" if flags & 1 else self._take(size)
            if not flags & 1 and found == command:
                return payload

    def put(self, name, value):
        """Put a number to a PV of doubles; returns the status: 0xFF or 1 for success."""
        sid = self.channel(name)
        self.begin(sid, [1])
        self.send_puts(sid, {1: value})
        return self.until(PUT)[5]

    def channel(self, name):
        """The number of a channel to a PV, made once."""
        if name not in self.channels:
            self.send(CREATE, struct.pack("<HI", 1, len(self.channels)) + text(name.encode()))
            (self.channels[name],) = struct.unpack("<I", self.until(CREATE)[4:8])
        return self.channels[name]

    def begin(self, sid, numbers, block=False):
        """Make ready the operations of puts."""
        request = BLOCK if block else b"\x80\x00\x00"
        for number in numbers:
            self.send(PUT, struct.pack("<IIB", sid, number, 8) + request)
        for _ in numbers:
            assert self.until(PUT)[5] == 0xFF

    def send_puts(self, sid, values):
        """Put numbers, marked, to a PV of doubles, all in one go.

        :param values: operation -> number
        """
        puts = (
            struct.pack("<IIB", sid, number, 0) + b"\x01\x02" + struct.pack("<d", value)
            for number, value in values.items()
        )
        self.socket.sendall(b"".join(struct.pack(HEAD, 0xCA, 2, 0, PUT, len(p)) + p for p in puts))

    def answer(self):
        """The number of the next operation that is answered, and its error; empty for none."""
        payload = self.until(PUT)
        number = struct.unpack("<I", payload[:4])[0]
        return number, "" if payload[5] in (0xFF, 0) else payload[7 : 7 + payload[6]].decode()

    def close(self):
        self.socket.close()
