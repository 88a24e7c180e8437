"""Refused requests that come too fast are one record with their number; none is forgotten."""

import pytest
from support.engine.fakes import ENTRY, FakeClock

from roguebridge.core.requests.credentials import Credentials
from roguebridge.core.requests.refusal_limit import RefusalLimit
from roguebridge.core.requests.request import RequestRecord


def record(user="eve", host="10.0.0.1"):
    who = Credentials(user, host, "x")
    return RequestRecord(ENTRY, "put", who, 1, "denied", "no", 1)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def passed():
    return []


@pytest.fixture
def limit(clock, passed):
    return RefusalLimit(clock, passed.append)


def test_a_client_has_so_many_records_and_then_one_with_a_number(clock, limit, passed):
    for _ in range(1000):
        limit.add(record())
    whole = len(passed)
    assert 10 <= whole <= 50
    clock.advance(1)
    (summary,) = passed[whole:]
    assert summary.count + whole == 1000
    clock.advance(100)
    assert len(passed) == whole + 1
    limit.add(record())
    assert passed[-1].count == 1


def test_many_names_of_one_host_share_what_it_has(limit, passed):
    for n in range(5000):
        limit.add(record(f"eve{n}"))
    assert len(passed) <= 50
    limit.add(record(host="10.0.0.2"))
    assert passed.pop().credentials.host == "10.0.0.2"
    limit.tell_all()
    assert sum(one.count for one in passed) == 5000
    assert len(passed) <= 51


def test_a_client_beyond_those_that_are_counted_apart_is_counted_too(limit, passed):
    for n in range(5000):
        limit.add(record(host=f"10.0.{n >> 8}.{n & 255}"))
    limit.tell_all()
    assert sum(one.count for one in passed) == 5000
    assert len(passed) < 1200
