"""Runs calls on the thread of a PVAccess server.

``SharedPV.open()`` holds the PV's lock while it has the server's thread connect the monitors that
wait; if that thread wants the lock at this moment, for another client of the PV, neither goes on
and the whole server hangs (seen on p4p 4.3.0, pvxs 1.5.3). On the server's own thread it is safe.
The only Python that runs there answers clients, so the backend is a client of itself: it calls
a PV of its own, and what is to be done is done before the answer.
"""

from __future__ import annotations

import ctypes
import logging
import threading
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from p4p._p4p import SharedPV
from p4p.client.raw import Context

from roguebridge.core.concurrency import NetworkLog, is_network_thread
from roguebridge.core.errors import BackendError
from roguebridge.core.requests import MAX_NAME, QueuedBytes

from .backlog import Backlog
from .thread_priority import Turns

_log = NetworkLog(logging.getLogger("roguebridge.pva"))
# Calls between which the thread sees to the network: what many PVs that open at once have for
# their clients would pile up in memory.
_AT_ONCE = 64
_LOCKED = 0  # what PyGILState_Ensure() returns to a thread that has the lock
_STOPPING = "the PVAccess server is stopping"


class _Errand:
    """One call to be made, and what became of it."""

    __slots__ = ("_call", "_done")

    def __init__(
        self, call: Callable[[], object], done: Callable[[Exception | None], None]
    ) -> None:
        self._call = call
        self._done = done

    def run(self) -> None:
        problem: Exception | None = None
        try:
            self._call()
        except Exception as exc:
            problem = exc
        self.end(problem)

    def end(self, problem: Exception | None) -> None:
        try:
            self._done(problem)
        except Exception:
            _log.exception("what was to follow a call on the server's thread failed")


class Doorbell:
    """Serves a PV whose calls run what was left for the server's thread; for one start.

    :param queued: counts the bytes of requests
    :param max_name: most characters that are shown of the name of a user
    """

    def __init__(self, queued: QueuedBytes, max_name: int = MAX_NAME) -> None:
        self.max_name = max_name
        #: requests that go on to the engine later
        self.backlog = Backlog(queued, self._come_again)
        self.name = f"roguebridge-{uuid.uuid4()}"
        self.pv = SharedPV(self)
        #: operations that have been answered, for the server's thread to let go of
        self.spent: list[Any] = []
        #: whether that thread waits its turn
        self.turns = Turns()
        self._lock = threading.Lock()
        self._errands: list[_Errand] = []
        self._rung = False  # the server's thread will come for the calls that were left
        self._rings: list[Any] = []
        self._context: Context | None = None
        self._stopped = False
        self._thread = 0

    def start(self, conf: Mapping[str, str]) -> None:
        """Connect to the server, which runs by now.

        :param conf: client settings that reach it
        """
        self._context = Context("pva", conf=dict(conf), useenv=False)
        self._errands.append(_Errand(self.turns.begin, _ready))  # with whatever comes first
        self._rung = True
        self._ring()

    def refuse_waiting(self) -> None:
        """Answer all requests that have not been handed on; no lock may be held."""
        self.call(partial(self.backlog.end, "server stopping"))

    def stop(self) -> None:
        """Disconnect; calls that wait fail."""
        if self._context is not None:
            self.call(self._end)
        with self._lock:
            self._stopped = True
            context, self._context = self._context, None
            errands, self._errands = self._errands, []
            rings, self._rings = self._rings, []
        for errand in errands:
            errand.end(BackendError(_STOPPING))
        self.spent.clear()
        self.turns.end()
        for ring in rings:
            ring.close()
        if context is not None:
            context.close()

    @property
    def here(self) -> bool:
        """True on the server's thread; it is known before any PV is open."""
        return threading.get_ident() == self._thread

    def call(self, call: Callable[[], object]) -> None:
        """Have ``call`` made on the server's thread and wait for it; no lock may be held.

        :raises BackendError: if the server stops before
        :raises Exception: what ``call`` raised
        """
        ended = threading.Event()
        problems: list[Exception] = []

        def done(problem: Exception | None) -> None:
            if problem is not None:
                problems.append(problem)
            ended.set()

        self.call_soon(call, done)
        ended.wait()
        if problems:
            raise problems[0]

    def call_soon(
        self, call: Callable[[], object], done: Callable[[Exception | None], None]
    ) -> None:
        """Have ``call`` made on the server's thread.

        :param done: called once, with what went wrong; on that thread, or here if the server stops
        """
        errand = _Errand(call, done)
        if self.here:
            errand.run()
            return
        with self._lock:
            stopped, rung = self._stopped, self._rung
            if not stopped:
                self._errands.append(errand)
                self._rung = True
        if stopped:
            errand.end(BackendError(_STOPPING))
        elif not rung:
            self._ring()

    def _ring(self) -> None:
        context = self._context
        if context is None:
            return  # a client was faster than start(), which rings for it
        ring = context.rpc(self.name, _answered, None)
        with self._lock:
            # A ring that is let go of is cancelled: keep it until it must be over, for the
            # server answers them in order.
            self._rings.append(ring)
            over, self._rings = self._rings[:-8], self._rings[-8:]
            stopped = self._stopped
        for old in over:
            old.close()
        if stopped:
            ring.close()

    # Called by p4p on the server's thread -------------------------------------------------

    def onFirstConnect(self) -> None:
        """The backend has connected to itself."""

    def onLastDisconnect(self) -> None:
        """The backend has left."""

    def put(self, op: Any) -> None:
        """Nobody puts here."""
        op.done(error="Put not permitted")

    def rpc(self, op: Any) -> None:
        """Make the calls that were left."""
        if self._thread != threading.get_ident():
            self._begin()
        self.spent.clear()
        left = _AT_ONCE
        while left and (errands := self._take(left)):
            left -= len(errands)
            for errand in errands:
                errand.run()
        self.backlog.go_on()
        with self._lock:
            self._rung = more = bool(self._errands or self.backlog.is_due) and not self._stopped
        if more:
            self._ring()
        op.done()

    def _begin(self) -> None:
        self._thread = threading.get_ident()
        is_network_thread()
        # p4p asks Python for the lock at each callback, and Python makes a thread state for it if
        # the thread has none: four fifths of the time of a short callback. One more claim keeps it.
        ctypes.pythonapi.PyGILState_Ensure()

    def _end(self) -> None:
        ctypes.pythonapi.PyGILState_Release(_LOCKED)

    def _take(self, most: int) -> list[_Errand]:
        with self._lock:
            errands, self._errands = self._errands[:most], self._errands[most:]
        return errands

    def _come_again(self) -> None:
        with self._lock:
            rung, self._rung = self._rung, True
        if not rung:
            self._ring()


def _ready(problem: Exception | None) -> None:
    if problem is not None:  # pragma: no cover - it raises nothing
        _log.debug("the server's thread: %r", problem)


def _answered(result: Any) -> None:
    if isinstance(result, Exception):
        _log.debug("the server's own call ended with %r", result)
