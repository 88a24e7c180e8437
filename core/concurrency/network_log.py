"""Logging on network threads: a separate worker hands the records over.

A handler may wait for a disk or a log server; on a network thread all clients would wait with it.
What a client can have logged is bounded: so many records about one client, then their number. What
is about no client is bounded by its kind. A record is about the client that its ``extra`` names:
``extra={"client": HOST}``.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from .allowance import Allowance, Allowances

LIMIT = 1000  # records that wait
_BURST = 20  # records about one client at once; one more comes with each second
_SHARE = 50  # of those that wait about one client
_EVERY = 1.0  # seconds of silence, then the number of those that were left out is logged
_threads: set[int] = set()


def is_network_thread() -> None:
    """Have the records of the present thread handed over by the worker."""
    _threads.add(threading.get_ident())


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
        client = (kwargs.get("extra") or {}).get("client")
        about = f"of the kind {str(msg)[:80]!r}" if client is None else f"about the client {client}"
        _worker.add(logger, about, lambda: logger.log(level, "%s", text[:4000], **kwargs))


def start_anew() -> None:
    """Forget the records logged and left out so far: a server starts."""
    _worker.start_anew()


def problems() -> list[str]:
    """Return how many records were left out since a server was started, one text at most."""
    return _worker.problems()


class _Worker:
    """Hands records over, on a thread that ends when there are none."""

    def __init__(self) -> None:
        self._changed = threading.Condition()  # its lock guards all below
        self._queue: deque[tuple[str, Callable[[], None]]] = deque()
        self._sources = Allowances(lambda now: Allowance(_BURST, now))
        self._others = Allowance(_BURST, 0.0)
        self._missed: dict[str, tuple[logging.Logger, int]] = {}  # of which nothing is logged yet
        self._left_out: Counter[str] = Counter()
        self._thread: threading.Thread | None = None

    def start_anew(self) -> None:
        with self._changed:
            self._sources = Allowances(lambda now: Allowance(_BURST, now))
            self._left_out.clear()

    def problems(self) -> list[str]:
        with self._changed:
            most = self._left_out.most_common(1)
            return [_LEFT_OUT % (self._left_out.total(), n, about) for about, n in most]

    def add(self, logger: logging.Logger, about: str, call: Callable[[], None]) -> None:
        with self._changed:
            now = time.monotonic()
            source = self._sources.of(about, now)
            if source is None:
                source, about = self._others, "about other clients"
            if not source.take(now) or self._is_full(about):
                _, missed = self._missed.get(about, (logger, 0))
                self._missed[about] = logger, missed + 1
                self._left_out[about] += 1
            else:
                self._queue_missed(about)
                self._queue.append((about, call))
                self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="roguebridge-log", daemon=True
                )
                self._thread.start()

    def _is_full(self, about: str) -> bool:
        """Tell whether no more may wait, in all or about one client; lock held."""
        size = len(self._queue)
        return size >= LIMIT or (
            size >= _SHARE and sum(one == about for one, _ in self._queue) >= _SHARE
        )

    def _queue_missed(self, about: str) -> None:
        if about in self._missed:
            logger, missed = self._missed.pop(about)
            self._queue.append((about, lambda: logger.warning(_MISSED, missed, about)))

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._queue and self._missed:
                    self._changed.wait(_EVERY)
                if not self._queue:
                    for about in list(self._missed):
                        self._queue_missed(about)
                if not self._queue:
                    self._thread = None
                    return
                _, call = self._queue.popleft()
            try:
                call()
            except BaseException:  # of a site's handler: the next record is another matter
                sys.stderr.write("roguebridge: a log handler has failed\n")


_MISSED = "%d more records were not logged, %s"
_LEFT_OUT = "%d log records were left out since the start, most of them (%d) %s"
_worker = _Worker()
