"""The web server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Sequence

from aiohttp import web

from roguebridge.core.backend import AsyncioBackend, BackendOptions, PvOwner, SharedRights
from roguebridge.core.concurrency import drop, give_up_when_forked
from roguebridge.core.errors import BackendError
from roguebridge.core.mapping import PvEntry
from roguebridge.core.values import PvSpec

from .access import Access, Refused, Visitor
from .catalog import Catalog
from .connection import Connection
from .frames import WebPv
from .http.gate import Gate
from .http.info import Info
from .http.rest import Rest
from .http.site import Site
from .limitations import losses_of
from .log import log
from .settings import Settings
from .tokens import Tokens

_LARGEST = 1_000_000  # bytes of a message of a client
_HEARTBEAT = 30.0  # seconds between looks whether a client is still there
_LAST_WORDS = 0.5  # seconds for clients to take their last messages when the server stops
_AWAY = 1001


class WebBackend(AsyncioBackend):
    """Serves over HTTP and WebSockets; an isolated server keeps its port when it starts again.

    :param options: whether to stay on loopback, and the room for requests
    :param settings: where to listen, and who may do what
    """

    name = "web"

    def __init__(self, options: BackendOptions, settings: Settings | None = None) -> None:
        super().__init__(options)
        given = settings or Settings()
        self.settings = given
        self._host = "127.0.0.1" if options.isolate else given.host
        self._port = 0 if options.isolate else given.port
        #: returns the problems of the server
        self.report: Callable[[], Sequence[str]] = tuple
        self._access = Access(given, Tokens())
        self._listening: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._runner: web.AppRunner | None = None
        self._gate: Gate | None = None
        self._rest: Rest | None = None
        self._connections: dict[Connection, None] = {}
        give_up_when_forked(self)

    def forked(self) -> None:
        """Let go of all sockets, in a child."""
        clients = () if self._gate is None else self._gate.clients.values()
        sockets = [one.transport.get_extra_info("socket") for one in clients]
        drop(one.fileno() for one in (self._listening, *sockets) if one is not None)

    def make_pv(self, entry: PvEntry, owner: PvOwner) -> WebPv:
        """Return a served PV, closed."""
        return WebPv(entry, owner, self.loop.post)

    def try_ports(self) -> tuple[tuple[str, int], ...]:
        """Bind the port of a start, and free it; the files that a start needs are read."""
        self._tls()
        Tokens.of_file(self.settings.tokens)
        with self._bound():
            return ((self._host, self._port),) if self._port else ()

    def reload_tokens(self) -> None:
        """Read the tokens again; a file that cannot be used is logged, and changes nothing."""
        try:
            self._access.tokens = Tokens.of_file(self.settings.tokens)
        except BackendError as exc:
            log.error("%s: the tokens stay as they were", exc)

    def start(self) -> None:
        """Begin to listen.

        :raises BackendError: if the port is taken, or a file cannot be used
        """
        self._access.tokens = Tokens.of_file(self.settings.tokens)
        self._listening = self._bound()
        try:
            super().start()
        except BaseException:
            self._listening.close()
            self._listening = None
            raise

    async def listen(self) -> None:
        """Begin to listen."""
        context = self._tls()
        rights = SharedRights(self.loop)
        catalog = Catalog(self.pvs)
        rest = Rest(self._access, catalog, self.options.queued, self.options.max_name)
        info = Info(self._access, self._connections.keys(), self.pvs, self._problems)

        async def talk(request: web.Request, visitor: Visitor) -> web.StreamResponse:
            return await self._talk(request, visitor, catalog, rights)

        site = Site(self.settings, self._access, rest, info, talk)
        runner = web.AppRunner(
            site.app, access_log=None, shutdown_timeout=_LAST_WORDS, handler_cancellation=True
        )
        await runner.setup()
        http, sock = runner.server, self._listening
        assert http is not None and sock is not None  # noqa: S101 - they were made
        gate = site.gate = Gate(self.settings, http)
        self._server = await asyncio.get_running_loop().create_server(
            gate.client, sock=sock, ssl=context, backlog=512,
            ssl_handshake_timeout=10.0 if context else None,
        )  # fmt: skip
        self._runner, self._gate, self._rest = runner, gate, rest
        rights.look_again()

    async def _talk(
        self, request: web.Request, visitor: Visitor, catalog: Catalog, rights: SharedRights
    ) -> web.StreamResponse:
        self._access.check_origin(request.headers)
        ws = web.WebSocketResponse(
            compress=False, max_msg_size=_LARGEST, heartbeat=_HEARTBEAT, timeout=_LAST_WORDS
        )
        if not ws.can_prepare(request).ok:
            raise Refused(426, "this is the address of a WebSocket")
        await ws.prepare(request)
        transport = request.transport
        if transport is None:  # the client has gone
            return ws
        connection = Connection(
            ws, transport, visitor, self._access, self.settings, catalog, rights,
            self.options.max_name,
        )  # fmt: skip
        self._connections[connection] = None
        try:
            await connection.talk()
        finally:
            del self._connections[connection]
        return ws

    def _problems(self) -> Sequence[str]:
        return self.report()

    def flush(self) -> None:
        """Return when what was shown and answered so far was handed to the network."""
        if self.loop.running:
            self.loop.run(self._flush)

    async def _flush(self) -> None:
        for connection in list(self._connections):
            connection.flush()
        await _moments()  # an answer wakes a request, which writes it

    async def leave(self) -> None:
        """Free the port, and let clients take what they were sent before."""
        server, self._server = self._server, None
        runner, self._runner = self._runner, None
        rest, self._rest = self._rest, None
        gate, self._gate = self._gate, None
        listening, self._listening = self._listening, None
        if listening is not None:
            # asyncio leaks a connection whose server is closed while it is being accepted.
            asyncio.get_running_loop().remove_reader(listening)
            await _moments()  # connections that are accepted already are known by now
        if server is not None:
            server.close()
        if listening is not None:
            listening.close()
        if gate is not None:
            gate.shut = True
        if rest is not None:
            rest.stop()
        connections = list(self._connections)
        for connection in connections:
            connection.flush()
            connection.end()
        closing = [one.socket.close(code=_AWAY, message=b"the server stops") for one in connections]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS):
                await asyncio.gather(*closing, return_exceptions=True)
        if runner is not None:
            await runner.cleanup()
        if gate is not None:
            for client in list(gate.clients.values()):
                client.transport.abort()
        await _moments()

    def where(self) -> str:
        """Return the address of the page."""
        return self._url() if self._listening is not None else ""

    def client_conf(self) -> dict[str, str]:
        """Return the address of the server, as ``ROGUEBRIDGE_WEB_URL``.

        :raises BackendError: if the server is not running
        """
        if self._listening is None or not self.loop.running:
            raise BackendError("the web server is not running: it has no address yet")
        return {"ROGUEBRIDGE_WEB_URL": self._url()}

    def clients(self) -> int:
        """Return how many connections clients have."""
        gate = self._gate
        return 0 if gate is None else len(gate.clients)

    def losses(self, entry: PvEntry, spec: PvSpec | None) -> tuple[str, ...]:
        """Return how clients of PVWS get the PV's value rounded or in another form."""
        return () if spec is None else tuple(losses_of(spec))

    def _url(self) -> str:
        address = self.settings.address
        host = self._host
        if not self.options.isolate and address.is_unspecified:
            host = self.settings.hosts[0] if self.settings.hosts else socket.gethostname()
        host = f"[{host}]" if ":" in host else host
        return f"{self.settings.scheme}://{host}:{self._port_now()}"

    def _port_now(self) -> int:
        assert self._listening is not None  # noqa: S101 - it listens
        return int(self._listening.getsockname()[1])

    def _tls(self) -> ssl.SSLContext | None:
        settings = self.settings
        if not settings.certificate:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(settings.certificate, settings.key or None)
        except (OSError, ssl.SSLError) as exc:
            text = f"web: the certificate {settings.certificate} cannot be used: {exc}"
            raise BackendError(text) from exc
        return context

    def _bound(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # over connections that linger
        try:
            sock.bind((self._host, self._port))
        except OSError as exc:
            sock.close()
            text = f"web: cannot listen on {self._host}, port {self._port}: {exc.strerror}"
            raise BackendError(text) from exc
        if self.options.isolate:
            self._port = sock.getsockname()[1]  # kept for the next start
        return sock


async def _moments() -> None:
    """Let the loop do what is ready, and what follows from it."""
    for _ in range(4):
        await asyncio.sleep(0)
