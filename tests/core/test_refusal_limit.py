"""Refused requests that come too fast are one record with their number; none is forgotten."""

from support.fakes import ENTRY, FakeClock

from roguebridge.core.requests.credentials import Credentials
from roguebridge.core.requests.refusal_limit import RefusalLimit
from roguebridge.core.requests.request import RequestRecord


def record(user="eve", host="10.0.0.1"):
    who = Credentials(user, host, "x")
    return RequestRecord(ENTRY, "put", who, 1, "denied", "no", 1)


def test_a_client_has_so_many_records_and_then_one_with_a_number():
    clock, told = FakeClock(), []
    limit = RefusalLimit(clock, told.append)
    whole = [one for _ in range(1000) for one in limit.passed(record())]
    assert 10 <= len(whole) <= 50
    clock.advance(1)
    (summary,) = told
    assert summary.count + len(whole) == 1000
    clock.advance(100)
    assert len(told) == 1
    assert limit.passed(record())


def test_many_names_of_one_host_share_what_it_has():
    clock, told = FakeClock(), []
    limit = RefusalLimit(clock, told.append)
    whole = [one for n in range(5000) for one in limit.passed(record(f"eve{n}"))]
    assert len(whole) <= 50
    assert limit.passed(record(host="10.0.0.2"))
    limit.tell_all()
    assert sum(one.count for one in told) + len(whole) == 5000
    assert len(told) == 1
