"""The audit trail: each plugin that takes records has a thread and a bounded queue of its own.

What one sink does, raise or block, is felt by no put, no other sink and no log.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace

from ..concurrency.clock import Clock
from ..errors import RoguebridgeError, in_words, words_of
from .refusal_limit import RefusalLimit
from .request import RequestRecord

_log = logging.getLogger("roguebridge.plugins")

LIMIT = 10_000  # records that wait for one sink
_INTERVAL = 60.0  # seconds between two log records about one sink


class AuditTrail:
    """Hands the record of each request to every sink.

    :param sinks: name of each plugin, and its hook, which takes ``record`` by keyword
    :param clock: times :meth:`stop` and what is logged
    :param limit: most records that wait for one sink; what is more is lost, counted and said
    """

    def __init__(
        self,
        sinks: Iterable[tuple[str, Callable[..., object]]],
        clock: Clock,
        limit: int = LIMIT,
    ) -> None:
        self._clock = clock
        self._refusals = RefusalLimit(clock, self._add)
        self._sinks = tuple(_Sink(plugin, tell, clock, limit) for plugin, tell in sinks)

    def start(self, say: Callable[[int, str], object]) -> None:
        """Begin to hand records over.

        :param say: logs a text with its level, without blocking
        """
        for sink in self._sinks:
            sink.start(say)

    def add(self, record: RequestRecord) -> None:
        """Queue a record for every sink; from any thread, never blocks.

        Of what anybody may ask for there are not more than :class:`.RefusalLimit` lets pass.
        """
        (self._add if record.granted else self._refusals.add)(record)

    def _add(self, record: RequestRecord) -> None:
        for sink in self._sinks:
            sink.add(record)

    def problems(self) -> list[str]:
        """Return what is not as it should be, one text each."""
        return [text for sink in self._sinks for text in sink.problems()]

    def stop(self, timeout: float) -> None:
        """Let the sinks take what is queued, then end their threads.

        :param timeout: seconds that all have together; what is left then is said, and the thread
            of a sink that blocks is left to itself
        """
        self._refusals.tell_all()
        deadline = self._clock.monotonic() + timeout
        for sink in self._sinks:
            sink.stop(max(0.0, deadline - self._clock.monotonic()))


class _Sink:
    """One plugin that takes records, one by one, in order."""

    def __init__(self, plugin: str, tell: Callable[..., object], clock: Clock, limit: int) -> None:
        self._plugin = plugin
        self._tell = tell
        self._clock = clock
        self._limit = limit
        self._say: Callable[[int, str], object] = _log.log
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._queue: deque[RequestRecord] = deque()
        self._busy = False
        self._ended = False
        self._thread = threading.Thread(
            target=self._run, name=f"roguebridge-audit-{plugin}", daemon=True
        )
        self._gap = 0  # lost since a record was queued last
        self._lost = self._lost_said = 0
        self._quiet = False  # a minute has not passed since loss was logged
        self._failed = self._failed_said = 0
        self._failure = ""
        self._failure_logged: float | None = None

    def start(self, say: Callable[[int, str], object]) -> None:
        self._say = say
        self._thread.start()

    def add(self, record: RequestRecord) -> None:
        with self._lock:
            if len(self._queue) < self._limit:
                if self._gap:
                    record, self._gap = replace(record, lost=self._gap), 0
                self._queue.append(record)
                self._changed.notify_all()
                return
            self._gap += 1
            self._lost += 1
            quiet, self._quiet = self._quiet, True
        if not quiet:
            self._say_lost()

    def _say_lost(self) -> None:
        with self._lock:
            number, self._lost_said = self._lost - self._lost_said, self._lost
            self._quiet = number > 0
        if number:
            self._say(logging.ERROR, _lost(self._plugin, number))
            self._clock.call_later(_INTERVAL, self._say_lost)

    def problems(self) -> list[str]:
        found = []
        if self._lost:
            found.append(_lost(self._plugin, self._lost))
        if self._failed:
            found.append(_failed(self._plugin, self._failed, self._failure))
        return found

    def _run(self) -> None:
        while True:
            with self._lock:
                self._busy = False
                self._changed.notify_all()
                while not self._queue:
                    if self._ended:
                        return
                    self._changed.wait()
                record = self._queue.popleft()
                self._busy = True
            try:
                self._tell(record=record)
            except BaseException as exc:
                with suppress(Exception):  # a log handler that raises must not end the thread
                    self._note_failure(exc)
            del record  # it may hold a large value

    def _note_failure(self, exc: BaseException) -> None:
        self._failed += 1
        expected = isinstance(exc, RoguebridgeError)
        self._failure = words_of(exc) if expected else in_words(exc)
        now = self._clock.monotonic()
        last = self._failure_logged
        if last is None or now - last >= _INTERVAL:
            self._failure_logged = now
            self._log_failures()
            if not expected:
                _log.debug("plugin %s: request_done failed", self._plugin, exc_info=exc)

    def _log_failures(self) -> None:
        self._failed_said = self._failed
        text = _failed(self._plugin, self._failed, self._failure)
        _log.error("%s", text)

    def stop(self, timeout: float) -> None:
        expired = threading.current_thread() is self._thread  # it must not wait for itself
        mine = int(expired)

        def expire() -> None:
            nonlocal expired
            with self._lock:
                expired = True
                self._changed.notify_all()

        timer = self._clock.call_later(timeout, expire)
        with self._lock:
            while (self._queue or self._busy) and not expired:
                self._changed.wait()
            left = len(self._queue) + int(self._busy) - mine
            held = self._busy
            self._queue.clear()
            self._ended = True
            self._changed.notify_all()
        timer.cancel()
        if not held and self._thread.is_alive():
            self._thread.join()
        if self._lost > self._lost_said:
            self._say_lost()
        if self._failed > self._failed_said:
            self._log_failures()
        if left:
            self._say(logging.ERROR, _lost(self._plugin, left, "they were left at the stop"))


def _lost(plugin: str, number: int, why: str = "it takes them too slowly") -> str:
    return f"plugin {plugin}: audit records are lost: {number}; {why}"


def _failed(plugin: str, number: int, error: str) -> str:
    return f"plugin {plugin}: request_done failed: {error}; {number} records so far"
