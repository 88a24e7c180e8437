"""The room in memory for the messages of one client; on the loop.

A put waits in the client's own connection until there is room for it. A large message gets its room
when its header has arrived: so it can be completed even if other clients fill the rest. It must be
complete in time, or it would keep its room for ever.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from roguebridge.core.concurrency import EventLoopThread
from roguebridge.core.requests import QueuedBytes

from .messages import WRITE, WRITE_NOTIFY, Messages, ProtocolError

PATIENCE = 5.0
"""Seconds that a client waits for room; then its puts are refused as busy."""
COMPLETE_IN = 20.0
"""Seconds in which a message must arrive, and one more for each megabyte."""
_PUTS = (WRITE, WRITE_NOTIFY)
_LARGE = 65_536  # bytes: a smaller message may arrive in pieces without room of its own
_MEGABYTE = 1e6


class NoRoom(Exception):
    """The rest of a put is not wanted; the text says why."""


class Intake:
    """Room and time for the messages of one client.

    :param queued: counts the bytes of all that is put
    :param loop: the server's
    :param go_on: called when a client that was not listened to may go on
    """

    __slots__ = (
        "client", "stalled", "_queued", "_loop", "_go_on", "_reserved", "_full_since", "_timer",
        "_retry",
    )  # fmt: skip

    def __init__(
        self, queued: QueuedBytes, loop: EventLoopThread, go_on: Callable[[], object]
    ) -> None:
        #: whose bytes are counted
        self.client = ""
        #: True while the client is not listened to
        self.stalled = False
        self._queued = queued
        self._loop = loop
        self._go_on = go_on
        self._reserved = 0  # bytes, for a message that is not complete
        self._full_since: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._retry: asyncio.TimerHandle | None = None

    def admits(self, arrived: Messages, give_up: Callable[[], object]) -> bool:
        """Tell whether the first message may be taken, or its rest may come, now.

        :param give_up: called if the rest does not come in time
        :raises NoRoom: if the rest of a put is not wanted
        :raises ProtocolError: if the message can never have room
        """
        size, is_put = arrived.size, arrived.command in _PUTS
        if arrived.missing:
            if self._timer is None:
                self._timer = self._loop.later(COMPLETE_IN, give_up)
            return size <= _LARGE or bool(self._reserved) or self._reserve(size, is_put, give_up)
        if self._timer is not None or self._reserved:
            self._forget_part()
        if not is_put or size > self._queued.most or self._queued.has_room(self.client, size):
            self._full_since = None
            return True
        return self._has_waited() or self._stall()  # the engine refuses a put that has waited

    def _reserve(self, size: int, is_put: bool, give_up: Callable[[], object]) -> bool:
        most = self._queued.most
        if size > most and not is_put:
            raise ProtocolError(f"a message of {size} bytes: max_queued_bytes is {most}")
        self._stop_timer()
        if size <= most and self._queued.take(self.client, size) is None:
            self._reserved = size
            self._full_since = None
            self._timer = self._loop.later(COMPLETE_IN + size / _MEGABYTE, give_up)
            return True
        if is_put and (size > most or self._has_waited()):
            raise NoRoom(f"busy: {size} bytes more are beyond max_queued_bytes ({most})")
        return self._stall()

    def _has_waited(self) -> bool:
        now = time.monotonic()
        if self._full_since is None:
            self._full_since = now
        return now - self._full_since >= PATIENCE

    def end(self) -> None:
        """Give all back: the client has gone."""
        self._forget_part()
        self.stalled = False
        if self._retry is not None:
            self._retry.cancel()

    def _forget_part(self) -> None:
        self._stop_timer()
        reserved, self._reserved = self._reserved, 0
        if reserved:
            self._queued.give_back(self.client, reserved)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stall(self) -> bool:
        self._has_waited()
        self.stalled = True
        self._queued.when_freed(lambda: self._loop.post(self._resume))
        self._retry = self._loop.later(PATIENCE, self._resume)
        return False

    def _resume(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
        if self.stalled:
            self.stalled = False
            self._go_on()
