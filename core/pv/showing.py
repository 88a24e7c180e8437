"""What a PV shows: the node's value and all that hides it, in order of time.

Updates come in by :mod:`.hearing`, all else from any thread. The lock is held for moments only,
never across a call into the tree or one that a backend may block in.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from ..concurrency.clock import Timer
from ..concurrency.stamp_clock import SiteTime
from ..errors import words_of
from ..mapping.pv_map import PvEntry
from ..tree.device_enable import Gate
from ..tree.protocols import TreeNode
from ..tree.pyrogue import local_attribute
from ..tree.source_health import FIRST_UPDATE, AwaitsUpdate, SourceHealth
from ..values.alarm import DISABLE, NO_ALARM, TIMEOUT, UDF, UNWRITTEN, Alarm, Severity
from ..values.converter import TypeConverter
from ..values.reading import KEEP, Reading, Sample
from .publication import Outlet
from .services import Services
from .valuing import Valuing

_log = logging.getLogger("roguebridge.holder")


class Showing(Valuing):
    """Brings what one node says to the outlets of its PV.

    :param entry: path and PV name
    :param node: the variable or command; untouched here until a client comes
    :param make_converter: gives the node's converter; asked when the PV is first opened
    :param time_source: gives a value's time in ns since the POSIX epoch, None for now
    :param services: what the holders of a server share
    """

    __slots__ = (
        "_time_source", "_outlets", "_last_ns", "_shown_ns", "_shown", "_own", "_recheck", "_echo",
        "_doubtful", "_true", "_putting", "_missed", "awaiting", "_running", "_failure", "_waited",
        "_late", "_looked_at", "updates", "gates",
    )  # fmt: skip

    def __init__(
        self,
        entry: PvEntry,
        node: Any,
        make_converter: Callable[[TreeNode], TypeConverter],
        time_source: Callable[[Any], int | None] | None,
        services: Services,
    ) -> None:
        super().__init__(entry, node, make_converter, services)
        self._time_source = None if time_source is None else SiteTime(time_source)
        self._outlets: tuple[Outlet, ...] = ()
        self._last_ns: int | None = None  # of the last update
        self._shown_ns = 0  # the latest that any backend was given
        self._shown: Sample | None = None
        self._own = NO_ALARM  # the alarm of the node itself, whatever hides it
        self._waited = 0.0  # seconds before the last attempt to read what could not be read
        self._late: Timer | None = None  # the next attempt
        self._looked_at = False  # the watchers have been told of a client
        #: updates heard while the PV was open
        self.updates = 0
        #: what hides the alarm of the node: the ``enable`` of its device and of those of its
        #: sources, then their faults; the first that holds counts
        self.gates: tuple[Gate | SourceHealth, ...] = ()
        #: wants to be told, once, when the tree tells a value or was asked for one that is true
        self.awaiting: AwaitsUpdate | None = FIRST_UPDATE
        self._running = False  # a command without argument
        self._failure = NO_ALARM  # how the last run of a command ended
        # The value of a delivery may have been read before a put that has ended since: the next
        # one is read again, and dropped if the put has shown its value (_echo) already.
        self._recheck = False
        self._echo: Sample | None = None
        # A put has failed and the true value could not be read: the tree keeps the refused one.
        self._doubtful = False
        # What was true when a put had failed (of a write-only node, what the tree still says), and
        # until when a delivery of the same is taken for one that was queued before: it must not
        # clear the alarm.
        self._true: tuple[Any, float] | None = None
        # While a put runs, the tree may tell a value that it is about to refuse.
        self._putting = self._missed = False

    def _time_of(self, *values: Any) -> int:
        """Return the time of a value of the tree; of none: now."""
        source = self._time_source
        try:
            if source is not None and values:
                given = source(values[0])
                if given is not None:
                    return given
        except Exception as exc:
            _log.debug("%s: no time from its time source: %s", self.path, exc)
        return self.services.time_ns()

    def _stamp(self, now: int) -> int:
        # With the lock held: the time of what is shown next, strictly later than what was shown
        # before, unless the clock has gone back.
        if now > self._shown_ns:
            return now
        present = self._gone_back(self._shown_ns)
        return self._shown_ns + 1 if present is None else min(now, present)

    def _settled(self, stamp: int) -> int:
        # With the lock held: a stamp given before, of what is shown only now. What is shown next
        # is to be later than this.
        present = self._gone_back(stamp)
        if present is None:
            return stamp
        if self._last_ns is not None:
            self._last_ns = present
        self._shown_ns = present
        return present

    def _gone_back(self, stamp: int) -> int | None:
        source = self._time_source
        if source is not None and source.gave(stamp):
            return None
        return self.services.stamps.gone_back(stamp)

    # What hides the node's own alarm, from any thread --------------------------------------------

    def gate_turned(self) -> None:
        """A gate holds, or holds no longer: a device was disabled, say, or enabled again."""
        if self._watching:
            if self._hidden_by is not None:
                self.reveal()
            else:
                self.look_again()

    def reveal(self) -> None:
        """Show the value again, with the alarm that holds now."""
        with self._lock:
            if self._watching:
                self._publish_now((KEEP, self._own), self.services.time_ns())

    def show_stale(self, updates: int) -> None:
        """Tell that the value is older than it should be.

        :param updates: nothing is shown unless this is how many were heard
        """
        with self._lock:
            if self._watching and self.updates == updates:
                self._publish_now((KEEP, TIMEOUT), self.services.time_ns())

    def look_again(self, quiet: bool = False) -> None:
        """Have the value read and shown soon: updates may have been missed."""
        raise NotImplementedError  # pragma: no cover - the holder has the workers

    def _look_later(self) -> None:
        """Have the value read again after a while: the tree tells nobody when it can be."""
        raise NotImplementedError  # pragma: no cover - the holder has the workers

    def _look_again(self, quiet: bool) -> bool:
        """Read and show the value; False if it could not be read."""
        if self._putting:
            self._missed = True
            return True
        if not self._watching or self._conversion is None or self._doubtful:
            return True
        with self._lock:
            before = self.updates
        read: list[Any] = []
        shown = self._read(read=read)
        now = self._time_of(*read)
        with self._lock:
            same = quiet and not read and shown[1] == self._own
            if self._watching and self.updates == before and not (same or self._doubtful):
                self.updates += 1  # what clears an alarm counts as heard
                self._publish_now(shown, now)
        return bool(read)

    def _read(self, fresh: bool = False, read: list[Any] | None = None) -> Sample:
        shown = super()._read(fresh, read)
        if self.entry.is_command:
            if not self.node.arg:
                return int(self._running), self._failure
            return shown if self._failure is NO_ALARM else (shown[0], self._failure)
        if fresh and shown[0] is not KEEP and self._hidden_by is not DISABLE:
            self._heard()
        if self.never_read and shown[1].severity is not Severity.INVALID:
            return shown[0], UDF if self.readable else UNWRITTEN
        return shown

    @property
    def never_read(self) -> bool:
        """True for a register of which the tree has told nothing since it was started."""
        awaiting = self.awaiting
        return (
            awaiting is not None
            and awaiting.unread
            and self.services.expect_reads
            and self.is_hardware
        )

    @property
    def must_be_read(self) -> bool:
        """True for a register never heard of that may have been read, or is never told of.

        Only hardware knows what it holds.
        """
        untold = local_attribute(self.node, "updateNotify") is False
        return self.never_read and self.readable and (untold or self.services.updates_lost)

    def count_as_heard(self) -> None:
        """The tree has read the node, and its update is lost; the value is in PyRogue's cache."""
        self._heard()
        with self._lock:
            if not self._watching:  # else the value is looked at again
                self._last_ns = self.services.time_ns()

    @property
    def watched(self) -> bool:
        """True while a client is there, or the PV stays open after its last one."""
        return self._watching

    def _heard(self) -> None:
        awaiting, self.awaiting = self.awaiting, None
        if awaiting is not None:
            # What clients look at is judged with the value, and what is in doubt is not believed.
            awaiting.heard(not (self._watching or self._doubtful))

    @property
    def _hidden_by(self) -> Alarm | None:
        for gate in self.gates:
            if gate.alarm is not None:
                return gate.alarm
        return None

    def _overall(self, alarm: Alarm) -> Alarm:
        fault = self.services.fault
        if fault is not None:
            return fault
        for gate in self.gates:
            if gate.alarm is not None:
                return gate.alarm
        return alarm

    # Posts ------------------------------------------------------------------------------------

    def _publish(self, shown: Sample, now: int) -> None:
        # With the lock held.
        if now <= self._shown_ns:
            now = self._stamp(now)
        self._last_ns = self._shown_ns = now
        self._remember(shown)
        reading = Reading(shown[0], self._overall(shown[1]), now)
        for outlet in self._outlets:
            problem = outlet.show(reading)
            if problem is not None:
                self._misfit(problem)

    def _publish_now(self, shown: Sample, now: int) -> None:
        # With the lock held: of what is no update of the tree, nothing is held back.
        self._publish(shown, now)
        self._release()

    def _release(self) -> None:
        # With the lock held.
        for outlet in self._outlets:
            problem = outlet.release()
            if problem is not None:
                self._misfit(problem)

    def show_held(self) -> None:
        """Show what is held back, before the PV is closed."""
        with self._lock:
            self._release()

    def _misfit(self, problem: Exception) -> None:
        self._in_trouble(f"a value does not fit it: {words_of(problem)}")

    def _remember(self, shown: Sample) -> None:
        alarm = shown[1]
        if alarm is not self._own:
            self._own = alarm
            if self.services.sources is not None:
                self.services.sources.shown(self, alarm)
        if shown[0] is not KEEP:
            self._waited = 0.0
        conversion = self._conversion
        if conversion is not None and conversion.is_kept:
            if shown[0] is not KEEP:
                self._shown = shown
            elif self._shown is not None:
                self._shown = (self._shown[0], shown[1])
