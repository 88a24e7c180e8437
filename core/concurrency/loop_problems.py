"""What asyncio reports about a network loop: at most one record a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from .network_log import NetworkLog

_EVERY = 1.0  # seconds


class LoopProblems:
    """The exception handler of an event loop.

    When the process has no file descriptor left, asyncio reports each connection that it cannot
    accept, many times a second; clients can bring that about.

    :param log: takes the records
    """

    def __init__(self, log: NetworkLog) -> None:
        self._log = log
        self._next = 0.0
        self._missed = 0

    def __call__(self, loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        """Log a problem, or count it; on the loop's thread."""
        now = time.monotonic()
        if now < self._next:
            self._missed += 1
            return
        self._next = now + _EVERY
        missed, self._missed = self._missed, 0
        more = [f"({missed} more problems since the last record)"] if missed else []
        exc = context.get("exception")
        # An error of the operating system says all in its words.
        trace = None if exc is None or isinstance(exc, OSError) else exc
        words = "" if exc is None else f": {type(exc).__name__}: {exc}"
        text = context.get("message", "a problem of the network loop")
        self._log.error("%s", " ".join([text + words, *more]), exc_info=trace)
