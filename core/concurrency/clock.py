"""The one source of time: stamps, and every time limit of a server."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from .network_log import NetworkLog

_log = NetworkLog(logging.getLogger("roguebridge.clock"))


class Timer:
    """A call that is due later; ``cancel()`` is harmless at any time."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable[[], object]) -> None:
        self._call: Callable[[], object] | None = call

    def cancel(self) -> None:
        """Drop the call if it has not been made yet."""
        self._call = None

    def fire(self) -> None:
        """Make the call unless cancelled; an exception is logged."""
        call, self._call = self._call, None
        if call is not None:
            try:
                call()
            except Exception:
                _log.exception("a timed call failed")


class Clock(ABC):
    """Time and timed calls; tests inject another."""

    @abstractmethod
    def time_ns(self) -> int:
        """Return nanoseconds since the POSIX epoch."""

    @abstractmethod
    def monotonic(self) -> float:
        """Return seconds that never go back."""

    @abstractmethod
    def call_later(self, delay: float, call: Callable[[], object]) -> Timer:
        """Make ``call`` after ``delay`` seconds, on the clock's thread; it must be short."""

    @abstractmethod
    def start(self) -> None:
        """Begin to make timed calls; a second start does nothing."""

    @abstractmethod
    def stop(self) -> None:
        """Drop the timed calls and make no more."""


class SystemClock(Clock):
    """The machine's clock, with one thread for timed calls."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._wake = threading.Condition(threading.Lock())
        self._thread: threading.Thread | None = None

    time_ns = staticmethod(time.time_ns)  # called at each update: without a frame of Python

    def monotonic(self) -> float:
        """Return ``time.monotonic()``."""
        return time.monotonic()

    def call_later(self, delay: float, call: Callable[[], object]) -> Timer:
        """Make ``call`` after ``delay`` seconds."""
        timer = Timer(call)
        due = time.monotonic() + delay
        with self._wake:
            heapq.heappush(self._due, (due, next(self._order), timer))
            if self._due[0][2] is timer:
                self._wake.notify()
        return timer

    def start(self) -> None:
        """Start the thread; a second start does nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="roguebridge-clock", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Drop the timed calls and join the thread."""
        thread, self._thread = self._thread, None
        with self._wake:
            dropped, self._due = self._due, []
            self._wake.notify()
        del dropped  # outside the lock: a timer may hold the last reference to a request
        if thread is not None and thread is not threading.current_thread():
            thread.join(5.0)

    def _run(self) -> None:
        me = threading.current_thread()
        while True:
            with self._wake:
                if self._thread is not me:
                    return
                if not self._due:
                    self._wake.wait()
                    continue
                wait = self._due[0][0] - time.monotonic()
                if wait > 0:
                    self._wake.wait(wait)
                    continue
                timer = heapq.heappop(self._due)[2]
            timer.fire()
            del timer  # it may hold the last reference to a request
