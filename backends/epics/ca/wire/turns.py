"""How the clients of one server share its network thread."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

SLICE = 0.01
"""Seconds of the network thread that a client has before the next one."""


class Waiting(Protocol):
    """A client that has more to do than a slice of time allows."""

    def take_turn(self) -> None:
        """Go on for a slice of time; never raises."""


class Turns:
    """The clients that have more to do, in turn; on the loop.

    One slice is given in each round of the loop. A client that asks for little is answered in
    between, however many others ask for much.
    """

    __slots__ = ("_queue", "_due")

    def __init__(self) -> None:
        self._queue: deque[Waiting] = deque()
        self._due = False

    def add(self, client: Waiting) -> None:
        """Give a client a slice of time soon; a client that waits is not added again."""
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
