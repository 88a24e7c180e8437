"""The sockets of a Channel Access server: searches, connections, and beacons; on the loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterator
from typing import Any

import caproto as ca

from roguebridge.core.concurrency import EventLoopThread, NetworkLog, drop, give_up_when_forked
from roguebridge.core.errors import BackendError
from roguebridge.core.requests import MAX_NAME, QueuedBytes

from .circuit import Circuit
from .fields import parse
from .rights import SharedRights
from .served_pv import CaPv
from .settings import PORT, Settings
from .text import text_of
from .wire.turns import Turns

_log = NetworkLog(logging.getLogger("roguebridge.ca"))
_TRIES = 50  # free ports of TCP that may be taken in UDP
_FIRST_PERIOD = 0.02  # seconds between beacons at first; each time twice as long
_REGISTER = bytes(ca.RepeaterRegisterRequest())  # for which libca sends nothing, in a datagram
_LAST_WORDS = 0.5  # seconds that a client has to take what it is sent when the server stops


class Network:
    """Listens while the server runs.

    :param settings: where
    :param loop: the server's
    :param served: gives the PV of a name
    :param queued: counts the bytes of puts
    :param max_name: most characters that are shown of the name of a user or host
    """

    def __init__(
        self,
        settings: Settings,
        loop: EventLoopThread,
        served: Callable[[str], CaPv | None],
        queued: QueuedBytes,
        max_name: int = MAX_NAME,
    ) -> None:
        self.max_name = max_name
        self.rights = SharedRights(loop)
        self.settings = settings
        self.loop = loop
        self.served = served
        self.queued = queued
        self.port = 0
        self.udp_port = 0
        self.circuits: dict[Circuit, None] = {}
        self.turns = Turns()
        self._servers: list[asyncio.Server] = []
        self._searches: list[asyncio.DatagramTransport] = []
        self._beacons: asyncio.TimerHandle | None = None
        self._beacon_socket: socket.socket | None = None
        self._beacon_count = 0
        self._listening: list[socket.socket] = []
        give_up_when_forked(self)

    def forked(self) -> None:
        """Let go of all sockets, in a child."""
        drop(sock.fileno() for sock in self._sockets())

    def _sockets(self) -> Iterator[Any]:
        yield from self._listening
        if self._beacon_socket is not None:
            yield self._beacon_socket
        connected: list[Any] = [*self._searches, *self.circuits]
        for one in connected:
            yield one.get_extra_info("socket")

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
        for sock in tcp:
            self._servers.append(
                await running.create_server(lambda: Circuit(self), sock=sock, backlog=512)
            )
            self._listening.append(sock)
        if self.settings.beacons:
            self._beacon_socket = _udp_socket(shared=False)
            self._beacon_socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            self._beacon(_FIRST_PERIOD)

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
        await self._refuse_more()
        for circuit in list(self.circuits):
            circuit.close()
        running = asyncio.get_running_loop()
        deadline = running.time() + _LAST_WORDS
        while self.circuits and running.time() < deadline:
            await asyncio.sleep(0.001)
        for circuit in list(self.circuits):
            circuit.abort()
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # the transports have told by now

    async def _refuse_more(self) -> None:
        # Who has been accepted already becomes a circuit first: else nobody would end it.
        running = asyncio.get_running_loop()
        for sock in self._listening:
            running.remove_reader(sock)
            with contextlib.suppress(OSError):  # not everywhere can that be done
                sock.shutdown(socket.SHUT_RDWR)  # a child may have it too
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for server in self._servers:
            server.close()

    # Ports ------------------------------------------------------------------------------------

    def _bind(self) -> tuple[list[socket.socket], list[socket.socket]]:
        settings = self.settings
        if settings.port == 0:
            return self._bind_free()
        tcp: list[socket.socket] = []
        try:
            udp = self._bind_all(settings.port, _udp_socket)
        except OSError as exc:
            port, hosts = settings.port, " ".join(settings.interfaces)
            text = f"{PORT}: UDP port {port} on {hosts}: {exc.strerror}"
            raise BackendError(text) from exc
        try:
            tcp = self._bind_all(settings.port, _tcp_socket)
        except OSError as exc:
            if settings.own:
                _close(udp)
                raise BackendError(f"{PORT}: port {settings.port} is in use") from exc
            try:
                tcp = self._bind_any()
            except OSError as exc:
                _close(udp)
                raise BackendError(f"{PORT}: no free port: {exc.strerror}") from exc
            port = tcp[0].getsockname()[1]
            _log.warning("port %s is in use: serving on port %s instead", settings.port, port)
        return tcp, udp

    def _bind_free(self) -> tuple[list[socket.socket], list[socket.socket]]:
        problem: OSError | None = None
        for _ in range(_TRIES):
            tcp: list[socket.socket] = []
            try:
                tcp = self._bind_all(0, _tcp_socket)
                return tcp, self._bind_all(tcp[0].getsockname()[1], _udp_socket)
            except OSError as exc:
                _close(tcp)
                problem = exc
        hosts = " ".join(self.settings.interfaces)
        raise BackendError(f"the Channel Access server cannot listen on {hosts}: {problem}")

    def _bind_any(self) -> list[socket.socket]:
        """Bind all interfaces to one free port; what is free on one may be in use on another."""
        for _ in range(_TRIES - 1):
            with contextlib.suppress(OSError):
                return self._bind_all(0, _tcp_socket)
        return self._bind_all(0, _tcp_socket)

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

    def _beacon(self, period: float) -> None:
        sock = self._beacon_socket
        assert sock is not None  # noqa: S101 - start() has made it
        host = "0.0.0.0" if self.settings.everywhere else self.settings.host  # noqa: S104
        beacon = bytes(ca.Beacon(ca.DEFAULT_PROTOCOL_VERSION, self.port, self._beacon_count, host))
        self._beacon_count = (self._beacon_count + 1) % 2**32
        for address in self.settings.beacons:
            try:
                sock.sendto(beacon, address)
            except OSError as exc:
                _log.debug("no beacon to %s: %s", address, exc)
        self._beacons = self.loop.later(
            period, lambda: self._beacon(min(2 * period, self.settings.period))
        )


class Searches(asyncio.DatagramProtocol):
    """Answers clients that search for PVs."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._wire = ca.Broadcaster(ca.SERVER)
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """The socket is there."""
        self._transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        """A client searches."""
        network = self._network
        if address[0] in network.settings.ignored:
            return
        try:
            commands = self._wire.recv(data or _REGISTER, address)
            self._wire.process_commands(commands)
        except ca.CaprotoError as exc:
            client = {"client": address[0]}
            _log.debug("a datagram of %s is not understood: %s", address, exc, extra=client)
            return
        version = ca.VersionResponse(ca.DEFAULT_PROTOCOL_VERSION)
        version.header.data_type = 0  # it has no number; caproto would say that it is 1
        answers = []
        for command in commands:
            if isinstance(command, ca.VersionRequest):
                # With the number of its datagram: else libca takes no answer for one to the last,
                # finds the way crowded, and sends a few names at a time, of thousands.
                version.header.data_type = command.header.data_type
                version.header.parameter1 = command.header.parameter1
            elif isinstance(command, ca.SearchRequest):
                if parse(text_of(command), network.served) is not None:
                    answers.append(
                        ca.SearchResponse(network.port, None, command.cid, version.version)
                    )
            elif isinstance(command, ca.RepeaterRegisterRequest) and not network.settings.shared:
                # To an isolated client the server stands for the repeater, which would be a
                # process that outlives both.
                answers.append(ca.RepeaterConfirmResponse(network.settings.host))
        if answers:
            if isinstance(answers[0], ca.SearchResponse):
                answers.insert(0, version)
            self._transport.sendto(self._wire.send(*answers), address)

    def error_received(self, exc: Exception) -> None:
        """A client to which an answer went has left."""
        _log.debug("the network has said: %s", exc)


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
