"""One served PV of a holder and its life: closed until watched, opened once per visit."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from threading import Event
from typing import Protocol

from ..backend.contract import ServedPv
from ..concurrency.network_log import NetworkLog
from ..values.alarm import CALC, Alarm
from ..values.reading import KEEP, Reading
from ..values.spec import PvSpec

_log = NetworkLog(logging.getLogger("roguebridge.holder"))


class State(Enum):
    """Where a publication is between two visits of clients."""

    CLOSED = 0
    READING = 1
    """A client is there; the first value is being read."""
    OPENING = 2
    """``ServedPv.open_soon`` has been called and has not answered."""
    OPEN = 3


@dataclass(slots=True, eq=False, repr=False)
class Publication:
    """One PV inside one backend, and the reading to be shown there.

    Every method is called with the PV's lock held.
    """

    served: ServedPv
    state: State = State.CLOSED
    #: a client is connected
    connected: bool = False
    #: the newest reading that came while the PV was being opened
    newest: Reading | None = None
    #: the opening that is under way; the steps of an earlier one do nothing
    visit: object | None = None
    _opening: Event | None = None  # if a thread waits

    @property
    def closed(self) -> bool:
        """True while there is nothing to show to anybody."""
        return self.state is State.CLOSED

    def begin_visit(self, visit: object) -> None:
        """A first client has come: its value is about to be read."""
        self.state = State.READING
        self.newest = None
        self.visit = visit

    def show(self, reading: Reading) -> Exception | None:
        """Post ``reading``, or keep it until the PV has opened.

        :returns: why its value does not fit the PV, or None
        """
        if self.state is State.OPEN:
            return self._post(reading)
        if not self.closed:
            if reading.value is KEEP and self.newest is not None:
                reading = reading._replace(value=self.newest.value)
            self.newest = reading
        return None

    def begin_opening(self) -> None:
        """``ServedPv.open_soon`` is about to be called."""
        self.state = State.OPENING

    @property
    def opening(self) -> Event | None:
        """An event that is set when the PV that is being opened shows the newest value.

        None if it is not being opened.
        """
        if self.state is State.OPENING and self._opening is None:
            self._opening = Event()
        return self._opening

    def not_opened(self) -> None:
        """``ServedPv.open_soon`` has failed."""
        self.close()
        self._end_opening()

    def opened(self, spec: PvSpec, first: Reading) -> None:
        """The PV is open: show the newest reading that came meanwhile.

        :param spec: its type
        :param first: the reading it was opened with
        """
        self.state = State.OPEN
        newest, self.newest = self.newest, None
        if newest is not None:
            self._post(newest)
        self._end_opening()

    def close(self) -> None:
        """The last client has left: forget the reading that was to be shown."""
        self.state = State.CLOSED
        self.newest = None
        self.visit = None

    def release(self) -> Exception | None:
        """Post the update that is held back, if there is one.

        :returns: why its value does not fit the PV, or None
        """
        return None

    def _end_opening(self) -> None:
        opening, self._opening = self._opening, None
        if opening is not None:
            opening.set()

    def _post(self, reading: Reading) -> Exception | None:
        value, alarm, time_ns = reading
        if value is KEEP:
            self._post_alarm(alarm, time_ns)
            return None
        try:
            self.served.post(reading)
        except Exception as exc:
            self._post_alarm(CALC, time_ns)
            return exc
        return None

    def _post_alarm(self, alarm: Alarm, time_ns: int) -> None:
        try:
            self.served.post_alarm(alarm, time_ns)
        except Exception:
            _log.exception("a PV does not take an alarm")


class Holding(Protocol):
    """A publication that holds an update back."""

    def show_held(self) -> None:
        """Post the update that is held back."""


class Unshown:
    """Knows the PVs of a server that have something to show yet.

    Its lock may be taken with a holder's lock held, and nothing is called with it held.
    """

    def __init__(self) -> None:
        #: publication that holds an update back -> monotonic time of the update; each publication
        #: writes its item, with the lock of its PV held
        self.held: dict[Holding, float] = {}
        self._lock = threading.Lock()
        self._opening: dict[Publication, None] = {}
        self._rest: set[Publication] = set()
        self._then: Callable[[], object] | None = None

    def begin_opening(self, publication: Publication) -> None:
        """A first client has come: updates wait from now on until the PV is open."""
        with self._lock:
            self._opening[publication] = None

    def end_opening(self, publication: Publication) -> None:
        """The PV is open and shows the newest; or its client has left before."""
        then = None
        with self._lock:
            self._opening.pop(publication, None)
            if publication in self._rest:
                self._rest.discard(publication)
                if not self._rest:
                    then, self._then = self._then, None
        if then is not None:
            then()

    def release(self, since: float) -> None:
        """Show the held updates that came since a monotonic time; failures are logged."""
        # A copy is made in one step: the publications go on meanwhile.
        for publication, heard in self.held.copy().items():
            if heard >= since:
                try:
                    publication.show_held()
                except Exception:
                    _log.exception("an update that was held back cannot be shown")

    def when_opened(self, then: Callable[[], object]) -> bool:
        """Call ``then`` when the PVs that are being opened show the updates that have come so far.

        :param then: called once, from any thread and with locks held: it must not block; it
            replaces that of an earlier call
        :returns: False if there is nothing to wait for, so that it will not be called
        """
        with self._lock:
            self._rest = {publication for publication in self._opening if _has_news(publication)}
            self._then = then if self._rest else None
            return bool(self._rest)


def _has_news(publication: Publication) -> bool:
    # A value that is still to be read will be as new as any update that came before. Else it is
    # safe only when the publication has left those that are being opened.
    return publication.state is not State.READING or publication.newest is not None
