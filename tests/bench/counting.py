"""What clients of both protocols count: the updates they are sent."""

from __future__ import annotations

import threading
import time

LIMIT = 60.0
QUIET = 0.2  # seconds without an update after which no more are expected


class Counting:
    """Counts updates, which come on a thread of their own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = self._firsts = 0
        self._since = self._last = time.perf_counter()
        self._failed: Exception | None = None

    def failed(self, exc: Exception) -> None:
        """Have who waits for first values told why no more will come."""
        self._failed = exc

    def saw(self, first: int, more: int = 0) -> None:
        """Count updates.

        :param first: how many were the first of their PVs
        :param more: how many others
        """
        with self._lock:
            self._count += first + more
            self._firsts += first
            self._last = time.perf_counter()

    def wait_for_firsts(self, count: int, begin: float) -> float:
        """Wait until so many PVs have shown a value; return the seconds since ``begin``."""
        while self._firsts < count:
            if self._failed is not None:
                raise self._failed
            if time.perf_counter() - begin > LIMIT:
                raise TimeoutError(f"{self._firsts} of {count} first values came")
            time.sleep(0.002)
        return self._last - begin

    def reset(self) -> None:
        """Begin to count."""
        with self._lock:
            self._count = 0
            self._since = self._last = time.perf_counter()

    def settle(self) -> dict[str, float]:
        """Wait for the last update; return how many there were, and seconds until the last."""
        limit = time.perf_counter() + LIMIT
        while time.perf_counter() - self._last < QUIET and time.perf_counter() < limit:
            time.sleep(0.02)
        return {"updates": self._count, "seconds": self._last - self._since}
