"""Every backend: started, stopped, and started again."""

import socket

import pytest
from support.clients import LIMIT, RemoteFailure
from support.clients.bench import DOUBLE, KINDS, at

from roguebridge.core.backend.contract import BackendOptions
from roguebridge.core.errors import BackendError
from roguebridge.core.mapping.pv_map import PvEntry


def test_stop_is_harmless_before_start_and_twice(bench):
    bench.backend.stop()
    bench.serve(first=at(0.0))
    bench.backend.start()
    bench.backend.stop()
    bench.backend.stop()
    bench.backend.flush()


def test_a_backend_that_was_never_started_forgets_its_pvs_when_stopped(bench):
    bench.serve()
    bench.backend.stop()
    bench.serve(first=at(1.0))
    bench.backend.start()
    assert bench.client().get("pv").value == 1.0


def test_after_a_restart_new_pvs_are_served_to_new_clients(bench):
    for value in (1.0, 2.0, 3.0):
        owner, client = bench.open_pv(DOUBLE, at(value))
        assert client.get("pv").value == value
        assert client.monitor("pv").next().value == value
        bench.backend.stop()
        assert owner.gone() is True
        assert owner.partings.empty()


def test_stop_cancels_what_is_pending(bench):
    owner, client = bench.open_pv(DOUBLE, at(0.0))
    client.start_put("pv", 1.0)
    request = owner.request()
    bench.backend.stop()
    assert request.cancelled
    assert request.error("too late") is True


def test_an_answer_given_before_flush_reaches_the_client_though_the_backend_stops(bench):
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
                put.result(LIMIT)
        else:
            put.result(LIMIT)
        client.close()


def test_posting_to_a_stopped_backend_does_not_block(bench):
    owner, client = bench.open_pv(DOUBLE, at(0.0))
    client.get("pv")
    bench.backend.stop()
    for call in (
        lambda: owner.post(at(1.0, 1)),
        lambda: owner.served.post_alarm(at(0).alarm, at(0, 2).time_ns),
        lambda: owner.served.open(DOUBLE, at(2.0)),
    ):
        try:
            call()
        except Exception as exc:
            assert str(exc)  # noqa: PT017 - raising is allowed, blocking is not


def test_a_stop_on_its_own_thread_is_refused_and_it_goes_on(bench):
    owner, client = bench.open_pv(DOUBLE, at(0.0))

    def put(request):
        try:
            bench.backend.stop()
        except BackendError as exc:
            request.error(str(exc))
        else:
            request.done()

    owner.put = put
    with pytest.raises(RemoteFailure, match="cannot be stopped on its own thread"):
        client.put("pv", 1.0)
    assert client.get("pv").value == 0.0
    bench.backend.check_stop()  # it can be stopped here


def test_a_client_can_be_closed_after_the_backend_has_stopped(bench):
    _, client = bench.open_pv(DOUBLE, at(0.0))
    watch = client.monitor("pv")
    watch.next()
    bench.backend.stop()
    watch.close()
    client.close()


def test_there_are_no_client_settings_of_a_stopped_backend(bench):
    bench.serve(first=at(0.0))
    with pytest.raises(BackendError):
        bench.backend.client_conf()
    bench.backend.start()
    bench.backend.stop()
    with pytest.raises(BackendError):
        bench.backend.client_conf()


class TestPvaPorts:
    @pytest.fixture
    def bench_kind(self):
        return "pva"

    def test_an_isolated_server_keeps_its_ports_and_a_client_comes_back(self, bench):
        owner, client = bench.open_pv(DOUBLE, at(1.0))
        watch = client.monitor("pv")
        assert watch.next().value == 1.0
        conf = bench.backend.client_conf()
        for value in (2.0, 3.0):
            bench.backend.stop()
            bench.serve(first=at(value))
            bench.backend.start()
            assert bench.backend.client_conf() == conf
            assert watch.next().value == value
        assert owner.gone()

    def test_the_ports_are_free_after_stop(self, bench):
        _, client = bench.open_pv(DOUBLE, at(1.0))
        client.get("pv")
        server = bench.backend._server.conf()
        tcp = int(server["EPICS_PVAS_SERVER_PORT"])
        udp = int(server["EPICS_PVAS_BROADCAST_PORT"])
        bench.backend.stop()
        for family, port in ((socket.SOCK_STREAM, tcp), (socket.SOCK_DGRAM, udp)):
            with socket.socket(socket.AF_INET, family) as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # lingering clients
                sock.bind(("127.0.0.1", port))
                if family == socket.SOCK_STREAM:
                    sock.listen()

    def test_a_start_that_fails_leaves_nothing_behind(self):
        conf = {"EPICS_PVAS_INTF_ADDR_LIST": "192.0.2.1"}
        backend = KINDS["pva"](BackendOptions(isolate=True, conf=conf))
        backend.serve(PvEntry("Top.a", "a", False, "RW"), None)
        with pytest.raises(BackendError):
            backend.start()
        backend.stop()
