"""One client's connection; on the loop.

caproto reads and writes the messages and holds both sides to the protocol; what they are about is
ours. Updates are written past it, as bytes: it would look at each of them.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import caproto as ca

from roguebridge.core.access import Credentials
from roguebridge.core.request import PutRequest

from . import dbr
from .channel import Channel, Subscription
from .fields import parse
from .loop import Loop
from .names import text_of
from .puts import put
from .roles import groups_of

if TYPE_CHECKING:
    from .served import CaPv

_log = logging.getLogger("roguebridge.ca")
_SLICE = 16_384  # bytes that caproto is given at once: it copies what is left after each message
_MOST_WAITING = 256 * 1024  # bytes that may wait for a slow client before it is told less


class Host(Protocol):
    """What a circuit needs of its server."""

    loop: Loop
    port: int
    circuits: dict[Circuit, None]

    def served(self, name: str) -> CaPv | None:
        """Return the PV of a name."""


class Circuit(asyncio.Protocol):
    """Answers one client.

    :param host: the server
    """

    def __init__(self, host: Host) -> None:
        self.loop = host.loop
        self.wire: Any = None
        #: the server's number for a channel -> the channel
        self.channels: dict[int, Channel] = {}
        self._beginning: dict[Channel, None] = {}
        #: puts that have not been answered
        self.pending: dict[PutRequest, None] = {}
        self._host = host
        self._transport: Any = None
        self._user = ""
        self._claimed_host = ""
        self._full = False  # more waits to be sent than should
        self._events_off = False
        self._held: dict[Subscription, None] = {}
        self._out: list[bytes] = []
        self._handlers = {
            ca.VersionRequest: self._version,
            ca.HostNameRequest: self._host_name,
            ca.ClientNameRequest: self._client_name,
            ca.SearchRequest: self._search,
            ca.ReadNotifyRequest: self._read,
            ca.ReadRequest: self._read,
            ca.WriteNotifyRequest: self._write,
            ca.WriteRequest: self._write,
            ca.EventAddRequest: self._event_add,
            ca.EventCancelRequest: self._event_cancel,
            ca.EventsOffRequest: self._events_turned_off,
            ca.EventsOnRequest: self._events_turned_on,
            ca.ClearChannelRequest: self._clear,
            ca.EchoRequest: self._echo,
        }

    # Called by asyncio ------------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        """The client is there."""
        self._transport = transport
        transport.set_write_buffer_limits(_MOST_WAITING)
        self.wire = ca.VirtualCircuit(ca.SERVER, transport.get_extra_info("peername"), None)
        self.wire.our_address = transport.get_extra_info("sockname")
        self._host.circuits[self] = None

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone, or the server stops."""
        self._host.circuits.pop(self, None)
        pending, self.pending = self.pending, {}
        for request in pending:
            request.cancelled = True
        channels = [*self.channels.values(), *self._beginning]
        self.channels, self._beginning = {}, {}
        for channel in channels:
            channel.gone()
        self._held.clear()

    def data_received(self, data: bytes) -> None:
        """The client has sent something."""
        try:
            for start in range(0, len(data), _SLICE):
                commands, _ = self.wire.recv(data[start : start + _SLICE])
                for command in commands:
                    self._handle(command)
        except ca.CaprotoError as exc:
            _log.warning("a client at %s broke the protocol: %s", self.wire.address, exc)
            self._transport.abort()
        except Exception:
            _log.exception("what a client at %s sent cannot be answered", self.wire.address)
            self._transport.abort()
        self.flush()

    def pause_writing(self) -> None:
        """The client is slow: updates are held, the newest of each only."""
        self._full = True

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._full = False
        self._release()

    # To the client ----------------------------------------------------------------------------

    def send(self, *commands: Any) -> None:
        """Send messages."""
        if not self._transport.is_closing():
            self._out.extend(map(bytes, self.wire.send(*commands)))
            self.flush()

    def write(self, raw: bytes) -> None:
        """Have an update sent with the next :meth:`flush`."""
        self._out.append(raw)

    def flush(self) -> None:
        """Hand to the network what is ready."""
        if self._out:
            out, self._out = self._out, []
            if not self._transport.is_closing():
                self._transport.write(b"".join(out))

    @property
    def held(self) -> bool:
        """True while updates must wait."""
        return self._full or self._events_off

    def hold(self, subscription: Subscription) -> None:
        """Have a monitor told when updates no longer wait."""
        self._held[subscription] = None

    def _release(self) -> None:
        while self._held and not self.held:
            held, self._held = self._held, {}
            for subscription in held:
                if self.held:
                    self._held[subscription] = None
                else:
                    subscription.channel.send_present(subscription)
                    self.flush()

    def close(self) -> None:
        """End the connection when what is ready has been sent."""
        self._transport.close()

    def abort(self) -> None:
        """End the connection now."""
        self._transport.abort()

    def credentials(self) -> Credentials:
        """Return who the client says it is."""
        user = self._user
        return Credentials(
            user, self.wire.address[0], "ca", self._claimed_host, partial(groups_of, user)
        )

    def begin_channel(self, channel: Channel, rights: Any) -> None:
        """Tell the client that it has a channel."""
        view, number = channel.view, self.wire.new_channel_id()
        assert view is not None  # noqa: S101 - the channel has looked
        self._beginning.pop(channel, None)
        self.channels[number] = channel
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

    def _handle(self, command: Any) -> None:
        if isinstance(command, ca.CreateChanRequest):
            self._create(command)
            return
        if hasattr(command, "sid") and command.sid not in self.channels:
            return  # a channel that has just ended: the client knows by now, or will
        is_end = isinstance(command, ca.EventCancelRequest)
        if is_end and command.subscriptionid not in self.wire.event_add_commands:
            return
        handler = self._handlers.get(type(command))
        if handler is None:
            _log.debug("%r is not answered", command)
            return
        self.wire.process_command(command)
        handler(command)

    def _version(self, command: Any) -> None:
        self.send(ca.VersionResponse(ca.DEFAULT_PROTOCOL_VERSION))

    def _host_name(self, command: Any) -> None:
        self._claimed_host = text_of(command)

    def _client_name(self, command: Any) -> None:
        self._user = text_of(command)

    def _search(self, command: Any) -> None:
        if parse(text_of(command), self._host.served) is not None:
            found = ca.SearchResponse(
                self._host.port, None, command.cid, ca.DEFAULT_PROTOCOL_VERSION
            )
            self.send(found)
        elif command.reply == ca.DO_REPLY:
            self.send(ca.NotFoundResponse(ca.DEFAULT_PROTOCOL_VERSION, command.cid))

    def _create(self, command: Any) -> None:
        name = text_of(command)
        found = parse(name, self._host.served)
        if found is None or command.cid in self.wire.channels:
            self.flush()
            refusal = ca.CreateChFailResponse(command.cid)
            self._transport.write(bytes(refusal))
            return
        pv, field = found
        channel = Channel(self, command.cid, name, pv, field)
        self._beginning[channel] = None
        self.wire.process_command(command)
        pv.connect(channel)

    def _read(self, command: Any) -> None:
        channel = self.channels[command.sid]
        kind = command.header.data_type
        try:
            count, body = channel.present(kind, self._count(command, channel))
        except (dbr.Unreadable, ValueError) as exc:
            words = str(exc).encode()
            self.send(ca.ErrorResponse(command, channel.wire.cid, ca.CAStatus.ECA_GETFAIL, words))
            return
        notify = isinstance(command, ca.ReadNotifyRequest)
        self.send(channel.wire.read(body, command.ioid, kind, count, metadata=b"", notify=notify))

    def _count(self, command: Any, channel: Channel) -> int:
        count: int = command.data_count
        if count == 0 and self.wire.protocol_version < 13 and channel.view is not None:
            return channel.view.room  # only later clients know of as many as there are
        return count

    def _write(self, command: Any) -> None:
        put(self, self.channels[command.sid], command)

    def _event_add(self, command: Any) -> None:
        channel = self.channels[command.sid]
        count, mask = self._count(command, channel), int(command.mask)
        kind, number = command.header.data_type, command.subscriptionid
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
        self._release()

    def _clear(self, command: Any) -> None:
        channel = self.channels[command.sid]
        self.send(channel.wire.clear())
        channel.gone()

    def _echo(self, command: Any) -> None:
        self.send(ca.EchoResponse())
