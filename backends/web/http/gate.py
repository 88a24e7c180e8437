"""The TCP connections of clients: counted, and ended if nothing sensible comes."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from ..access import plain
from ..log import log
from ..settings import Settings

_BEGINS = 20.0  # seconds in which the first request of a connection must have come
_TOO_MANY = (
    "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Type: application/json\r\n"
    "Content-Length: {}\r\n\r\n{}"
)


class Gate:
    """Lets so many clients in, of each address and in all.

    :param settings: how many
    :param make: makes what speaks HTTP to one client
    """

    def __init__(self, settings: Settings, make: Callable[[], asyncio.Protocol]) -> None:
        self.settings = settings
        self.make = make
        #: transports of all clients, by what speaks HTTP to them
        self.clients: dict[asyncio.BaseProtocol, _Client] = {}
        self.hosts: Counter[str] = Counter()
        #: True once the server stops: who comes now is not let in
        self.shut = False

    def client(self) -> asyncio.Protocol:
        """Return what the next connection is handed to."""
        return _Client(self)

    def begun(self, http: asyncio.BaseProtocol) -> None:
        """The first request of a connection has come."""
        client = self.clients.get(http)
        if client is not None:
            client.begun = True


class _Client(asyncio.Protocol):
    """One connection; what comes is handed on."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._http: Any = None
        self._timer: asyncio.TimerHandle | None = None
        self._host = ""
        self.transport: Any = None
        self.begun = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        gate, settings = self._gate, self._gate.settings
        if gate.shut:
            transport.abort()  # type: ignore[attr-defined]
            return
        peer = transport.get_extra_info("peername")
        self._host = plain(peer[0]) if peer else ""
        many = len(gate.clients) >= settings.max_clients
        if many or gate.hosts[self._host] >= settings.max_clients_per_host:
            what = "max_clients" if many else "max_clients_per_host"
            log.warning(
                "%s is not let in: there are web.%s connections",
                self._host, what, extra={"client": self._host},
            )  # fmt: skip
            body = json.dumps({"error": f"busy: there are web.{what} connections"})
            answer = _TOO_MANY.format(len(body), body)
            transport.write(answer.encode())  # type: ignore[attr-defined]
            transport.close()
            return
        gate.hosts[self._host] += 1
        self._http, self.transport = gate.make(), transport
        gate.clients[self._http] = self
        self._timer = asyncio.get_running_loop().call_later(_BEGINS, self._end_silent)
        self._http.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        http, self._http = self._http, None
        if http is None:
            return
        gate = self._gate
        if self._timer is not None:
            self._timer.cancel()
        del gate.clients[http]
        gate.hosts[self._host] -= 1
        if not gate.hosts[self._host]:
            del gate.hosts[self._host]
        http.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._http is not None:
            self._http.data_received(data)

    def eof_received(self) -> bool | None:
        return None if self._http is None else self._http.eof_received()

    def pause_writing(self) -> None:
        if self._http is not None:
            self._http.pause_writing()

    def resume_writing(self) -> None:
        if self._http is not None:
            self._http.resume_writing()

    def _end_silent(self) -> None:
        if not self.begun:
            self.transport.abort()
