"""One client's connection; on the loop.

caproto reads and writes the messages and holds both sides to the protocol; what they are about is
ours. Updates are written past it, as bytes: it would look at each of them.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import caproto as ca
from caproto._headers import ExtendedMessageHeader, MessageHeader

from roguebridge.backends.epics.roles import groups_of
from roguebridge.core.concurrency import EventLoopThread, NetworkLog
from roguebridge.core.requests import Credentials, PutRequest, QueuedBytes

from .channel import Channel, Subscription
from .fields import Shown, parse
from .own_puts import OwnPuts
from .puts import put
from .rights import SharedRights
from .text import claimed, text_of
from .wire import dbr
from .wire.intake import Intake
from .wire.transport import Stream, misused
from .wire.turns import Turns

if TYPE_CHECKING:
    from .served_pv import CaPv

_log = NetworkLog(logging.getLogger("roguebridge.ca"))
_READ, _GETFAIL = 15, 152  # CA_PROTO_READ_NOTIFY, ECA_GETFAIL
#: what is about no channel: caproto would look at all of them
_OF_CIRCUIT = (
    ca.EchoRequest, ca.EventsOffRequest, ca.EventsOnRequest, ca.SearchRequest, ca.VersionRequest,
    ca.HostNameRequest, ca.ClientNameRequest,
)  # fmt: skip


#: what names a type of DBR, by its number
_OF_A_TYPE = {
    command.ID: command
    for command in (
        ca.ReadNotifyRequest, ca.ReadRequest, ca.WriteNotifyRequest, ca.WriteRequest,
        ca.EventAddRequest, ca.EventCancelRequest,
    )
}  # fmt: skip


class Host(Protocol):
    """What a circuit needs of its server."""

    loop: EventLoopThread
    port: int
    max_name: int
    rights: SharedRights
    circuits: dict[Circuit, None]
    turns: Turns
    queued: QueuedBytes

    def served(self, name: str) -> CaPv | None:
        """Return the PV of a name."""


class Circuit(Stream):
    """Answers one client.

    :param host: the server
    """

    def __init__(self, host: Host) -> None:
        super().__init__(host.turns, Intake(host.queued, host.loop))
        self.loop = host.loop
        self.rights = host.rights
        #: the server's number for a channel -> the channel
        self.channels: dict[int, Channel] = {}
        self._beginning: dict[Channel, None] = {}
        #: puts that have not been answered
        self.pending: dict[PutRequest, None] = {}
        #: reads that wait for puts of this client
        self.own_puts = OwnPuts(host.loop)
        self._host = host
        self._user = ""
        self._claimed_host = ""
        self._events_off = False
        self._held: OrderedDict[Subscription, None] = OrderedDict()

    def connection_made(self, transport: Any) -> None:
        """The client is there."""
        super().connection_made(transport)
        self._host.circuits[self] = None

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone, or the server stops."""
        self._host.circuits.pop(self, None)
        self.own_puts.clear()
        pending, self.pending = self.pending, {}
        for request in pending:
            request.cancelled = True
        channels = [*self.channels.values(), *self._beginning]
        self.channels, self._beginning = {}, {}
        for channel in channels:
            channel.gone()
        self._held.clear()
        super().connection_lost(exc)

    # To the client ----------------------------------------------------------------------------

    @property
    def held(self) -> bool:
        """True while updates must wait."""
        return self._full or self._events_off or self._waits_turn

    def hold(self, subscription: Subscription) -> None:
        """Have a monitor told when updates no longer wait."""
        self._held[subscription] = None

    def caught_up(self) -> None:
        """Send what was held, as far as the client takes it."""
        while self._held and not self.held:
            subscription, _ = self._held.popitem(last=False)
            subscription.channel.send_present(subscription)
        self.flush()

    def credentials(self) -> Credentials:
        """Return who the client says it is."""
        user = self._user
        return Credentials(
            user,
            self.wire.address[0],
            "ca",
            self._claimed_host,
            partial(groups_of, user),
            self._host.max_name,
        )

    def begin_channel(self, channel: Channel, rights: Any) -> None:
        """Tell the client that it has a channel."""
        view, number = channel.view, self.wire.new_channel_id()
        assert view is not None  # noqa: S101 - the channel has looked
        self._beginning.pop(channel, None)
        self.channels[number] = channel
        self.largest = max(self.largest, view.room)
        self.send(
            ca.AccessRightsResponse(channel.wire.cid, rights),
            channel.wire.create(view.type, view.room, number),
        )

    def refuse_channel(self, channel: Channel) -> None:
        """Tell the client that there is no such channel."""
        self.send(channel.wire.create_fail())
        self.wire.channels.pop(channel.wire.cid, None)
        channel.gone()

    def forget(self, channel: Channel) -> None:
        """Drop what is known of a channel and its monitors."""
        self._beginning.pop(channel, None)
        self.channels.pop(channel.wire.sid, None)
        for number, subscription in channel.subscriptions.items():
            self.wire.event_add_commands.pop(number, None)
            self._held.pop(subscription, None)

    # From the client --------------------------------------------------------------------------

    def handle(self, command: Any) -> None:
        """Answer a message."""
        if isinstance(command, ca.CreateChanRequest):
            self._create(command)
            return
        if hasattr(command, "sid") and command.sid not in self.channels:
            return  # a channel that has just ended: the client knows by now, or will
        is_end = isinstance(command, ca.EventCancelRequest)
        if is_end and command.subscriptionid not in self.wire.event_add_commands:
            return
        handler = self._HANDLERS.get(type(command))
        if handler is None:
            client = {"client": self.wire.address[0]}
            _log.debug("%r is not answered", command, extra=client)
            return
        if not (self._connected and isinstance(command, _OF_CIRCUIT)):
            try:
                self.wire.process_command(command)
            except Exception as exc:
                raise misused(exc) from exc
        handler(self, command)

    @property
    def _connected(self) -> bool:
        return self.wire.states[ca.CLIENT] is ca.CONNECTED

    def _version(self, command: Any) -> None:
        response = ca.VersionResponse(ca.DEFAULT_PROTOCOL_VERSION)
        if self._connected:
            self.tell(response)
        else:
            self.send(response)

    def _host_name(self, command: Any) -> None:
        self._claimed_host = claimed(command, self._host.max_name)
        self.rights.renamed(self)

    def _client_name(self, command: Any) -> None:
        self._user = claimed(command, self._host.max_name)
        self.rights.renamed(self)

    def _search(self, command: Any) -> None:
        if parse(text_of(command), self._host.served) is not None:
            found = ca.SearchResponse(
                self._host.port, None, command.cid, ca.DEFAULT_PROTOCOL_VERSION
            )
            self.tell(found)
        elif command.reply == ca.DO_REPLY:
            self.tell(ca.NotFoundResponse(ca.DEFAULT_PROTOCOL_VERSION, command.cid))

    def _create(self, command: Any) -> None:
        name = text_of(command)
        found = parse(name, self._host.served)
        if found is None or command.cid in self.wire.channels:
            self.tell(ca.CreateChFailResponse(command.cid))
            return
        pv, field = found
        channel = Channel(self, command.cid, name, pv, field)
        self._beginning[channel] = None
        self.wire.process_command(command)
        pv.connect(channel)

    def _read(self, command: Any) -> None:
        channel = self.channels[command.sid]
        self.own_puts.then(channel.pv, partial(self._answer_read, channel, command))

    def _answer_read(self, channel: Channel, command: Any, shown: Shown | None) -> None:
        if not channel.alive:
            return
        kind = command.header.data_type
        notify = isinstance(command, ca.ReadNotifyRequest)
        try:
            count, body = channel.present(kind, self._count(command, channel), shown)
        except (dbr.Unreadable, ValueError) as exc:
            self._answered(command)
            self.tell_error(channel, command, str(exc))
            if notify and isinstance(exc, dbr.Unreadable):
                # libca is content with the error, others wait for an answer proper.
                self.write(dbr.message(_READ, kind, 0, _GETFAIL, command.ioid, dbr.nothing(kind)))
            return
        self.wire._ioids[command.ioid] = channel.wire  # noqa: SLF001 - two may have one number
        self.send(channel.wire.read(body, command.ioid, kind, count, metadata=b"", notify=notify))

    def answer(self, command: Any, response: Any) -> None:
        """Answer a put; caproto would refuse that of the second of two with one number."""
        self._answered(command)
        self.tell(response)

    def _answered(self, command: Any) -> None:
        self.wire._ioids.pop(command.ioid, None)  # noqa: SLF001 - else it waits for ever

    def tell_error(self, channel: Channel, command: Any, text: str) -> None:
        """Answer a read, or a monitor, of what has no form in the type that is asked for."""
        status = ca.CAStatus.ECA_GETFAIL
        self.tell(ca.ErrorResponse(command, channel.wire.cid, status, text.encode()))

    def tell_monitor_error(self, channel: Channel, number: int, text: str) -> None:
        """Tell a monitor that it gets no updates."""
        request = self.wire.event_add_commands.get(number)
        if request is not None:
            self.tell_error(channel, request, text)

    def refuse_type(self, message: bytes) -> bool:
        """Answer a message with a type of DBR that does not exist, which caproto cannot read.

        :returns: False if the message is no such one
        """
        request = _OF_A_TYPE.get(int.from_bytes(message[:2], "big"))
        kind = int.from_bytes(message[4:6], "big")
        if request is None or dbr.exists(kind):
            return False
        command = request.from_components(_header(message))
        channel = self.channels.get(command.sid)
        if channel is not None:
            self._refuse_type(channel, command, kind)
        return True

    def _refuse_type(self, channel: Channel, command: Any, kind: int) -> None:
        text = f"DBR type {kind} does not exist"
        if isinstance(command, (ca.WriteNotifyRequest, ca.WriteRequest)):
            put(self, channel, command, text)
            return
        status = ca.CAStatus.ECA_BADTYPE
        self.tell(ca.ErrorResponse(command, channel.wire.cid, status, text.encode()))
        if isinstance(command, ca.ReadNotifyRequest):  # see _answer_read
            self.write(dbr.message(_READ, kind, 0, _GETFAIL, command.ioid, b""))

    def _count(self, command: Any, channel: Channel) -> int:
        count: int = command.data_count
        if count == 0 and self.wire.protocol_version < 13 and channel.view is not None:
            return channel.view.room  # only later clients know of as many as there are
        return count

    def _write(self, command: Any) -> None:
        put(self, self.channels[command.sid], command)

    def refuse(self, header: bytes, text: str) -> None:
        """Answer a put that there is no room for."""
        found = _header(header)
        waits = found.command == ca.WriteNotifyRequest.ID
        command = (ca.WriteNotifyRequest if waits else ca.WriteRequest).from_components(found)
        channel = self.channels.get(command.sid)
        if channel is not None:
            put(self, channel, command, text)

    def _event_add(self, command: Any) -> None:
        channel = self.channels[command.sid]
        count, mask = self._count(command, channel), int(command.mask)
        kind, number = command.header.data_type, command.subscriptionid
        command.buffers = ()  # it is kept for its header
        channel.subscribe(Subscription(channel, number, kind, count, mask))

    def _event_cancel(self, command: Any) -> None:
        channel = self.channels[command.sid]
        subscription = channel.subscriptions.pop(command.subscriptionid, None)
        if subscription is not None:
            self._held.pop(subscription, None)
        self.send(channel.wire.unsubscribe(command.subscriptionid, command.data_type, 0))

    def _events_turned_off(self, command: Any) -> None:
        self._events_off = True

    def _events_turned_on(self, command: Any) -> None:
        self._events_off = False
        self.caught_up()

    def _clear(self, command: Any) -> None:
        channel = self.channels[command.sid]
        self.send(channel.wire.clear())
        channel.gone()

    def _echo(self, command: Any) -> None:
        self.tell(ca.EchoResponse())

    _HANDLERS: ClassVar[dict[type, Callable[[Circuit, Any], None]]] = {
        ca.VersionRequest: _version,
        ca.HostNameRequest: _host_name,
        ca.ClientNameRequest: _client_name,
        ca.SearchRequest: _search,
        ca.ReadNotifyRequest: _read,
        ca.ReadRequest: _read,
        ca.WriteNotifyRequest: _write,
        ca.WriteRequest: _write,
        ca.EventAddRequest: _event_add,
        ca.EventCancelRequest: _event_cancel,
        ca.EventsOffRequest: _events_turned_off,
        ca.EventsOnRequest: _events_turned_on,
        ca.ClearChannelRequest: _clear,
        ca.EchoRequest: _echo,
    }


def _header(message: bytes) -> Any:
    """Return the header that a message begins with."""
    found = MessageHeader.from_buffer_copy(message)
    is_extended = found.payload_size == 0xFFFF and not found.data_count
    return ExtendedMessageHeader.from_buffer_copy(message) if is_extended else found
