"""Every backend: puts and calls reach the owner decoded, and its one answer the client."""

import getpass

import numpy as np
import pytest
from support.clients import LIMIT, RemoteFailure
from support.clients.bench import DOUBLE, TEXT, VALUES, at, same

from roguebridge.core.requests.request import PutRequest
from roguebridge.core.values.arrays import Flat
from roguebridge.core.values.spec import NtKind, PvSpec, ScalarType


@pytest.mark.parametrize("name", VALUES)
def test_a_put_is_decoded(bench, name):
    spec, first, second = VALUES[name]
    owner, client = bench.open_pv(spec, at(first))
    expected = second
    if spec.kind is NtKind.NDARRAY:
        second = np.arange(6, dtype=np.uint16).reshape(2, 3)
        expected = client.image(second)
    put = client.start_put("pv", second)
    request = owner.request()
    assert isinstance(request, PutRequest)
    assert request.marked
    assert same(request.value, expected)
    assert isinstance(request.value, Flat) is isinstance(expected, Flat)
    assert request.entry == owner.entry
    assert request.done() is True
    put.result(LIMIT)
    assert same(client.get("pv").value, first)  # a put shows nothing by itself


@pytest.mark.parametrize("name", ["float64", "enum", "array", "image"])
def test_a_put_of_other_fields_is_not_marked(bench, name):
    spec, first, _ = VALUES[name]
    owner, client = bench.open_pv(spec, at(first))
    put = client.start_put("pv", None, marked=False)
    if not client.has_other_fields:
        with pytest.raises(RemoteFailure):
            put.result(LIMIT)
        assert owner.requests.empty()
        return
    request = owner.request()
    assert request.marked is False
    request.done()
    put.result(LIMIT)


@pytest.mark.parametrize("block", [True, False])
def test_a_put_says_whether_it_blocks(bench, block):
    owner, client = bench.open_pv(DOUBLE, at(0.0))
    put = client.start_put("pv", 1.0, block=block)
    request = owner.request()
    assert request.block is block
    request.done()
    put.result(LIMIT)


def test_credentials_name_user_host_and_protocol(bench):
    owner, client = bench.open_pv(DOUBLE, at(0.0))
    user = getattr(client, "user", None) or getpass.getuser()
    put, call = client.start_put("pv", 1.0), client.start_rpc("pv", arg=1)
    for request in (owner.request(), owner.request()):
        who = request.credentials
        assert (who.user, who.host, who.protocol) == (user, "127.0.0.1", client.protocol)
        assert isinstance(who.roles, frozenset)
        request.done()
    put.result(LIMIT)
    call.result(LIMIT)


def test_roles_asked_for_after_the_answer_are_none(bench):
    owner, client = bench.open_pv(DOUBLE, at(0.0))
    put = client.start_put("pv", 1.0)
    request = owner.request()
    request.done()
    assert request.credentials.roles == frozenset()
    put.result(LIMIT)


@pytest.mark.parametrize("text", ["no", "größer als µ", "a\nb", "x" * 5000, "\ud800 lone"])
def test_the_text_of_an_error_reaches_the_client(bench, text):
    owner, client = bench.open_pv(DOUBLE, at(0.0))
    for start in (lambda: client.start_put("pv", 1.0), lambda: client.start_rpc("pv", arg=1)):
        pending = start()
        owner.request().error(text)
        with pytest.raises(RemoteFailure) as failed:
            pending.result(LIMIT)
        escaped = text.encode("utf-8", "backslashreplace").decode()
        assert str(failed.value) in (text, escaped)


def test_an_error_without_text_still_says_something(bench):
    owner, client = bench.open_pv(DOUBLE, at(0.0))
    put = client.start_put("pv", 1.0)
    owner.request().error("")
    with pytest.raises(RemoteFailure, match="."):
        put.result(LIMIT)


@pytest.mark.parametrize("first", ["done", "error"])
def test_only_the_first_answer_counts(bench, first):
    owner, client = bench.open_pv(DOUBLE, at(0.0))
    put = client.start_put("pv", 1.0)
    request = owner.request()
    answers = {"done": request.done, "error": lambda: request.error("no")}
    assert answers.pop(first)() is True
    (other,) = answers.values()
    assert other() is False
    assert request.answered
    if first == "done":
        put.result(LIMIT)
    else:
        with pytest.raises(RemoteFailure, match="no"):
            put.result(LIMIT)
    again = client.start_put("pv", 2.0)  # the connection is none the worse
    owner.request().done()
    again.result(LIMIT)


@pytest.mark.parametrize(
    ("result", "seen"),
    [
        (True, True), (5, 5), (-(2**63), -(2**63)), (2.5, 2.5), ("ü", "ü"),
        ([1, 2], [1, 2]), (np.arange(3.0), [0.0, 1.0, 2.0]), (np.float32(0.5), 0.5),
    ],
    ids=repr,
)  # fmt: skip
def test_the_result_of_a_call_reaches_the_client(bench, result, seen):
    client, call, request = bench.call()
    assert client.arguments(request) == {}
    request.done(result)
    assert list(np.atleast_1d(call.result(LIMIT))) == list(np.atleast_1d(client.returned(seen)))


def test_a_call_without_result_is_answered(bench):
    client, call, request = bench.call(TEXT, arg="x")
    assert client.arguments(request) == {"arg": "x"}
    request.done()
    call.result(LIMIT)


def test_answers_may_come_in_any_order_and_from_any_thread(bench):
    owner, client = bench.open_pv(DOUBLE, at(0.0))
    pending = [client.start_put("pv", float(n)) for n in range(20)]
    requests = {r.value: r for r in (owner.request() for _ in pending)}
    assert sorted(requests) == [float(n) for n in range(20)]
    for value in sorted(requests, reverse=True):
        requests.pop(value).error(f"no {value}")
    for n, put in enumerate(pending):
        with pytest.raises(RemoteFailure, match=f"no {float(n)}"):
            put.result(LIMIT)


def test_a_request_whose_client_leaves_is_cancelled_and_may_still_be_answered(bench):
    owner, client = bench.open_pv(DOUBLE, at(0.0))
    client.start_put("pv", 1.0)
    client.start_rpc("pv", arg=1)
    requests = [owner.request(), owner.request()]
    assert not any(request.cancelled for request in requests)
    client.close()
    assert owner.gone() is True
    assert all(request.cancelled for request in requests)
    assert requests[0].done() is True
    assert requests[1].error("late") is True
    owner.first = at(3.0)
    assert bench.client().get("pv").value == 3.0


def test_the_answer_to_a_client_that_left_does_not_reach_the_next_one(bench):
    owner, client = bench.open_pv(DOUBLE, at(0.0))
    client.start_put("pv", 1.0)
    stale = owner.request()
    client.close()
    owner.gone()
    put = bench.client().start_put("pv", 2.0)
    fresh = owner.request()
    stale.error("stale")
    bench.backend.flush()
    assert not put.done()
    fresh.done()
    put.result(LIMIT)


def test_an_array_put_stays_valid_until_its_answer(bench):
    spec = PvSpec(NtKind.SCALAR_ARRAY, ScalarType.Float64)
    owner, client = bench.open_pv(spec, at(np.zeros(1)))
    client.get("pv")  # pvxs lets puts that wait for a PV to open go in no order
    values = [np.full(10_000, n, float) for n in range(20)]
    pending = [client.start_put("pv", value) for value in values]
    for value, put in zip(values, pending, strict=True):
        request = owner.request()
        assert np.array_equal(np.unique(request.value), value[:1])
        request.done()
        put.result(LIMIT)
