"""Which updates may be believed around a put: every state with every event."""

import numpy as np
import pytest

from roguebridge.core.pv.put_tracker import PutTracker, Trust, same_value

LATER = 100.0

# how a tracker comes into a state
STATES = {
    "settled": [],
    "written": ["ended"],
    "writing": ["begin"],
    "writing after a put": ["ended", "begin"],
    "doubtful": ["begin", "refused"],
    "writing in doubt": ["begin", "refused", "begin"],
}
EVENTS = {
    "begin": lambda puts: puts.begin(),
    "ended": lambda puts: puts.ended(True),
    "ended unwatched": lambda puts: puts.ended(False),
    "refused": lambda puts: puts.refused(5, False, LATER),
    "refused, read back": lambda puts: (puts.ended(True), puts.refused(5, True, LATER)),
    "closed": lambda puts: puts.closed(),
    "reread": lambda puts: (puts.begin_reread(), puts.reread()),
    "believe": lambda puts: puts.believe(),
    "forget": lambda puts: puts.forget(),
}
SHOW, REREAD, WAIT, DROP = Trust.SHOW, Trust.REREAD, Trust.WAIT, Trust.DROP
# state: what an update meets after each event, in the order of EVENTS
TABLE = {
    "settled": [WAIT, REREAD, SHOW, DROP, REREAD, SHOW, SHOW, SHOW, SHOW],
    "written": [WAIT, REREAD, SHOW, DROP, REREAD, REREAD, SHOW, REREAD, SHOW],
    "writing": [WAIT, REREAD, SHOW, DROP, REREAD, SHOW, WAIT, WAIT, WAIT],
    "writing after a put": [WAIT, REREAD, SHOW, DROP, REREAD, REREAD, WAIT, WAIT, WAIT],
    "doubtful": [DROP, REREAD, SHOW, DROP, REREAD, DROP, DROP, SHOW, DROP],
    "writing in doubt": [DROP, REREAD, SHOW, DROP, REREAD, DROP, DROP, WAIT, DROP],
}


def made(state):
    puts = PutTracker()
    for event in STATES[state]:
        EVENTS[event](puts)
    return puts


def test_what_an_update_meets_in_each_state_after_each_event():
    wrong = []
    for state, row in TABLE.items():
        for event, expected in zip(EVENTS, row, strict=True):
            puts = made(state)
            EVENTS[event](puts)
            if puts.trust is not expected:
                wrong.append(f"{state}, {event}: {puts.trust}, not {expected}")
    assert wrong == []


def test_an_update_that_waited_is_told_once_when_the_put_is_over():
    puts = PutTracker()
    puts.begin()
    puts.miss()
    assert puts.closed()
    assert not puts.closed()
    puts.begin()
    assert not puts.closed()


def test_what_was_shown_after_a_put_is_asked_for_once():
    puts = PutTracker()
    puts.ended(True)
    puts.shown((6, None))
    assert puts.reread() == (6, None)
    assert puts.reread() is None


@pytest.mark.parametrize(
    ("value", "now", "old"), [(5, 0.0, True), (6, 0.0, False), (5, LATER, False)]
)
def test_an_update_is_old_while_it_says_what_was_true_before_the_put(value, now, old):
    puts = PutTracker()
    puts.refused(5, True, LATER)
    assert puts.is_old(value, now) is old


def test_before_any_put_no_update_is_old():
    assert not PutTracker().is_old(None, 0.0)


class Strange:
    def __eq__(self, other):
        raise RuntimeError("not comparable")

    __hash__ = None


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (1, 1.0, True),
        (np.zeros(3), np.zeros(3), True),
        (np.zeros(3), np.zeros(2), False),
        (np.zeros(3), np.zeros(3, np.float32), False),
        (np.array([np.nan]), np.array([np.nan]), True),
        (np.zeros(3), [0, 0, 0], False),
        (Strange(), Strange(), False),
    ],
    ids=range(7),
)
def test_when_two_values_are_the_same(a, b, same):
    assert same_value(a, b) is same
