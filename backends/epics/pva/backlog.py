"""The puts and calls of connections that send many at once wait here, so that others are served.

pvxs handles all that one connection has sent before it looks at the next one. An operation beyond
the time that a connection may take in a row is therefore only noted. It goes on to the engine
later, in slices of time between which the server's thread sees to the network.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter
from typing import Any

from roguebridge.core.concurrency import NetworkLog
from roguebridge.core.mapping import PvEntry
from roguebridge.core.requests import QueuedBytes, Request

_log = NetworkLog(logging.getLogger("roguebridge.pva"))

BUDGET = 0.01
"""Seconds of the server's thread that a connection may take in a row, in the long run half."""
SLICE = 0.005
"""Seconds of that thread after which it sees to the network again."""
IN_HAND = 2000
"""Requests of a connection that the engine may have, while others of the connection wait here."""
_OF_OPERATION = 1000  # bytes that an operation takes beside its value, as the engine counts
_MANY = 64  # connections whose times are noted before the first look for idle ones


class Operation(ABC):
    """A put or call that has come.

    :param op: p4p's operation
    :param entry: the PV
    """

    __slots__ = ("op", "entry", "client", "cancelled")

    def __init__(self, op: Any, entry: PvEntry) -> None:
        self.op = op
        self.entry = entry
        self.client: str = op.peer()
        self.cancelled = False

    @abstractmethod
    def size(self) -> int:
        """Return about how many bytes its value takes."""

    @abstractmethod
    def hand_on(self, refusal: str = "") -> Request:
        """Make a request of it, and give that to the engine, which answers it.

        :param refusal: why it is not to be done
        """

    def cancel(self) -> None:
        """Note that the client has left, or wants no answer any more."""
        self.cancelled = True


class _Connection:
    """What waits of one connection, and what the engine has of it since."""

    __slots__ = ("waiting", "in_hand")

    def __init__(self) -> None:
        self.waiting: deque[tuple[Operation, int]] = deque()  # with the bytes that are counted
        self.in_hand: deque[Request] = deque()

    @property
    def is_full(self) -> bool:
        in_hand = self.in_hand
        while in_hand and in_hand[0].answered:
            in_hand.popleft()
        return len(in_hand) >= IN_HAND


class Backlog:
    """Hands operations on at once, or later, if their connection or their node has some that wait.

    All but :meth:`answered` runs on the server's thread: there is no lock. The operations of a
    connection stay in order, and so do those of a node. Beyond that the connections take turns.

    :param queued: counts the bytes of what waits
    :param come_again: has :meth:`go_on` called soon; from any thread
    :param now: tells the time in seconds
    """

    def __init__(
        self,
        queued: QueuedBytes,
        come_again: Callable[[], object],
        now: Callable[[], float] = perf_counter,
    ) -> None:
        self._queued = queued
        self._now = now
        self._come_again = come_again
        self._connections: OrderedDict[str, _Connection] = OrderedDict()
        self._nodes: dict[str, deque[Operation]] = {}
        self._rested: dict[str, float] = {}  # connection -> when it has its whole budget again
        self._many = _MANY
        self._stalled = False  # nothing can go on before an answer

    @property
    def is_due(self) -> bool:
        """True if :meth:`go_on` has something to do."""
        return bool(self._connections) and not self._stalled

    def take(self, operation: Operation) -> None:
        """Hand an operation on, now or later; or refuse it, if there is no room for it."""
        client = operation.client
        if client not in self._connections and operation.entry.path not in self._nodes:
            begun = self._now()
            rested = max(begun, self._rested.get(client, begun))
            if rested - begun < BUDGET:
                operation.hand_on()
                self._note(client, rested + 2 * (self._now() - begun))
                return
        self._append(operation)

    def _note(self, client: str, rested: float) -> None:
        self._rested[client] = rested
        if len(self._rested) > self._many:
            now = self._now()
            self._rested = {one: when for one, when in self._rested.items() if when > now}
            self._many = max(_MANY, 2 * len(self._rested))

    def _append(self, operation: Operation) -> None:
        client, path = operation.client, operation.entry.path
        size = _OF_OPERATION
        with suppress(Exception):  # it cannot be read: that is said when it is handed on
            size += operation.size()
        no_room = self._queued.take(client, size)
        if no_room is not None:
            operation.hand_on(f"{operation.entry.pv_name}: {no_room}")
            return
        operation.op.onCancel(operation.cancel)
        connection = self._connections.get(client)
        if connection is None:  # which may go on though others have to wait
            self._stalled = False
            self._come_again()
            connection = self._connections[client] = _Connection()
        connection.waiting.append((operation, size))
        of_node = self._nodes.get(path)
        if of_node is None:
            of_node = self._nodes[path] = deque()
        of_node.append(operation)

    def go_on(self) -> None:
        """Hand on what waits, for one slice of time."""
        until = self._now() + SLICE
        self._stalled = False
        while self._connections and self._now() < until:
            client = self._next()
            if client is None:
                self._stalled = True  # an answer that is given from now on calls again
                client = self._next()
                if client is None:
                    return
                self._stalled = False
            connection = self._connections[client]
            operation = self._pop(client)
            op = operation.op
            try:
                connection.in_hand.append(operation.hand_on())
            except Exception:
                _log.exception("%s: an operation failed", operation.entry.pv_name)
                op.done(error="internal error")

    def answered(self) -> None:
        """A request has been answered; on any thread."""
        if self._stalled:
            self._stalled = False
            self._come_again()

    def end(self, reason: str) -> None:
        """Refuse all that waits: the server stops."""
        while self._connections:
            for client in list(self._connections):
                self._pop(client).hand_on(reason)

    def _next(self) -> str | None:
        """Return the connection whose turn it is; None if all have to wait."""
        for client, connection in self._connections.items():
            operation, _ = connection.waiting[0]
            if self._nodes[operation.entry.path][0] is operation and not connection.is_full:
                return client
        return None

    def _pop(self, client: str) -> Operation:
        connection = self._connections[client]
        operation, size = connection.waiting.popleft()
        if connection.waiting:
            self._connections.move_to_end(client)
        else:
            del self._connections[client]
        of_node = self._nodes[operation.entry.path]
        of_node.remove(operation)  # the first, but for an end
        if not of_node:
            del self._nodes[operation.entry.path]
        self._queued.give_back(client, size)
        return operation
