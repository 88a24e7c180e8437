"""The thread of a protocol's network: an asyncio loop, and the way onto it from other threads."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from ..errors import BackendError, in_words
from .allowance import Allowance
from .forks import give_up_when_forked
from .network_log import NetworkLog, is_network_thread, no_network_thread

_T = TypeVar("_T")
_SLICE = 0.01  # seconds that calls of other threads take before the network is looked after


class EventLoopThread:
    """Runs a backend's network; the calls that other threads post are made in order.

    :param name: the backend's
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._log = NetworkLog(logging.getLogger(f"roguebridge.{name}"))
        self._lock = threading.Lock()
        self._asyncio: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._left: list[Callable[[], object]] = []
        self._problems = Allowance(1, 0.0)  # a record a second; on the loop's thread only
        give_up_when_forked(self)

    def forked(self) -> None:
        """Be stopped: the thread and the kernel's part of the loop belong to the parent."""
        self._lock = threading.Lock()
        self._asyncio = self._thread = None
        self._left = []

    @property
    def here(self) -> bool:
        """True on the loop's thread."""
        thread = self._thread
        return thread is not None and threading.get_ident() == thread.ident

    @property
    def running(self) -> bool:
        """True between a start and the following stop."""
        return self._asyncio is not None

    def check(self) -> None:
        """Look whether the loop runs.

        :raises BackendError: if it does not
        """
        if not self.running:
            raise self.stopped

    @property
    def stopped(self) -> BackendError:
        """The error of calls while the loop does not run."""
        return BackendError(f"backend {self.name!r} does not run")

    def start(self) -> None:
        """Begin to run."""
        loop = asyncio.new_event_loop()
        loop.set_exception_handler(self._on_problem)
        self._thread = threading.Thread(
            target=self._run, args=(loop,), name=f"roguebridge-{self.name}", daemon=True
        )
        self._asyncio = loop
        self._thread.start()

    def _on_problem(self, loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        # With no file descriptor left, asyncio reports each connection that it cannot accept, many
        # times a second; clients can bring that about.
        problems = self._problems
        if not problems.take(time.monotonic()):
            problems.missed += 1
            return
        missed, problems.missed = problems.missed, 0
        more = f" ({missed} more problems since the last record)" if missed else ""
        exc = context.get("exception")
        words = "" if exc is None else f": {in_words(exc)}"
        trace = None if isinstance(exc, OSError) else exc  # its words say all
        text = context.get("message", "a problem of the network loop")
        self._log.error("%s%s%s", text, words, more, exc_info=trace)

    @staticmethod
    def _run(loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        is_network_thread()
        try:
            loop.run_forever()
            while tasks := asyncio.all_tasks(loop):  # of clients: each undoes what it has done
                for task in tasks:
                    task.cancel()
                loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
                loop.run_until_complete(asyncio.sleep(0))  # their sockets are closed by now
        finally:
            no_network_thread()
            asyncio.set_event_loop(None)
            loop.close()

    def post(self, call: Callable[[], object]) -> bool:
        """Have ``call`` made soon; False, and it is dropped, if the loop has stopped."""
        with self._lock:
            if self._asyncio is None:
                return False
            self._left.append(call)
            if len(self._left) == 1:  # else the loop has been woken
                wake = self._asyncio.call_soon if self.here else self._asyncio.call_soon_threadsafe
                wake(self._do_what_is_left)
            return True

    def _do_what_is_left(self) -> None:
        with self._lock:
            left, self._left = self._left, []
        until = time.perf_counter() + _SLICE
        done = 0
        for done, call in enumerate(left, 1):  # noqa: B007 - how many were made
            self._guarded(call)
            if time.perf_counter() > until and self.running:
                break
        if done < len(left):
            with self._lock:
                self._left[:0] = left[done:]
            asyncio.get_running_loop().call_soon(self._do_what_is_left)

    def later(self, seconds: float, call: Callable[[], object]) -> asyncio.TimerHandle:
        """Have ``call`` made after some seconds; on the loop's thread, while it runs."""
        return asyncio.get_running_loop().call_later(seconds, self._guarded, call)

    def call(self, call: Callable[[], object]) -> None:
        """Have ``call`` made and wait for it; no lock may be held that it takes.

        :raises BackendError: if the loop has stopped
        :raises Exception: that of ``call``
        """
        if self.here:
            call()
            return
        done = threading.Event()
        raised: list[BaseException] = []

        def run() -> None:
            try:
                call()
            except BaseException as exc:
                raised.append(exc)
            done.set()

        if not self.post(run):
            raise self.stopped
        done.wait()
        if raised:
            raise raised[0]

    def run(self, make: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """Have a coroutine run, from another thread, and return its result.

        :raises BackendError: if the loop has stopped
        :raises Exception: that of the coroutine
        """
        loop = self._asyncio
        if loop is None:
            raise self.stopped
        return asyncio.run_coroutine_threadsafe(make(), loop).result()

    def stop(self) -> None:
        """Make the calls posted so far, then end all tasks; from another thread; harmless twice."""
        with self._lock:
            loop, self._asyncio = self._asyncio, None
            thread, self._thread = self._thread, None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()

    def _guarded(self, call: Callable[[], object]) -> None:
        try:
            call()
        except Exception:
            self._log.exception("a call on the network thread failed")
