"""Alarms in Channel Access's own numbers, those of epics-base's menuAlarmStat."""

from __future__ import annotations

from roguebridge.core.values import Alarm, Severity

#: the words of menuAlarmStat, in the order of their numbers
STATUSES = (
    "NO_ALARM", "READ", "WRITE", "HIHI", "HIGH", "LOLO", "LOW", "STATE", "COS", "COMM", "TIMEOUT",
    "HWLIMIT", "CALC", "SCAN", "LINK", "SOFT", "BAD_SUB", "UDF", "DISABLE", "SIMM", "READ_ACCESS",
    "WRITE_ACCESS",
)  # fmt: skip
SEVERITIES = ("NO_ALARM", "MINOR", "MAJOR", "INVALID")
_NUMBERS = {word: number for number, word in enumerate(STATUSES)}


def status_of(alarm: Alarm) -> int:
    """Return the number of an alarm's status; SOFT for a text that is no status word."""
    if not alarm.severity and not alarm.message:
        return 0
    word = alarm.message
    if alarm.severity == Severity.INVALID:  # which may say more after its word
        word = word.partition(":")[0]
    return _NUMBERS.get(word, _NUMBERS["SOFT"])
