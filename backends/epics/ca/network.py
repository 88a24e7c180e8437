"""The sockets of a Channel Access server: searches, connections, and beacons; on the loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from roguebridge.core.backend import SharedRights
from roguebridge.core.concurrency import EventLoopThread, drop, give_up_when_forked
from roguebridge.core.errors import BackendError
from roguebridge.core.requests import QueuedBytes

from .circuit import Circuit
from .log import log
from .requests import answer
from .searches import Searches
from .served_pv import CaPv
from .settings import PORT, Settings
from .wire.messages import BEACON, REVISION, message
from .wire.turns import Turns

_T = TypeVar("_T")
_TRIES = 50  # free ports
_FIRST_PERIOD = 0.02  # seconds between beacons at first; each time twice as long
_LAST_WORDS = 0.5  # seconds for clients to take their last messages when the server stops


@dataclass(eq=False)
class Network:
    """Listens while the server runs.

    :param settings: where
    :param loop: the server's
    :param served: gives the PV of a name
    :param queued: counts the bytes of puts
    :param max_name: most characters that are shown of the name of a user or host
    :param port: that it had before, for one that may be any
    """

    settings: Settings
    loop: EventLoopThread
    served: Callable[[str], CaPv | None]
    queued: QueuedBytes
    max_name: int
    port: int = 0
    udp_port: int = field(default=0, init=False)
    circuits: dict[Circuit, None] = field(default_factory=dict, init=False)
    turns: Turns = field(default_factory=Turns, init=False)
    _servers: list[asyncio.Server] = field(default_factory=list, init=False)
    _searches: list[asyncio.DatagramTransport] = field(default_factory=list, init=False)
    _listening: list[socket.socket] = field(default_factory=list, init=False)
    _beacons: asyncio.TimerHandle | None = field(default=None, init=False)
    _beacon_socket: socket.socket | None = field(default=None, init=False)
    _beacon_count: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.rights = SharedRights(self.loop)
        give_up_when_forked(self)

    def forked(self) -> None:
        """Let go of all sockets, in a child."""
        drop(sock.fileno() for sock in self._sockets())

    def _sockets(self) -> Iterator[Any]:
        yield from self._listening
        if self._beacon_socket is not None:
            yield self._beacon_socket
        for transport in (*self._searches, *(circuit.transport for circuit in self.circuits)):
            yield transport.get_extra_info("socket")

    async def start(self) -> None:
        """Begin to listen.

        :raises BackendError: if a port cannot be had
        """
        tcp, udp = self._bind()
        self.port, self.udp_port = tcp[0].getsockname()[1], udp[0].getsockname()[1]
        try:
            await self._listen(tcp, udp)
        except OSError as exc:
            await self.stop()
            _close([*tcp, *udp])
            raise BackendError(f"{PORT}: cannot listen on {self.port}: {exc.strerror}") from exc

    async def _listen(self, tcp: list[socket.socket], udp: list[socket.socket]) -> None:
        running = asyncio.get_running_loop()
        for sock in udp:
            transport, _ = await running.create_datagram_endpoint(lambda: Searches(self), sock=sock)
            self._searches.append(transport)
        make = partial(Circuit, self, answer)
        for sock in tcp:
            server = await running.create_server(make, sock=sock, backlog=512)
            self._servers.append(server)
            self._listening.append(sock)
        if self.settings.beacons:
            self._beacon_socket = _udp_socket(shared=False)
            self._beacon_socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            self._beacon(self._beacon_socket, _FIRST_PERIOD)
        self.rights.look_again()

    def flush(self) -> None:
        """Hand to the network what is ready for all clients."""
        for circuit in list(self.circuits):
            circuit.flush()

    async def stop(self) -> None:
        """Free the ports, and let clients take what they were sent before."""
        if self._beacons is not None:
            self._beacons.cancel()
        if self._beacon_socket is not None:
            self._beacon_socket.close()
        for transport in self._searches:
            transport.close()
        # Connections that are accepted already become circuits first: else no code would end them.
        running = asyncio.get_running_loop()
        for sock in self._listening:
            running.remove_reader(sock)
            with contextlib.suppress(OSError):  # not everywhere can that be done
                sock.shutdown(socket.SHUT_RDWR)  # a child may have it too
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for server in self._servers:
            server.close()
        for circuit in list(self.circuits):
            circuit.close()
        deadline = running.time() + _LAST_WORDS
        while self.circuits and running.time() < deadline:
            await asyncio.sleep(0.001)
        for circuit in list(self.circuits):
            circuit.transport.abort()
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # the transports have called connection_lost by now

    # Ports ------------------------------------------------------------------------------------

    def try_ports(self) -> None:
        """Bind all sockets, and close them again; on any thread.

        :raises BackendError: if a port cannot be had
        """
        for sockets in self._bind():
            _close(sockets)

    def _bind(self) -> tuple[list[socket.socket], list[socket.socket]]:
        port, hosts = self.settings.port, " ".join(self.settings.interfaces)
        if port == 0:
            try:
                return self._bind_kept() or _tried(self._bind_pair)
            except OSError as exc:
                text = f"the Channel Access server cannot listen on {hosts}: {exc}"
                raise BackendError(text) from exc
        try:
            udp = self._bind_all(port, _udp_socket)
        except OSError as exc:
            raise BackendError(f"{PORT}: UDP port {port} on {hosts}: {exc.strerror}") from exc
        try:
            return self._bind_tcp(port), udp
        except BackendError:
            _close(udp)
            raise

    def _bind_tcp(self, port: int) -> list[socket.socket]:
        with contextlib.suppress(OSError):
            return self._bind_all(port, _tcp_socket)
        if self.settings.own:
            raise BackendError(f"{PORT}: port {port} is in use")
        try:  # what is free on one interface may be in use on another
            tcp = _tried(lambda: self._bind_all(0, _tcp_socket))
        except OSError as exc:
            raise BackendError(f"{PORT}: no free port: {exc.strerror}") from exc
        log.warning("port %s is in use: serving on port %s instead", port, tcp[0].getsockname()[1])
        return tcp

    def _bind_kept(self) -> tuple[list[socket.socket], list[socket.socket]] | None:
        if self.port:
            with contextlib.suppress(OSError):
                return self._bind_pair(self.port)
            log.warning("port %s is taken, using another", self.port)
        return None

    def _bind_pair(self, port: int = 0) -> tuple[list[socket.socket], list[socket.socket]]:
        tcp = self._bind_all(port, _tcp_socket)
        try:
            return tcp, self._bind_all(tcp[0].getsockname()[1], _udp_socket)
        except OSError:
            _close(tcp)
            raise

    def _bind_all(self, port: int, make: Callable[[bool], socket.socket]) -> list[socket.socket]:
        made: list[socket.socket] = []
        try:
            for host in self.settings.interfaces:
                sock = make(self.settings.shared)
                made.append(sock)
                sock.bind((host, port))
                port = sock.getsockname()[1]
        except OSError:
            _close(made)
            raise
        return made

    # Beacons ----------------------------------------------------------------------------------

    def _beacon(self, sock: socket.socket, period: float) -> None:
        host = int.from_bytes(socket.inet_aton(self.settings.interfaces[0]), "big")
        beacon = message(BEACON, REVISION, self.port, self._beacon_count, host)
        self._beacon_count = (self._beacon_count + 1) % 2**32
        for address in self.settings.beacons:
            try:
                sock.sendto(beacon, address)
            except OSError as exc:
                log.debug("no beacon to %s: %s", address, exc)
        again = partial(self._beacon, sock, min(2 * period, self.settings.period))
        self._beacons = self.loop.later(period, again)


def _tcp_socket(shared: bool) -> socket.socket:
    # Only of sockets that say TCP does asyncio have answers sent at once.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # over connections that linger
    return sock


def _udp_socket(shared: bool) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    if shared:  # with the other servers of the host
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):  # pragma: no branch - epics-base sets it too
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return sock


def _close(sockets: list[socket.socket]) -> None:
    for sock in sockets:
        sock.close()


def _tried(bind: Callable[[], _T]) -> _T:
    """Return what is bound to free ports of TCP, which may be taken in UDP."""
    for _ in range(_TRIES - 1):
        with contextlib.suppress(OSError):
            return bind()
    return bind()
