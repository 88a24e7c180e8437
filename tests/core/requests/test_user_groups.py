"""Groups of users: kept for a time, and looked up where nobody waits."""

import threading

import pytest
from support.clients import LIMIT, wait_until
from support.engine.fakes import FakeClock

from roguebridge.core.concurrency.jobs import Job
from roguebridge.core.requests.credentials import Credentials
from roguebridge.core.requests.user_groups import FIRST_WAIT, STALE, UserGroups


class LookUp:
    """Answers when its gate is open."""

    def __init__(self, roles=("ops",)):
        self.roles = frozenset(roles)
        self.gate = threading.Event()
        self.gate.set()
        self.calls = 0

    def __call__(self):
        self.calls += 1
        assert self.gate.wait(LIMIT)
        if isinstance(self.roles, Exception):
            raise self.roles
        return self.roles


class Note(Job):
    def __init__(self, number, found):
        super().__init__("lane", "lane")
        self.number = number
        self.found = found

    def run(self):
        self.found.append(self.number)

    def abandon(self, reason):
        self.found.append(reason)


class Inline:
    def submit(self, job):
        job.run()


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def groups(clock):
    made = UserGroups(clock, 60.0)
    yield made
    made.drain()
    made.stop()


def user(look_up, name="ann"):
    return Credentials(name, "10.0.0.1", "x", roles=look_up)


def test_an_answer_is_asked_for_once_and_counts_for_its_time(groups, clock):
    look_up = LookUp()
    who = user(look_up)
    wait_until(lambda: groups.known(who) == {"ops"})
    clock.advance(59)
    assert groups.known(who) == {"ops"}
    assert look_up.calls == 1
    look_up.roles = frozenset()
    clock.advance(2)
    wait_until(lambda: groups.known(who) == frozenset())
    assert look_up.calls == 2


def test_the_last_answer_counts_while_a_look_up_hangs_but_not_for_ever(groups, clock):
    look_up = LookUp()
    who = user(look_up)
    wait_until(lambda: groups.known(who))
    look_up.gate.clear()
    clock.advance(61)
    assert groups.known(who) == {"ops"}
    clock.advance(STALE - 2)
    assert groups.known(who) == {"ops"}
    clock.advance(2)
    assert groups.known(who) is None
    look_up.gate.set()
    wait_until(lambda: groups.known(who) == {"ops"})


def test_requests_wait_for_the_first_answer_in_order(groups):
    look_up, found = LookUp(), []
    look_up.gate.clear()
    pool = Inline()
    for number in range(3):
        assert groups.submit(Note(number, found), pool, user(look_up)) is None
    assert found == []
    other = LookUp()
    groups.submit(Note("other", found), pool, user(other, "bob"))
    wait_until(lambda: found == ["other"])
    look_up.gate.set()
    wait_until(lambda: found == ["other", 0, 1, 2])
    assert look_up.calls == 1


def test_no_request_waits_longer_than_a_bounded_time(groups, clock):
    look_up, found = LookUp(), []
    look_up.gate.clear()
    groups.submit(Note(0, found), Inline(), user(look_up))
    clock.advance(FIRST_WAIT)
    assert found == [0]
    groups.submit(Note(1, found), Inline(), user(look_up))
    assert found == [0, 1]
    assert groups.known(user(look_up)) is None
    look_up.gate.set()


def test_a_look_up_that_fails_is_no_answer(groups, clock):
    look_up = LookUp()
    who = user(look_up)
    wait_until(lambda: groups.known(who))
    look_up.roles = OSError("no server")
    clock.advance(61)
    groups.known(who)
    wait_until(lambda: look_up.calls == 2)
    assert groups.known(who) == {"ops"}


def test_what_waits_at_a_stop_is_given_back(groups):
    look_up, found = LookUp(), []
    look_up.gate.clear()
    groups.submit(Note(0, found), Inline(), user(look_up))
    assert [job.number for job in groups.drain()] == [0]
    look_up.gate.set()
