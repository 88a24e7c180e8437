"""One Channel Access PV: closed until watched.

Readings come from any thread and are kept, the newest only; the loop sends them. Channels belong
to the loop.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from roguebridge.core.backend import PvOwner, ServedPv
from roguebridge.core.concurrency import EventLoopThread, NetworkLog
from roguebridge.core.errors import BackendError
from roguebridge.core.mapping import PvEntry
from roguebridge.core.values import Alarm, PvSpec, Reading

from .alarms import status_of
from .fields import Open, Shown

if TYPE_CHECKING:
    from .channel import Channel

_log = NetworkLog(logging.getLogger("roguebridge.ca"))


class Sending:
    """The PVs of one server that have something new to show; it sends them in batches.

    :param loop: the server's
    """

    def __init__(self, loop: EventLoopThread) -> None:
        self.loop = loop
        self.lock = threading.Lock()
        #: PV name -> what its value does not show on Channel Access
        self.losses: dict[str, str] = {}
        self._waiting: dict[CaPv, None] = {}

    def add(self, pv: CaPv) -> None:
        """Have a PV's newest reading sent soon; with the lock held."""
        first = not self._waiting
        self._waiting[pv] = None
        if first:
            self.loop.post(self.send)

    def send(self) -> None:
        """Send what there is; on the loop."""
        with self.lock:
            waiting, self._waiting = self._waiting, {}
        touched: dict[Any, None] = {}
        for pv in waiting:
            try:
                pv.send(touched)
            except Exception:  # the others must have theirs
                _log.exception("%s cannot be sent", pv.entry.pv_name)
        for circuit in touched:
            circuit.flush()


class CaPv(ServedPv):
    """A PV and the channels that clients have to it."""

    __slots__ = ("entry", "owner", "channels", "room", "opened", "_sending")

    def __init__(self, entry: PvEntry, owner: PvOwner, sending: Sending) -> None:
        self.entry = entry
        self.owner = owner
        self.channels: dict[Channel, None] | None = None
        self.room = 0  # elements that clients have been told of
        self.opened: Open | None = None
        self._sending = sending

    # From any thread --------------------------------------------------------------------------

    def open(self, spec: PvSpec, reading: Reading) -> None:
        """Give type and first value; waits for the loop."""
        begin = self._opening(spec, reading)
        self._sending.loop.call(begin)

    def open_soon(
        self, spec: PvSpec, reading: Reading, opened: Callable[[Exception | None], None]
    ) -> None:
        """Give type and first value, without waiting for the loop."""
        try:
            begin = self._opening(spec, reading)
        except Exception as exc:
            opened(exc)
            return

        def on_loop() -> None:
            problem: Exception | None = None
            try:
                begin()
            except Exception as exc:
                problem = exc
            opened(problem)

        if not self._sending.loop.post(on_loop):
            opened(self._sending.loop.stopped)

    def _opening(self, spec: PvSpec, reading: Reading) -> Callable[[], None]:
        opened = Open(self.entry, spec, self.room)
        shown = opened.shown = self._shown(opened, reading)
        opened.told = (shown.severity, shown.status)

        def begin() -> None:
            with self._sending.lock:
                self.opened = opened
            for channel in list(self.channels or ()):
                channel.begin()

        return begin

    def post(self, reading: Reading) -> None:
        """Show a reading: at once to who asks, soon to who monitors."""
        opened = self.opened
        if opened is None:
            raise BackendError(f"{self.entry.pv_name} is closed")
        shown = self._shown(opened, reading)
        with self._sending.lock:
            if opened is self.opened:
                opened.shown = shown
                self._sending.add(self)

    def post_alarm(self, alarm: Alarm, time_ns: int) -> None:
        """Show an alarm on the value the PV has."""
        with self._sending.lock:
            opened = self.opened
            if opened is not None and opened.shown is not None:
                native = opened.shown.native
                opened.shown = Shown(native, int(alarm.severity), status_of(alarm), time_ns)
                self._sending.add(self)

    def _shown(self, opened: Open, reading: Reading) -> Shown:
        alarm = reading.alarm
        native = opened.form.show(reading.value)
        opened.saw(native)
        losses, name = self._sending.losses, self.entry.pv_name
        if native.loss:
            losses[name] = native.loss
        elif losses:
            losses.pop(name, None)
        return Shown(native, int(alarm.severity), status_of(alarm), reading.time_ns)

    # On the loop ------------------------------------------------------------------------------

    def connect(self, channel: Channel) -> None:
        """A client wants a channel; it begins when the PV is open."""
        if self.channels is None:
            self.channels = {}
        first = not self.channels
        self.channels[channel] = None
        if first:
            self.owner.client_arrived(self)
        if self.opened is not None:
            channel.begin()

    def disconnect(self, channel: Channel) -> None:
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
        with self._sending.lock:
            if self.opened is not None:
                self.room = max(self.opened.room, self.opened.longest)
            self.opened = None

    def send(self, touched: dict[Any, None]) -> None:
        """Send the newest reading to all monitors.

        :param touched: gets the circuits that something was written to
        """
        opened = self.opened
        if opened is None or opened.shown is None or self.channels is None:
            return
        shown = opened.shown
        alarm = (shown.severity, shown.status)
        alarm_changed, opened.told = alarm != opened.told, alarm
        bodies: dict[Any, bytes] = {}
        outgrown = []
        for channel in self.channels:
            view = channel.view
            if view is None:
                continue
            if view.follows == "value":
                if channel.is_too_small_for(shown):
                    outgrown.append(channel)
                    continue
            elif view.follows != "alarm" or not alarm_changed:
                continue
            try:
                channel.update(shown, alarm_changed, bodies, touched)
            except Exception:  # the others must have theirs
                _log.exception("%s cannot be sent to a client", channel.name)
        if outgrown:
            self._announce_anew(outgrown, shown)

    def _announce_anew(self, channels: list[Channel], shown: Shown) -> None:
        # What clients know of type and size of a channel holds for its life.
        opened = self.opened
        assert opened is not None  # noqa: S101 - the caller has looked
        longest = max(len(shown.native.elements), len(shown.native.text or b""))
        if longest > opened.room:
            opened.room = max(longest, 2 * opened.room)
        opened.views.clear()
        for channel in channels:
            channel.outgrown()
