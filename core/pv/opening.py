"""The opening of a PV: with a value, or in time without, and again until it can be read.

What reads the tree runs on the workers.
"""

from __future__ import annotations

import logging
from typing import Any, Protocol

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


class Opener(Protocol):
    """What an opening needs of the PV; the lock of the PV is held where it says so."""

    pv: Any
    reader: PvReader
    publisher: Publisher
    puts: PutTracker
    listener: UpdateListener

    def lasting_alarm(self) -> Alarm:
        """Return the alarm that the last client saw, if it holds for the next one; lock held."""

    def opening_time(self, given: int = 0) -> int:
        """Return the time of a first value; lock held."""

    def forget_unless_watched(self) -> None:
        """Forget what only counts while the PV is watched; lock held."""


class Opening:
    """The opening of one publication, from its first client until its value has been read.

    ============  ==========================  ==================================================
    state         next step                   where
    ============  ==========================  ==================================================
    begun         :meth:`_read` is queued     network thread
    reading       :meth:`_read`               worker; a value: opening
    late          :meth:`_half_time`, twice   clock's thread; the second time: opening, without a
                                              value
    opening       :meth:`_opened`             the backend's thread; open, or tried once more with
                                              the type's zero
    open, unread  :meth:`_read` again         after 1, 2, 4 ... 30 s
    ============  ==========================  ==================================================

    A step of a visit that is over does nothing: the publication knows the present one.
    """

    __slots__ = ("_opener", "_publication", "_spec", "_first", "_wait", "_updates", "_halves")

    def __init__(self, opener: Opener, publication: Publication) -> None:
        self._opener = opener
        self._publication = publication
        self._spec: PvSpec
        self._first: Reading  # what the PV is opened with
        self._wait = READ_AGAIN[0]  # seconds until the next attempt to read
        self._updates = 0  # that had come when the last attempt began
        self._halves = 0  # of the time within which the PV is to open

    def begin(self) -> None:
        """Have the value read, and see that the PV opens in time without."""
        self._opener.reader.services.opening.add(self._half_time)
        self._submit_read()

    @property
    def _is_over(self) -> bool:
        return self._publication.visit is not self

    # Reading, on a worker -----------------------------------------------------------------------

    def _submit_read(self) -> None:
        if not self._is_over and self._publication.connected:
            self._opener.reader.run_soon(self._read)

    def _read(self) -> None:
        opener, publication = self._opener, self._publication
        reader, publisher, puts = opener.reader, opener.publisher, opener.puts
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
            lasting = NO_ALARM if fresh else opener.lasting_alarm()
            unheard = publisher.is_unheard and not opener.listener.has_unseen
            by_source = reader.time_source is not None and (fresh or unheard)
            if fresh and not by_source:
                opener.listener.note(reader.services.time_ns())
            time_ns = 0 if by_source else opener.opening_time()
        problem = reader.find_converter()
        read: list[Any] = []
        sample = (KEEP, WRITE) if doubtful and not fresh else reader.read(fresh, read)
        if fresh and sample[0] is not KEEP:
            with reader.lock:
                puts.believe()
            self._read_unread_sources()
        elif fresh and not doubtful:
            sample = (reader.read()[0], sample[1])  # what was read before
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
                        opener.listener.note(now)
                    time_ns = opener.opening_time(now if read else 0)
                    if publication.newest is not None:  # which comes after it
                        time_ns = max(1, min(time_ns, publication.newest.time_ns - 1))
                if publication.newest is None:  # else that is what will be shown
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
            # The tree tells nobody when the node can be read again.
            reader.services.clock.call_later(self._wait, self._read_again)

    def _read_unread_sources(self) -> None:
        reader = self._opener.reader
        sources = reader.services.sources
        try:
            if sources is not None:
                sources.read_unread(reader.path)
        except BaseException as exc:  # they stay as they are: never read
            _log.debug("%s: a source cannot be read: %s", reader.path, exc)

    def _read_again(self) -> None:
        if self._opener.publisher.updates == self._updates:  # else the tree has told by itself
            self._wait = min(2 * self._wait, READ_AGAIN[1])
            self._submit_read()

    # Late, on the clock's thread ----------------------------------------------------------------

    def _half_time(self) -> None:
        reader, publication = self._opener.reader, self._publication
        with reader.lock:
            if self._is_over or publication.state is not State.READING:
                return
        self._halves += 1
        if self._halves == 2:
            self._open_blind()
            return
        reader.services.opening.add(self._half_time)
        # The read that would find the type waits for others of its device, perhaps for long.
        if reader.conversion is None:
            lane = f"type {reader.path}"
            reader.services.commands.submit(FunctionJob(lane, reader.find_converter))

    def _open_blind(self) -> None:
        opener, publication = self._opener, self._publication
        with opener.reader.lock:
            if self._is_over or publication.state is not State.READING:
                return
            opener.reader.use_provisional()
            publication.begin_opening()
            update, publication.newest = publication.newest, None
            reading = update or Reading(KEEP, TIMEOUT, opener.opening_time())
        self._open((reading.value, reading.alarm), reading.time_ns)

    # Opening, answered on any thread ------------------------------------------------------------

    def _open(self, sample: Sample, time_ns: int) -> None:
        reader, publisher = self._opener.reader, self._opener.publisher
        conversion = reader.conversion
        assert conversion is not None  # noqa: S101 - every caller has just seen to it
        self._spec = spec = conversion.spec
        value, alarm = sample
        if value is KEEP:
            last = publisher.last_sample
            value = spec.zero() if last is None else last[0]
        self._first = Reading(value, publisher.overall(alarm), time_ns)
        self._publication.served.open_soon(spec, self._first, self._opened)

    def _opened(self, problem: Exception | None) -> None:
        if problem is None:
            self._succeeded()
        elif isinstance(problem, BackendError):  # the server stops
            self._failed(problem)
        else:
            self._opener.reader.in_trouble(f"its first value does not fit it: {words_of(problem)}")
            self._first = Reading(self._spec.zero(), CALC, self._first.time_ns)
            self._publication.served.open_soon(self._spec, self._first, self._opened_empty)

    def _opened_empty(self, problem: Exception | None) -> None:
        if problem is None:
            self._succeeded()
        else:
            self._failed(problem)

    def _failed(self, problem: Exception) -> None:
        opener = self._opener
        stopping = isinstance(problem, BackendError)
        level = logging.DEBUG if stopping else logging.ERROR
        trace = None if stopping else problem
        _log.log(level, "%s: the PV cannot be opened", opener.reader.path, exc_info=trace)
        with opener.reader.lock:
            self._publication.not_opened()
            opener.forget_unless_watched()
        opener.reader.services.unshown.end_opening(self._publication)

    def _succeeded(self) -> None:
        opener = self._opener
        with opener.reader.lock:
            self._publication.opened(self._spec, self._first)
        opener.reader.services.unshown.end_opening(self._publication)
        opener.reader.services.opened(opener.pv)
