"""How the system schedules a PVAccess server's thread.

Each post wakes that thread, and where it may the EPICS library makes it a real-time one (Linux:
SCHED_FIFO, for root): it takes the processor from whoever runs, here the tree's update thread in
the midst of its batch, so that every update costs two switches and a packet of its own. A thread
of the class for batch work waits its turn instead and then sends all that has come; an idle
processor takes it up at once, as before. Seen on two cores: a third of the processor time per
update, and puts that are answered sooner.

Of what is large it is the other way round: while it waits, the next array is made, and only the
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


class Turns:
    """Says whether a server's thread waits its turn."""

    __slots__ = ("waits", "_thread", "_usual")

    def __init__(self) -> None:
        #: the thread takes the processor from nobody
        self.waits = False
        self._thread = 0  # its number in the system; 0 to leave it alone
        self._usual: tuple[int, os.sched_param] | None = None

    def begin(self) -> None:
        """Let the calling thread wait its turn from now on, where the system can do that.

        A process that was given a class of its own keeps it: it was somebody's choice.
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
        self.wait()

    def end(self) -> None:
        """Leave the thread alone: it is about to end."""
        self._thread = 0

    def wait(self) -> None:
        """Let the thread take the processor from nobody."""
        self.waits = True
        if self._thread:  # which it only is where there is such a class
            self._set(os.SCHED_BATCH, os.sched_param(0))

    def hurry(self) -> None:
        """Let the thread run as it would by itself."""
        self.waits = False
        if self._usual is not None:
            self._set(*self._usual)

    def _set(self, policy: int, param: os.sched_param) -> None:
        thread = self._thread
        if not thread:
            return
        try:
            os.sched_setscheduler(thread, policy, param)
        except OSError as exc:  # pragma: no cover - containers may forbid it
            self._thread = 0
            _log.debug("the server's thread keeps its scheduling class: %s", exc)
