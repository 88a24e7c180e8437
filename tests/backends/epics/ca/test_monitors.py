"""Monitors: what they are told, in batches, and what becomes of clients that are slow or gone."""

import itertools
import socket
import threading

import caproto as ca
import numpy as np
import pytest
from support.clients import LIMIT, in_thread, wait_until
from support.clients.caserved import CaUpdates

VALUE, ALARM, PROPERTY = 1, 4, 8


def build(pr, root):
    root.add(pr.LocalVariable(name="Var", value=0.0, highAlarm=10.0, highWarning=5.0))
    root.add(pr.LocalVariable(name="Other", value=0))
    root.add(pr.LocalVariable(name="Wave", value=np.zeros(2000)))


@pytest.fixture
def served(serve):
    return serve(build)


def test_a_monitor_of_alarms_is_told_when_the_alarm_changes(served):
    alarms = served.monitor("Var", mask=ALARM)
    values = served.monitor("Var", mask=VALUE)
    properties = served.monitor("Var", mask=PROPERTY)
    for updates in (alarms, values, properties):
        assert updates.next().value == 0.0
    for value in (1.0, 6.0, 7.0, 11.0, 2.0):
        served.node("Var").set(value)
        assert values.next().value == value
    assert [alarms.next().value for _ in range(3)] == [6.0, 11.0, 2.0]
    assert alarms.empty() and properties.empty()


@pytest.mark.parametrize("kind", ["native", "status", "time", "graphic", "control", "STRING"])
def test_a_monitor_may_be_of_any_type(served, kind):
    found = []
    told = threading.Semaphore(0)

    def push(channel, update):
        found.append(update)
        told.release()

    served.client.monitor(
        served.pv("Var"), push, kind=ca.ChannelType.STRING if kind == "STRING" else kind
    )
    assert told.acquire(timeout=LIMIT)
    served.node("Var").set(6.5)
    assert told.acquire(timeout=LIMIT)
    if kind == "STRING":
        assert bytes(found[1].data[0]).rstrip(b"\0") == b"6.50000000"
    else:
        assert found[1].data[0] == 6.5
    if kind not in ("native", "STRING"):
        assert (found[1].metadata.severity, found[1].metadata.status) == (1, 4)


def test_a_monitor_that_was_closed_is_told_nothing_more(served):
    first, second = served.monitor("Var"), served.monitor("Var")
    first.next(), second.next()
    first.close()
    served.node("Var").set(3.0)
    assert second.next().value == 3.0
    assert first.empty()


def test_many_monitors_of_one_client_and_of_many(served):
    clients = [served.another() for _ in range(5)]
    monitors = [CaUpdates(client, served.pv("Var")) for client in clients for _ in range(4)]
    for n in range(1, 20):
        served.node("Var").set(float(n))
        for updates in monitors:
            updates.until(lambda reading, n=n: reading.value == n)


