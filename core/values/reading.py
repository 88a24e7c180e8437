"""A reading of a PV: value, alarm and time."""

from __future__ import annotations

from enum import Enum
from typing import Any, NamedTuple

from .alarm import Alarm
from .spec import PvSpec


class Reading(NamedTuple):
    """A reading of a PV: value in the PV's terms, alarm and time together.

    ``time_ns`` is in nanoseconds since the POSIX epoch, never 0 and strictly increasing per PV,
    unless the clock of the machine has gone back by more than five seconds.
    """

    value: Any
    alarm: Alarm
    time_ns: int


class Snapshot(NamedTuple):
    """A PV as a whole, type and reading: the result of a read that a client asked for."""

    spec: PvSpec
    reading: Reading


class _Keep(Enum):
    """The type of :data:`KEEP`."""

    VALUE = "keep the value shown"


#: stands for the value of a reading whose own value could not be had
KEEP = _Keep.VALUE

#: a PV-shaped value, or KEEP, and its alarm
Sample = tuple[Any, Alarm]
