"""Polled variables that fall silent: PyRogue reports no poll that fails or stops.

Only the counter of updates of each PV is read, so an update costs nothing more. Why
a poll does not come is not asked: an error of the hardware, ``pollBlock()`` and a dead poll thread
all mean that the value shown is old. Only ``PollEn`` says that there are to be no polls.
"""

from __future__ import annotations

import inspect
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..concurrency.clock import Clock, Timer
from ..concurrency.network_log import NetworkLog

_log = NetworkLog(logging.getLogger("roguebridge.staleness"))

_CHECK = 0.5  # seconds between two checks
_LEAST = 1.0  # seconds of silence that no poll interval is too short for
_LOOK = 4.0  # seconds until the poll interval of a silent node is asked again
_AT_ONCE = 500  # alarms of one check; the clock's thread has other calls to make
_SOON = 0.01  # seconds until the check that shows the rest
_NEVER = float("inf")


class Watched(Protocol):
    """A watched PV: a client is connected to it.

    All three are used on the clock's thread and must not block; a lock that ``show_stale`` takes
    may be held while the PV is handed over, none of :class:`Staleness` is then.
    """

    @property
    def node(self) -> Any:
        """The variable or command; its ``pollInterval`` is in seconds, 0 if it is not polled."""

    @property
    def updates(self) -> int:
        """A number that grows with every update silence."""

    def show_stale(self, updates: int) -> None:
        """Show TIMEOUT with the last value.

        :param updates: do nothing unless so many have come: an update may have ended the silence
            just now, and the alarm would outlast it
        """


class _Silence:
    """The time without an update of one watched PV; in seconds of the monotonic clock."""

    __slots__ = ("updates", "since", "look", "stale", "interval")

    def __init__(self, updates: int, now: float) -> None:
        self.begin(updates, now)
        self.interval: float | None = None  # of its polls, as last asked

    def begin(self, updates: int, now: float) -> None:
        self.updates, self.since = updates, now
        self.look = now + _LEAST  # its poll interval need not be asked before
        self.stale = False


@dataclass(eq=False)
class Staleness:
    """Has the PVs of polled variables without updates show TIMEOUT, once per silence.

    The next update shows a value and alarm of its own. A variable that is not polled may be
    silent; one whose polls are switched off while its PV shows TIMEOUT keeps that until its next
    update. Remote nodes are never asked for their poll interval, which is a request over the
    network that may block; they are never stale.

    :param clock: times the checks
    :param missed_polls: how many poll intervals a silence may last, but at least one second;
        None or 0 for ever
    :param polls_on: returns False while polls are switched off: silence is no fault then, and
        counts from the moment when they go on
    """

    clock: Clock
    missed_polls: float | None
    polls_on: Callable[[], bool] = lambda: True
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _watched: dict[Watched, _Silence] = field(default_factory=dict, init=False)
    _running: bool = field(default=False, init=False)
    _timer: Timer | None = field(default=None, init=False)

    def watch(self, holder: Watched) -> None:
        """A PV has its first client: from now on it may fall silent. Never blocks."""
        if not self.missed_polls:
            return
        silence = _Silence(holder.updates, self.clock.monotonic())
        with self._lock:
            self._watched[holder] = silence
            self._schedule()

    def unwatch(self, holder: Watched) -> None:
        """The last client of a PV has left. Never blocks; harmless if it is not watched."""
        with self._lock:
            self._watched.pop(holder, None)

    def start(self) -> None:
        """Begin to check; a second start does nothing."""
        with self._lock:
            self._running = True
            self._schedule()

    def stop(self) -> None:
        """Check no more, and forget what is watched."""
        with self._lock:
            self._running = False
            self._watched.clear()
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _schedule(self, delay: float = _CHECK) -> None:
        # With the lock held. One check at a time: it is only due again when it has ended, and
        # none is while nothing is watched.
        if self._running and self._watched and self._timer is None:
            self._timer = self.clock.call_later(delay, self._check)

    def _check(self) -> None:
        with self._lock:
            watched = list(self._watched.items())
        now = self.clock.monotonic()
        stale = 0
        polls_on = self.polls_on()
        try:
            for holder, silence in watched:
                updates = holder.updates
                if updates != silence.updates or not polls_on:
                    silence.begin(updates, now)
                elif not silence.stale and self._is_late(holder, silence, now):
                    silence.stale = True
                    self._show(holder, silence)
                    stale += 1
                    if stale == _AT_ONCE:
                        break
        finally:
            with self._lock:
                self._timer = None
                self._schedule(_SOON if stale == _AT_ONCE else _CHECK)

    def _is_late(self, holder: Watched, silence: _Silence, now: float) -> bool:
        if now < silence.look:
            return False
        if silence.interval is None and not tells_of_polls(holder.node):
            with self._lock:
                if self._watched.get(holder) is silence:
                    del self._watched[holder]
            return False
        interval = poll_interval(holder.node)
        if silence.interval not in (None, interval):
            silence.since = now  # polled otherwise than before: the new interval counts from now
        silence.interval = interval
        allowed = max(_LEAST, (self.missed_polls or 0) * interval) if interval else _NEVER
        due = silence.since + allowed
        silence.look = min(due, now + _LOOK)
        return now >= due

    def _show(self, holder: Watched, silence: _Silence) -> None:
        with self._lock:
            if self._watched.get(holder) is not silence:
                return  # its client has left meanwhile
        try:
            holder.show_stale(silence.updates)
        except Exception:
            _log.exception("a PV cannot be shown as not polled")


def tells_of_polls(node: Any) -> bool:
    """Tell whether polls of a node send updates, and its ``pollInterval`` cannot block.

    For the variables of PyRogue that is an attribute, for a link the shortest one of its
    dependencies, and no lock is taken. For a remote node it is a request over the network, made
    even if its class is asked.

    :param node: a variable or command
    """
    try:
        return _at_hand(node) and node.mode != "WO" and getattr(node, "updateNotify", True) is True
    except Exception:  # links may depend on each other
        return False


def _at_hand(node: Any) -> bool:
    own = "pollInterval" in getattr(node, "__dict__", ())
    if not own and not isinstance(inspect.getattr_static(node, "pollInterval", None), property):
        return False
    return all(map(_at_hand, getattr(node, "dependencies", ())))


def poll_interval(node: Any) -> float:
    """Return the seconds between two polls of a node, 0 if it is not polled.

    :param node: one that :func:`tells_of_polls`
    """
    try:
        interval: Any = node.pollInterval
        return float(interval) if interval > 0 else 0.0
    except Exception:  # PyRogue stores an interval that it refuses, a text too
        return 0.0
