"""One client's connection: who the client is, and which updates wait for it; on the loop."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from typing import Any, Protocol

from roguebridge.backends.user_groups import groups_of
from roguebridge.core.backend import SharedRights
from roguebridge.core.concurrency import EventLoopThread
from roguebridge.core.requests import Credentials, PutRequest, QueuedBytes

from .own_puts import OwnPuts
from .searches import SearchedHost
from .wire.messages import ECHO, REVISION, VERSION, Request, message
from .wire.text import claimed
from .wire.transport import Answer, Stream
from .wire.turns import Turns


class Host(SearchedHost, Protocol):
    """What a circuit needs of its server."""

    loop: EventLoopThread
    max_name: int
    rights: SharedRights
    circuits: dict[Circuit, None]
    turns: Turns
    queued: QueuedBytes


class Circuit(Stream):
    """The state of one connection.

    :param host: the server
    :param answer: answers its messages
    """

    def __init__(self, host: Host, answer: Answer) -> None:
        super().__init__(host.turns, host.queued, host.loop, answer)
        self.host = host
        self.loop = host.loop
        #: the client's number for a channel, which is the server's too -> the channel
        self.channels: dict[int, Any] = {}
        #: puts that the client waits for
        self.pending: dict[PutRequest, None] = {}
        #: reads that wait for puts of this client
        self.own_puts = OwnPuts(host.loop)
        #: revision of the protocol that the client has
        self.revision = REVISION
        self._user = ""
        self._claimed_host = ""
        self._events_off = False
        self._held: OrderedDict[Any, None] = OrderedDict()  # monitors whose updates wait

    def connection_made(self, transport: Any) -> None:
        """The client is there."""
        super().connection_made(transport)
        self.host.circuits[self] = None

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone, or the server stops."""
        self.host.circuits.pop(self, None)
        self.own_puts.clear()
        for request in self.pending:
            request.cancelled = True
        self.pending.clear()
        for channel in list(self.channels.values()):
            channel.gone()
        super().connection_lost(exc)

    # Updates that wait ------------------------------------------------------------------------

    @property
    def held(self) -> bool:
        """True while updates must wait."""
        return self._full or self._events_off or self._waits_turn

    def hold(self, monitor: Any) -> None:
        """Send a monitor the newest reading when updates no longer wait."""
        self._held[monitor] = None

    def drop(self, monitor: Any) -> None:
        """Hold no update of a monitor any more."""
        self._held.pop(monitor, None)

    def caught_up(self) -> None:
        """Send the updates that waited, as far as the client takes them."""
        while self._held and not self.held:
            monitor, _ = self._held.popitem(last=False)
            monitor.send_present()
        self.flush()

    def turn_events_off(self, request: Request) -> None:
        """Hold all updates: the client asks for it."""
        self._events_off = True

    def turn_events_on(self, request: Request) -> None:
        """Send the updates that waited: the client asks for it."""
        self._events_off = False
        self.caught_up()

    # The client -------------------------------------------------------------------------------

    def credentials(self) -> Credentials:
        """Return who the client says it is."""
        groups = partial(groups_of, self._user)
        host, most = self.address[0], self.host.max_name
        return Credentials(self._user, host, "ca", self._claimed_host, groups, most)

    def name_host(self, request: Request) -> None:
        """Note the name that the client gives its host."""
        self._claimed_host = claimed(request.payload, self.host.max_name)
        self.host.rights.renamed(self)

    def name_user(self, request: Request) -> None:
        """Note the name that the client gives itself."""
        self._user = claimed(request.payload, self.host.max_name)
        self.host.rights.renamed(self)

    def agree(self, request: Request) -> None:
        """Note the client's revision of the protocol, and answer with the server's."""
        self.revision = min(request.count, REVISION)
        self.send(message(VERSION, count=REVISION))

    def echo(self, request: Request) -> None:
        """Answer a client that asks whether the server is there."""
        self.send(message(ECHO))
