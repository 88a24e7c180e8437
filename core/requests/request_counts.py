"""How many puts and calls have ended, in which way, and how long those of late have taken."""

from __future__ import annotations

import threading
from bisect import bisect_left

SLOT = 10.0
"""Seconds of one slot: :meth:`RequestCounts.next_slot` is called so often."""
_SLOTS = 30  # five minutes
_MINUTE = 6  # slots
# Upper bounds in seconds, eight in a decade: from 10 microseconds to about three hours.
_BOUNDS = tuple(1e-5 * 10 ** (step / 8) for step in range(73))


class RequestCounts:
    """Counts the puts and calls of one run; from any thread.

    It takes the same memory and time however many there are: a slot of ten seconds counts them by
    how long they took, and the oldest of thirty slots is used again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        #: all that have ended
        self.ended = 0
        #: those that failed, or were given up because the server was busy or the client had gone
        self.failed = 0
        #: those that a policy refused
        self.denied = 0
        self._slots = [[0] * (len(_BOUNDS) + 1) for _ in range(_SLOTS)]
        self._failed_before = [0] * (_MINUTE + 1)  # at the begin of the last slots
        self._present = self._slots[0]
        self._number = 0

    def add(self, result: str, seconds: float) -> None:
        """Count one that has ended.

        :param result: as in :class:`.RequestRecord`
        :param seconds: from its arrival to the end of its work
        """
        with self._lock:
            self.ended += 1
            if result == "denied":
                self.denied += 1
                return
            if result != "done":
                self.failed += 1
            if result != "dropped":
                self._present[bisect_left(_BOUNDS, seconds)] += 1

    def next_slot(self) -> None:
        """Ten seconds are over: begin a slot."""
        with self._lock:
            self._number = (self._number + 1) % _SLOTS
            self._present = self._slots[self._number]
            self._present[:] = [0] * len(self._present)
            self._failed_before = [*self._failed_before[1:], self.failed]

    @property
    def failed_in_a_minute(self) -> int:
        """How many have failed in the last 60 to 70 seconds."""
        with self._lock:
            return self.failed - self._failed_before[0]

    def percentile(self, share: float) -> float:
        """Return the seconds within which a share of those of five minutes ended; 0 for none.

        :param share: e.g. 0.99
        """
        with self._lock:
            counts = [sum(column) for column in zip(*self._slots, strict=True)]
        wanted = share * sum(counts)
        reached = 0
        for bound, count in zip((*_BOUNDS, _BOUNDS[-1]), counts, strict=True):
            reached += count
            if count and reached >= wanted:
                return bound
        return 0.0
