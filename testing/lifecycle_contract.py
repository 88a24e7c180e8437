"""The contract of backends: started, stopped, and started again."""

from __future__ import annotations

import pytest

from roguebridge.core import BackendError
from roguebridge.core.requests import PutRequest

from .bench import BackendBench
from .client import LIMIT, RemoteFailure, in_thread, result_of
from .samples import DOUBLE, at


class LifecycleContract:
    """A backend is started, stopped, and started again."""

    def test_stop_is_harmless_before_start_and_twice(self, bench: BackendBench) -> None:
        bench.backend.stop()
        bench.serve(first=at(0.0))
        bench.backend.start()
        bench.backend.stop()
        bench.backend.stop()
        bench.backend.flush()

    def test_a_backend_that_was_never_started_forgets_its_pvs_when_stopped(
        self, bench: BackendBench
    ) -> None:
        bench.serve()
        bench.backend.stop()
        bench.serve(first=at(1.0))
        bench.backend.start()
        assert bench.client().get("pv").value == 1.0

    def test_after_a_restart_new_pvs_are_served_to_new_clients(self, bench: BackendBench) -> None:
        for value in (1.0, 2.0, 3.0):
            owner, client = bench.open_pv(DOUBLE, at(value))
            assert client.get("pv").value == value
            assert client.monitor("pv").next().value == value
            bench.backend.stop()
            assert owner.gone() is True
            assert owner.partings.empty()

    def test_stop_cancels_what_is_pending(self, bench: BackendBench) -> None:
        owner, client = bench.open_pv(DOUBLE, at(0.0))
        client.start_put("pv", 1.0)
        request = owner.request()
        bench.backend.stop()
        assert request.cancelled
        assert request.error("too late") is True

    def test_an_answer_given_before_flush_reaches_the_client_though_the_backend_stops(
        self, bench: BackendBench
    ) -> None:
        for n in range(30):
            owner, client = bench.open_pv(DOUBLE, at(0.0))
            put = client.start_put("pv", 1.0)
            request = owner.request()
            if n % 2:
                request.error("stopping")
            else:
                request.done()
            bench.backend.flush()
            bench.backend.stop()
            if n % 2:
                with pytest.raises(RemoteFailure, match="stopping"):
                    result_of(put)
            else:
                result_of(put)
            client.close()

    def test_posting_to_a_stopped_backend_does_not_block(self, bench: BackendBench) -> None:
        owner, client = bench.open_pv(DOUBLE, at(0.0))
        client.get("pv")
        bench.backend.stop()
        for call in (
            lambda: owner.post(at(1.0, 1)),
            lambda: owner.served.post_alarm(at(0).alarm, at(0, 2).time_ns),
            lambda: owner.served.open(DOUBLE, at(2.0)),
        ):
            in_thread(call).exception(LIMIT)  # raising is allowed, blocking is not

    def test_a_stop_on_its_own_thread_is_refused_and_it_goes_on(self, bench: BackendBench) -> None:
        owner, client = bench.open_pv(DOUBLE, at(0.0))

        def stop(request: PutRequest) -> None:
            try:
                bench.backend.stop()
            except BackendError as exc:
                request.error(str(exc))
            else:
                request.done()

        owner.on_put = stop
        with pytest.raises(RemoteFailure, match="cannot be stopped on its own thread"):
            client.put("pv", 1.0)
        assert client.get("pv").value == 0.0
        bench.backend.check_stop()  # it can be stopped here

    def test_a_client_can_be_closed_after_the_backend_has_stopped(
        self, bench: BackendBench
    ) -> None:
        _, client = bench.open_pv(DOUBLE, at(0.0))
        watch = client.monitor("pv")
        watch.next()
        bench.backend.stop()
        watch.close()
        client.close()

    def test_there_are_no_client_settings_of_a_stopped_backend(self, bench: BackendBench) -> None:
        bench.serve(first=at(0.0))
        with pytest.raises(BackendError):
            bench.backend.client_conf()
        bench.backend.start()
        bench.backend.stop()
        with pytest.raises(BackendError):
            bench.backend.client_conf()
