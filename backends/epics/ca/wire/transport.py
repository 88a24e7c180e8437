"""The bytes of one client's connection, both ways; on the loop.

While a client does not take its answers, the server reads no more requests of it: else the server
would have to keep any number of answers. After a slice of time the other clients come first, see
:mod:`.turns`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable
from time import perf_counter
from typing import Any

from roguebridge.core.concurrency import EventLoopThread
from roguebridge.core.requests import QueuedBytes

from ..log import log
from .intake import Intake, NoRoom
from .messages import Messages, ProtocolError, Request
from .turns import SLICE, Turns

_MOST_WAITING = 256 * 1024  # bytes that may wait for a slow client before its updates are held
_ENOUGH = 64 * 1024  # bytes that are collected before the network is given them
_LARGEST_ELEMENT = 40  # bytes
_ANY_MESSAGE = 2**20  # bytes that a message of any client may have


#: answers a message of a connection; the text says why a put cannot be taken, empty if it can
Answer = Callable[[Any, Request, str], None]


class Stream(asyncio.BufferedProtocol, ABC):
    """Reads messages and writes them, each no faster than the other side does.

    :param turns: the clients of the server that have more to do
    :param queued: counts the bytes of puts
    :param loop: the server's
    :param answer: answers each message
    """

    def __init__(
        self, turns: Turns, queued: QueuedBytes, loop: EventLoopThread, answer: Answer
    ) -> None:
        self._answer = answer
        #: IP address and port of the client
        self.address: tuple[str, int] = ("", 0)
        #: elements of the largest channel there was
        self.largest = 0
        self.transport: Any = None
        self._full = False  # more waits to be sent than should
        self._out: list[bytes] = []
        self._out_size = 0
        self._flush_due = False
        self._arrived = Messages()
        self._turns = turns
        self.intake = Intake(queued, loop, self._take_turn_again)
        self._waits_turn = False  # its requests and updates wait for its next slice
        self._used = 0.0  # seconds of the present slice

    # Called by asyncio ------------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        """The client is there."""
        self.transport = transport
        transport.set_write_buffer_limits(_MOST_WAITING)
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # of a client that lost power
        self.address = transport.get_extra_info("peername")
        self.intake.client = ":".join(map(str, self.address))

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone, or the server stops: give memory back."""
        with contextlib.suppress(OSError):
            # A child may have the socket too: to close it here would not end the connection.
            self.transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        self.intake.end()
        self._arrived.clear()
        self._out.clear()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where to put what the client sends: asyncio would make room for each read anew."""
        return self._turns.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """The client has sent something."""
        self._arrived.add(self._turns.buffer[:nbytes])
        if not (self._waits_turn or self.intake.stalled):
            self._go_on()

    def pause_writing(self) -> None:
        """The client is slow: updates are held, the newest of each only, and requests wait."""
        self._full = True
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._full = False
        self._take_turn_again()

    def _take_turn_again(self) -> None:
        if not self._waits_turn:
            self.take_turn()

    # Slices of time ---------------------------------------------------------------------------

    def take_turn(self) -> None:
        """Answer the requests that have come and send the updates that waited, for a slice."""
        self._waits_turn = False
        if self.transport.is_closing():
            return
        self._used = 0.0
        self._go_on()
        self._used = 0.0  # updates come after requests: else a flood of updates would stop requests
        self.caught_up()
        if not self._waits:
            self.transport.resume_reading()

    def charge(self, seconds: float) -> None:
        """Note that the client has used the network thread; beyond its slice it waits its turn."""
        self._used += seconds
        if self._used >= SLICE and not self._waits_turn:
            self._used = 0.0
            self._waits_turn = True
            self.transport.pause_reading()
            self._turns.add(self)

    def _go_on(self) -> None:
        self._flush_due = True  # at the end
        began = perf_counter()
        try:
            while not self._waits and (request := self._next()) is not None:
                self._answer(self, request, "")
                now = perf_counter()
                self.charge(now - began)
                began = now
        except ProtocolError as exc:
            self._log("a client at %s broke the protocol: %s", exc)
            self.transport.abort()
        except Exception:
            self._log("a request of a client at %s cannot be answered", exc_info=True)
            self.transport.abort()
        self.flush()

    @property
    def _waits(self) -> bool:
        return self._full or self._waits_turn or self.intake.stalled

    def _next(self) -> Request | None:
        """Take the next message, if it is whole and there is room for it."""
        arrived = self._arrived
        if not arrived or self.transport.is_closing():
            return None
        if arrived.missing:
            self._check_size()
        try:
            if self.intake.admits(arrived, self._too_slow):
                return arrived.take()
            self.transport.pause_reading()
        except NoRoom as exc:
            self._answer(self, arrived.leave_out(), str(exc))
        return None

    def _too_slow(self) -> None:
        self._log("a client at %s did not end a message of %s bytes", self._arrived.size)
        self.transport.abort()

    def _log(self, text: str, *more: object, exc_info: bool = False) -> None:
        level = logging.ERROR if exc_info else logging.WARNING
        client = {"client": self.address[0]}
        log.log(level, text, self.address, *more, exc_info=exc_info, extra=client)

    def _check_size(self) -> None:
        size = self._arrived.size
        if size > self.largest * _LARGEST_ELEMENT + _ANY_MESSAGE:
            raise ProtocolError(f"{size} bytes for a channel of {self.largest} elements")

    @abstractmethod
    def caught_up(self) -> None:
        """Send the updates that waited for a slow client."""

    # To the client ----------------------------------------------------------------------------

    def send(self, raw: bytes) -> None:
        """Send a message with all others that are answered now."""
        self.write(raw)
        self.flush_soon()

    def flush_soon(self) -> None:
        """Flush once when all requests of this round are answered: each write costs much."""
        if not self._flush_due:
            self._flush_due = True
            asyncio.get_running_loop().call_soon(self.flush)

    def write(self, raw: bytes) -> None:
        """Have an update sent with the next :meth:`flush`."""
        self._out.append(raw)
        self._out_size += len(raw)
        if self._out_size > _ENOUGH:
            self.flush()

    def flush(self) -> None:
        """Hand the messages that are ready to the network."""
        self._flush_due = False
        if self._out:
            out, self._out, self._out_size = self._out, [], 0
            if not self.transport.is_closing():
                self.transport.write(b"".join(out))

    def close(self) -> None:
        """End the connection when the messages that are ready have been sent."""
        self.flush()
        self.transport.close()
