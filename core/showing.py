"""What a PV shows: the node's updates and the results of puts, in order of time.

Updates come in on the tree's update thread, results of puts from the workers. The lock is held for
moments only, never across a call into the tree or one that a backend may block in.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from operator import index
from typing import Any

import numpy as np

from .alarm import BY_STATUS, CALC, NO_ALARM, READ, WRITE, Alarm, judge
from .backend import Reading
from .converter import ConversionError, Provisional, TypeConverter
from .mapping import PvEntry
from .nt import NtKind
from .outlet import Keep, Outlet
from .services import Services
from .tree import TreeNode

_log = logging.getLogger("roguebridge.holder")

#: a PV-shaped value, or Keep.VALUE, and its alarm
Shown = tuple[Any, Alarm]


class Showing:
    """Brings what one node says to the outlets of its PV.

    :param entry: path and PV name
    :param node: the variable or command; untouched here until a client comes
    :param make_converter: gives the node's converter; asked when the PV is first opened
    :param time_source: gives a value's time in ns since the POSIX epoch, None for now
    :param services: what the holders of a server share
    """

    __slots__ = (
        "entry", "node", "services", "_make_converter", "_time_source", "_converter", "_lock",
        "_outlets", "_watching", "_last_ns", "_shown_ns", "_shown", "_updates", "_recheck", "_echo",
    )  # fmt: skip

    def __init__(
        self,
        entry: PvEntry,
        node: Any,
        make_converter: Callable[[TreeNode], TypeConverter],
        time_source: Callable[[Any], int | None] | None,
        services: Services,
    ) -> None:
        self.entry = entry
        self.node = node
        self.services = services
        self._make_converter = make_converter
        self._time_source = time_source
        self._converter: TypeConverter | None = None
        self._lock = threading.Lock()
        self._outlets: tuple[Outlet, ...] = ()
        self._watching = False
        self._last_ns: int | None = None  # of the last update
        self._shown_ns = 0  # the latest that any backend was given
        self._shown: Shown | None = None
        self._updates = 0
        # The value of a delivery may have been read before a put that has ended since: the next
        # one is read again, and dropped if the put has shown its value (_echo) already.
        self._recheck = False
        self._echo: Shown | None = None

    @property
    def path(self) -> str:
        """PyRogue path of the node."""
        return self.entry.path

    @property
    def is_hardware(self) -> bool:
        """True if the node's value lives in a register (PyRogue: RemoteVariable)."""
        return getattr(self.node, "numValues", None) is not None

    # Updates, on the tree's update thread -----------------------------------------------------

    def on_update(self, path: str, value: Any) -> None:
        """Listener of the node; whatever happens here, nothing is raised into the tree."""
        try:
            if self._time_source is None:
                now = self.services.clock.time_ns()
            else:
                now = self._time_of(value.value, self._time_source)
            if not self._watching:
                # Nobody looks: the time is all that is kept. A client that arrives just now sets
                # _watching first and reads the value after, so it misses nothing.
                self._last_ns = now
                return
            if self._converter is None:
                with self._lock:
                    self._last_ns = now
                return
            if self._recheck:
                self._deliver_again(now)
                return
            shown = self._convert(value.value, BY_STATUS.get(value.status, NO_ALARM))
            with self._lock:
                if not self._recheck:
                    self._updates += 1
                    self._publish(shown, now)
                    return
            self._deliver_again(now)
        except BaseException:
            self._shield()

    def _time_of(self, value: Any, source: Callable[[Any], int | None]) -> int:
        try:
            given = source(value)
            if given is not None and index(given) > 0:
                return index(given)
        except Exception as exc:
            _log.debug("%s: no time from its time source: %s", self.path, exc)
        return self.services.clock.time_ns()

    def _deliver_again(self, now: int) -> None:
        while True:
            self._recheck = False
            shown = self._read()
            with self._lock:
                if self._recheck:  # one more put has ended while this value was read
                    continue
                self._updates += 1
                echo, self._echo = self._echo, None
                if echo is None or not _same(echo[0], shown[0]):
                    self._publish(shown, now)
                return

    def _shield(self) -> None:
        # An exception in a listener would end the tree's only update thread.
        _log.exception("%s: an update could not be shown", self.path)
        try:
            with self._lock:
                self._publish((Keep.VALUE, CALC), self.services.clock.time_ns())
        except BaseException:
            _log.exception("%s: nor its alarm", self.path)

    # Puts and commands, on workers ------------------------------------------------------------

    def show_after_put(self) -> None:
        """Show the value the tree has after a put has ended; on a worker, before its answer."""
        if not self._watching or self._converter is None:
            return
        with self._lock:
            self._recheck = True
            before = self._updates
        shown = _kept(self._read())
        with self._lock:
            if self._updates == before and shown != self._shown:
                self._publish(shown, self.services.clock.time_ns())
                self._echo = shown
        self._await_opening()

    def show_failed_put(self) -> None:
        """Show the true value with a WRITE alarm after a put has failed; on a worker.

        PyRogue keeps the refused value in its cache: only a read brings the true one back.
        """
        value: Any = Keep.VALUE
        if self._watching and self._converter is not None:
            try:
                self.node.get()
                with self._lock:
                    self._recheck = True
                value = _kept(self._read())[0]
            except Exception as exc:
                _log.debug("%s: no read after a failed put: %s", self.path, exc)
        with self._lock:
            self._publish((value, WRITE), self.services.clock.time_ns())
            self._echo = None if value is Keep.VALUE else (value, WRITE)

    def show_running(self, running: bool) -> None:
        """Show whether a command without argument runs: 1 or 0."""
        with self._lock:
            self._publish((int(running), NO_ALARM), self.services.clock.time_ns())
        self._await_opening()

    def _await_opening(self) -> None:
        # A put may have run before ServedPv.open() returned to its caller, who then posts what
        # came meanwhile: the answer must not be faster.
        for outlet in self._outlets:
            opening = outlet.opening
            if opening is not None:
                opening.wait(self.services.open_timeout)

    # Values -----------------------------------------------------------------------------------

    def _find_converter(self) -> BaseException | None:
        if self._converter is not None:
            return None
        problem: BaseException | None = None
        converter: TypeConverter
        try:
            converter = self._make_converter(self.node)
        except BaseException as exc:
            problem = exc
            converter = Provisional()
            _log.warning("%s: its type cannot be found out: %r", self.path, exc)
        with self._lock:
            # A type that was not found for a client that has left is looked for again.
            if self._converter is None and (problem is None or self._watching):
                self._converter = converter
        return problem

    def _read(self) -> Shown:
        try:
            value = self.node.value()
        except BaseException as exc:
            _log.debug("%s cannot be read: %s", self.path, exc)
            return Keep.VALUE, READ if self.is_hardware else CALC
        return self._convert(value, None)

    def _convert(self, value: Any, alarm: Alarm | None) -> Shown:
        converter = self._converter
        if converter is None:
            return Keep.VALUE, CALC
        try:
            pv_value = converter.to_pv(value)
            if alarm is None:
                limits = converter.spec.value_alarm
                alarm = judge(pv_value, limits) if limits.active else NO_ALARM
            return pv_value, alarm
        except ConversionError as exc:
            return Keep.VALUE, exc.alarm
        except BaseException as exc:
            _log.debug("%s: %r has no place in the PV: %s", self.path, type(value), exc)
            return Keep.VALUE, CALC

    def _publish(self, shown: Shown, now: int) -> None:
        # With the lock held.
        now = max(now, self._shown_ns + 1)
        self._last_ns = self._shown_ns = now
        self._remember(shown)
        reading = Reading(shown[0], shown[1], now)
        for outlet in self._outlets:
            outlet.show(reading)

    def _remember(self, shown: Shown) -> None:
        # Arrays are not kept: they may be large, and the tree may change them in place.
        converter = self._converter
        if converter is not None and converter.spec.kind in (NtKind.SCALAR, NtKind.ENUM):
            if shown[0] is not Keep.VALUE:
                self._shown = shown
            elif self._shown is not None:
                self._shown = (self._shown[0], shown[1])


def _kept(shown: Shown) -> Shown:
    # The tree may change an array in place: what is compared later must be a copy.
    value, alarm = shown
    return (value.copy(), alarm) if isinstance(value, np.ndarray) else shown


def _same(a: Any, b: Any) -> bool:
    if a is b:
        return True
    try:
        if hasattr(a, "dtype"):
            return bool(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())
        return bool(a == b)
    except Exception:
        return False
