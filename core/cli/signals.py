"""Signals: the first asks to stop, a second ends the process at once.

Python runs its handlers in the main thread only, between two bytecodes: a start or stop that
hangs in the tree's C++ would keep them from running. The wake-up descriptor is written at once,
and a thread reads it.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

from .hangups import Hangups

_settle = partial(time.sleep, 0.02)  # timeout(1) and others send the first signal twice at once
_HEARING = 0.5  # seconds
_TELLING = 0.5  # seconds that telling may take before the stop goes on


class Ended(BaseException):
    """A signal has ended the command.

    :param number: the signal
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


class StopSignals:
    """While entered, SIGINT, SIGTERM and SIGHUP ask to stop instead of ending the process.

    A SIGHUP that is ignored (``nohup``) stays ignored, and one more than another signal, as
    terminals send it, does not force the end. A forked child gets back what was before.

    :attr:`on_hangup` may say what a SIGHUP does instead, once for a burst of them.

    :param tell: called once, on a thread, when the first signal has come; if not given, that
        signal raises :class:`Ended` in the main thread, so that the tree is stopped
    """

    def __init__(self, tell: Callable[[], None] | None = None) -> None:
        self._tell = tell
        self._requested = threading.Event()
        self._raised = False
        #: called, on a thread, for each burst of SIGHUP until another signal asks to stop
        self.on_hangup: Callable[[], None] | None = None
        self._hangups = Hangups()
        self._trees: dict[int, Callable[[int, FrameType | None], Any]] = {}

    def __enter__(self) -> StopSignals:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        self._before = {
            number: signal.getsignal(number)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN
        }
        self._watcher = threading.Thread(
            target=self._watch, name="roguebridge-signals", daemon=True
        )
        self._watcher.start()
        _entered.append(self)
        self._wakeup_before = signal.set_wakeup_fd(self._write)
        self.listen()
        return self

    def __exit__(self, *exc: object) -> None:
        self._restore()
        _entered.remove(self)
        os.write(self._write, b"\0")  # closing does not end a read if a child has the pipe too
        self._watcher.join()
        os.close(self._write)
        os.close(self._read)

    @property
    def requested(self) -> bool:
        """True once a signal has come."""
        return self._requested.is_set()

    def listen(self) -> None:
        """Listen, again if the tree's code has taken or ignored the signals meanwhile."""
        signal.set_wakeup_fd(self._write)
        for number in self._before:
            handler = signal.getsignal(number)
            if callable(handler) and handler not in (self._heard, signal.default_int_handler):
                self._trees[number] = handler
            signal.signal(number, self._heard)

    def wait(self) -> None:
        """Return when a signal has come."""
        # A signal right before a wait without limit is handled only after the wait.
        while not self._requested.wait(_HEARING):
            pass

    def _heard(self, number: int, frame: FrameType | None) -> None:
        if number in self._trees:
            # They would end the process, and it is ending.
            with contextlib.suppress(SystemExit, KeyboardInterrupt):
                self._trees[number](number, frame)
        if self._tell is None and not self._raised:
            self._raised = True
            raise Ended(number)

    def _watch(self) -> None:
        asked = False
        while number := os.read(self._read, 1)[0]:
            if number not in self._before:
                continue
            if number == signal.SIGHUP and self.on_hangup is not None and not asked:
                self._hangups.ask(self.on_hangup)
                continue
            if asked:
                if number != signal.SIGHUP:
                    os._exit(128 + number)
                continue
            asked = True
            self._hangups.end()
            _settle()
            twins = self._waiting()
            if self._tell is not None:  # it may block: the terminal may have no reader
                teller = threading.Thread(target=self._tell, daemon=True)
                teller.start()
                teller.join(_TELLING)
            self._requested.set()
            if 0 in twins:
                return

    def _waiting(self) -> bytes:
        ready, _, _ = select.select([self._read], [], [], 0.0)
        return os.read(self._read, 4096) if ready else b""

    def _restore(self) -> None:
        signal.set_wakeup_fd(self._wakeup_before)
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def leave_to_parent(self) -> None:  # pragma: no cover - no measurement follows a fork
        """In a forked child: its signals are not the parent's."""
        self._restore()
        os.close(self._write)
        os.close(self._read)


_entered: list[StopSignals] = []


def _after_fork() -> None:  # pragma: no cover - nor here
    while _entered:
        _entered.pop().leave_to_parent()


os.register_at_fork(after_in_child=_after_fork)
