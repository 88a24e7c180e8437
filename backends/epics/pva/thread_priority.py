"""How the system schedules a PVAccess server's thread.

Each post wakes that thread, and where it may the EPICS library makes it a real-time one (Linux:
SCHED_FIFO, for root): it takes the processor from the running thread, here the tree's update thread
in the middle of its batch, so that every update costs two switches and a packet of its own. A
thread of the class for batch work waits until the processor is free, then sends all that has come;
an idle processor takes it up at once, as before. Seen on two cores: a third of the processor time
per update, and puts that are answered sooner.

Large values are better sent at once: while the thread waits, the next array is made, and only the
last of them is sent.
"""

from __future__ import annotations

import logging
import os
import threading

from roguebridge.core.concurrency import NetworkLog

_log = NetworkLog(logging.getLogger("roguebridge.pva"))

LARGE = 65536
"""Bytes from which a value is sent at once."""


class ThreadPriority:
    """The scheduling class of a server's thread."""

    __slots__ = ("waits", "_thread", "_usual")

    def __init__(self) -> None:
        #: True while the thread takes the processor from no other thread
        self.waits = False
        self._thread = 0  # its number in the system; 0 to leave it alone
        self._usual: tuple[int, os.sched_param] | None = None

    def begin(self) -> None:
        """Let the calling thread wait from now on, where the system has a class for that.

        A process that was given a class of its own keeps it: it was a choice of the site.
        """
        if not hasattr(os, "SCHED_BATCH"):  # pragma: no cover - not on Linux
            return
        try:
            if os.sched_getscheduler(os.getpid()) != os.SCHED_OTHER:
                return
            self._usual = os.sched_getscheduler(0), os.sched_getparam(0)
            self._thread = threading.get_native_id()
        except OSError as exc:  # pragma: no cover - containers may forbid it
            _log.debug("the server's thread keeps its scheduling class: %s", exc)
        self.wait(True)

    def end(self) -> None:
        """Leave the thread alone: it is about to end."""
        self._thread = 0

    def wait(self, waits: bool) -> None:
        """Let the thread take the processor from no other thread, or run as it would by itself."""
        self.waits = waits
        if not self._thread or self._usual is None:  # or there is no such class
            return
        scheduling = (os.SCHED_BATCH, os.sched_param(0)) if waits else self._usual
        try:
            os.sched_setscheduler(self._thread, *scheduling)
        except OSError as exc:  # pragma: no cover - containers may forbid it
            self._thread = 0
            _log.debug("the server's thread keeps its scheduling class: %s", exc)
