"""A monitor of a client, and what it needs of the client's connection; on the loop."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol

from roguebridge.core.concurrency import EventLoopThread, NetworkLog
from roguebridge.core.requests import Credentials, PutRequest

from .fields import CaReading, View
from .own_puts import OwnPuts
from .rights import SharedRights
from .served_pv import CaPv
from .wire import dbr
from .wire.messages import EVENT_ADD, GET_FAILED, NORMAL, error, message, numbered

_log = NetworkLog(logging.getLogger("roguebridge.ca"))
_NOTHING = bytes(dbr.STRING_SIZE)  # of no elements: an update without a byte would end the monitor
_OF_ONE_UPDATE = 2e-6  # seconds that it costs to send one, the message made


class Connection(Protocol):
    """What channels, monitors and puts need of their client's connection."""

    loop: EventLoopThread
    rights: SharedRights
    own_puts: OwnPuts
    #: the number of a channel -> the channel
    channels: dict[int, Any]
    #: puts that the client waits for
    pending: dict[PutRequest, None]
    #: elements of the largest channel there was
    largest: int
    #: revision of the protocol that the client has
    revision: int

    @property
    def client(self) -> str:
        """Whose bytes are counted."""

    @property
    def held(self) -> bool:
        """True while updates must wait."""

    def credentials(self) -> Credentials:
        """Return who the client says it is."""

    def hold(self, monitor: Monitor) -> None:
        """Send a monitor the newest reading when updates no longer wait."""

    def drop(self, monitor: Monitor) -> None:
        """Hold no update of a monitor any more."""

    def send(self, raw: bytes) -> None:
        """Send a message with all others that are answered now."""

    def write(self, raw: bytes) -> None:
        """Have a message sent with the next flush."""

    def flush_soon(self) -> None:
        """Hand over what is ready when all that is answered now has been."""

    def flush(self) -> None:
        """Hand over what is ready."""

    def charge(self, seconds: float) -> None:
        """Note that the client has used the network thread."""


@dataclass(slots=True, eq=False)
class Monitor:
    """A monitor.

    :param view: what its channel shows of the PV
    :param cid: the client's number for the channel
    :param number: the client's number for the monitor
    :param type: type of DBR that the client wants
    :param count: how many elements; 0 for all there are
    :param mask: which changes are sent: of value, of alarm
    :param header: of the client's request
    """

    connection: Connection
    pv: CaPv
    view: View
    cid: int
    number: int
    type: int
    count: int
    mask: int
    header: bytes
    sent_ns: int = 0
    failed: bool = False  # the client has been sent the error that there is no such form
    waits: bool = True  # for puts of the client that came before it

    def begin(self) -> None:
        """Send the first update."""
        self.waits = False
        if self.connection.held:
            self.connection.hold(self)
        else:
            self.send_present()
            self.connection.flush_soon()

    def send_present(self) -> None:
        """Send the present reading."""
        if self.pv.opened is not None:
            self.send(self.pv.opened.reading, {})

    def send(self, reading: CaReading, bodies: dict[Any, bytes]) -> None:
        """Send a reading.

        :param bodies: messages made so far for this reading
        """
        # Of a message to several monitors only the number of the monitor differs.
        key = (id(self.view), self.type, self.count)
        self.sent_ns = reading.time_ns
        whole = bodies.get(key)
        cost = _OF_ONE_UPDATE
        if whole is None:
            began = perf_counter()
            try:
                count, body = self.view.body(reading, self.type, self.count)
                whole = message(EVENT_ADD, self.type, count, NORMAL, 0, body or _NOTHING)
            except Exception as exc:
                self._fail(exc)
                return
            bodies[key] = whole
            cost += perf_counter() - began
        self.failed = False
        self.connection.charge(cost)
        self.connection.write(numbered(whole, self.number))

    def _fail(self, exc: Exception) -> None:
        # Once, not with each update: it would be the same again.
        failed, self.failed = self.failed, True
        if failed:
            return
        if not isinstance(exc, (dbr.Unreadable, ValueError)):
            _log.error("%s cannot be sent to a monitor", self.pv.entry.pv_name, exc_info=exc)
        self.connection.send(error(self.header, self.cid, GET_FAILED, str(exc).encode()))
