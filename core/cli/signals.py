"""Signals: the first asks to stop, a second ends the process at once.

Python runs its handlers in the main thread only, between two bytecodes: a start or stop that
hangs in the tree's C++ would keep them from running. The wake-up descriptor is written at once,
and a thread reads it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from roguebridge.core.cli.failure import Ended


class StopSignals:
    """While entered, SIGINT, SIGTERM and SIGHUP ask to stop instead of ending the process.

    A SIGHUP that is ignored (``nohup``) stays ignored.

    :param tell: called once, on a thread, when the first signal has come
    """

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._requested = threading.Event()
        self._undo = contextlib.ExitStack()

    def __enter__(self) -> StopSignals:
        read, write = os.pipe()
        os.set_blocking(write, False)
        watcher = threading.Thread(
            target=self._watch, args=(read,), name="roguebridge-signals", daemon=True
        )
        watcher.start()
        # Undone from the last to the first; closing what it reads from ends the watcher.
        self._undo.callback(os.close, read)
        self._undo.callback(watcher.join)
        self._undo.callback(os.close, write)
        for number in stop_signals():
            self._undo.callback(signal.signal, number, signal.signal(number, _heard))
        self._undo.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(write))
        return self

    def __exit__(self, *exc: object) -> None:
        self._undo.close()

    @property
    def requested(self) -> bool:
        """True once a signal has come."""
        return self._requested.is_set()

    def wait(self) -> None:
        """Return when a signal has come."""
        self._requested.wait()

    def _watch(self, read: int) -> None:
        while number := os.read(read, 1):
            if number[0] not in stop_signals():
                continue
            if self._requested.is_set():
                os._exit(128 + number[0])
            self._requested.set()
            self._tell()


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """While entered, SIGTERM and SIGHUP raise, as SIGINT does, so that the tree is stopped."""
    with contextlib.ExitStack() as undo:
        for number in stop_signals():
            undo.callback(signal.signal, number, signal.signal(number, _end))
        yield


def stop_signals() -> set[int]:
    """Return the signals that ask to stop."""
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return {signal.SIGINT, signal.SIGTERM} | (set() if ignored else {signal.SIGHUP})


def _heard(number: int, frame: FrameType | None) -> None:
    """Do nothing: the watcher has heard it."""


def _end(number: int, frame: FrameType | None) -> None:
    raise Ended(128 + number)