def test_a_client_that_cannot_be_sent_to_costs_no_other_its_update(served, caplog, monkeypatch):
    from roguebridge.backends.epics.ca.channel import Channel

    broken = CaUpdates(served.another(), served.pv("Var"))
    broken.next()
    (outlet,) = served.server.holders["Top.Var"].parts.publisher.publications
    (first,) = outlet.served.channels
    fine = served.monitor("Var")
    fine.next()
    really = Channel.update

    def update(channel, *rest):
        if channel is first:
            raise RuntimeError("no")
        return really(channel, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(Channel, "update", update)
        served.node("Var").set(2.0)
        assert fine.next().value == 2.0
    wait_until(lambda: "T:Top:Var cannot be sent to a client" in caplog.text)
    assert broken.empty()
    served.node("Var").set(3.0)
    assert broken.next().value == fine.next().value == 3.0


def test_a_client_that_turns_events_off_gets_the_last_value_when_it_turns_them_on(served):
    updates, other = served.monitor("Var"), served.monitor("Other")
    updates.next(), other.next()
    served.client.ask(ca.EventsOffRequest())
    served.value("Other")  # it is off by now
    for n in range(1, 50):
        served.node("Var").set(float(n))
    served.root.waitOnUpdate() if hasattr(served.root, "waitOnUpdate") else None
    wait_until(lambda: served.value("Var") == 49.0)
    assert updates.empty()
    served.client.ask(ca.EventsOnRequest())
    assert updates.next().value == 49.0
    served.node("Var").set(50.0)
    assert updates.next().value == 50.0
    assert other.empty()


def connection(served):
    """A socket with small buffers, connected to the server, of a client that reads nothing."""
    conf = served.server.client_conf("ca")
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.settimeout(LIMIT)
    sock.connect((conf["EPICS_CA_ADDR_LIST"], int(conf["EPICS_CA_SERVER_PORT"])))
    return sock


def test_a_client_that_does_not_read_delays_nobody_and_gets_the_last_value_in_the_end(serve):
    served = serve(build, backends=["ca", "soft"])
    wave = served.monitor("Wave")
    wave.next()
    with connection(served) as sock:
        circuit = ca.VirtualCircuit(ca.CLIENT, ("127.0.0.1", 1), 0)
        channel = ca.ClientChannel("", circuit)

        def send(*commands):
            sock.sendall(b"".join(map(bytes, circuit.send(*commands))))

        def receive():
            commands, _ = circuit.recv(sock.recv(1 << 20))
            for command in commands:
                circuit.process_command(command)
            return commands

        send(ca.VersionRequest(0, 13), ca.ClientNameRequest("sloth"))
        send(ca.CreateChanRequest(served.pv("Wave"), channel.cid, 13))
        while channel.sid is None:
            receive()
        send(channel.subscribe(data_type="time", data_count=0))
        receive()
        (backend, _) = served.server._backends
        (slow,) = [c for c in backend._network.circuits if c.credentials().user == "sloth"]
        own = slow.transport.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        rounds = 0
        while not slow.held or rounds < 600:  # 16 kB each
            rounds += 1
            assert rounds < 100_000
            served.node("Wave").set(np.full(2000, float(rounds)))
            if rounds % 50 == 0:
                wave.until(lambda reading, n=rounds: reading.value[0] == n)
        last, count = 0.0, 0
        while last < rounds:
            for command in receive():
                if isinstance(command, ca.EventAddResponse):
                    assert command.data[0] >= last
                    last, count = command.data[0], count + 1
        assert count < rounds
        wait_until(lambda: not slow.held)


def test_of_a_flood_the_last_value_arrives(served):
    updates = served.monitor("Var")
    updates.next()
    for burst in range(20):
        for n in range(200):
            served.node("Var").set(burst * 1000.0 + n)
        last = burst * 1000.0 + 199
        before = -1.0
        while before != last:
            now = updates.next()
            assert now.value >= before  # the tree may tell one twice
            before = now.value


def test_updates_of_many_pvs_are_sent_in_few_pieces(serve):
    def many(pr, root):
        for n in range(200):
            root.add(pr.LocalVariable(name=f"V[{n}]", value=0))

    served = serve(many)
    monitors = [served.monitor(f"V[{n}]") for n in range(200)]
    for updates in monitors:
        updates.next()
    (backend,) = served.server._backends
    (circuit,) = backend._network.circuits
    pieces = []
    transport = circuit.transport
    circuit.transport = Counted(transport, pieces)
    held = threading.Event()
    backend.loop.post(lambda: held.wait(LIMIT))
    for n in range(200):
        served.node(f"V[{n}]").set(1)
    served.root.waitOnUpdate()
    held.set()
    for updates in monitors:
        assert updates.next().value == 1
    assert len(pieces) < 20


class Counted:
    """A transport that notes what is written."""

    def __init__(self, transport, pieces):
        self._transport = transport
        self._pieces = pieces

    def __getattr__(self, name):
        return getattr(self._transport, name)

    def write(self, data):
        self._pieces.append(len(data))
        self._transport.write(data)


def test_a_put_without_an_answer_is_put_though_its_client_leaves_at_once(served):
    for n in range(1, 20):
        client = served.another()
        client.write(served.pv("Other"), n, notify=False).result(LIMIT)
        client.close()
        wait_until(lambda n=n: served.node("Other").value() == n)


def test_closed_pvs_hold_nothing(served):
    updates = served.monitor("Wave")
    updates.next()
    (outlet,) = served.server.holders["Top.Wave"].parts.publisher.publications
    assert outlet.served.opened is not None
    served.client.close()
    wait_until(lambda: outlet.served.opened is None)
    assert outlet.served.channels is None
    served.node("Wave").set(np.ones(2000))
    assert outlet.served.opened is None


def test_clients_of_an_old_protocol_are_given_whole_arrays(served):
    with connection(served) as sock:
        circuit = ca.VirtualCircuit(ca.CLIENT, ("127.0.0.1", 1), 0, protocol_version=11)
        channel = ca.ClientChannel("", circuit)
        sock.sendall(bytes(ca.VersionRequest(0, 11)))
        sock.sendall(bytes(ca.CreateChanRequest(served.pv("Wave"), channel.cid, 11)))
        data = b""
        while len(data) < 16 * 3:
            data += sock.recv(4096)
        sid = int.from_bytes(data[-4:], "big")
        sock.sendall(bytes(ca.ReadNotifyRequest(6, 0, sid, 1)))
        data = b""
        while len(data) < 16 + 16000:
            data += sock.recv(65536)
        assert int.from_bytes(data[6:8], "big") == 2000


def test_puts_and_updates_at_once_end_on_what_the_tree_has(served):
    done = threading.Event()
    clients = [served.another() for _ in range(3)]

    def put(client, start):
        for n in itertools.count(start, 3):
            if done.is_set():
                return
            client.write(served.pv("Other"), n).result(LIMIT)

    puts = [in_thread(lambda c=c, n=n: put(c, n)) for n, c in enumerate(clients)]
    for n in range(300):
        served.node("Other").set(-n)
    done.set()
    for future in puts:
        future.result(LIMIT)
    last = served.node("Other").value()
    wait_until(lambda: served.value("Other") == last)
