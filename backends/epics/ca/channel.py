"""One client's channel to one field of a PV; on the loop."""

from __future__ import annotations

from functools import partial

from roguebridge.core.backend import RightsGroup

from .circuit import Circuit
from .fields import PROCESS, CaReading, View
from .monitor import Monitor
from .served_pv import ALARM, Bodies, CaPv, Touched
from .wire import dbr, messages
from .wire.messages import ProtocolError, Request, error, message

_MAY_READ, _MAY_WRITE = 1, 3
_COUNTS_ALL = 13  # the first revision in which a count of 0 asks for as many as there are
_MASK = slice(12, 14)  # in the payload of a request for a monitor


class Channel:
    """A channel, from the client's request for it to its end.

    :param circuit: the client's
    :param cid: the client's number for it, and the server's
    :param name: as the client has spelt it
    :param pv: the PV
    :param field: what of the PV
    """

    __slots__ = (
        "cid", "name", "pv", "field", "view", "monitors", "puts", "group", "circuit", "_rights",
        "_outgrown",
    )  # fmt: skip

    def __init__(self, circuit: Circuit, cid: int, name: str, pv: CaPv, field: str) -> None:
        self.circuit = circuit
        self.cid = cid
        self.name = name
        self.pv = pv
        self.field = field
        self.view: View | None = None  # once the client knows the channel
        self.monitors: dict[int, Monitor] = {}
        self.puts = 0  # that have not been answered
        self.group: RightsGroup | None = None  # that shares its rights
        self._rights = 0  # not known
        self._outgrown = False

    @property
    def is_process(self) -> bool:
        """True for the field that a put to refreshes."""
        return self.field == PROCESS

    @property
    def alive(self) -> bool:
        """True while the client knows the channel."""
        return self.view is not None

    # From the client's request to the end -----------------------------------------------------

    def begin(self) -> None:
        """Answer the client's request for the channel, if the PV is open by now."""
        opened, circuit = self.pv.opened, self.circuit
        asks_rights = self.group is not None and not self._rights
        if opened is None or asks_rights or self.alive:
            return
        view = opened.view(self.field)
        if view is None:
            circuit.send(message(messages.CREATE_FAILED, one=self.cid))
            self.gone()
            return
        if not self._rights:
            # Policies are asked only about fields that take puts.
            if (view.takes and opened.form.spec.writable) or self.is_process:
                self._ask_rights()
                return
            self._rights = _MAY_READ
        self.view = view
        circuit.largest = max(circuit.largest, view.room)
        circuit.send(
            message(messages.RIGHTS, one=self.cid, two=self._rights)
            + message(messages.CREATE, view.type, view.room, self.cid, self.cid)
        )

    def _ask_rights(self) -> None:
        # Reading a variable again is no put: clients may do so with a read-only one, too.
        operation = "rpc" if self.is_process and not self.pv.entry.is_command else "put"
        self.circuit.host.rights.join(self, self.circuit.credentials(), operation)

    def ask_rights_again(self) -> None:
        """Ask for the rights of the client's present name."""
        if self.group is not None and self.alive:
            self._ask_rights()

    def set_rights(self, allowed: bool) -> None:
        """Note the rights, and show the client a change."""
        rights = _MAY_WRITE if allowed else _MAY_READ
        before, self._rights = self._rights, rights
        if not self.alive:
            self.begin()
        elif rights != before:
            self.circuit.send(message(messages.RIGHTS, one=self.cid, two=rights))

    def outgrown(self) -> None:
        """The value no longer fits the channel: have the client ask for another one."""
        self._outgrown = True
        self._end_outgrown()

    def put_answered(self) -> None:
        """One of the client's puts has been answered: until then the channel has stayed."""
        self.puts -= 1
        self._end_outgrown()

    def _end_outgrown(self) -> None:
        if self._outgrown and not self.puts:
            self.circuit.send(message(messages.DISCONNECTED, one=self.cid))
            self.gone()

    def clear(self, request: Request) -> None:
        """End the channel: the client asks for it."""
        if request.two != self.cid:
            raise ProtocolError(f"channel {self.cid} is not {request.two}")
        self.circuit.send(message(messages.CLEAR, one=self.cid, two=self.cid))
        self.gone()

    def gone(self) -> None:
        """Forget the channel."""
        self.view = None
        self.circuit.host.rights.leave(self)
        self.circuit.channels.pop(self.cid, None)
        for monitor in self.monitors.values():
            self.circuit.drop(monitor)
        self.monitors.clear()
        self.pv.disconnect(self)

    # Values -----------------------------------------------------------------------------------

    def refuse(self, request: Request, status: int, text: str) -> None:
        """Answer a request with an error."""
        self.circuit.send(error(request.header, self.cid, status, text.encode()))
        if request.command == messages.READ_NOTIFY:
            # libca needs only the error, other clients wait for a reply to the read.
            kind, failed = request.type, messages.GET_FAILED
            body = dbr.nothing(kind)
            self.circuit.write(message(request.command, kind, 0, failed, request.two, body))

    def read(self, request: Request) -> None:
        """Answer with a reading, after the puts of the client that came before."""
        own_puts = self.circuit.own_puts
        if own_puts:
            own_puts.then(self.pv, partial(self._answer, request))
        else:
            self._answer(request, None)

    def _answer(self, request: Request, reading: CaReading | None) -> None:
        view, opened = self.view, self.pv.opened
        if view is None or opened is None:
            return
        try:
            count = self._count(view, request)
            count, body = view.body(reading or opened.reading, request.type, count)
        except (dbr.Unreadable, ValueError) as exc:
            self.refuse(request, messages.GET_FAILED, str(exc))
            return
        one = self.cid if request.command == messages.READ else messages.NORMAL
        self.circuit.send(message(request.command, request.type, count, one, request.two, body))

    def _count(self, view: View, request: Request) -> int:
        is_early = not request.count and self.circuit.revision < _COUNTS_ALL
        return view.room if is_early else request.count

    def subscribe(self, request: Request) -> None:
        """Add a monitor, which gets the present value first."""
        view = self.view
        if view is None:
            return
        if len(request.payload) < _MASK.stop:
            raise ProtocolError(f"a monitor is asked for with {len(request.payload)} bytes")
        mask = int.from_bytes(request.payload[_MASK], "big")
        count = self._count(view, request)
        self._drop_monitor(request.two)
        monitor = self.monitors[request.two] = Monitor(
            self.circuit, self.pv, view, self.cid, request.two, request.type, count, mask,
            request.header,
        )  # fmt: skip
        self.circuit.own_puts.then(self.pv, partial(self._begin_monitor, monitor))

    def _begin_monitor(self, monitor: Monitor, reading: CaReading | None) -> None:
        # With the present reading, not that after the put: a monitor never goes back.
        if self.monitors.get(monitor.number) is monitor:
            monitor.begin()

    def _drop_monitor(self, number: int) -> bool:
        monitor = self.monitors.pop(number, None)
        if monitor is not None:
            self.circuit.drop(monitor)
        return monitor is not None

    def cancel(self, request: Request) -> None:
        """End a monitor."""
        if self._drop_monitor(request.two):
            self.circuit.send(message(messages.EVENT_ADD, request.type, 0, self.cid, request.two))

    def update(self, reading: CaReading, events: int, bodies: Bodies, touched: Touched) -> bool:
        """Write a reading to the monitors; False if it has no place in the channel.

        :param events: kinds of changes: of value, of alarm
        :param bodies: messages made so far for this reading
        :param touched: gets the connection if something was written
        """
        view, circuit = self.view, self.circuit
        if view is None:
            return True
        if view.follows == "value":
            has_type = self.field != "VAL" or view.type is reading.value.type
            if not has_type or len(view.pick(reading)) > view.room:
                return False
        elif view.follows != "alarm" or not events & ALARM:
            return True
        for monitor in self.monitors.values():
            is_new = monitor.mask & events and monitor.sent_ns != reading.time_ns
            if not is_new or monitor.waits:
                continue
            if circuit.held:
                circuit.hold(monitor)
            else:
                monitor.send(reading, bodies)
                touched[circuit] = None
        return True
