"""The process of many browsers: ``python -m bench.web_client``.

Raw sockets that take what comes and count the updates in it, so that the server is what is
measured.
"""

from __future__ import annotations

import json
import selectors
import socket
import struct
import threading
import time
import urllib.request
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from . import child
from .counting import LIMIT, Counting

_HELLO = (
    b"GET /pvws/pv HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
_UPDATE = b'"seconds"'  # once in each
_BUFFER = 1 << 20


class Client(Counting):
    """Watches at the parent's command, by any number of connections."""

    def connect(self, conf: Mapping[str, str]) -> None:
        """Note where the server is; there are no connections yet."""
        self._url = conf["ROGUEBRIDGE_WEB_URL"]
        self._selector = selectors.DefaultSelector()

    def browse(self, connections: int, names: Sequence[str]) -> float:
        """Have each of some connections watch PVs; return seconds until all first values came."""
        text = json.dumps({"type": "subscribe", "pvs": list(names)}).encode()
        head = struct.pack("!BBQ", 0x81, 0x80 | 127, len(text)) + bytes(4)
        port = int(self._url.rpartition(":")[2])
        begin = time.perf_counter()
        for _ in range(connections):
            sock = socket.create_connection(("127.0.0.1", port), LIMIT)
            sock.sendall(_HELLO)
            assert sock.recv(4096).startswith(b"HTTP/1.1 101")
            sock.sendall(head + text)
            sock.setblocking(False)
            self._selector.register(sock, selectors.EVENT_READ, bytearray())
        threading.Thread(target=self._drain, args=(connections * len(names),), daemon=True).start()
        return self.wait_for_firsts(connections * len(names), begin)

    def _drain(self, firsts: int) -> None:
        buffer = bytearray(_BUFFER)
        while True:
            for key, _ in self._selector.select():
                try:
                    size = key.fileobj.recv_into(buffer)  # type: ignore[union-attr]
                except BlockingIOError:
                    continue
                # A word that two parts share is in the end of the first.
                left = key.data
                whole = bytes(left) + bytes(buffer[:size])
                found = whole.count(_UPDATE)
                left[:] = whole[-len(_UPDATE) + 1 :]
                new = min(found, firsts)
                firsts -= new
                self.saw(new, found - new)

    def search(self, words: str, times: int) -> list[float]:
        """Search for names; return the seconds that each answer took."""
        found = []
        for _ in range(times):
            begin = time.perf_counter()
            with urllib.request.urlopen(f"{self._url}/pvs?limit=100&search={quote(words)}") as got:  # noqa: S310
                got.read()
            found.append(time.perf_counter() - begin)
        return found


def commands() -> Mapping[str, object]:
    """Return what the parent may ask for."""
    client = Client()
    names = ("connect", "browse", "search", "reset", "settle")
    return {name: getattr(client, name) for name in names}


if __name__ == "__main__":
    child.serve(commands)  # type: ignore[arg-type]
