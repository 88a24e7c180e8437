"""Records of refused requests: so many of a client in full, the rest as one with their number.

What was allowed to change something is always recorded. What anybody may ask for, and be refused,
must not push such records out of a file that is rotated.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from ..concurrency.clock import Clock
from .request import RequestRecord

EVERY = 1.0  # seconds between two records that stand for many
_BURST = 20  # records of one user of a host that are had at once
_BURST_OF_HOST = 50  # of all its users together
_MOST_CLIENTS = 1000  # that are counted apart; all others of a host together


class _Client:
    """How many refusals of one client may still be recorded, and how many were not."""

    __slots__ = ("left", "at", "last", "count", "due")

    def __init__(self, left: float, at: float) -> None:
        self.left = left
        self.at = at
        self.last: RequestRecord | None = None
        self.count = 0
        self.due = False

    def take(self, now: float, most: int) -> bool:
        """Take one record, if there is one: one more comes with each second."""
        self.left = min(most, self.left + now - self.at)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class RefusalLimit:
    """Passes records on, or counts them.

    :param clock: times the records that stand for many
    :param add: takes these; never blocks
    """

    def __init__(self, clock: Clock, add: Callable[[RequestRecord], object]) -> None:
        self._clock = clock
        self._add = add
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str | None], _Client] = {}
        self._others = _Client(_BURST_OF_HOST, 0.0)  # beyond those that are counted apart

    def passed(self, record: RequestRecord) -> tuple[RequestRecord, ...]:
        """Return the record if it is to be written now; else it is counted."""
        who = record.credentials
        with self._lock:
            now = self._clock.monotonic()
            host = self._client((who.host, None), now, _BURST_OF_HOST) or self._others
            user = self._client((who.host, who.user), now, _BURST) or host
            if user.count:
                waiting = user
            elif not host.take(now, _BURST_OF_HOST):
                waiting = host  # of any number of names
            elif user is host or user.take(now, _BURST):
                return (record,)
            else:
                waiting = user
            waiting.last, waiting.count = record, waiting.count + 1
            if not waiting.due:
                waiting.due = True
                self._clock.call_later(EVERY, lambda: self._tell(waiting))
        return ()

    def _client(self, key: tuple[str, str | None], now: float, most: int) -> _Client | None:
        client = self._clients.get(key)
        if client is None:
            if len(self._clients) >= _MOST_CLIENTS:
                self._forget(now)
            if len(self._clients) >= _MOST_CLIENTS:
                return None
            client = self._clients[key] = _Client(most, now)
        return client

    def _forget(self, now: float) -> None:
        old = [k for k, c in self._clients.items() if not c.due and now - c.at > _BURST_OF_HOST]
        for key in old:
            del self._clients[key]

    def _tell(self, client: _Client) -> None:
        with self._lock:
            last, count = client.last, client.count
            client.last, client.count, client.due = None, 0, False
        if last is not None:
            self._add(replace(last, count=count))

    def tell_all(self) -> None:
        """Tell of all that has only been counted so far."""
        with self._lock:
            clients = [*self._clients.values(), self._others]
        for client in clients:
            self._tell(client)
