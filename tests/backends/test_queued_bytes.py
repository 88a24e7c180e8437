"""Large puts to a slow PV take a bounded room, over every protocol, and the small ones go on."""

import queue
import threading

import numpy as np
import pytest
from p4p.client.raw import Context
from support.clients import LIMIT, rawca, wait_until
from support.clients.rawca import ECHO, ERROR, READ, WRITE, RawClient, packed, read

from roguebridge.backends.epics import EpicsPvServer
from roguebridge.backends.epics.ca.wire import intake

MOST = 1_000_000
ELEMENTS = 40_000  # 320 kB: three have room
LONG = ELEMENTS * 8


@pytest.fixture
def gate():
    made = threading.Event()
    yield made
    made.set()


@pytest.fixture
def server(tree, running, gate):
    root = tree.pr.Root(name="Top", pollEn=False)

    def wait(value):
        assert not np.any(value) or gate.wait(LIMIT)  # the tree sets the default itself

    root.add(tree.pr.LocalVariable(name="Wave", value=np.zeros(ELEMENTS), localSet=wait))
    root.add(tree.pr.LocalVariable(name="Other", value=1.0))
    with running(root):
        made = EpicsPvServer(base="T", root=root, isolate=True, backends=["pva", "ca"],
                             max_queued_bytes=MOST)  # fmt: skip
        made.start()
        yield made
        gate.set()
        made.stop()


@pytest.fixture
def client(server):
    made = RawClient(server.client_conf("ca"))
    yield made
    made.close()


@pytest.fixture
def serve_small(server):
    server.stop()
    server._queued.most = 100_000
    server.start()
    made = RawClient(server.client_conf("ca"))
    yield made
    made.close()


def large(sid, number, command=WRITE):
    head = rawca.long_head(command, LONG, rawca.DOUBLE, ELEMENTS, sid, number)
    return head + np.full(ELEMENTS, float(number), ">f8").tobytes()


def counted(server):
    return server._queued._sum


def test_a_client_of_channel_access_is_not_listened_to_until_there_is_room(server, client, gate):
    sid = client.channel("T:Top:Wave")
    messages = [*(large(sid, n) for n in range(1, 9)), packed(ECHO)]
    sender = threading.Thread(target=client.send, args=messages)
    sender.start()
    wait_until(lambda: counted(server) > 3 * LONG)
    another = RawClient(server.client_conf("ca"))
    another.send(read(another.channel("T:Top:Other"), 1))
    assert another.until(READ)  # who is below the limit is served
    another.close()
    assert counted(server) <= MOST
    gate.set()
    found = [client.next() for _ in range(9)]
    assert sorted(message[0] for message in found) == [WRITE] * 8 + [ECHO]
    assert {message[3] for message in found if message[0] == WRITE} == {1}
    sender.join()
    assert server._root.Wave.value()[0] == 8.0
    wait_until(lambda: counted(server) == 0)


def test_after_a_while_puts_beyond_the_limit_are_busy(server, client, gate, monkeypatch):
    monkeypatch.setattr(intake, "PATIENCE", 0.02)
    sid = client.channel("T:Top:Wave")
    client.send(*(large(sid, n) for n in range(1, 6)), packed(ECHO))
    for _ in range(2):
        assert b"busy: " in client.until(ERROR)[5]
    assert client.until(ECHO)
    gate.set()
    wait_until(lambda: counted(server) == 0)


def test_a_put_larger_than_the_limit_is_busy_and_the_connection_goes_on(serve_small, gate):
    client = serve_small
    sid = client.channel("T:Top:Wave")
    client.send(large(sid, 1), large(sid, 2, rawca.WRITE), packed(ECHO))
    for number in (1, 2):
        assert b"are beyond max_queued_bytes (100000)" in client.until(ERROR)[5]
        assert client.until(WRITE)[4] == number
    assert client.until(ECHO)


def test_part_of_a_message_has_its_room_and_must_be_completed(server, client, monkeypatch, caplog):
    monkeypatch.setattr(intake, "COMPLETE_IN", 0.05)
    sid = client.channel("T:Top:Wave")
    client.send(large(sid, 1)[:100_000])
    assert client.ended() == []
    wait_until(lambda: f"did not end a message of {LONG + 24} bytes" in caplog.text)
    wait_until(lambda: counted(server) == 0)


def test_part_of_a_message_is_counted(server, client):
    sid = client.channel("T:Top:Wave")
    client.send(large(sid, 1)[:100_000])
    wait_until(lambda: counted(server) == LONG + 24)
    client.close()
    wait_until(lambda: counted(server) == 0)


def test_a_header_alone_must_be_completed_too(server, client, monkeypatch):
    monkeypatch.setattr(intake, "COMPLETE_IN", 0.05)
    client.send(packed(ECHO)[:7])
    assert client.ended() == []


def test_large_puts_of_pvaccess_are_busy_beyond_the_limit(server, gate):
    answers = queue.SimpleQueue()
    with Context("pva", conf=server.client_conf("pva"), useenv=False, unwrap=False) as context:
        puts = [
            context.put(
                "T:Top:Wave",
                answers.put,
                builder={"value": np.full(ELEMENTS, float(number))},
                request="field()record[block=true]",
                get=False,
            )
            for number in range(1, 9)
        ]
        found = [answers.get(timeout=LIMIT) for _ in range(5)]
        assert all("busy: " in str(answer) for answer in found)
        assert 3 * LONG < counted(server) <= MOST
        gate.set()
        assert [answers.get(timeout=LIMIT) for _ in range(3)] == [None] * 3
        for put in puts:
            put.close()
    wait_until(lambda: counted(server) == 0)
