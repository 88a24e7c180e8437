"""Brings values, alarms and times of one node to the PVs that its clients watch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..backend.contract import ServedPv
from ..concurrency.workers import on_borrowed_thread
from ..values.alarm import NO_ALARM, Alarm, Severity
from ..values.reading import KEEP, Reading, Sample
from .paced_publication import PacedPublication
from .publication import Publication, State
from .reader import PvReader


@dataclass(slots=True, eq=False, repr=False)
class Publisher:
    """Shows samples with the alarm that counts and a time later than the one before.

    All fields are guarded by the PV's lock; :attr:`updates` and :attr:`publications` are also read
    without it.

    :param reader: of the node
    """

    _reader: PvReader
    #: one for each backend and name
    publications: tuple[Publication, ...] = ()
    #: updates that came while the PV was watched
    updates: int = 0
    #: samples shown that had a value
    values: int = 0
    #: the latest time that any backend was given; 0 before the first
    shown_ns: int = 0
    #: the alarm of the node itself, hidden or not
    alarm: Alarm = NO_ALARM
    #: value and alarm last shown; None if it is no scalar or nothing was shown yet
    last_sample: Sample | None = None
    _first_ns: int = 0  # time of a first value without an update of the tree

    @property
    def last_value(self) -> Any:
        """The value last shown; None if it is no scalar or nothing was shown yet."""
        return None if self.last_sample is None else self.last_sample[0]

    @property
    def is_unheard(self) -> bool:
        """True while only a first value was shown, without an update of the tree."""
        return self.shown_ns == self._first_ns

    @property
    def is_opening(self) -> bool:
        """True while a backend opens the PV."""
        return any(one.state is State.OPENING for one in self.publications)

    @property
    def is_open(self) -> bool:
        """True while any backend shows the PV to clients."""
        return any(one.state is State.OPEN for one in self.publications)

    def of(self, served: Any) -> Publication:
        """Return the publication of a served PV."""
        return next(one for one in self.publications if one.served is served)

    def overall(self, alarm: Alarm) -> Alarm:
        """Return the alarm that clients see: that of the node, or the first that hides it.

        A fault of the tree hides the causes of the reader, and those hide the node's alarm. It
        says nothing of the server's own nodes.
        """
        fault = self._reader.services.fault
        if fault is not None and self._reader.is_of_tree:
            return fault
        return self._reader.hidden_by or alarm

    # With the lock held -------------------------------------------------------------------------

    def attach(self, served: ServedPv) -> None:
        """Show the PV there, too."""
        reader, services = self._reader, self._reader.services
        pace = None
        if services.pacing is not None and reader.is_of_tree:
            pace = services.pacing.of(reader.path)
        if pace is None:
            publication = Publication(served)
        else:
            publication = PacedPublication(served, pace, reader, self.settled)
        self.publications += (publication,)

    def remove(self, publication: Publication) -> None:
        """Show the PV there no longer."""
        self.publications = tuple(one for one in self.publications if one is not publication)

    def stamp(self, time_ns: int) -> None:
        """Let a first value have this time, or one just after the last."""
        self.shown_ns = self._later(time_ns)

    def stamp_unheard(self, time_ns: int) -> None:
        """Let a first value without an update of the tree have this time."""
        self._first_ns = self.shown_ns = max(self.shown_ns, time_ns, 1)

    def settled(self, stamp: int) -> int:
        """Return the time of a reading that waited: its stamp, unless the clock has gone back.

        The next reading is later than this.
        """
        present = self._gone_back(stamp)
        if present is None:
            return stamp
        if self.is_unheard:
            self._first_ns = present
        self.shown_ns = present
        return present

    def _later(self, now: int) -> int:
        # Strictly later than the time shown before, unless the clock has gone back.
        if now > self.shown_ns:
            return now
        present = self._gone_back(self.shown_ns)
        return self.shown_ns + 1 if present is None else min(now, present)

    def _gone_back(self, stamp: int) -> int | None:
        # The present time if the server's clock has gone back, far, since it gave the stamp.
        source = self._reader.time_source
        if source is not None and source.gave(stamp):
            return None
        return self._reader.services.stamps.gone_back(stamp)

    def count_invalid(self, alarm: Alarm) -> None:
        """Count the PV among those that show INVALID, or no longer.

        Called when its alarm changes, or what hides that; a fault of the tree counts for all PVs.

        :param alarm: of the node itself
        """
        reader = self._reader
        shown = reader.hidden_by or alarm
        if reader.watched and shown.severity is Severity.INVALID:
            reader.services.invalid.add(reader)
        else:
            reader.services.invalid.discard(reader)

    def publish(self, sample: Sample, now: int) -> None:
        """Show a sample; a pace may hold it back."""
        if now <= self.shown_ns:
            now = self._later(now)
        self.shown_ns = now
        self.remember(sample)
        reading = Reading(sample[0], self.overall(sample[1]), now)
        for publication in self.publications:
            problem = publication.show(reading)
            if problem is not None:
                self._reader.misfit(problem)

    def publish_update(self, sample: Sample | None, now: int) -> None:
        """Count an update and show it.

        :param sample: None if clients have seen it already
        """
        self.updates += 1
        if sample is not None:
            self.publish(sample, now)

    def publish_now(self, sample: Sample, now: int) -> None:
        """Show a sample that is no update of the tree: nothing is held back."""
        self.publish(sample, now)
        self.release()

    def release(self) -> None:
        """Show the updates that are held back."""
        for publication in self.publications:
            problem = publication.release()
            if problem is not None:
                self._reader.misfit(problem)

    def remember(self, sample: Sample) -> None:
        """Keep a sample that is shown, for the next client and for the next put."""
        value, alarm = sample
        if alarm is not self.alarm:
            self.alarm = alarm
            sources = self._reader.services.sources
            if sources is not None:
                sources.shown(self._reader.node, alarm)
            self.count_invalid(alarm)
        if value is not KEEP:
            self.values += 1
        conversion = self._reader.conversion
        if conversion is not None and conversion.is_kept:
            if value is not KEEP:
                self.last_sample = sample
            elif self.last_sample is not None:
                self.last_sample = (self.last_sample[0], sample[1])

    # From any thread ----------------------------------------------------------------------------

    def show_held(self) -> None:
        """Show the updates that are held back, before the PV is closed."""
        with self._reader.lock:
            self.release()

    def recount(self) -> None:
        """Count the PV anew as INVALID or not: what hides its alarm has changed."""
        with self._reader.lock:
            self.count_invalid(self.alarm)

    def show_alarm(self, alarm: Alarm | None = None, updates: int | None = None) -> None:
        """Show the present value again with an alarm, until the next good value.

        :param alarm: None for the node's own
        :param updates: nothing is shown unless this is how many updates have come
        """
        reader = self._reader
        with reader.lock:
            if reader.watched and updates in (None, self.updates):
                self.publish_now((KEEP, alarm or self.alarm), reader.services.time_ns())

    def await_opening(self) -> None:
        """Wait, bounded, until a PV that is being opened shows all readings published so far.

        A put may run while a backend opens the PV: the backend posts later readings only
        after it, and the put's answer must not be faster.
        """
        if on_borrowed_thread():  # a network thread may be the one to open the PV
            return
        reader = self._reader
        with reader.lock:
            openings = [publication.opening for publication in self.publications]
        for opening in openings:
            if opening is not None:
                opening.wait(reader.services.open_timeout)
