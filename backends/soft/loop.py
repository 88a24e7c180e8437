"""The one thread that plays the network of an in-memory backend."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

_log = logging.getLogger("roguebridge.soft")


class Loop:
    """Runs calls one after the other on its own thread, as a protocol library's loop does."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="roguebridge-soft", daemon=True)
        self._thread.start()

    @property
    def here(self) -> bool:
        """True on the loop's own thread."""
        return threading.current_thread() is self._thread

    def dispatch(self, call: Callable[[], object]) -> bool:
        """Have ``call`` made; does not wait. Returns False, and drops it, after :meth:`stop`."""
        with self._lock:
            if not self._ended:
                self._calls.put(call)
            return not self._ended

    def call(self, call: Callable[[], object]) -> None:
        """Have ``call`` made and wait for it; on the loop's own thread it is made at once.

        After :meth:`stop` it is not made.
        """
        if self.here:
            call()
            return
        done = threading.Event()

        def run() -> None:
            try:
                call()
            finally:
                done.set()

        if self.dispatch(run):
            done.wait()

    def stop(self) -> None:
        """Make the calls queued so far, then end the thread; from another one."""
        with self._lock:
            self._ended = True
            self._calls.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            call = self._calls.get()
            if call is None:
                return
            try:
                call()
            except Exception:
                _log.exception("a call on the loop failed")
