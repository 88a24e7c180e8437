"""A served PV that holds back updates that come too fast or change too little.

The newest reading is held, with its own alarm and time. It is shown when the period
since the last post has ended, at once when the PV is to show what the tree has, and never if the
PV closes before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend.contract import ServedPv
from ..concurrency.clock import Timer
from ..values.alarm import CALC, NO_ALARM, Alarm
from ..values.reading import KEEP, Reading
from ..values.spec import NtKind, PvSpec
from .pacing import Deadband, Pace
from .publication import Publication, State
from .reader import PvReader


class PacedPublication(Publication):
    """A publication with a pace; every method but ``show_held`` is called with the PV's lock held.

    :param served: the PV
    :param pace: period and deadband of its posts
    :param reader: of the node
    :param settled: gives the time with which a held reading is shown; called with the lock held
    """

    __slots__ = (
        "_pace", "_reader", "_clock", "_settled",
        "_deadband", "_held", "_alarm", "_number", "_next", "_timer",
    )  # fmt: skip

    def __init__(
        self, served: ServedPv, pace: Pace, reader: PvReader, settled: Callable[[int], int]
    ) -> None:
        super().__init__(served)
        self._pace = pace
        self._reader = reader
        self._clock = reader.services.clock
        self._settled = settled
        self._deadband: Deadband | None = None  # the pace's, if the PV is a number
        self._held: Reading | None = None
        self._alarm: Alarm = NO_ALARM  # that the PV shows
        self._number: Any = None  # that the PV shows, if the deadband is for it
        self._next = 0.0  # monotonic time from which on the PV may be posted again
        self._timer: Timer | None = None

    def show(self, reading: Reading) -> Exception | None:
        """Post ``reading`` now or when it is time, or let it go with the next."""
        if self.state is not State.OPEN:
            return super().show(reading)
        held = self._held
        if held is not None and reading.value is KEEP:
            reading = reading._replace(value=held.value)
        # Else an operator would see it late; it is at most three posts more in a period.
        if reading.alarm.severity > self._alarm.severity:
            return self._post(reading)
        if self._clock.monotonic() < self._next:
            self._hold(_detached(reading, held))
            self._wait()
            return None
        return self._post_unless_covered(reading)

    def release(self) -> Exception | None:
        """Post the held reading."""
        held = self._held
        return None if held is None else self._post(self._now(held))

    def show_held(self) -> None:
        """Post the held reading now; from any thread, without the lock."""
        with self._reader.lock:
            problem = self.release()
            if problem is not None:
                self._reader.misfit(problem)

    def opened(self, spec: PvSpec, first: Reading) -> None:
        """``ServedPv.open`` has returned: begin anew with its first reading."""
        is_number = spec.kind is NtKind.SCALAR and spec.scalar.is_numeric
        self._deadband = self._pace.deadband if is_number else None
        self._note(first)
        super().opened(spec, first)

    def close(self) -> None:
        """The last client has left: drop the held reading."""
        super().close()
        self._drop()
        self._next = 0.0
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _post_unless_covered(self, reading: Reading) -> Exception | None:
        if (
            self._deadband is not None
            and reading.value is not KEEP
            and reading.alarm == self._alarm
            and self._deadband.covers(self._number, reading.value)
        ):
            self._hold(reading)  # a get or put is to see the value of the tree
            return None
        return self._post(reading)

    def _now(self, held: Reading) -> Reading:
        # The clock may have gone back since the update.
        return held._replace(time_ns=self._settled(held.time_ns))

    def _hold(self, reading: Reading) -> None:
        self._held = reading
        self._reader.services.unshown.held[self] = self._clock.monotonic()

    def _drop(self) -> None:
        if self._held is not None:
            self._held = None
            self._reader.services.unshown.held.pop(self, None)

    def _post(self, reading: Reading) -> Exception | None:
        self._drop()
        self._next = self._clock.monotonic() + self._pace.period
        problem = super()._post(reading)
        self._note(reading if problem is None else Reading(KEEP, CALC, 0))
        return problem

    def _note(self, shown: Reading) -> None:
        self._alarm = shown.alarm
        if self._deadband is not None and shown.value is not KEEP:
            self._number = shown.value

    def _wait(self) -> None:
        if self._timer is None:
            ends = self._next
            delay = ends - self._clock.monotonic()
            self._timer = self._clock.call_later(delay, lambda: self._period_over(ends))

    def _period_over(self, ends: float) -> None:
        # On the clock's thread.
        with self._reader.lock:
            self._timer = None
            held = self._held
            if held is None or self.state is not State.OPEN:
                return
            if self._next > ends:  # something was posted since
                self._wait()
                return
            problem = self._post_unless_covered(self._now(held))
            if problem is not None:
                self._reader.misfit(problem)


def _detached(reading: Reading, former: Reading | None) -> Reading:
    """Return a reading with a value of its own: the tree may change its arrays.

    :param former: the reading held before; the memory of its array is used again
    """
    value = reading.value
    if isinstance(value, np.ndarray):
        room = None if former is None else former.value
        if isinstance(room, np.ndarray) and room.shape == value.shape and room.dtype == value.dtype:
            np.copyto(room, value)
            return reading._replace(value=room)
    return reading._replace(value=_copied(value))


def _copied(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, dict):
        return {name: _copied(column) for name, column in value.items()}
    return list(value) if isinstance(value, list) else value
