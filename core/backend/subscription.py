"""A client within the process: it gets the readings of a PV, without a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..values.alarm import Alarm
from ..values.reading import Reading
from ..values.spec import PvSpec
from .contract import ServedPv


@dataclass(slots=True, eq=False, repr=False)
class Subscription(ServedPv):
    """Calls a function with each reading of a PV, the present one first.

    :param callback: called on any thread, with locks held: it must not block, nor raise
    :param remove: called once, with the subscription, when it ends
    """

    _callback: Callable[[Reading], object]
    _remove: Callable[[Subscription], object]
    _value: Any = None

    def end(self) -> None:
        """Call the function no longer."""
        self._remove(self)

    def open(self, spec: PvSpec, reading: Reading) -> None:
        """Show the first reading."""
        self.post(reading)

    def post(self, reading: Reading) -> None:
        """Show a reading."""
        self._value = reading.value
        self._callback(reading)

    def post_alarm(self, alarm: Alarm, time_ns: int) -> None:
        """Show an alarm on the last value."""
        self._callback(Reading(self._value, alarm, time_ns))
