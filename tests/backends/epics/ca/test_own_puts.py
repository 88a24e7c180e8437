"""A client reads what it has put before, on the same connection, and waits for no one else."""

import threading

import pytest
from support.clients import LIMIT, rawca, wait_until
from support.clients.rawca import CREATE, ECHO, ERROR, EVENT_ADD, READ, WRITE, monitor, packed, read

from roguebridge.backends.epics.ca import own_puts

LONG, INT = 5, 5
PLAIN_WRITE = 4  # without an answer


def put(sid, value, command=PLAIN_WRITE, number=0):
    return packed(command, LONG, 1, sid, number, value.to_bytes(4, "big", signed=True))


def ask(sid, number):
    return read(sid, number, type=LONG)


def number_in(message):
    return int.from_bytes(message[5][:4], "big", signed=True)


@pytest.fixture
def gate():
    """Puts to ``Slow`` wait for it."""
    made = threading.Event()
    yield made
    made.set()


@pytest.fixture
def served(serve, gate):
    def wait(value):
        assert not value or gate.wait(LIMIT)  # the tree sets the default itself

    def build(pr, root):
        for name, hook in (("Slow", wait), ("Hook", lambda value: None)):
            root.add(pr.LocalVariable(name=name, value=0, minimum=-(2**31), maximum=2**31 - 1,
                                      localSet=hook))  # fmt: skip
        root.add(pr.LocalVariable(name="Bad", value=0, minimum=0, maximum=10))
        root.add(pr.LocalVariable(name="Other", value=7, minimum=-(2**31), maximum=2**31 - 1))

    return serve(build, names={"aliases": ["{base}:also:{path}"]}, put_reply_timeout=None)


@pytest.mark.parametrize("name", ["Hook", "Other"])
@pytest.mark.parametrize("command", [PLAIN_WRITE, WRITE])
def test_each_read_shows_the_put_before_it_or_a_later_one(served, raw, name, command):
    client = raw(served)
    sid = client.channel(f"T:Top:{name}")
    messages = [(put(sid, n, command, n), ask(sid, n)) for n in range(1, 51)]
    client.send(*(message for pair in messages for message in pair))
    found = [number_in(client.until(READ)) for _ in messages]
    assert found == sorted(found)
    assert [n for n, value in enumerate(found, 1) if value < n] == []  # a later put may have ended


def test_the_first_value_of_a_monitor_shows_the_put_before_it(served, raw, gate):
    client = raw(served)
    sid = client.channel("T:Top:Slow")
    client.send(put(sid, 3), monitor(sid, 9, type=LONG), packed(ECHO))
    assert client.next()[0] == ECHO  # not yet
    gate.set()
    assert number_in(client.until(EVENT_ADD)) == 3


def test_nothing_else_waits(served, raw, gate):
    client, another = raw(served), raw(served)
    slow, other = client.channel("T:Top:Slow", 1), client.channel("T:Top:Other", 2)
    client.send(put(slow, 5), ask(slow, 1), ask(other, 2), packed(ECHO))
    first = client.next()
    assert (first[0], first[4], number_in(first)) == (READ, 2, 7)
    assert client.next()[0] == ECHO
    another.send(ask(another.channel("T:Top:Slow"), 3))
    assert number_in(another.until(READ)) == 0
    gate.set()
    last = client.until(READ)
    assert (last[4], number_in(last)) == (1, 5)


def test_an_alias_is_the_same_pv(served, raw, gate):
    client = raw(served)
    sid, alias = client.channel("T:Top:Slow", 1), client.channel("T:also:Top:Slow", 2)
    client.send(put(sid, 5), ask(alias, 1), packed(ECHO))
    assert client.next()[0] == ECHO
    gate.set()
    assert number_in(client.until(READ)) == 5


def test_a_put_that_is_refused_holds_no_read(served, raw):
    client = raw(served)
    sid = client.channel("T:Top:Bad")
    client.send(put(sid, 50), ask(sid, 1))
    assert client.until(ERROR)
    assert number_in(client.until(READ)) == 0


def test_a_put_that_hangs_holds_reads_for_a_bounded_time(served, raw, monkeypatch, gate):
    monkeypatch.setattr(own_puts, "LONGEST_WAIT", 0.05)
    client = raw(served)
    sid = client.channel("T:Top:Slow")
    client.send(put(sid, 5, WRITE, 8), ask(sid, 1), ask(sid, 2), monitor(sid, 9, type=LONG))
    found = [client.next() for _ in range(3)]
    assert [(m[0], m[4], number_in(m)) for m in found] == [
        (READ, 1, 0), (READ, 2, 0), (EVENT_ADD, 9, 0),
    ]  # fmt: skip
    client.send(ask(sid, 3))  # it is not waited for again
    assert number_in(client.until(READ)) == 0
    gate.set()
    assert client.until(WRITE)[3] == 1


def test_reads_that_wait_end_with_their_channel_and_their_client(served, raw, gate):
    client = raw(served)
    sid = client.channel("T:Top:Slow")
    client.send(put(sid, 5), ask(sid, 1), monitor(sid, 2), packed(rawca.CLEAR, one=sid, two=1))
    assert client.until(rawca.CLEAR)
    sid = client.channel("T:Top:Slow", 2)
    client.send(put(sid, 6), ask(sid, 3))
    backend = next(b for b in served.server._lifecycle.run.backends if b.name == "ca")
    (circuit,) = backend._network.circuits
    client.send(packed(ECHO))
    assert client.until(ECHO)
    client.close()
    wait_until(lambda: not backend._network.circuits)
    assert not circuit.own_puts._queues
    gate.set()
    another = raw(served)
    sid = another.channel("T:Top:Slow")
    wait_until(lambda: (another.send(ask(sid, 1)), number_in(another.until(READ)))[1] == 6)


def test_reads_with_one_number_are_all_answered(served, raw, gate):
    client = raw(served)
    sid = client.channel("T:Top:Slow")
    client.send(put(sid, 5), ask(sid, 1), ask(sid, 1), packed(ECHO))
    assert client.until(ECHO)
    gate.set()
    assert [number_in(client.until(READ)) for _ in range(2)] == [5, 5]
    client.send(packed(CREATE, one=2, two=13, payload=b"T:Top:Other\0"))
    assert client.until(CREATE)
