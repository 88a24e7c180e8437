"""One client's channel to one field of a PV; on the loop."""

from __future__ import annotations

import logging
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

import caproto as ca

from roguebridge.core.concurrency import NetworkLog

from .fields import Shown, View
from .served_pv import CaPv
from .wire import dbr

if TYPE_CHECKING:
    from .circuit import Circuit
    from .rights import Group

_log = NetworkLog(logging.getLogger("roguebridge.ca"))
_EVENT_ADD = 1
_NORMAL = 1
_NOTHING = bytes(dbr.STRING_SIZE)  # of no elements: an update without a byte would end the monitor
_VALUE, _LOG, _ALARM = 1, 2, 4
_OF_ONE_UPDATE = 2e-6  # seconds that it costs to send one, the message made
_MOST_ZEROS = 16_384  # elements that a client gets who wants more than there is room for
_READ = ca.AccessRights.READ
_WRITE = ca.AccessRights.READ | ca.AccessRights.WRITE


class Subscription:
    """A monitor.

    :param number: the client's number for it
    :param type: type of DBR that the client wants
    :param count: how many elements; 0 for all there are
    :param mask: what is to be told: changes of value, of alarm
    """

    __slots__ = ("channel", "number", "type", "count", "mask", "sent_ns", "failed", "waits")

    def __init__(self, channel: Channel, number: int, type: int, count: int, mask: int) -> None:
        self.channel = channel
        self.number = number
        self.type = type
        self.count = count
        self.mask = mask
        self.sent_ns = 0
        self.failed = False  # the client has been told that there is no such form
        self.waits = False  # for puts of the client that came before it


