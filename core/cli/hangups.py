"""Calls a function for SIGHUP, on a thread for these calls: once for a burst of signals."""

from __future__ import annotations

import threading
from collections.abc import Callable

_QUIET = 0.1  # seconds without a further signal that end a burst
_LONGEST = 10  # such times that a burst may take


class Hangups:
    """Makes a call for each burst of signals.

    A signal that comes during the call is answered with one more call: a file may have changed
    after it was read.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = threading.Event()
        self._ended = threading.Event()
        self._running = False

    def ask(self, call: Callable[[], object]) -> None:
        """Have ``call`` made soon; never blocks."""
        with self._lock:
            self._asked.set()
            if self._running:
                return
            self._running = True
        threading.Thread(
            target=self._run, args=(call,), name="roguebridge-hangups", daemon=True
        ).start()

    def end(self) -> None:
        """Make no more calls: the process is asked to stop."""
        self._ended.set()

    def _run(self, call: Callable[[], object]) -> None:
        while self._wait_for_more() and not self._ended.is_set():
            call()

    def _wait_for_more(self) -> bool:
        """Wait until a burst is over; False if none has begun."""
        begun = False
        for _ in range(_LONGEST):
            with self._lock:
                if not self._asked.is_set():
                    self._running = begun
                    break
                self._asked.clear()
                begun = True
            if self._ended.wait(_QUIET):
                break
        return begun
