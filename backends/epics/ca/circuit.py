"""One client's connection; on the loop."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, Protocol

from roguebridge.backends.epics.user_groups import groups_of
from roguebridge.core.concurrency import EventLoopThread, NetworkLog
from roguebridge.core.requests import Credentials, PutRequest, QueuedBytes

from .channel import Channel
from .fields import parse
from .monitor import Monitor
from .own_puts import OwnPuts
from .puts import put
from .rights import SharedRights
from .searches import SearchedHost, answer_of
from .text import claimed, text_of
from .wire import dbr, messages
from .wire.intake import Intake
from .wire.messages import BAD_TYPE, ProtocolError, Request, message
from .wire.transport import Stream
from .wire.turns import Turns

_log = NetworkLog(logging.getLogger("roguebridge.ca"))


class Host(SearchedHost, Protocol):
    """What a circuit needs of its server."""

    loop: EventLoopThread
    max_name: int
    rights: SharedRights
    circuits: dict[Circuit, None]
    turns: Turns
    queued: QueuedBytes


class Circuit(Stream):
    """Answers one client.

    :param host: the server
    """

    def __init__(self, host: Host) -> None:
        super().__init__(host.turns, Intake(host.queued, host.loop))
        self.loop = host.loop
        self.rights = host.rights
        #: the client's number for a channel, which is the server's too -> the channel
        self.channels: dict[int, Channel] = {}
        #: puts that the client waits for
        self.pending: dict[PutRequest, None] = {}
        #: reads that wait for puts of this client
        self.own_puts = OwnPuts(host.loop)
        #: revision of the protocol that the client has
        self.revision = messages.REVISION
        self._host = host
        self._user = ""
        self._claimed_host = ""
        self._events_off = False
        self._held: OrderedDict[Monitor, None] = OrderedDict()

    def connection_made(self, transport: Any) -> None:
        """The client is there."""
        super().connection_made(transport)
        self._host.circuits[self] = None

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone, or the server stops."""
        self._host.circuits.pop(self, None)
        self.own_puts.clear()
        for request in self.pending:
            request.cancelled = True
        self.pending.clear()
        for channel in list(self.channels.values()):
            channel.gone()
        super().connection_lost(exc)

    # To the client ----------------------------------------------------------------------------

    @property
    def client(self) -> str:
        """Whose bytes are counted."""
        return self.intake.client

    @property
    def held(self) -> bool:
        """True while updates must wait."""
        return self._full or self._events_off or self._waits_turn

    def hold(self, monitor: Monitor) -> None:
        """Send a monitor the newest reading when updates no longer wait."""
        self._held[monitor] = None

    def drop(self, monitor: Monitor) -> None:
        """Hold no update of a monitor any more."""
        self._held.pop(monitor, None)

    def caught_up(self) -> None:
        """Send what was held, as far as the client takes it."""
        while self._held and not self.held:
            monitor, _ = self._held.popitem(last=False)
            monitor.send_present()
        self.flush()

    def credentials(self) -> Credentials:
        """Return who the client says it is."""
        groups = partial(groups_of, self._user)
        host, most = self.address[0], self._host.max_name
        return Credentials(self._user, host, "ca", self._claimed_host, groups, most)

    # From the client --------------------------------------------------------------------------

    def handle(self, request: Request) -> None:
        """Answer a message.

        :raises ProtocolError: if it cannot come from a client of Channel Access
        """
        answer = self._OF_CHANNEL.get(request.command)
        if answer is None:
            handler = self._HANDLERS.get(request.command)
            if handler is None:
                raise ProtocolError(f"there is no request with the number {request.command}")
            handler(self, request)
            return
        channel = self.channels.get(request.one)
        if channel is None or not channel.alive:
            return  # a channel that has just ended: the client knows by now, or will
        if request.command != messages.CLEAR and not dbr.exists(request.type):
            text = f"DBR type {request.type} does not exist"
            if answer is put:
                put(channel, request, text)
            else:
                channel.refuse(request, BAD_TYPE, text)
            return
        answer(channel, request)

    def refuse(self, request: Request, text: str) -> None:
        """Answer a put that there is no room for; its payload is not there."""
        channel = self.channels.get(request.one)
        if channel is not None and channel.alive:
            put(channel, request, text)

    def _version(self, request: Request) -> None:
        self.revision = min(request.count, messages.REVISION)
        self.send(message(messages.VERSION, count=messages.REVISION))

    def _host_name(self, request: Request) -> None:
        self._claimed_host = claimed(request.payload, self._host.max_name)
        self.rights.renamed(self)

    def _client_name(self, request: Request) -> None:
        self._user = claimed(request.payload, self._host.max_name)
        self.rights.renamed(self)

    def _search(self, request: Request) -> None:
        if answer := answer_of(request, self._host, tells_no=True):
            self.send(answer)

    def _create(self, request: Request) -> None:
        name = text_of(request.payload)
        found = parse(name, self._host.served)
        if found is None or request.one in self.channels:
            self.send(message(messages.CREATE_FAILED, one=request.one))
            return
        pv, field = found
        channel = self.channels[request.one] = Channel(self, request.one, name, pv, field)
        pv.connect(channel)

    def _events_turned_off(self, request: Request) -> None:
        self._events_off = True

    def _events_turned_on(self, request: Request) -> None:
        self._events_off = False
        self.caught_up()

    def _echo(self, request: Request) -> None:
        self.send(message(messages.ECHO))

    def _ignore(self, request: Request) -> None:
        client = {"client": self.address[0]}
        _log.debug("request %s is not answered", request.command, extra=client)

    _OF_CHANNEL: ClassVar[dict[int, Callable[[Channel, Request], None]]] = {
        messages.READ: Channel.read,
        messages.READ_NOTIFY: Channel.read,
        messages.WRITE: put,
        messages.WRITE_NOTIFY: put,
        messages.EVENT_ADD: Channel.subscribe,
        messages.EVENT_CANCEL: Channel.cancel,
        messages.CLEAR: Channel.clear,
    }
    _HANDLERS: ClassVar[dict[int, Callable[[Circuit, Request], None]]] = {
        messages.VERSION: _version,
        messages.HOST_NAME: _host_name,
        messages.CLIENT_NAME: _client_name,
        messages.SEARCH: _search,
        messages.CREATE: _create,
        messages.EVENTS_OFF: _events_turned_off,
        messages.EVENTS_ON: _events_turned_on,
        messages.ECHO: _echo,
        messages.READ_SYNC: _ignore,
        messages.REPEATER_REGISTER: _ignore,
        messages.BEACON: _ignore,
    }
