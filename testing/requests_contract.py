"""The contract of backends: puts and calls, and their answers."""

from __future__ import annotations

import getpass
from typing import Any

import numpy as np
import pytest

from roguebridge.core.requests import PutRequest
from roguebridge.core.values import Flat, NtKind, PvSpec, ScalarType

from .bench import BackendBench
from .client import RemoteFailure, result_of
from .samples import DOUBLE, TEXT, VALUES, at, same


class RequestsContract:
    """Puts and calls reach the owner decoded, and its one answer reaches the client."""

    @pytest.mark.parametrize("name", VALUES)
    def test_a_put_is_decoded(self, bench: BackendBench, name: str) -> None:
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
        result_of(put)
        assert same(client.get("pv").value, first)  # a put shows nothing by itself

    @pytest.mark.parametrize("name", ["float64", "enum", "array", "image"])
    def test_a_put_of_other_fields_is_not_marked(self, bench: BackendBench, name: str) -> None:
        spec, first, _ = VALUES[name]
        owner, client = bench.open_pv(spec, at(first))
        put = client.start_put("pv", None, marked=False)
        if not client.has_other_fields:
            with pytest.raises(RemoteFailure):
                result_of(put)
            assert owner.requests.empty()
            return
        request = owner.request()
        assert request.marked is False
        request.done()
        result_of(put)

    @pytest.mark.parametrize("block", [True, False])
    def test_a_put_says_whether_it_blocks(self, bench: BackendBench, block: bool) -> None:
        owner, client = bench.open_pv(DOUBLE, at(0.0))
        put = client.start_put("pv", 1.0, block=block)
        request = owner.request()
        assert request.block is block
        request.done()
        result_of(put)

    def test_credentials_name_user_host_and_protocol(self, bench: BackendBench) -> None:
        owner, client = bench.open_pv(DOUBLE, at(0.0))
        user = client.user or getpass.getuser()
        put, call = client.start_put("pv", 1.0), client.start_rpc("pv", arg=1)
        for request in (owner.request(), owner.request()):
            who = request.credentials
            assert (who.user, who.host, who.protocol) == (user, "127.0.0.1", client.protocol)
            assert isinstance(who.roles, frozenset)
            request.done()
        result_of(put)
        result_of(call)

    def test_roles_asked_for_after_the_answer_are_none(self, bench: BackendBench) -> None:
        owner, client = bench.open_pv(DOUBLE, at(0.0))
        put = client.start_put("pv", 1.0)
        request = owner.request()
        request.done()
        assert request.credentials.roles == frozenset()
        result_of(put)

    @pytest.mark.parametrize("text", ["no", "größer als µ", "a\nb", "x" * 5000, "\ud800 lone"])
    def test_the_text_of_an_error_reaches_the_client(self, bench: BackendBench, text: str) -> None:
        owner, client = bench.open_pv(DOUBLE, at(0.0))
        for start in (lambda: client.start_put("pv", 1.0), lambda: client.start_rpc("pv", arg=1)):
            pending = start()
            owner.request().error(text)
            with pytest.raises(RemoteFailure) as failed:
                result_of(pending)
            escaped = text.encode("utf-8", "backslashreplace").decode()
            assert str(failed.value) in (text, escaped)

    def test_an_error_without_text_still_says_something(self, bench: BackendBench) -> None:
        owner, client = bench.open_pv(DOUBLE, at(0.0))
        put = client.start_put("pv", 1.0)
        owner.request().error("")
        with pytest.raises(RemoteFailure, match="."):
            result_of(put)

    @pytest.mark.parametrize("first", ["done", "error"])
    def test_only_the_first_answer_counts(self, bench: BackendBench, first: str) -> None:
        owner, client = bench.open_pv(DOUBLE, at(0.0))
        put = client.start_put("pv", 1.0)
        request = owner.request()
        answers = {"done": request.done, "error": lambda: request.error("no")}
        assert answers.pop(first)() is True
        (other,) = answers.values()
        assert other() is False
        assert request.answered
        if first == "done":
            result_of(put)
        else:
            with pytest.raises(RemoteFailure, match="no"):
                result_of(put)
        again = client.start_put("pv", 2.0)  # the connection is none the worse
        owner.request().done()
        result_of(again)

    @pytest.mark.parametrize(
        ("result", "seen"),
        [
            (True, True), (5, 5), (-(2**63), -(2**63)), (2.5, 2.5), ("ü", "ü"),
            ([1, 2], [1, 2]), (np.arange(3.0), [0.0, 1.0, 2.0]), (np.float32(0.5), 0.5),
        ],
        ids=repr,
    )  # fmt: skip
    def test_the_result_of_a_call_reaches_the_client(
        self, bench: BackendBench, result: Any, seen: Any
    ) -> None:
        client, call, request = bench.call()
        assert client.arguments(request) == {}
        request.done(result)
        assert list(np.atleast_1d(result_of(call))) == list(np.atleast_1d(client.returned(seen)))

    def test_a_call_without_result_is_answered(self, bench: BackendBench) -> None:
        client, call, request = bench.call(TEXT, arg="x")
        assert client.arguments(request) == {"arg": "x"}
        request.done()
        result_of(call)

    def test_answers_may_come_in_any_order_and_from_any_thread(self, bench: BackendBench) -> None:
        owner, client = bench.open_pv(DOUBLE, at(0.0))
        pending = [client.start_put("pv", float(n)) for n in range(20)]
        requests = {r.value: r for r in (owner.request() for _ in pending)}
        assert sorted(requests) == [float(n) for n in range(20)]
        for value in sorted(requests, reverse=True):
            requests.pop(value).error(f"no {value}")
        for n, put in enumerate(pending):
            with pytest.raises(RemoteFailure, match=f"no {float(n)}"):
                result_of(put)

    def test_a_request_whose_client_leaves_is_cancelled_and_may_still_be_answered(
        self, bench: BackendBench
    ) -> None:
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

    def test_the_answer_to_a_client_that_left_does_not_reach_the_next_one(
        self, bench: BackendBench
    ) -> None:
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
        result_of(put)

    def test_an_array_put_stays_valid_until_its_answer(self, bench: BackendBench) -> None:
        spec = PvSpec(NtKind.SCALAR_ARRAY, ScalarType.Float64)
        owner, client = bench.open_pv(spec, at(np.zeros(1)))
        client.get("pv")  # pvxs lets puts that wait for a PV to open go in no order
        values = [np.full(10_000, n, float) for n in range(20)]
        pending = [client.start_put("pv", value) for value in values]
        for value, put in zip(values, pending, strict=True):
            request = owner.request()
            assert np.array_equal(np.unique(request.value), value[:1])
            request.done()
            result_of(put)
