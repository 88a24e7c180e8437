"""Logging on network threads: a worker of its own hands the records over.

A handler may wait for a disk or a log server; on a network thread all clients would wait with it.
What a client can have logged is bounded: so many records of a kind, then their number.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

LIMIT = 1000  # records that wait
_BURST = 20  # records of one kind that are had at once; one more comes with each second
_threads: set[int] = set()


def is_network_thread() -> None:
    """Have what the present thread logs handed over by the worker."""
    _threads.add(threading.get_ident())
    _worker.fresh()


def no_network_thread() -> None:
    """The present thread ends: its number may be another's soon."""
    _threads.discard(threading.get_ident())


class NetworkLog(logging.LoggerAdapter[logging.Logger]):
    """A logger whose handlers never run on a network thread."""

    def __init__(self, logger: logging.Logger) -> None:
        super().__init__(logger, {})

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Log, at once or from the worker."""
        if not self.isEnabledFor(level):
            return
        if threading.get_ident() not in _threads:
            kwargs["stacklevel"] = kwargs.get("stacklevel", 1) + 2
            self.logger.log(level, msg, *args, **kwargs)
            return
        if kwargs.get("exc_info") is True:
            kwargs["exc_info"] = sys.exc_info()
        try:
            text = str(msg) % args if args else str(msg)
        except Exception as exc:  # of an object of a site that cannot be shown
            text = f"{msg} (an argument cannot be shown: {type(exc).__name__})"
        logger = self.logger
        _worker.add(logger, str(msg), lambda: logger.log(level, "%s", text[:4000], **kwargs))


class _Worker:
    """Hands records over, on a thread that ends when there are none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: deque[tuple[logging.Logger, Callable[[], None]]] = deque()
        self._left: dict[str, list[float]] = {}  # kind -> what is left, since when, how many not
        self._dropped = 0
        self._thread: threading.Thread | None = None

    def fresh(self) -> None:
        with self._lock:
            self._left.clear()

    def add(self, logger: logging.Logger, kind: str, call: Callable[[], None]) -> None:
        with self._lock:
            now = time.monotonic()
            left = self._left.setdefault(kind, [_BURST, now, 0])
            left[:2] = min(_BURST, left[0] + now - left[1]), now
            if left[0] < 1:
                left[2] += 1
                return
            if len(self._queue) >= LIMIT:
                self._dropped += 1
                return
            left[0] -= 1
            missed, left[2] = int(left[2]), 0
            if missed:
                self._queue.append((logger, lambda: logger.warning(_MISSED, missed, kind)))
            self._queue.append((logger, call))
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="roguebridge-log", daemon=True
                )
                self._thread.start()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._thread = None
                    return
                logger, call = self._queue.popleft()
                dropped, self._dropped = self._dropped, 0
            try:
                if dropped:
                    logger.error(_DROPPED, dropped)
                call()
            except BaseException:  # of a site's handler: the next record is another matter
                sys.stderr.write("roguebridge: a log handler has failed\n")


_MISSED = "%d more records were not logged, of the kind %r"
_DROPPED = "%d log records are lost: the handlers of the log are too slow"
_worker = _Worker()
