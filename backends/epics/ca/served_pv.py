"""One Channel Access PV: closed until watched.

Readings come from any thread; only the newest counts, and the loop sends it. Channels belong to
the loop.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from roguebridge.core.backend import PvOwner, ServedPv
from roguebridge.core.concurrency import EventLoopThread
from roguebridge.core.errors import BackendError
from roguebridge.core.mapping import PvEntry
from roguebridge.core.values import Alarm, PvSpec, Reading

from .alarms import status_of
from .fields import CaReading, OpenCaPv
from .forms import form_of
from .forms.form import Form
from .log import log

VALUE, LOG, ALARM = 1, 2, 4  # kinds of changes
Bodies = dict[Any, bytes]
Touched = dict[Any, None]


class Watcher(Protocol):
    """A channel as its PV knows it: the monitors that a client has on it."""

    name: str

    def begin(self) -> None:
        """Go on: the PV is open."""

    def update(self, reading: CaReading, events: int, bodies: Bodies, touched: Touched) -> bool:
        """Write a reading; False if it has no place in the channel.

        :param events: kinds of changes: of value, of alarm
        :param bodies: messages made so far for this reading
        :param touched: gets the connection if something was written
        """

    def outgrown(self) -> None:
        """End: the client has to ask for a larger channel."""


class UpdateBatch:
    """The PVs of one server that have a new reading; it sends them together.

    The lock guards the PVs that wait here, and of each PV ``opened`` and its reading.

    :param loop: the server's
    """

    def __init__(self, loop: EventLoopThread) -> None:
        self.loop = loop
        self.lock = threading.Lock()
        #: PV name -> why its value is cut or rounded on Channel Access
        self.losses: dict[str, str] = {}
        self._waiting: dict[CaPv, None] = {}

    def add(self, pv: CaPv) -> None:
        """Have a PV's newest reading sent soon; with the lock held."""
        if not self._waiting:
            self.loop.post(self.send)
        self._waiting[pv] = None

    def send(self) -> None:
        """Send all that waits; on the loop."""
        with self.lock:
            waiting, self._waiting = self._waiting, {}
        touched: Touched = {}
        for pv in waiting:
            try:
                pv.send(touched)
            except Exception:  # the other clients get the update all the same
                log.exception("%s cannot be sent", pv.entry.pv_name)
        for connection in touched:
            connection.flush()


class CaPv(ServedPv):
    """A PV and the channels that clients have to it."""

    __slots__ = ("entry", "owner", "channels", "room", "opened", "_batch")

    def __init__(self, entry: PvEntry, owner: PvOwner, batch: UpdateBatch) -> None:
        self.entry = entry
        self.owner = owner
        self.channels: dict[Watcher, None] | None = None
        self.room = 0  # elements that clients know of
        self.opened: OpenCaPv | None = None
        self._batch = batch

    # From any thread --------------------------------------------------------------------------

    def open(self, spec: PvSpec, reading: Reading) -> None:
        """Give type and first value; waits for the loop."""
        self._batch.loop.call(partial(self._begin, self._made(spec, reading)))

    def open_soon(
        self, spec: PvSpec, reading: Reading, opened: Callable[[Exception | None], None]
    ) -> None:
        """Give type and first value, without waiting for the loop."""
        try:
            made = self._made(spec, reading)
        except Exception as exc:
            opened(exc)
            return

        def on_loop() -> None:
            try:
                self._begin(made)
            except Exception as exc:
                opened(exc)
            else:
                opened(None)

        if not self._batch.loop.post(on_loop):
            opened(self._batch.loop.stopped)

    def _made(self, spec: PvSpec, reading: Reading) -> OpenCaPv:
        form = form_of(spec)
        return OpenCaPv(self.entry, form, self._shown(form, reading), self.room)

    def _begin(self, opened: OpenCaPv) -> None:
        with self._batch.lock:
            self.opened = opened
        for channel in list(self.channels or ()):
            channel.begin()

    def post(self, reading: Reading) -> None:
        """Show a reading: reads get it at once, monitors soon."""
        opened = self.opened
        if opened is None:
            raise BackendError(f"{self.entry.pv_name} is closed")
        shown = self._shown(opened.form, reading)
        opened.saw(shown.value)
        with self._batch.lock:
            if opened is self.opened:
                opened.reading = shown
                self._batch.add(self)

    def post_alarm(self, alarm: Alarm, time_ns: int) -> None:
        """Show an alarm on the value the PV has."""
        with self._batch.lock:
            opened = self.opened
            if opened is not None:
                severity, status = int(alarm.severity), status_of(alarm)
                opened.reading = CaReading(opened.reading.value, severity, status, time_ns)
                self._batch.add(self)

    def _shown(self, form: Form, reading: Reading) -> CaReading:
        value, alarm = form.show(reading.value), reading.alarm
        losses, name = self._batch.losses, self.entry.pv_name
        if value.loss:
            losses[name] = value.loss
        elif losses:
            losses.pop(name, None)
        return CaReading(value, int(alarm.severity), status_of(alarm), reading.time_ns)

    # On the loop ------------------------------------------------------------------------------

    def connect(self, channel: Watcher) -> None:
        """A client wants a channel; it begins when the PV is open."""
        if self.channels is None:
            self.channels = {channel: None}
            self.owner.client_arrived(self)
        else:
            self.channels[channel] = None
        if self.opened is not None:
            channel.begin()

    def disconnect(self, channel: Watcher) -> None:
        """A channel goes; with the last one the PV is closed."""
        if self.channels is None or channel not in self.channels:
            return
        del self.channels[channel]
        if not self.channels:
            self.channels = None
            if self.owner.clients_gone(self):
                self.close()

    def close(self) -> None:
        """Forget type and value."""
        with self._batch.lock:
            if self.opened is not None:
                self.room = max(self.opened.room, self.opened.longest)
            self.opened = None

    def send(self, touched: Touched) -> None:
        """Send the newest reading to all monitors.

        :param touched: gets the connections that something was written to
        """
        opened = self.opened
        if opened is None or self.channels is None:
            return
        reading = opened.reading
        alarm = (reading.severity, reading.status)
        events = VALUE | LOG | (ALARM if alarm != opened.sent_alarm else 0)
        opened.sent_alarm = alarm
        bodies: Bodies = {}
        outgrown = []
        for channel in self.channels:
            try:
                if not channel.update(reading, events, bodies, touched):
                    outgrown.append(channel)
            except Exception:  # the other clients get the update all the same
                log.exception("%s cannot be sent to a client", channel.name)
        if outgrown:
            # What clients know of type and size of a channel holds for its life.
            longest = max(len(reading.value.elements), len(reading.value.text or b""))
            if longest > opened.room:
                opened.room = max(longest, 2 * opened.room)
            opened.views.clear()
        for channel in outgrown:
            channel.outgrown()
