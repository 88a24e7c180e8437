"""Alarms in the terms of the EPICS alarm_t, and the one table from PyRogue's words to them.

The status numbers are those of the Normative Types (0 none .. 7 client), not the menu numbers
of Channel Access; the messages are the status words that QSRV sends.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from .spec import ValueAlarm


class Severity(IntEnum):
    """alarm_t.severity."""

    NONE = 0
    MINOR = 1
    MAJOR = 2
    INVALID = 3


class Status(IntEnum):
    """alarm_t.status."""

    NONE = 0
    DEVICE = 1
    DRIVER = 2
    RECORD = 3
    DB = 4
    CONF = 5
    UNDEFINED = 6
    CLIENT = 7


class Alarm(NamedTuple):
    """One alarm_t: severity, status and message always travel together."""

    severity: Severity
    status: Status
    message: str


NO_ALARM = Alarm(Severity.NONE, Status.NONE, "")
HIHI = Alarm(Severity.MAJOR, Status.DEVICE, "HIHI")
LOLO = Alarm(Severity.MAJOR, Status.DEVICE, "LOLO")
HIGH = Alarm(Severity.MINOR, Status.DEVICE, "HIGH")
LOW = Alarm(Severity.MINOR, Status.DEVICE, "LOW")
READ = Alarm(Severity.INVALID, Status.DEVICE, "READ")
WRITE = Alarm(Severity.INVALID, Status.DEVICE, "WRITE")
STATE = Alarm(Severity.INVALID, Status.DEVICE, "STATE")
COMM = Alarm(Severity.INVALID, Status.DRIVER, "COMM")
TIMEOUT = Alarm(Severity.INVALID, Status.DRIVER, "TIMEOUT")
UDF = Alarm(Severity.INVALID, Status.DRIVER, "UDF")
UNWRITTEN = UDF._replace(message="UDF: write-only, nothing has been put yet")
CALC = Alarm(Severity.INVALID, Status.RECORD, "CALC")
DISABLE = Alarm(Severity.INVALID, Status.DB, "DISABLE")

#: every alarm of the table, from the best to the worst
ORDER = (
    NO_ALARM, LOW, HIGH, LOLO, HIHI, READ, WRITE, COMM, TIMEOUT, UDF, STATE, CALC, DISABLE,
)  # fmt: skip
_RANKS = {alarm: rank for rank, alarm in enumerate(ORDER)}

# PyRogue's VariableValue.status -> alarm_t
BY_STATUS: dict[str, Alarm] = {
    "None": NO_ALARM,
    "Good": NO_ALARM,
    "AlarmHiHi": HIHI,
    "AlarmLoLo": LOLO,
    "AlarmHigh": HIGH,
    "AlarmLow": LOW,
}


def worst(alarms: Iterable[Alarm]) -> Alarm:
    """Return the worst of some alarms: by severity, then by the order of the table.

    An alarm with a text of its own counts less than those of the table with its severity.
    """
    return max(alarms, key=_rank, default=NO_ALARM)


def _rank(alarm: Alarm) -> tuple[int, int]:
    return alarm.severity, _RANKS.get(alarm, -1)


def extremes(array: Any) -> tuple[Any, Any]:
    """Return the smallest and the largest element of a numeric array that is not empty.

    NaN is left out, unless there is nothing else.
    """
    fmin: Any = np.fmin  # numpy's own types of reduce() differ between its versions
    fmax: Any = np.fmax
    return fmin.reduce(array, axis=None), fmax.reduce(array, axis=None)


def judge_as_told(value: Any, limits: ValueAlarm) -> Alarm:
    """Return the alarm of a value that is no number in its PV: a key of an enum, text.

    :param value: as the tree has it
    :param limits: the node's alarm limits, of any type
    """
    try:
        return judge(value, limits)
    except Exception:  # PyRogue cannot compare them either
        return NO_ALARM


def judge(value: Any, limits: ValueAlarm) -> Alarm:
    """Return the alarm of ``value`` by PyRogue's rule: strict limits, alarm before warning.

    The alarm of an array is that of its worst element; NaN raises none.

    :param value: a number or a numeric array
    :param limits: the node's alarm limits
    """
    if isinstance(value, np.ndarray):
        if value.size == 0:
            return NO_ALARM
        low, high = extremes(value)
    else:
        low = high = value
    if limits.low_alarm is not None and low < limits.low_alarm:
        return LOLO
    if limits.high_alarm is not None and high > limits.high_alarm:
        return HIHI
    if limits.low_warning is not None and low < limits.low_warning:
        return LOW
    if limits.high_warning is not None and high > limits.high_warning:
        return HIGH
    return NO_ALARM
