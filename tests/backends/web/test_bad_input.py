"""Floods, broken requests, and clients that do not read: others get theirs, memory is bounded."""

import base64
import socket
import struct
import tracemalloc

import numpy as np
import pytest
from support.clients import LIMIT, wait_until
from support.clients.web_adapter import TOKEN

from roguebridge.core.values.spec import NtKind, PvSpec, ScalarType
from roguebridge.testing import at

WAVE = PvSpec(NtKind.SCALAR_ARRAY, ScalarType.Float64)
FRAMES = 100_000


class Raw:
    """A socket that sends what it is told to."""

    def __init__(self, site):
        self.port = int(site.url.rpartition(":")[2])
        self.socket = socket.create_connection(("127.0.0.1", self.port), LIMIT)
        self.socket.settimeout(LIMIT)

    def upgrade(self):
        self.socket.sendall(
            b"GET /pvws/pv HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.socket.recv(4096)
        assert head.startswith(b"HTTP/1.1 101")
        return self

    def frame(self, content, code=0x81):
        size = len(content)
        if size < 126:
            head = struct.pack("!BB", code, 0x80 | size)
        elif size < 65_536:
            head = struct.pack("!BBH", code, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", code, 0x80 | 127, size)
        return head + b"\0\0\0\0" + content

    def rest(self):
        """All that still comes, until the server closes the connection."""
        found = bytearray()
        try:
            while part := self.socket.recv(65_536):
                found += part
        except ConnectionError:
            pass
        return bytes(found)

    def close(self):
        self.socket.close()


@pytest.fixture
def raw(served):
    site, made = served(), []

    def make():
        made.append(Raw(site))
        return made[-1]

    make.site = site
    yield make
    for one in made:
        one.close()


MESSAGES = [
    b"", b"{", b"[]", b"nul", b'{"type":"\xc3\xa9"}', b'{"type":"subscribe","pvs":["%s"]}' % (b"x" * 300),
    b'{"type":"write","pv":"T:Top:Int","value":1e400}', b'{"type":"clear","pvs":["a","b","c"]}',
    b"[" * 3000, b'{"type":"list","x":' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"}",
]  # fmt: skip


def test_a_hundred_thousand_messages_without_sense_are_answered_and_harm_nobody(raw):
    site = raw.site
    watcher = site.client().socket()
    watcher.send(type="subscribe", pvs=[site.pv("Int")])
    assert watcher.next()["value"] == 7
    one = raw().upgrade()
    bundle = b"".join(one.frame(text) for text in MESSAGES)
    wanted = FRAMES // len(MESSAGES)
    for number in range(wanted):
        one.socket.sendall(bundle)
        one.socket.setblocking(False)
        try:
            while one.socket.recv(1 << 20):
                pass
        except BlockingIOError:
            pass
        one.socket.settimeout(LIMIT)
        if number % 1000 == 0:
            site.node("Int").set(number % 100)
            assert watcher.until(lambda told, n=number: told["value"] == n % 100)
    one.socket.sendall(one.frame(b'{"type":"echo","end":1}') + one.frame(b"", 0x88))
    assert b'{"type":"echo","end":1}' in one.rest()


BROKEN = [
    b"\x81\x7f" + b"\xff" * 8,  # of an enormous size
    b"\x83\x80\0\0\0\0",  # of a kind that there is not
    b"\xf1\x80\0\0\0\0",  # with bits that nobody has agreed on
    b"\x81\x05hello",  # not masked
    b"\x01\x80\0\0\0\0\x81\x80\0\0\0\0",  # a new text within a text
    b"\x89\xfe\0\x7e\0\0\0\0" + b"x" * 126,  # a long ping
    b"\x81\x82\0\0\0\0\xff\xfe",  # no UTF-8
    b"\x88\x81\0\0\0\0x",  # a short reason
]


def test_a_broken_frame_ends_its_connection_only(raw):
    for content in BROKEN:
        one = raw().upgrade()
        one.socket.sendall(content)
        one.socket.shutdown(socket.SHUT_WR)
        one.rest()
        one.close()
    one = raw().upgrade()
    one.socket.sendall(one.frame(b"x" * 1_000_001))
    assert b"\x88" in one.rest()  # closed: too large
    assert raw.site.client().get("/pvs").status == 200


REQUESTS = [
    b"\r\n\r\n", b"\0\0\0\0\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
    b"GET /pvs HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET http://evil.org/ HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nA: " + b"b" * 20_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 2000 + b"\r\n", b"GET / HTTP/1.1\r\n A: b\r\n\r\n",
    b"PUT /pv/T:Top:Int HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    b"PUT /pv/T:Top:Int HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    b"PUT /pv/T:Top:Int HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab",
    b"PUT /pv/T:Top:Int HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /%ff%00%2e%2e/ HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /pvs?\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /pvs?filter=%5B%5B%5B***a*b*c HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    b"GET /pvws/pv HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    b"BREW /pv/T:Top:Int HTTP/1.1\r\nHost: localhost\r\n\r\n",
]  # fmt: skip


def test_broken_requests_are_answered_or_end_their_connection(raw):
    site = raw.site
    for _ in range(40):
        for content in REQUESTS:
            one = raw()
            one.socket.sendall(content)
            one.socket.shutdown(socket.SHUT_WR)
            answer = one.rest()
            assert answer == b"" or answer.startswith((b"HTTP/1.", b"HTTP/9.9")), answer[:100]
            assert b"Traceback" not in answer
            one.close()
    assert site.node("Int").value() == 7
    assert site.client().put(site.pv("Int"), 5).status == 200
    wait_until(lambda: len(site.backend._gate.clients) == 1)


def test_who_subscribes_to_everything_again_and_again_stays_within_its_limit(served):
    site = served(web={"max_subscriptions": 10})
    one = site.client().socket()
    names = [f"pva://{site.pv('Int')}", *(site.pv(name) for name in ("Int", "Float", "Text"))]
    more = [f"unknown:{number}" for number in range(5000)]
    one.send(type="subscribe", pvs=names * 100 + more)
    wait_until(lambda: len(next(iter(site.backend._connections)).subscriptions) == 4)
    many = [f"ca://{site.pv('Int')}", *(f"{scheme}{site.pv(name)}" for scheme in ("", "pva://", "ca://")
            for name in ("Int", "Float", "Text", "Enum", "Bool"))]  # fmt: skip
    one.send(type="subscribe", pvs=many)
    told = one.until(lambda told: "one client may monitor 10 PVs" in told.get("message", ""))
    assert "are left out" in told["message"]
    one.send(type="list")
    assert len(one.until(lambda told: told["type"] == "list")["pvs"]) == 10


def test_a_client_that_does_not_read_costs_bounded_memory_and_gets_the_last_value(bench):
    owner, client = bench.open_pv(WAVE, at(np.zeros(100_000)))
    watch = client.monitor("pv")
    watch.next()
    slow = socket.create_connection(("127.0.0.1", bench.backend._port), LIMIT)
    raw = Raw.__new__(Raw)
    raw.socket = slow
    raw.upgrade()
    slow.sendall(
        raw.frame(b'{"type":"subscribe","pvs":["pv"]}') + raw.frame(b'{"type":"echo"}') * 2000
    )
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for n in range(1, 201):  # of 1 MB each
        owner.post(at(np.full(100_000, n, float), n))
        if n % 20 == 0:
            watch.until(lambda value, n=n: value[0] == n)
    now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most - before < 60_000_000
    slow.settimeout(LIMIT)
    text = base64.b64encode(struct.pack("<d", 200.0) * 300)[:2000]
    found = b""
    while text not in found:
        part = slow.recv(1 << 20)
        assert part, "the last value has not come"
        found = found[-3_000_000:] + part
    slow.close()


def test_connections_are_limited_for_one_address_and_in_all(served, caplog):
    for option in ("max_clients", "max_clients_per_host"):
        site = served(web={option: 3})
        made = [Raw(site) for _ in range(3)]
        wait_until(lambda site=site: len(site.backend._gate.clients) == 3)
        refused = Raw(site)
        answer = refused.rest()
        assert answer.startswith(b"HTTP/1.1 503")
        assert f"there are web.{option} connections".encode() in answer
        made.pop().close()
        wait_until(lambda site=site: len(site.backend._gate.clients) == 2)
        assert site.client().get("/pvs").status == 200
        for one in (*made, refused):
            one.close()
        assert f"there are web.{option} connections" in caplog.text


def test_a_connection_on_which_nothing_comes_is_ended(served, monkeypatch):
    monkeypatch.setattr("roguebridge.backends.web.http.gate._BEGINS", 0.05)
    site = served()
    silent, slow = Raw(site), Raw(site)
    slow.socket.sendall(b"GET / HTTP/1.1\r\nHost: loc")
    assert silent.rest() == slow.rest() == b""
    for one in (silent, slow):
        one.close()


def test_a_body_that_does_not_come_is_given_up(served, monkeypatch):
    monkeypatch.setattr("roguebridge.backends.web.http.rest._BODY", 0.05)
    site = served()
    one = Raw(site)
    one.socket.sendall(
        b"PUT /pv/T:Top:Int HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n"
        b"Authorization: Bearer " + TOKEN.encode() + b"\r\n\r\n{"
    )
    answer = b""
    while b"within" not in answer:
        answer += one.socket.recv(4096)
    assert answer.startswith(b"HTTP/1.1 408")
    assert not site.server._queued._of
    one.close()
