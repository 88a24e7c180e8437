"""Runs calls on the thread of a PVAccess server.

``SharedPV.open()`` holds the PV's lock while the server's thread connects the monitors that wait.
If that thread wants the lock at this moment, for another client of the PV, the whole server hangs
(seen on p4p 4.3.0, pvxs 1.5.3). On the server's own thread the call is safe. The only Python that
runs there answers clients, so the backend is a client of itself: it calls a PV of its own, and the
calls are made before that PV answers.
"""

from __future__ import annotations

import ctypes
import logging
import threading
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any

from p4p._p4p import SharedPV
from p4p.client.raw import Context

from roguebridge.core.concurrency import NetworkLog, is_network_thread
from roguebridge.core.errors import BackendError
from roguebridge.core.requests import MAX_NAME, QueuedBytes

from .backlog import Backlog, Operation
from .thread_priority import ThreadPriority

_log = NetworkLog(logging.getLogger("roguebridge.pva"))
# Calls between which the thread sees to the network: the first values of many PVs that open at once
# would pile up in memory.
_AT_ONCE = 64
_LOCKED = 0  # what PyGILState_Ensure() returns to a thread that has the lock
_Done = Callable[[Exception | None], None]


class ServerThread:
    """Serves a PV whose calls run what other threads have left for the server's; for one start.

    The lock guards the calls, the rings and the flags of both. It is never held during a call.

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
        self.priority = ThreadPriority()
        self._lock = threading.Lock()
        self._calls: list[tuple[Callable[[], object], _Done]] = []
        self._rung = False  # the server's thread will come for the calls
        self._rings: list[Any] = []
        self._context: Context | None = None
        self._stopped = False
        self._thread = 0

    def start(self, conf: Mapping[str, str]) -> None:
        """Connect to the server, which runs by now.

        :param conf: client settings that reach it
        """
        self._context = Context("pva", conf=dict(conf), useenv=False)
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
            calls, self._calls = self._calls, []
            rings, self._rings = self._rings, []
        for _, done in calls:
            _refuse(done)
        self.spent.clear()
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
        future: Future[None] = Future()

        def done(problem: Exception | None) -> None:
            if problem is None:
                future.set_result(None)
            else:
                future.set_exception(problem)

        self.call_soon(call, done)
        future.result()

    def call_soon(self, call: Callable[[], object], done: _Done) -> None:
        """Have ``call`` made on the server's thread.

        :param done: called once, with what went wrong; on that thread, or here if the server stops
        """
        if self.here:
            _make(call, done)
            return
        with self._lock:
            stopped, rung = self._stopped, self._rung
            if not stopped:
                self._calls.append((call, done))
                self._rung = True
        if stopped:
            _refuse(done)
        elif not rung:
            self._ring()

    def _come_again(self) -> None:
        with self._lock:
            rung, self._rung = self._rung, True
        if not rung:
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

    def take(self, operation: Operation) -> None:
        """Hand an operation on, now or later; on the server's thread."""
        self.backlog.take(operation)
        # Many of them come in a row, and all clients wait until they are read: this thread does
        # not wait for the processor, before the next slice of the backlog.
        if self.priority.waits and self.backlog.is_due:
            self.priority.wait(False)

    # Called by p4p on the server's thread -------------------------------------------------

    def onFirstConnect(self) -> None:
        """The backend has connected to itself."""

    def onLastDisconnect(self) -> None:
        """The backend has left."""

    def put(self, op: Any) -> None:
        """Nobody puts here."""
        op.done(error="Put not permitted")

    def rpc(self, op: Any) -> None:
        """Make the calls that were left, and hand some requests of the backlog on."""
        if not self.here:
            self._begin()
        if not self.priority.waits:
            self.priority.wait(True)
        self.spent.clear()
        left = _AT_ONCE
        while left and (calls := self._take(left)):
            left -= len(calls)
            for call, done in calls:
                _make(call, done)
        self.backlog.go_on()
        with self._lock:
            self._rung = more = bool(self._calls or self.backlog.is_due) and not self._stopped
        if more:
            self._ring()
        op.done()

    def _begin(self) -> None:
        self._thread = threading.get_ident()
        is_network_thread()
        # For each callback p4p asks Python for its lock, and Python makes a thread state if the
        # thread has none: four fifths of the time of a short callback. One more claim keeps it.
        ctypes.pythonapi.PyGILState_Ensure()
        self.priority.begin()

    def _end(self) -> None:
        self.priority.end()
        ctypes.pythonapi.PyGILState_Release(_LOCKED)

    def _take(self, most: int) -> list[tuple[Callable[[], object], _Done]]:
        with self._lock:
            calls, self._calls = self._calls[:most], self._calls[most:]
        return calls


def _make(call: Callable[[], object], done: _Done) -> None:
    problem: Exception | None = None
    try:
        call()
    except Exception as exc:
        problem = exc
    _tell(done, problem)


def _refuse(done: _Done) -> None:
    _tell(done, BackendError("the PVAccess server is stopping"))


def _tell(done: _Done, problem: Exception | None) -> None:
    try:
        done(problem)
    except Exception:
        _log.exception("a callback on the server's thread failed")


def _answered(result: Any) -> None:
    if isinstance(result, Exception):
        _log.debug("the server's own call ended with %r", result)
