"""Puts and calls are answered when the PVs show what they have changed.

A tree delivers updates later, on its update thread: of links, and of all that a command or a
``localSet`` has set. So when the work of a request has ended, a marker goes through the tree's
queue of updates, behind those. When it arrives they have been delivered, and the answer may go.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from ..concurrency.clock import Clock
from ..concurrency.network_log import NetworkLog
from ..tree.update_queue import send_group

_log = NetworkLog(logging.getLogger("roguebridge.execution"))
_LOG_INTERVAL = 60.0  # seconds between two log records
_SILENT = "the tree's update thread is dead or held up"
_STOPPED = "the server was stopped"


class Unshown(Protocol):
    """Updates that are delivered and not shown yet; see :mod:`.unshown`."""

    def release(self, since: float) -> None:
        """Show what is held back and was delivered since some monotonic time."""

    def when_opened(self, then: Callable[[], object]) -> bool:
        """Have it called when PVs that are being opened show what was delivered so far."""


class _Marker(threading.Event):
    """What goes through the queue: the tree's update thread sets each event that it finds there.

    :param arrived: called then; it must not block
    """

    def __init__(self, arrived: Callable[[], object]) -> None:
        super().__init__()
        self._arrived = arrived

    def set(self) -> None:
        """The marker has arrived. Nothing is ever raised into the tree."""
        try:
            super().set()
            self._arrived()
        except BaseException:
            _log.exception("puts and calls may be answered late")


@dataclass(slots=True, eq=False)
class _Waiting:
    """A request whose work has ended, and which has not been answered.

    :param path: of its node
    :param _answer: gives the answer; False if it had one before
    :param since: monotonic time at which its work began
    """

    path: str
    _answer: Callable[[], bool] | None
    since: float

    def answer(self) -> bool:
        """Give the answer, and let go of the request; returns False if it had one before."""
        answer, self._answer = self._answer, None
        try:
            return answer is not None and answer()
        except Exception:
            _log.exception("%s: a put or call could not be answered", self.path)
            return False


@dataclass(slots=True, eq=False)
class _Round:
    """The requests that share a marker, and how far it has come."""

    waiting: dict[_Waiting, None]
    arrived: bool = False


@dataclass(eq=False)
class Completion:
    """Answers requests when what they have changed is shown, or ``timeout`` after their work ended.

    One marker is under way at a time. Requests that end meanwhile share the next one. All answers
    that have waited are given on a thread of its own, those of one node in the order in which its
    requests ended; no worker and no lane is held meanwhile.

    :param _root: a running root whose update thread takes markers
    :param _clock: times the limit
    :param _timeout: seconds; None for no limit
    :param _unshown: what is delivered and not shown
    :param _tell: logs a text with its level, without blocking
    """

    _root: Any
    _clock: Clock
    _timeout: float | None
    _unshown: Unshown
    _tell: Callable[[int, str], object]

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._round: _Round | None = None
        self._next: dict[_Waiting, None] = {}  # in the order in which their work has ended
        self._paths: Counter[str] = Counter()  # of those that wait
        self._reason = ""  # why nothing is waited for at present
        self._early: Counter[str] = Counter()  # answers that did not wait, by reason
        self._logged: float | None = None
        self._calls: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to give answers."""
        self._thread = threading.Thread(
            target=self._run, name="roguebridge-completion", daemon=True
        )
        self._thread.start()

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            try:
                call()
            except Exception:
                _log.exception("puts and calls may be answered late")
            del call  # it may hold the last reference to a request

    def answer(self, path: str, answer: Callable[[], bool], changed: bool, since: float) -> None:
        """Have an answer given in time; on the thread that has done the work of the request.

        :param path: of its node
        :param answer: gives it, neither blocks nor raises; returns False if there was one before
        :param changed: False if nothing was done, so that only earlier answers come first
        :param since: monotonic time at which the work began
        """
        if changed:
            try:
                send_group(self._root)  # else the marker would be faster
            except Exception:
                _log.exception("%s: its updates may come after the answer", path)
        waiting = _Waiting(path, answer, since)
        with self._lock:
            reason = self._reason
            waits = path in self._paths or (changed and not reason)
            if waits:
                self._next[waiting] = None
                self._paths[path] += 1
        if not waits:
            if waiting.answer() and changed:
                self._count(reason)
            return
        if self._timeout is not None:
            expire = partial(self._expire, waiting)
            self._clock.call_later(self._timeout, partial(self._calls.put, expire))
        self._send_marker()

    def problems(self) -> list[str]:
        """Return how many answers did not wait for what they tell of, one text for each reason."""
        with self._lock:
            early = dict(self._early)
        return [
            f"puts and calls answered before all that they changed was shown: {number}; {why}"
            for why, number in early.items()
        ]

    def tree_silent(self) -> None:
        """The update thread is dead or held up: answer all, and wait for nothing from now on."""
        with self._lock:
            if not self._reason:
                self._reason = _SILENT
        self._calls.put(partial(self._answer_all, _SILENT))

    def tree_heard(self) -> None:
        """Updates are delivered again."""
        with self._lock:
            if self._reason == _SILENT:
                self._reason = ""

    def stop(self) -> None:
        """The server stops: answer all, and end the thread; harmless if it does not run."""
        with self._lock:
            self._reason = _STOPPED
        self._calls.put(partial(self._answer_all, _STOPPED))
        self._calls.put(None)
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join(5.0)

    def _send_marker(self) -> None:
        with self._lock:
            if self._round is not None or not self._next:
                return
            present = self._round = _Round(self._next)
            self._next = {}
        # The update thread must neither wait nor answer: it only has that done.
        arrived = partial(self._calls.put, partial(self._delivered, present))
        self._root._updateQueue.put(_Marker(arrived))  # noqa: SLF001

    # On the thread of its own -----------------------------------------------------------------

    def _delivered(self, present: _Round) -> None:
        with self._lock:
            present.arrived = True
            since = min((one.since for one in present.waiting), default=None)
        if since is not None:
            self._unshown.release(since)
            shown = partial(self._calls.put, partial(self._shown, present))
            if self._unshown.when_opened(shown):
                return
        self._shown(present)

    def _shown(self, present: _Round) -> None:
        with self._lock:
            if self._round is not present:
                return
            self._round = None
        for one in present.waiting:
            one.answer()
            self._forget(one)
        self._send_marker()

    def _answer_all(self, reason: str) -> None:
        while True:
            with self._lock:
                present = self._round  # whose marker may arrive yet
                waiting = {} if present is None else dict(present.waiting)
                waiting.update(self._next)
                self._next.clear()
                if present is not None:
                    present.waiting.clear()
            if not waiting:
                return
            for one in waiting:
                if one.answer():
                    self._count(reason)
                self._forget(one)

    def _expire(self, waiting: _Waiting) -> None:
        over = False
        with self._lock:
            present = self._round
            if waiting in self._next:
                del self._next[waiting]
            elif present is not None and waiting in present.waiting:
                del present.waiting[waiting]
                # A PV that takes its time to open must not hold up those who come later.
                over = present.arrived and not present.waiting
            else:
                return
        if waiting.answer():
            self._count(f"that took longer than completion_timeout ({self._timeout:g} s)")
        self._forget(waiting)
        if over and present is not None:
            self._shown(present)

    def _forget(self, waiting: _Waiting) -> None:
        # Only after its answer: none of the same node must be faster.
        with self._lock:
            self._paths[waiting.path] -= 1
            if not self._paths[waiting.path]:
                del self._paths[waiting.path]

    def _count(self, reason: str) -> None:
        now = self._clock.monotonic()
        with self._lock:
            self._early[reason] += 1
            due = self._logged is None or now - self._logged >= _LOG_INTERVAL
            if due:
                self._logged = now
        if due:
            self._tell(logging.WARNING, "; ".join(self.problems()))
