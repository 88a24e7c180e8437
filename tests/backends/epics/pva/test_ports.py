"""The ports of the PVAccess server."""

import socket

import pytest
from support.clients import PvaAdapter

from roguebridge.backends.epics.pva.backend import PvaBackend
from roguebridge.core.backend.contract import BackendOptions
from roguebridge.core.errors import BackendError
from roguebridge.core.mapping.pv_map import PvEntry
from roguebridge.testing import DOUBLE, BackendBench, at


@pytest.fixture
def bench():
    made = BackendBench(PvaBackend, lambda backend: PvaAdapter(backend.client_conf()))
    yield made
    made.close()


def test_an_isolated_server_keeps_its_ports_and_a_client_comes_back(bench):
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


def test_the_ports_are_free_after_stop(bench):
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


def test_a_start_that_fails_leaves_nothing_behind():
    conf = {"EPICS_PVAS_INTF_ADDR_LIST": "192.0.2.1"}
    backend = PvaBackend(BackendOptions(isolate=True, conf=conf))
    backend.serve(PvEntry("Top.a", "a", False, "RW"), None)
    with pytest.raises(BackendError):
        backend.start()
    backend.stop()
