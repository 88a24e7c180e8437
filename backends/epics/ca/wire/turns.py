"""How the clients of one server share its network thread."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

_BUFFER = 256 * 1024  # bytes
SLICE = 0.01
"""Seconds of the network thread that a client has before the next one."""


class Turns:
    """The clients that have more to do, in turn; on the loop.

    Each round of the loop gives one slice. Clients that ask for little are answered between slices,
    even if many others ask for much.
    """

    __slots__ = ("buffer", "_queue", "_due")

    def __init__(self) -> None:
        #: where the bytes of a client arrive, to be copied before those of the next one come
        self.buffer = memoryview(bytearray(_BUFFER))
        self._queue: deque[Any] = deque()
        self._due = False

    def add(self, client: Any) -> None:
        """Have ``take_turn`` of a client called soon; a client that waits is not added again."""
        self._queue.append(client)
        self._come_again()

    def _come_again(self) -> None:
        if self._queue and not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        self._due = False
        try:
            self._queue.popleft().take_turn()
        finally:
            self._come_again()
