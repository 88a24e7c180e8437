"""PVAccess by the byte: a client that claims any account, in whatever bytes."""

import socket
import struct

from support.clients import LIMIT

VALIDATION, VALIDATED, CREATE, PUT = 1, 9, 7, 11


def text(raw):
    assert len(raw) < 254
    return bytes([len(raw)]) + raw


class RawPva:
    """A connection with the authentication ``ca``.

    :param account: bytes of the name of the user
    """

    def __init__(self, conf, account):
        host = conf["EPICS_PVA_ADDR_LIST"].split()[0].partition(":")[0]
        port = int(conf["EPICS_PVA_SERVER_PORT"])
        self.socket = socket.create_connection((host, port), LIMIT)
        self.until(VALIDATION)
        fields = b"".join(text(name) + b"\x60" for name in (b"user", b"host"))
        who = b"\x80\x00\x02" + fields + text(account) + text(b"here")
        self.send(VALIDATION, struct.pack("<IHH", 65536, 32767, 0) + text(b"ca") + who)
        self.until(VALIDATED)

    def send(self, command, payload):
        self.socket.sendall(struct.pack("<BBBBI", 0xCA, 2, 0, command, len(payload)) + payload)

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
            _, _, flags, found, size = struct.unpack("<BBBBI", self._take(8))
            payload = b"" if flags & 1 else self._take(size)
            if not flags & 1 and found == command:
                return payload

    def put(self, name, value):
        """Put a number to a PV of doubles; returns the status: 0xFF or 1 for success."""
        self.send(CREATE, struct.pack("<HI", 1, 1) + text(name.encode()))
        (sid,) = struct.unpack("<I", self.until(CREATE)[4:8])
        self.send(PUT, struct.pack("<IIB", sid, 1, 8) + b"\x80\x00\x00")
        assert self.until(PUT)[5] == 0xFF
        self.send(PUT, struct.pack("<IIB", sid, 1, 0) + b"\x01\x02" + struct.pack("<d", value))
        return self.until(PUT)[5]

    def close(self):
        self.socket.close()
