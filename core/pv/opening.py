"""Opening and closing a PV: with its first client, with a value or in time without, and again.

Clients come and go on the backends' network threads; what reads the tree runs on the workers.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from ..backend.contract import ServedPv
from ..concurrency.workers import BUSY
from ..errors import BackendError, words_of
from ..values.alarm import CALC, COMM, NO_ALARM, READ, TIMEOUT, WRITE, Alarm, Severity
from ..values.converter import Provisional
from ..values.reading import KEEP, Reading, Sample
from ..values.spec import PvSpec
from .conversion import Conversion
from .looking import READ_AGAIN, RETRY, Looking
from .paced_publication import PacedOutlet
from .publication import Outlet, State
from .request_job import OpenJob, TypeJob

_log = logging.getLogger("roguebridge.holder")
_UNREAD = (READ, CALC, TIMEOUT, COMM)
_LASTING = (READ, TIMEOUT, COMM, WRITE)


class Opening(Looking):
    """Opens what one node shows for its clients, and closes it after the last one."""

    __slots__ = ()

    # Set-up -----------------------------------------------------------------------------------

    def attach(self, served: ServedPv) -> None:
        """Add a served PV; before its backend starts."""
        services = self.services
        pace = None if services.pacing is None else services.pacing.of(self.path)
        if pace is None:
            outlet = Outlet(served)
        else:
            outlet = PacedOutlet(
                served, pace, services.clock, self._lock, services.unshown, self._misfit,
                self._settled,
            )  # fmt: skip
        self._outlets += (outlet,)

    def listen(self) -> None:
        """Begin to hear the node's updates."""
        self.services.texts.listen(self.node, self.on_update)

    def unlisten(self) -> None:
        """No longer hear the node's updates."""
        self.services.texts.unlisten(self.node, self.on_update)

    # Clients, on network threads --------------------------------------------------------------

    def client_arrived(self, served: ServedPv) -> None:
        """A first client has connected: have the PV opened, with a value or in time without."""
        outlet = self._outlet(served)
        with self._lock:
            outlet.connected = True
            if not outlet.closed:
                self._tell_watchers()
                return
            outlet.state = State.READING
            outlet.newest = None
            outlet.visit += 1
            visit = outlet.visit
            self.services.unshown.begin_opening(outlet)
            self._watching = True
            self._tell_watchers()
        self.services.opening.add(self._half_time, outlet, visit)
        self._submit_read(outlet, visit)

    def clients_gone(self, served: ServedPv) -> bool:
        """The last client has left; True if the backend is to close the PV now.

        A PV that is being opened at this moment stays open, and up to date, until its next
        client leaves.
        """
        outlet = self._outlet(served)
        with self._lock:
            outlet.connected = False
            is_open = outlet.state is State.OPEN
            if outlet.state is not State.OPENING:
                if not is_open:
                    self.services.unshown.end_opening(outlet)
                outlet.close()
            self._forget_unless_watched()
            self._tell_watchers()
        return is_open

    def _forget_unless_watched(self) -> None:
        # With the lock held.
        self._watching = any(not outlet.closed for outlet in self._outlets)
        if not self._watching:
            self._recheck = False
            self._echo = None
            if self._conversion is not None and self._conversion.is_provisional:
                self._conversion = None
                self._shown = None

    def _tell_watchers(self) -> None:
        # With the lock held. A PV that stays open without a client is nobody's.
        looked_at = False
        for outlet in self._outlets:
            looked_at = looked_at or outlet.connected
        if looked_at is not self._looked_at:
            self._looked_at = looked_at
            for watcher in self.services.watchers:
                (watcher.watch if looked_at else watcher.unwatch)(self)

    def _outlet(self, served: ServedPv) -> Outlet:
        return next(outlet for outlet in self._outlets if outlet.served is served)

    # Opening, on a worker or the clock's thread -----------------------------------------------

    def _submit_read(self, outlet: Outlet, visit: int, again: float = READ_AGAIN[0]) -> None:
        if outlet.visit != visit or not outlet.connected:
            return
        job = OpenJob(self.entry, partial(self._open_with_value, outlet, visit, again))
        if self._readers.submit(job) == BUSY:
            self.services.clock.call_later(RETRY, lambda: self._submit_read(outlet, visit, again))

    def _open_with_value(self, outlet: Outlet, visit: int, again: float) -> None:
        for gate in self.gates:
            gate.look()
        doubtful = self._doubtful
        fresh = self.must_be_read or (self.readable and (doubtful or self.services.read_on_connect))
        with self._lock:
            if outlet.visit != visit or outlet.closed:
                return  # that client has left
            if outlet.state is State.READING:
                outlet.newest = None
            before = self.updates
            lasting = NO_ALARM if fresh else self._lasting_alarm()
            by_source = self._time_source is not None and (fresh or self._last_ns is None)
            if fresh and not by_source:
                self._last_ns = self._stamp(self.services.time_ns())
            time_ns = 0 if by_source else self._opening_time()
        problem = self._find_converter()
        read: list[Any] = []
        shown = (KEEP, WRITE) if doubtful and not fresh else self._read(fresh, read)
        if fresh and shown[0] is not KEEP:
            self._doubtful = False
            self._read_unread_sources()
        elif fresh and not doubtful:
            shown = (self._read()[0], shown[1])  # what was read before
        if problem is not None:
            shown = (shown[0], CALC)
        unread = shown[1] in _UNREAD
        if shown[1].severity is not Severity.INVALID and lasting is not NO_ALARM:
            shown = (shown[0], lasting)
        now = self._time_of(*read)
        with self._lock:
            if outlet.visit != visit:
                return
            if outlet.state is State.READING:
                outlet.begin_opening()
                if not time_ns:
                    if fresh and outlet.newest is None:
                        self._last_ns = now
                    time_ns = self._opening_time(now if read else 0)
                    if outlet.newest is not None:  # which comes after it
                        time_ns = max(1, min(time_ns, outlet.newest.time_ns - 1))
                if outlet.newest is None:  # else that is what will be shown
                    self._remember(shown)
                opening = True
            else:
                # Open by now, without a value: show it, unless an update brought a later one.
                opening = False
                if outlet.closed or self.updates != before:
                    return
                if not unread or (problem is None and shown[0] is not KEEP):
                    self._publish_now(shown, now)
        if opening:
            self._open(outlet, shown, time_ns)
        if unread:
            # The tree tells nobody when the node can be read again.
            self.services.clock.call_later(
                again, lambda: self._read_again(outlet, visit, again, before)
            )

    def _read_unread_sources(self) -> None:
        sources = self.services.sources
        if sources is not None:
            try:
                sources.read_unread(self)
            except BaseException as exc:  # as they are: never read
                _log.debug("%s: a source cannot be read: %s", self.path, exc)

    def _read_again(self, outlet: Outlet, visit: int, waited: float, updates: int) -> None:
        if self.updates == updates:  # else the node has spoken by itself
            self._submit_read(outlet, visit, min(2 * waited, READ_AGAIN[1]))

    def _half_time(self, outlet: Outlet, visit: int) -> None:
        with self._lock:
            if outlet.visit != visit or outlet.state is not State.READING:
                return
        self.services.opening.add(self._open_blind, outlet, visit)
        # The read that would find the type waits for others of its device, perhaps for long.
        if self._conversion is None:
            self.services.commands.submit(TypeJob(self.entry, self._find_converter))

    def _open_blind(self, outlet: Outlet, visit: int) -> None:
        with self._lock:
            if outlet.visit != visit or outlet.state is not State.READING:
                return
            if self._conversion is None:
                provisional = Provisional()
                self._conversion = Conversion(provisional, provisional.spec)
            outlet.begin_opening()
            update, outlet.newest = outlet.newest, None
            reading = update or Reading(KEEP, TIMEOUT, self._opening_time())
        self._open(outlet, (reading.value, reading.alarm), reading.time_ns)

    def _lasting_alarm(self) -> Alarm:
        # With the lock held. PyRogue's cache says nothing about a transaction that has failed: if
        # nothing was heard since, the alarm that the last client saw holds for the next one.
        if self._last_ns != self._shown_ns or self._own not in _LASTING:
            return NO_ALARM
        return self._own

    def _opening_time(self, given: int = 0) -> int:
        # With the lock held; whatever is published from now on is later.
        if self._last_ns is None:
            self._shown_ns = max(self._shown_ns, given or self.services.start_ns, 1)
        elif self._last_ns != self._shown_ns:  # an update has come since the PV was shown
            self._last_ns = self._shown_ns = self._stamp(self._last_ns)
        return self._settled(self._shown_ns)

    def _open(self, outlet: Outlet, shown: Sample, time_ns: int) -> None:
        assert self._conversion is not None  # noqa: S101 - every caller has just seen to it
        spec = self._conversion.spec
        value, alarm = shown
        if value is KEEP:
            value = spec.zero() if self._shown is None else self._shown[0]
        first = Reading(value, self._overall(alarm), time_ns)

        def opened(problem: Exception | None) -> None:
            if problem is None:
                self._opened(outlet, spec, first)
            elif isinstance(problem, BackendError):
                self._not_opened(outlet, problem)
            else:
                self._in_trouble(f"its first value does not fit it: {words_of(problem)}")
                empty = Reading(spec.zero(), CALC, time_ns)
                outlet.served.open_soon(spec, empty, partial(opened_empty, empty))

        def opened_empty(empty: Reading, problem: Exception | None) -> None:
            if problem is None:
                self._opened(outlet, spec, empty)
            else:
                self._not_opened(outlet, problem)

        outlet.served.open_soon(spec, first, opened)

    def _not_opened(self, outlet: Outlet, problem: Exception) -> None:
        stopping = isinstance(problem, BackendError)
        level = logging.DEBUG if stopping else logging.ERROR
        trace = None if stopping else problem
        _log.log(level, "%s: the PV cannot be opened", self.path, exc_info=trace)
        with self._lock:
            outlet.not_opened()
            self._forget_unless_watched()
        self.services.unshown.end_opening(outlet)

    def _opened(self, outlet: Outlet, spec: PvSpec, first: Reading) -> None:
        with self._lock:
            outlet.opened(spec, first)
        self.services.unshown.end_opening(outlet)
        self.services.opened(self)
