"""Reads of a client that wait for puts of the same client; on the loop.

A native IOC has put a value before it looks at the next message of a client. Here a put goes
through the tree. So a read waits, for a bounded time, for the puts to the same PV that came before
it on the same connection. Reads of other PVs and other clients do not wait.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from roguebridge.core.concurrency import EventLoopThread

from .fields import CaReading
from .served_pv import CaPv

LONGEST_WAIT = 1.0
"""Seconds that reads wait for one put; then they are answered with the present reading."""

#: answers a read: with the reading after the put, None for the present one
Answer = Callable[[CaReading | None], None]


@dataclass(slots=True, eq=False)
class OpenPut:
    """One put, until it is answered.

    :param pv: the PV
    :param until: when reads no longer wait for it
    :param reading: of the PV when the put had ended
    """

    pv: CaPv
    until: float
    reading: CaReading | None = None
    is_over: bool = False

    def end(self) -> None:
        """Note the present reading for the reads that wait; from any thread.

        The put is over when its client has been answered, on the loop: reads are answered after it.
        """
        opened = self.pv.opened
        self.reading = None if opened is None else opened.reading


class OwnPuts:
    """The open puts of one connection, and the reads behind them, in order for each PV.

    :param loop: the server's
    """

    __slots__ = ("_loop", "_queues", "_timer")

    def __init__(self, loop: EventLoopThread) -> None:
        self._loop = loop
        self._queues: dict[Any, deque[OpenPut | Answer]] = {}  # by the owner, which aliases share
        self._timer: asyncio.TimerHandle | None = None

    def __bool__(self) -> bool:
        return bool(self._queues)

    def begin(self, pv: CaPv) -> OpenPut:
        """Note a put that has come."""
        put = OpenPut(pv, time.monotonic() + LONGEST_WAIT)
        self._queues.setdefault(pv.owner, deque()).append(put)
        return put

    def over(self, put: OpenPut) -> None:
        """Note that a put has been answered."""
        put.is_over = True
        self._advance(put.pv.owner)

    def then(self, pv: CaPv, answer: Answer) -> None:
        """Answer a read: now, or when the puts before it have ended."""
        if pv.owner in self._queues:
            self._advance(pv.owner)
            queue = self._queues.get(pv.owner)
            if queue is not None:
                queue.append(answer)
                self._watch()
                return
        answer(None)

    def clear(self) -> None:
        """Forget all: the client has gone."""
        self._queues.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _advance(self, owner: Any) -> None:
        """Answer the reads of a PV that no open put comes before."""
        queue = self._queues.get(owner) or deque()
        now = time.monotonic()
        reading: CaReading | None = None
        while queue:
            first = queue[0]
            if isinstance(first, OpenPut):
                if not first.is_over and now < first.until:
                    return
                reading = first.reading
            queue.popleft()
            if not isinstance(first, OpenPut):
                first(reading)
        self._queues.pop(owner, None)

    def _watch(self) -> None:
        # One timer for all reads that wait: puts end, as a rule, long before it.
        if self._timer is None:
            self._timer = self._loop.later(LONGEST_WAIT / 4, self._look)

    def _look(self) -> None:
        self._timer = None
        for owner in list(self._queues):
            self._advance(owner)
        if self._queues:
            self._watch()
