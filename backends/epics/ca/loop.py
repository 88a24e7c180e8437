"""The thread of a Channel Access server, an asyncio loop, and the way onto it from others."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from roguebridge.core.errors import BackendError

STOPPED = "the Channel Access server has stopped"

_log = logging.getLogger("roguebridge.ca")


class Loop:
    """Runs a server's network; what other threads leave for it is done in order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asyncio: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._left: list[Callable[[], object]] = []

    @property
    def here(self) -> bool:
        """True on the loop's own thread."""
        thread = self._thread
        return thread is not None and threading.get_ident() == thread.ident

    def start(self) -> None:
        """Begin to run."""
        loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._run, args=(loop,), name="roguebridge-ca", daemon=True
        )
        self._asyncio = loop
        self._thread.start()

    @staticmethod
    def _run(loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
        finally:
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
        for call in left:
            _guarded(call)

    def later(self, seconds: float, call: Callable[[], object]) -> asyncio.TimerHandle:
        """Have ``call`` made after some seconds; on the loop's thread, while it runs."""
        return asyncio.get_running_loop().call_later(seconds, _guarded, call)

    def call(self, call: Callable[[], object]) -> None:
        """Have ``call`` made and wait for it; no lock may be held that it takes.

        :raises BackendError: if the loop has stopped
        :raises Exception: what ``call`` raised
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
            raise BackendError(STOPPED)
        done.wait()
        if raised:
            raise raised[0]

    def run(self, make: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Have a coroutine run and wait for it, from another thread.

        :raises Exception: what it raised
        """
        loop = self._asyncio
        if loop is not None:
            asyncio.run_coroutine_threadsafe(make(), loop).result()

    def stop(self) -> None:
        """Do what was left so far, then end the thread; harmless if it does not run."""
        with self._lock:
            loop, self._asyncio = self._asyncio, None
        thread = self._thread
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()


def _guarded(call: Callable[[], object]) -> None:
    try:
        call()
    except Exception:
        _log.exception("a call on the loop of the Channel Access server failed")
