"""The status number of Channel Access by the word that an alarm begins with."""

import pytest

from roguebridge.backends.epics.ca.alarms import status_of
from roguebridge.core.values.alarm import NO_ALARM, UDF, UNWRITTEN, Alarm, Severity, Status


@pytest.mark.parametrize(
    ("alarm", "number"),
    [
        (NO_ALARM, 0),
        (UDF, 17),
        (UNWRITTEN, 17),
        (Alarm(Severity.MAJOR, Status.RECORD, "READ: of a command that failed"), 15),
        (Alarm(Severity.INVALID, Status.RECORD, "no word: of an IOC"), 15),
    ],
)
def test_the_word_counts_and_what_follows_it_does_not(alarm, number):
    assert status_of(alarm) == number
