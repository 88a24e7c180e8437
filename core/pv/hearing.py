"""What a node says, on the tree's update thread: the time, and for clients value and alarm."""

from __future__ import annotations

import logging
from typing import Any

from ..values.alarm import CALC, WRITE
from ..values.reading import KEEP
from .showing import Showing

_log = logging.getLogger("roguebridge.holder")


class Hearing(Showing):
    """Listens to one node; whatever happens here, nothing is raised into the tree."""

    __slots__ = ()

    def on_update(self, path: str, value: Any) -> None:
        """Listener of the node; whatever happens here, nothing is raised into the tree."""
        try:
            if self._time_source is None:
                now = self.services.time_ns()
            else:
                now = self._time_of(value.value)
            if self.awaiting is not None:
                self._heard()
            if self._doubtful and not self.readable and not self._is_old(value.value):
                self._doubtful = False
            if not self._watching:
                # Nobody looks: the time is all that is kept. A client that arrives just now sets
                # _watching first and reads the value after, so it misses nothing.
                self._last_ns = now
                return
            conversion = self._conversion
            if conversion is None:
                with self._lock:
                    self._last_ns = now
                return
            if self._doubtful:
                return
            if self._putting:
                self._missed = True
                return
            if self._recheck:
                self._deliver_again(now)
                return
            shown = self._convert(value.value, conversion.told(value.status))
            with self._lock:
                if self._putting:
                    self._missed = True
                    return
                if not self._recheck and not self._doubtful:
                    self.updates += 1
                    if self._own is not WRITE or not self._is_old(shown[0]):
                        self._publish(shown, now)
                    return
            if not self._doubtful:
                self._deliver_again(now)
        except BaseException:
            self._shield()

    def _deliver_again(self, now: int) -> None:
        while True:
            self._recheck = False
            read: list[Any] = []
            shown = self._read(read=read)
            now = self._time_of(*read) if read and self._time_source is not None else now
            with self._lock:
                if self._recheck:  # one more put has ended while this value was read
                    continue
                self.updates += 1
                echo, self._echo = self._echo, None
                old = echo is not None and _same(echo[0], shown[0])
                if not old and not (self._own is WRITE and self._is_old(shown[0])):
                    self._publish(shown, now)
            if not read:
                self._look_later()
            return

    def _is_old(self, value: Any) -> bool:
        # With the lock held, while the PV shows that a put has failed.
        if self._true is None:
            return False
        true, until = self._true
        return self.services.clock.monotonic() < until and _same(true, value)

    def update_failed(self) -> None:
        """The tree could not deliver an update of the node; on its update thread.

        The value itself may be good: what failed may have been its text or another listener.
        """
        try:
            now = self.services.time_ns()
            self._heard()
            if not self._watching or self._conversion is None:
                self._last_ns = now
            elif self._putting:
                self._missed = True
            elif not self._doubtful:
                self._deliver_again(now)
        except BaseException:
            self._shield()

    def _shield(self) -> None:
        # An exception in a listener would end the tree's only update thread.
        _log.exception("%s: an update could not be shown", self.path)
        try:
            with self._lock:
                self._publish((KEEP, CALC), self.services.time_ns())
        except BaseException:
            _log.exception("%s: nor its alarm", self.path)


def _same(a: Any, b: Any) -> bool:
    if a is b:
        return True
    try:
        if hasattr(a, "dtype"):
            return bool(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())
        return bool(a == b)
    except Exception:
        return False
