"""The opening of a PV: with a value, or in time without one and then read again until it works.

Reads of the tree run on the workers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..concurrency.jobs import FunctionJob
from ..concurrency.network_log import NetworkLog
from ..errors import BackendError, words_of
from ..values.alarm import CALC, COMM, NO_ALARM, READ, TIMEOUT, WRITE, Alarm, Severity
from ..values.reading import KEEP, Reading, Sample
from ..values.spec import PvSpec
from .publication import Publication, State
from .publisher import Publisher
from .put_tracker import PutTracker
from .reader import PvReader
from .rereads import READ_AGAIN
from .update_listener import UpdateListener

_log = NetworkLog(logging.getLogger("roguebridge.holder"))
_UNREAD = (READ, CALC, TIMEOUT, COMM)
_LASTING = (READ, TIMEOUT, COMM, WRITE)


@dataclass(slots=True, eq=False, repr=False)
class Opening:
    """The opening of one publication, from its first client until its value has been read.

    ============  ==========================  ==================================================
    state         next step                   where
    ============  ==========================  ==================================================
    begun         :meth:`_read` is queued     network thread
    reading       :meth:`_read`               worker; a value: opening
    half time     :meth:`_half_time`          clock's thread; the type is sought by itself
    late          :meth:`_open_blind`         clock's thread; opening, without a value
    opening       :meth:`_opened`             the backend's thread; open, or tried once more with
                                              the type's zero
    open, unread  :meth:`_read` again         after 1, 2, 4 ... 30 s
    ============  ==========================  ==================================================

    A step of a visit that is over does nothing: the publication knows the present one.

    :param pv: the holder, which plugins get when it has opened
    :param publication: the one that opens
    """

    _pv: Any
    _reader: PvReader
    _publisher: Publisher
    _puts: PutTracker
    _listener: UpdateListener
    _publication: Publication
    _wait: float = READ_AGAIN[0]  # seconds until the next attempt to read
    _updates: int = 0  # number of updates when the last attempt began
    _spec: PvSpec = field(init=False)
    _first: Reading = field(init=False)  # opens the PV
    _alarm: Alarm = field(init=False)  # of the node itself, then

    def begin(self) -> None:
        """Have the value read, and see that the PV opens in time without."""
        services = self._reader.services
        services.clock.call_later(services.open_timeout / 2, self._half_time)
        self._submit_read()

    @property
    def _is_over(self) -> bool:
        return self._publication.visit is not self

    # Reading, on a worker -----------------------------------------------------------------------

    def _submit_read(self) -> None:
        if not self._is_over and self._publication.connected:
            self._reader.run_soon(self._read)

    def _read(self) -> None:
        reader, publisher, puts = self._reader, self._publisher, self._puts
        listener, publication = self._listener, self._publication
        for cause in reader.causes:
            cause.look()
        doubtful = puts.doubtful
        fresh = reader.must_be_read or (
            reader.readable and (doubtful or reader.services.read_on_connect)
        )
        with reader.lock:
            if self._is_over or publication.closed:
                return
            if publication.state is State.READING:
                publication.newest = None
            self._updates = publisher.updates
            lasting = NO_ALARM if fresh else self._lasting_alarm()
            unheard = publisher.is_unheard and not listener.has_unseen
            by_source = reader.time_source is not None and (fresh or unheard)
            if fresh and not by_source:
                listener.note(reader.services.time_ns())
            time_ns = 0 if by_source else self._opening_time()
        problem = reader.find_converter()
        read: list[Any] = []
        sample = (KEEP, WRITE) if doubtful and not fresh else reader.read(fresh, read)
        if fresh and sample[0] is not KEEP:
            with reader.lock:
                puts.believe()
            self._read_unread_sources()
        elif fresh and not doubtful:
            sample = (reader.read()[0], sample[1])  # the value that was read before
        if problem is not None:
            sample = (sample[0], CALC)
        unread = sample[1] in _UNREAD
        if sample[1].severity is not Severity.INVALID and lasting is not NO_ALARM:
            sample = (sample[0], lasting)
        now = reader.time_of(*read)
        with reader.lock:
            if self._is_over:
                return
            opening = publication.state is State.READING
            if opening:
                publication.begin_opening()
                if not time_ns:
                    if fresh and publication.newest is None:
                        listener.note(now)
                    time_ns = self._opening_time(now if read else 0)
                    if publication.newest is not None:  # which comes after it
                        time_ns = max(1, min(time_ns, publication.newest.time_ns - 1))
                if publication.newest is None:  # else that will be shown
                    publisher.remember(sample)
            else:
                # Open by now, without a value: show it, unless an update brought a later one.
                if publication.closed or publisher.updates != self._updates:
                    return
                if not unread or (problem is None and sample[0] is not KEEP):
                    publisher.publish_now(sample, now)
            if not unread:
                publication.visit = None  # there is no further step but the answer of the backend
        if opening:
            self._open(sample, time_ns)
        if unread:
            # The tree sends no update when the node can be read again.
            reader.services.clock.call_later(self._wait, self._read_again)

    def _read_unread_sources(self) -> None:
        reader = self._reader
        sources = reader.services.sources
        try:
            if sources is not None:
                sources.read_unread(reader.path)
        except BaseException as exc:  # the sources stay never read
            _log.debug("%s: a source cannot be read: %s", reader.path, exc)

    def _read_again(self) -> None:
        if self._publisher.updates == self._updates:  # else the tree has sent an update
            self._wait = min(2 * self._wait, READ_AGAIN[1])
            self._submit_read()

    # Late, on the clock's thread ----------------------------------------------------------------

    def _half_time(self) -> None:
        reader, services = self._reader, self._reader.services
        if self._is_over or self._publication.state is not State.READING:
            return
        services.clock.call_later(services.open_timeout / 2, self._open_blind)
        # The read that would find the type waits for others of its device, perhaps for long.
        if reader.conversion is None:
            services.commands.submit(FunctionJob(f"type {reader.path}", reader.find_converter))

    def _open_blind(self) -> None:
        reader, publication = self._reader, self._publication
        with reader.lock:
            if self._is_over or publication.state is not State.READING:
                return
            reader.use_provisional()
            publication.begin_opening()
            update, publication.newest = publication.newest, None
            reading = update or Reading(KEEP, TIMEOUT, self._opening_time())
        self._open((reading.value, reading.alarm), reading.time_ns)

    # Opening, answered on any thread ------------------------------------------------------------

    def _open(self, sample: Sample, time_ns: int) -> None:
        reader, publisher = self._reader, self._publisher
        conversion = reader.conversion
        assert conversion is not None  # noqa: S101 - every caller has just seen to it
        self._spec = conversion.spec
        value, self._alarm = sample
        if value is KEEP:
            last = publisher.last_sample
            value = self._spec.zero() if last is None else last[0]
        first = Reading(value, publisher.overall(self._alarm), time_ns)
        self._open_with(first, self._opened)

    def _open_with(self, first: Reading, opened: Callable[[Exception | None], None]) -> None:
        self._first = first
        self._publication.served.open_soon(self._spec, first, opened)

    def _opened(self, problem: Exception | None) -> None:
        if problem is None or isinstance(problem, BackendError):  # the latter: the server stops
            self._end(problem)
        else:
            self._reader.in_trouble(f"its first value does not fit it: {words_of(problem)}")
            self._alarm = CALC
            self._open_with(Reading(self._spec.zero(), CALC, self._first.time_ns), self._end)

    def _end(self, problem: Exception | None) -> None:
        reader, publication = self._reader, self._publication
        with reader.lock:
            if problem is None:
                if publication.newest is None:
                    self._count()
                publication.opened(self._spec, self._first)
            else:
                publication.not_opened()
                forget_unless_watched(reader, self._publisher, self._puts)
        reader.services.unshown.end_opening(publication)
        if problem is None:
            reader.services.opened(self._pv)
        elif isinstance(problem, BackendError):
            _log.debug("%s: the PV cannot be opened", reader.path)
        else:
            _log.error("%s: the PV cannot be opened", reader.path, exc_info=problem)

    # With the lock held -------------------------------------------------------------------------

    def _count(self) -> None:
        publisher = self._publisher
        if publisher.alarm is NO_ALARM and self._alarm.severity is Severity.INVALID:
            # An equal alarm, but not the same one: the next good value is a change that counts.
            publisher.alarm = Alarm(*NO_ALARM)
        publisher.count_invalid(self._alarm)

    def _lasting_alarm(self) -> Alarm:
        """Return the alarm that the last client saw, if it holds for the next one.

        PyRogue's cache says nothing about a transaction that has failed.
        """
        alarm = self._publisher.alarm
        return NO_ALARM if self._listener.has_unseen or alarm not in _LASTING else alarm

    def _opening_time(self, given: int = 0) -> int:
        """Return the time of a first value; each reading published from now on is later.

        :param given: of the value, if the tree has sent no update yet
        """
        publisher = self._publisher
        unseen = self._listener.take_unseen()
        if unseen is not None:
            publisher.stamp(unseen)
        elif publisher.is_unheard:
            publisher.stamp_unheard(given or self._reader.services.start_ns)
        return publisher.settled(publisher.shown_ns)


def forget_unless_watched(reader: PvReader, publisher: Publisher, puts: PutTracker) -> None:
    """Forget what only counts while the PV is watched; with the lock of the PV held.

    A PV may stay open after its last client left; it does not count as connected.
    """
    if all(one.closed for one in publisher.publications):
        puts.forget()
        reader.set_watched(False)
        reader.services.invalid.discard(reader)
