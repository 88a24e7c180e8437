"""A monitor of a client; on the loop."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

from .circuit import Circuit
from .fields import CaReading, View
from .log import log
from .served_pv import Bodies, CaPv
from .wire import dbr
from .wire.messages import EVENT_ADD, GET_FAILED, NORMAL, error, message, numbered

_NOTHING = bytes(dbr.STRING_SIZE)  # of no elements: an update without a byte would end the monitor
_OF_ONE_UPDATE = 2e-6  # seconds that it costs to send one, the message made


@dataclass(slots=True, eq=False)
class Monitor:
    """A monitor.

    :param view: the field that its channel shows
    :param cid: the client's number for the channel
    :param number: the client's number for the monitor
    :param type: type of DBR that the client wants
    :param count: how many elements; 0 for all there are
    :param mask: which changes are sent: of value, of alarm
    :param header: of the client's request
    """

    circuit: Circuit
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
        if self.circuit.held:
            self.circuit.hold(self)
        else:
            self.send_present()
            self.circuit.flush_soon()

    def send_present(self) -> None:
        """Send the present reading."""
        if self.pv.opened is not None:
            self.send(self.pv.opened.reading, {})

    def send(self, reading: CaReading, bodies: Bodies) -> None:
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
        self.circuit.charge(cost)
        self.circuit.write(numbered(whole, self.number))

    def _fail(self, exc: Exception) -> None:
        # Send the error once, not with each update: it would be the same again.
        if self.failed:
            return
        self.failed = True
        if not isinstance(exc, (dbr.Unreadable, ValueError)):
            log.error("%s cannot be sent to a monitor", self.pv.entry.pv_name, exc_info=exc)
        self.circuit.send(error(self.header, self.cid, GET_FAILED, str(exc).encode()))
