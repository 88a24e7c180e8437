"""Time stamps when a clock goes back: those of each PV are strictly later, but not for hours.

A clock that was ahead for a moment leaves stamps in the future, and archives drop what is not later
than those. So stamps follow a clock that goes back by more than a few seconds. A site's own time
source is not judged.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from operator import index
from typing import Any

from .clock import Clock

_SECOND = 10**9
_LIMIT = 5 * _SECOND  # a clock that goes back by less is waited for
_SLACK = _SECOND // 10  # between two looks at the two clocks, on a busy machine
_LOG_INTERVAL = 60.0  # seconds between two log records
_LATEST = 2**63  # ns since the epoch: the year 2262


class SiteTime:
    """The time source of one node, and the latest time that it has given.

    :param source: gives a value's time in ns since the POSIX epoch, None for now
    """

    __slots__ = ("_source", "_latest")

    def __init__(self, source: Callable[[Any], int | None]) -> None:
        self._source = source
        self._latest = 0

    def __call__(self, value: Any) -> int | None:
        """Return the time of a value; None for now.

        :raises Exception: what the source raises
        """
        given = self._source(value)
        if given is None or not 0 < index(given) < _LATEST:
            return None
        found = index(given)
        self._latest = max(self._latest, found)
        return found

    def gave(self, stamp: int) -> bool:
        """Tell whether a stamp is one of the source's, or follows right after it."""
        return stamp <= self._latest + _SECOND


class StampClock:
    """Tells stamps that are to be followed by later ones from those of a clock that has gone back.

    It is only asked where a stamp would not be later than the one before, or is in the future.

    :param clock: of the server
    :param tell: logs a text, without blocking
    """

    def __init__(self, clock: Clock, tell: Callable[[str], object]) -> None:
        self._clock = clock
        self._tell = tell
        self._lock = threading.Lock()
        # How far the clock was before the monotonic one, in ns: when it was last read, and
        # the most since it went back far.
        self._lead = self._most = clock.time_ns() - self._monotonic()
        self._last = 0.0  # seconds of the last step back that was far; 0 for none
        self._peak = 0  # the latest stamp that was given before it
        self._logged: float | None = None

    def gone_back(self, stamp: int) -> int | None:
        """Return the present time if the clock has gone back, far, since it gave ``stamp``.

        :param stamp: ns since the POSIX epoch
        :returns: None if the next stamp is to be later than this one
        """
        now = self._clock.time_ns()
        ahead = stamp - now
        if ahead <= 0:
            return None
        with self._lock:
            monotonic = self._monotonic()
            lead = now - monotonic
            back = self._lead - lead
            if back > _LIMIT:
                self._note_step(max(ahead, back))
                self._most = lead
            self._lead = lead
            # The clock may have been ahead without being looked at. A stamp that it cannot have
            # given since it last went back is from before, however little it is ahead.
            if stamp - monotonic > self._most + _SLACK and (ahead > _LIMIT or self._last):
                if ahead > _LIMIT and stamp > self._peak + _LIMIT and back <= _LIMIT:
                    self._note_step(ahead)
                    self._most = lead
                # Each PV that has a stamp from before meets the same step.
                self._peak = max(self._peak, stamp)
                return now
            self._most = max(self._most, lead, stamp - monotonic)
            return None

    def problems(self) -> list[str]:
        """Return that the clock has gone back, if it has."""
        with self._lock:
            return [self._in_words()] if self._last else []

    def _monotonic(self) -> int:
        return int(self._clock.monotonic() * _SECOND)

    def _note_step(self, back: int) -> None:
        # With the lock held.
        self._last = back / _SECOND
        now = self._clock.monotonic()
        if self._logged is None or now - self._logged >= _LOG_INTERVAL:
            self._logged = now
            self._tell(self._in_words())

    def _in_words(self) -> str:
        back = f"{self._last:.0f}"
        return f"the clock of this machine has gone back by {back} s: time stamps follow it"
