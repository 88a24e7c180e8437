"""How many bytes the requests have that wait or run, of each client and in all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from sys import getsizeof
from typing import Any

import numpy as np

from .request import Request

MOST = 64_000_000
"""Bytes of one client."""
_CLIENTS = 4  # that may have so many; what all have together is no more
_OF_REQUEST = 1000  # bytes that a request takes beside its value
_SMALL = 4096  # bytes of a request that is taken though others have filled the room of all
_DEEPEST = 4  # structures within structures


class QueuedBytes:
    """Counts the bytes of requests, from their arrival to the end of their work.

    :param most: bytes of one client; all clients have four times as many together
    """

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self._in_all = _CLIENTS * most
        self._lock = threading.Lock()
        self._of: dict[Hashable, int] = {}
        self._sum = 0
        self._waiting: list[Callable[[], object]] = []

    def admit(self, request: Request) -> str | None:
        """Count a request that has come; returns None, or why there is no room for it."""
        size = _OF_REQUEST + size_of(request.asked)
        client = request.client or request.credentials.host
        reason = self.take(client, size)
        if reason is None:
            request.queued = client, size
        return reason

    def release(self, request: Request) -> None:
        """Count out a request whose work has ended, or never begins."""
        queued, request.queued = request.queued, None
        if queued is not None:
            self.give_back(*queued)

    def has_room(self, client: Hashable, size: int) -> bool:
        """Tell whether a request of a client would be taken now."""
        with self._lock:
            return not self._excess(client, size)

    def take(self, client: Hashable, size: int) -> str | None:
        """Count bytes in; returns None, or the reason why they are refused."""
        with self._lock:
            reason = self._excess(client, size)
            if not reason:
                self._of[client] = self._of.get(client, 0) + size
                self._sum += size
                return None
        return reason

    def _excess(self, client: Hashable, size: int) -> str:
        own = self._of.get(client, 0)
        if own + size > self.most:
            return (
                f"busy: {own} bytes of this client are waiting, and {size} more are beyond "
                f"max_queued_bytes ({self.most})"
            )
        if size > _SMALL and self._sum + size > self._in_all:
            return f"busy: {self._sum} bytes of all clients are waiting: {size} more are too many"
        return ""

    def give_back(self, client: Hashable, size: int) -> None:
        """Count bytes out, and wake who waits for room."""
        with self._lock:
            left = self._of[client] - size
            if left:
                self._of[client] = left
            else:
                del self._of[client]
            self._sum -= size
            waiting, self._waiting = self._waiting, []
        for wake in waiting:
            wake()

    def when_freed(self, wake: Callable[[], object]) -> None:
        """Have ``wake`` called once, from any thread, when bytes are given back; must not block."""
        with self._lock:
            self._waiting.append(wake)


def size_of(value: Any, depth: int = 0) -> int:
    """Return about how many bytes a value takes."""
    if value is None or isinstance(value, (int, float, np.number)):
        return 0
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    if depth < _DEEPEST:
        if isinstance(value, (list, tuple)):
            if value and not isinstance(value[0], str):
                return sum(size_of(one, depth + 1) for one in value) + getsizeof(value)
            return sum(map(getsizeof, value)) + getsizeof(value)
        if hasattr(value, "items"):
            return sum(size_of(one, depth + 1) for _, one in value.items())
    return getsizeof(value)
