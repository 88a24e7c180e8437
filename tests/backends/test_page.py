"""The backend of the page on backends: what is its own; the page runs the contract on it."""

import socket

import pytest
from support.clients import LIMIT, RemoteFailure
from support.docs.pagelines import modules, source

from roguebridge.testing import DOUBLE, BackendBench, at


@pytest.fixture
def bench():
    plugin, tests = modules()
    (make,) = plugin.register_backends().values()
    made = BackendBench(make, tests.LineClient)
    yield made
    made.close()


def test_it_has_sixty_lines_at_most():
    lines = source().splitlines()
    assert len(lines) <= 60
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize("hello", ["", "no JSON", "5", '{"pv": "no"}', "{}"])
def test_who_makes_no_sense_is_told_and_disconnected(bench, hello):
    _, client = bench.open_pv(DOUBLE, at(1.0))
    port = int(bench.backend.client_conf()["port"])
    with (
        socket.create_connection(("127.0.0.1", port), LIMIT) as sock,
        sock.makefile("rb") as answers,
    ):
        sock.sendall(hello.encode() + b"\n")
        (line,) = answers
    assert line.startswith(b'{"error": ')
    assert client.get("pv").value == 1.0


def test_what_has_no_place_in_the_pv_is_refused(bench):
    owner, client = bench.open_pv(DOUBLE, at(1.0))
    with pytest.raises(RemoteFailure, match="pv: the put cannot be read: 'three' is not a number"):
        client.put("pv", "three")