class Channel:
    """A channel, from the client's request for it to its end.

    :param circuit: the connection
    :param number: the client's number for it
    :param name: as the client has spelt it
    :param pv: the PV
    :param field: what of the PV
    """

    __slots__ = (
        "wire", "name", "pv", "field", "view", "subscriptions", "puts", "group", "_circuit",
        "_rights", "_asking", "_outgrown",
    )  # fmt: skip

    def __init__(self, circuit: Circuit, number: int, name: str, pv: CaPv, field: str) -> None:
        # caproto would look into the name for a field and a filter, by rules of its own.
        self.wire: Any = ca.ServerChannel("", circuit.wire, number)
        self.name = name
        self.pv = pv
        self.field = field
        self.view: View | None = None
        self.subscriptions: dict[int, Subscription] = {}
        self._circuit = circuit
        self.puts = 0  # that have not been answered
        self.group: Group | None = None  # that shares its rights
        self._rights: Any = None
        self._asking = False
        self._outgrown = False

    @property
    def is_process(self) -> bool:
        """True for the field that a put to refreshes."""
        return self.field == "PROC"

    def begin(self) -> None:
        """Answer the client's request for the channel, if the PV is open by now."""
        opened = self.pv.opened
        if opened is None or self._asking or self.wire.sid is not None:
            return
        view = opened.view(self.field)
        if view is None:
            self._circuit.refuse_channel(self)
            return
        if self._rights is None:
            if self._may_take(view):
                self._ask_rights()
                return
            self._rights = _READ
        self.view = view
        self._circuit.begin_channel(self, self._rights)

    def _ask_rights(self) -> None:
        circuit = self._circuit
        self._asking = self.group is None
        # To read a variable again is no put: a read-only one may be, too.
        operation = "rpc" if self.is_process and not self.pv.entry.is_command else "put"
        circuit.rights.join(self, circuit.credentials(), operation)

    def ask_rights_again(self) -> None:
        """The client has another name now."""
        if self.group is not None and self.view is not None and not self._asking:
            self._ask_rights()

    def _may_take(self, view: View) -> bool:
        # What takes no put is nothing that a policy is asked about.
        opened = self.pv.opened
        writable = opened is not None and opened.form.spec.writable
        return (view.takes and writable) or self.is_process

    def set_rights(self, allowed: bool) -> None:
        """The rights are known, or others than before."""
        self._asking = False
        rights = _WRITE if allowed else _READ
        before, self._rights = self._rights, rights
        if self.wire.sid is None:
            self.begin()
        elif rights != before and self.alive:
            self._circuit.send(ca.AccessRightsResponse(self.wire.cid, rights))

    @property
    def alive(self) -> bool:
        """True while the client knows the channel."""
        return self._circuit.channels.get(self.wire.sid) is self

    def is_too_small_for(self, shown: Shown) -> bool:
        """Tell whether a reading has more elements, or another type, than the client knows of."""
        view = self.view
        assert view is not None  # noqa: S101 - the channel has begun
        if self.field == "VAL" and view.type is not shown.native.type:
            return True
        return len(view.pick(shown)) > view.room

    def outgrown(self) -> None:
        """The value has no place in the channel any more: have the client ask for another."""
        self._outgrown = True
        if not self.puts:
            self.end()

    def put_answered(self) -> None:
        """One of the client's puts has been answered: until then the channel has stayed."""
        self.puts -= 1
        if self._outgrown and not self.puts:
            self.end()

    def end(self) -> None:
        """Take the channel from the client, which will ask for it anew."""
        if self.alive:
            self._circuit.send(self.wire.disconnect())
        self.gone()

    def gone(self) -> None:
        """The channel is no more."""
        self.view = None
        self._circuit.rights.leave(self)
        self._circuit.forget(self)
        self.subscriptions.clear()
        self.pv.disconnect(self)

    # Values -----------------------------------------------------------------------------------

    def body(self, shown: Shown, type: int, count: int) -> tuple[int, bytes]:
        """Return what the field shows in a type of DBR: number of elements, and all bytes.

        :raises Unreadable: if it has no such form
        """
        view = self.view
        assert view is not None  # noqa: S101 - the channel has begun
        if count > max(view.room, _MOST_ZEROS):
            raise dbr.Unreadable(f"{count} elements of {view.room}")
        head = dbr.metadata(type, view.meta, shown.severity, shown.status, shown.time_ns)
        wanted = dbr.plain(type)
        number, tail = dbr.data(view.pick(shown), view.type, wanted, view.meta, count)
        return number, head + tail

    def present(self, type: int, count: int, shown: Shown | None = None) -> tuple[int, bytes]:
        """Return what the field shows now; see :meth:`body`.

        :param shown: what it is to show instead
        """
        opened = self.pv.opened
        if opened is None or opened.shown is None or self.view is None:
            raise dbr.Unreadable(f"{self.name} is closed")
        return self.body(shown or opened.shown, type, count)

    def subscribe(self, subscription: Subscription) -> None:
        """Add a monitor, which gets the present value first."""
        self.subscriptions[subscription.number] = subscription
        subscription.waits = True
        self._circuit.own_puts.then(self.pv, partial(self._begin, subscription))

    def _begin(self, subscription: Subscription, shown: Shown | None) -> None:
        # Not with what the PV showed after the put: a monitor never goes back.
        subscription.waits = False
        if self._circuit.held:
            self._circuit.hold(subscription)
        else:
            self.send_present(subscription)
            self._circuit.flush_soon()

    def send_present(self, subscription: Subscription) -> None:
        """Send a monitor what there is now."""
        opened = self.pv.opened
        if opened is None or opened.shown is None or self.view is None:
            return
        if self.subscriptions.get(subscription.number) is subscription:
            self._send(subscription, opened.shown, {})

    def update(
        self, shown: Shown, alarm_changed: bool, bodies: dict[Any, bytes], touched: dict[Any, None]
    ) -> None:
        """Write a reading to the monitors.

        :param bodies: messages made so far for this reading
        :param touched: gets the circuit if something was written
        """
        events = _VALUE | _LOG | (_ALARM if alarm_changed else 0)
        for subscription in self.subscriptions.values():
            if subscription.mask & events and subscription.sent_ns != shown.time_ns:
                if subscription.waits:
                    continue
                if self._circuit.held:
                    self._circuit.hold(subscription)
                else:
                    self._send(subscription, shown, bodies)
                    touched[self._circuit] = None

    def _send(self, subscription: Subscription, shown: Shown, bodies: dict[Any, bytes]) -> None:
        # Of a message to several monitors only the number of the monitor differs.
        key = (id(self.view), subscription.type, subscription.count)
        subscription.sent_ns = shown.time_ns
        whole = bodies.get(key)
        cost = _OF_ONE_UPDATE
        if whole is None:
            began = perf_counter()
            try:
                count, body = self.body(shown, subscription.type, subscription.count)
                body = body or _NOTHING
                whole = dbr.message(_EVENT_ADD, subscription.type, count, _NORMAL, 0, body)
            except Exception as exc:
                self._tell_failure(subscription, exc)
                return
            bodies[key] = whole
            cost += perf_counter() - began
        subscription.failed = False
        self._circuit.charge(cost)
        self._circuit.write(dbr.numbered(whole, subscription.number))

    def _tell_failure(self, subscription: Subscription, exc: Exception) -> None:
        # Once, not with each update: it would be the same again.
        failed, subscription.failed = subscription.failed, True
        if failed:
            return
        if not isinstance(exc, (dbr.Unreadable, ValueError)):
            _log.error("%s cannot be sent to a monitor", self.name, exc_info=exc)
        self._circuit.tell_monitor_error(self, subscription.number, str(exc))
