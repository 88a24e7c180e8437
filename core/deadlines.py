"""Calls that are all due the same time after they were asked for: one timer for any number."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from .clock import Clock

_log = logging.getLogger("roguebridge.clock")


class Deadlines:
    """Makes calls, each ``delay`` seconds after it was added, on the clock's thread.

    :param clock: times them
    :param delay: seconds
    """

    def __init__(self, clock: Clock, delay: float) -> None:
        self._clock = clock
        self._delay = delay
        self._lock = threading.Lock()
        self._due: deque[tuple[float, Callable[..., object], tuple[Any, ...]]] = deque()

    def add(self, call: Callable[..., object], *args: Any) -> None:
        """Have ``call`` made with ``args``; it must be short, and see for itself if it is late."""
        due = self._clock.monotonic() + self._delay
        with self._lock:
            first = not self._due
            self._due.append((due, call, args))
        if first:
            self._clock.call_later(self._delay, self._make_due)

    def _make_due(self) -> None:
        while True:
            with self._lock:
                due, call, args = self._due[0]
                wait = due - self._clock.monotonic()
                if wait <= 0:
                    self._due.popleft()
                    more = bool(self._due)
            if wait > 0:
                self._clock.call_later(wait, self._make_due)
                return
            try:
                call(*args)
            except Exception:
                _log.exception("a timed call failed")
            if not more:
                return
