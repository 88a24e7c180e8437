"""Records of refused requests: so many of a client in full, the rest as one with their number.

What was allowed to change something is always in the audit. What anybody may ask for, and be
refused, must not push such records out of a file that is rotated, nor fill a log.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from ..concurrency.allowance import Allowance, Allowances
from ..concurrency.clock import Clock
from .request import RequestRecord

EVERY = 1.0  # seconds between two records that stand for many
_BURST = 20  # records of one user of a host at once
_BURST_OF_HOST = 50  # of all its users together


class _Client(Allowance):
    """An allowance with the last record that had none: it will stand for all that are missed."""

    __slots__ = ("last",)

    def __init__(self, most: int, now: float) -> None:
        super().__init__(most, now)
        self.last: RequestRecord | None = None


class RefusalLimit:
    """Passes records on, or counts them.

    :param clock: times the records that stand for many
    :param add: takes each record to be written; never blocks
    """

    def __init__(self, clock: Clock, add: Callable[[RequestRecord], object]) -> None:
        self._clock = clock
        self._add = add
        self._lock = threading.Lock()
        self._hosts = Allowances(lambda now: _Client(_BURST_OF_HOST, now))
        self._users = Allowances(lambda now: _Client(_BURST, now))
        self._others = _Client(_BURST_OF_HOST, 0.0)  # hosts beyond those that are counted apart

    def add(self, record: RequestRecord) -> None:
        """Pass a record on, if its client has an allowance; else it is counted."""
        who = record.credentials
        with self._lock:
            now = self._clock.monotonic()
            host = self._hosts.of(who.host, now) or self._others
            user = self._users.of((who.host, who.user), now) or host
            if user.missed:
                waiting = user
            elif not host.take(now):
                waiting = host  # of any number of names
            elif user is host or user.take(now):
                waiting = None
            else:
                waiting = user
            if waiting is not None:
                waiting.last, waiting.missed = record, waiting.missed + 1
                if waiting.missed == 1:
                    self._clock.call_later(EVERY, lambda: self._tell(waiting))
        if waiting is None:
            self._add(record)

    def _tell(self, client: _Client) -> None:
        with self._lock:
            last, count = client.last, client.missed
            client.last, client.missed = None, 0
        if last is not None:
            self._add(replace(last, count=count))

    def tell_all(self) -> None:
        """Pass on a record for all that have only been counted so far."""
        with self._lock:
            clients = [*self._hosts.all(), *self._users.all(), self._others]
        for client in clients:
            self._tell(client)
