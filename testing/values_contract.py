"""The contract of backends: values, alarms and times as clients see them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from roguebridge.core.values import HIHI, NO_ALARM, READ, WRITE, Alarm, PvSpec, Severity, Status

from .bench import BackendBench
from .client import result_of
from .samples import DOUBLE, ENUM, IMAGE, INT8, SHORTS, VALUES, at, same


class ValuesContract:
    """A PV is closed until watched, then shows its value, and each later one."""

    def test_nobody_is_asked_for_a_value_before_a_client_comes(self, bench: BackendBench) -> None:
        owner = bench.serve()
        bench.backend.start()
        assert owner.arrivals.empty()

    def test_get_put_and_monitor_of_a_closed_pv_wait_and_go_on_when_it_opens(
        self, bench: BackendBench
    ) -> None:
        owner = bench.serve()
        bench.backend.start()
        client = bench.client()
        watch = client.monitor("pv")
        get = client.start_get("pv")
        put = client.start_put("pv", 4.5)
        owner.arrived()
        bench.backend.flush()
        assert not get.done() and not put.done() and watch.none_waiting()
        assert owner.requests.empty()
        owner.open(at(1.5))
        assert result_of(get).value == 1.5
        assert watch.next() == at(1.5)
        request = owner.request()
        assert request.value == 4.5
        request.done()
        result_of(put)
        assert owner.arrivals.empty()

    def test_a_call_reaches_its_owner_while_the_pv_is_closed(self, bench: BackendBench) -> None:
        client, call, request = bench.call(arg=3)
        assert client.arguments(request) == {"arg": 3}
        request.done(7)
        assert result_of(call) == client.returned(7)

    @pytest.mark.parametrize("name", VALUES)
    def test_values_travel(self, bench: BackendBench, name: str) -> None:
        spec, first, second = VALUES[name]
        owner, client = bench.open_pv(spec, at(first))
        watch = client.monitor("pv")
        assert same(watch.next().value, first)
        owner.post(at(second, 1, HIHI))
        shown = watch.next()
        assert same(shown.value, second)
        assert shown.alarm == HIHI
        assert shown.time_ns == at(0, 1).time_ns
        assert same(client.get("pv").value, second)

    def test_a_monitor_gets_the_first_value_then_every_post_in_order(
        self, bench: BackendBench
    ) -> None:
        owner, client = bench.open_pv(DOUBLE, at(0.0))
        watch = client.monitor("pv")
        assert watch.next() == at(0.0)
        for n in range(1, 200):
            owner.post(at(float(n), n))
            assert watch.next() == at(float(n), n)

    def test_of_a_burst_a_monitor_sees_a_rising_part_and_always_the_last(
        self, bench: BackendBench
    ) -> None:
        owner, client = bench.open_pv(DOUBLE, at(0.0))
        watches = [client.monitor("pv") for _ in range(3)]
        for watch in watches:
            assert watch.next().value == 0.0
        for burst in range(20):
            last = (burst + 1) * 500
            for n in range(last - 499, last + 1):
                owner.post(at(float(n), n))
            for watch in watches:
                before = -1.0
                while before < last:
                    now = watch.next().value
                    assert now >= before  # pvxs may send one twice
                    before = now

    def test_alarm_and_time_travel_with_each_value(self, bench: BackendBench) -> None:
        owner, client = bench.open_pv(DOUBLE, at(1.0, 0, READ))
        watch = client.monitor("pv")
        assert watch.next() == at(1.0, 0, READ)
        for n, alarm in enumerate(
            (HIHI, HIHI, NO_ALARM, Alarm(Severity.MINOR, Status.DEVICE, "ü")), 1
        ):
            owner.post(at(1.0, n, alarm))
            assert watch.next() == at(1.0, n, client.alarm(alarm))
        late = bench.client().get("pv")
        assert late == at(1.0, 4, client.alarm(Alarm(Severity.MINOR, Status.DEVICE, "ü")))

    @pytest.mark.parametrize("name", VALUES)
    def test_post_alarm_keeps_the_value(self, bench: BackendBench, name: str) -> None:
        spec, first, _ = VALUES[name]
        owner, client = bench.open_pv(spec, at(first))
        watch = client.monitor("pv")
        watch.next()
        owner.served.post_alarm(WRITE, at(0, 5).time_ns)
        for shown in (watch.next(), client.get("pv")):
            assert same(shown.value, first)
            assert (shown.alarm, shown.time_ns) == (WRITE, at(0, 5).time_ns)

    @pytest.mark.parametrize(
        ("spec", "first", "wrong"),
        [
            (INT8, 3, 300),
            (INT8, 3, "three"),
            (DOUBLE, 3.0, "three"),
            (ENUM, 1, "Off"),
            (SHORTS, np.array([1], np.int16), "text"),
            (IMAGE, np.ones((2, 2), np.uint16), np.array([object()])),
        ],
        ids=lambda v: v.kind.name if isinstance(v, PvSpec) else "",
    )
    def test_a_post_that_does_not_fit_raises_and_changes_nothing(
        self, bench: BackendBench, spec: PvSpec, first: Any, wrong: Any
    ) -> None:
        owner, client = bench.open_pv(spec, at(first))
        watch = client.monitor("pv")
        watch.next()
        with pytest.raises(Exception):  # noqa: B017 - whatever the library raises
            owner.post(at(wrong, 1, HIHI))
        shown = client.get("pv")
        assert same(shown.value, first)
        assert (shown.alarm, shown.time_ns) == (NO_ALARM, at(0).time_ns)
        owner.post(at(first, 2, HIHI))
        shown = watch.next()
        assert same(shown.value, first)
        assert (shown.alarm, shown.time_ns) == (HIHI, at(0, 2).time_ns)

    @pytest.mark.parametrize("name", ["array", "image"])
    def test_a_posted_array_is_copied(self, bench: BackendBench, name: str) -> None:
        spec, first, _ = VALUES[name]
        mine = first.copy()
        owner, client = bench.open_pv(spec, at(mine))
        watch = client.monitor("pv")
        watch.next()
        mine[...] = 9
        assert same(client.get("pv").value, first)
        mine[...] = first
        owner.post(at(mine, 1))
        mine[...] = 9
        assert same(watch.next().value, first)
        assert same(client.get("pv").value, first)

    def test_the_owner_is_told_on_one_thread_that_is_not_the_clients(
        self, bench: BackendBench
    ) -> None:
        owner, client = bench.open_pv(DOUBLE, at(0.0))
        put = client.start_put("pv", 1.0)
        owner.request().done()
        result_of(put)
        client.start_rpc("pv")
        owner.request().done()
        assert len(owner.threads) == 1

    def test_when_its_last_client_leaves_the_pv_closes_and_the_next_gets_a_fresh_one(
        self, bench: BackendBench
    ) -> None:
        owner, first = bench.open_pv(DOUBLE, at(1.0))
        second = bench.client()
        assert first.get("pv").value == 1.0
        assert second.get("pv").value == 1.0
        owner.arrived()
        first.close()
        bench.backend.flush()
        assert owner.partings.empty()
        owner.first = None
        second.close()
        assert owner.gone() is True
        third = bench.client()
        get = third.start_get("pv")
        owner.arrived()
        assert not get.done()
        owner.spec = INT8
        owner.open(at(7))
        assert result_of(get) == at(7)
        assert owner.partings.empty() and owner.arrivals.empty()

    def test_a_client_that_leaves_before_the_pv_has_opened_is_reported_once(
        self, bench: BackendBench
    ) -> None:
        owner = bench.serve()
        bench.backend.start()
        client = bench.client()
        get = client.start_get("pv")
        owner.arrived()
        client.close()
        assert owner.gone() is False
        with pytest.raises(Exception):  # noqa: B017 - of the client's library
            result_of(get)
        owner.first = at(2.0)
        assert bench.client().get("pv").value == 2.0
        owner.arrived()
        assert owner.partings.empty()

    def test_two_pvs_do_not_mix(self, bench: BackendBench) -> None:
        a, b = bench.serve(first=at(1.0), name="a"), bench.serve(INT8, at(2), name="b")
        bench.backend.start()
        client = bench.client()
        assert client.get("a").value == 1.0
        a.arrived()
        assert b.arrivals.empty()
        assert client.get("b").value == 2
