"""The problems of the server as a status PV: worked out on a thread of their own, if asked for."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from ..concurrency.network_log import NetworkLog
from .status_nodes import StatusNodes

_log = NetworkLog(logging.getLogger("roguebridge.health"))
_INTERVAL = 10.0  # seconds between two times that they are worked out
_MOMENT = 0.03  # seconds that a reader waits for them
_LAST = 1.0  # seconds that a stop waits for a plugin


class Problems:
    """Works out problems and hash of the configuration while somebody asks for them.

    Plugins take part in that, and may block: only this thread waits for them.

    :param nodes: show the result
    :param report: returns the problems, one text each
    :param config_hash: returns the hash; asked once
    :param monotonic: the clock
    """

    def __init__(
        self,
        nodes: StatusNodes,
        report: Callable[[], Sequence[str]],
        config_hash: Callable[[], str],
        monotonic: Callable[[], float],
    ) -> None:
        self._nodes = nodes
        self._report = report
        self._hash = config_hash
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ended = False
        self._due = threading.Event()
        self._done = threading.Event()
        self._next = 0.0
        #: as last worked out
        self.texts: tuple[str, ...] = ()
        self.config_hash = ""

    def ask(self) -> None:
        """Have them worked out, unless that was less than ten seconds ago; from any thread."""
        with self._lock:
            now = self._monotonic()
            if self._ended or now < self._next:
                return
            self._next = now + _INTERVAL
            self._done.clear()
            self._due.set()
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="roguebridge-problems", daemon=True
                )
                self._thread.start()

    def ask_and_wait(self) -> None:
        """Have them worked out, and wait a moment for the result; on a worker."""
        self.ask()
        self._done.wait(_MOMENT)

    def stop(self) -> None:
        """Work nothing out any more."""
        with self._lock:
            self._ended = True
            thread = self._thread
        self._due.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(_LAST)
            if thread.is_alive():
                _log.error("%s is still held by a plugin", thread.name)

    def _run(self) -> None:
        while True:
            self._due.wait()
            self._due.clear()
            if self._ended:
                return
            try:
                self._work_out()
            except Exception:
                _log.exception("the problems of the server cannot be worked out")
            self._done.set()

    def _work_out(self) -> None:
        self.texts = tuple(self._report())
        if not self.config_hash:
            self.config_hash = self._hash()
            self._nodes.show("CONFIG_HASH", self.config_hash)
        self._nodes.show("PROBLEM_CNT", len(self.texts))
        self._nodes.show("PROBLEMS", list(self.texts))
