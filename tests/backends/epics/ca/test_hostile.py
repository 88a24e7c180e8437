"""Clients that read nothing, ask for what cannot be, or lie: they cost the others nothing."""

import gc
import logging
import socket
import struct

import numpy as np
import pytest
from support.clients import LIMIT, rawca, wait_until
from support.clients.rawca import (
    DOUBLE,
    ECHO,
    ERROR,
    EVENT_ADD,
    READ,
    RIGHTS,
    monitor,
    packed,
    read,
)

ELEMENTS = 250_000  # 2 MB
GETFAIL = 152  # with its severity
PLAIN_READ = 3


def build(pr, root):
    root.add(pr.LocalVariable(name="Var", value=1.0))
    root.add(pr.LocalVariable(name="Other", value=0))
    root.add(pr.LocalVariable(name="Text", value="abc"))
    root.add(pr.LocalVariable(name="RO", value=1, mode="RO"))
    root.add(pr.LocalVariable(name="Wave", value=np.zeros(ELEMENTS)))
    root.add(pr.LocalVariable(name="Short", value=np.arange(3.0)))
    root.add(pr.LocalVariable(name="Single", value=np.array([3e9, -3e9, np.nan], np.float32)))


@pytest.fixture
def served(serve):
    return serve(build)


def circuits(served):
    backend = next(b for b in served.server._lifecycle.run.backends if b.name == "ca")
    return list(backend._network.circuits)


def waiting(circuit):
    """Bytes that the server keeps for a client."""
    return circuit.transport.get_write_buffer_size() + sum(map(len, circuit._out))


def echoed(client):
    """The client has been answered all it has asked before."""
    client.send(packed(ECHO))
    return client.until(ECHO)


# Clients that do not read ---------------------------------------------------------------------


@pytest.mark.parametrize("ask", [read, monitor])
def test_who_reads_nothing_has_little_kept_for_it_and_gets_all_in_the_end(served, raw, ask):
    client = raw(served)
    sid = client.channel("T:Top:Wave")
    (circuit,) = circuits(served)
    client.send(*(ask(sid, number) for number in range(30)))
    wait_until(lambda: circuit._full)
    assert served.value("Other") == 0  # another client is served meanwhile
    assert waiting(circuit) < 3 * 8 * ELEMENTS
    kind = READ if ask is read else EVENT_ADD
    found = [client.next() for _ in range(30)]
    assert {message[0] for message in found} == {kind}
    assert sorted(message[4] for message in found) == list(range(30))
    assert {len(message[5]) for message in found} == {8 * ELEMENTS}
    echoed(client)


def test_who_reads_nothing_has_no_whole_batch_kept_for_it(serve, raw):
    def many(pr, root):
        for number in range(20):
            root.add(pr.LocalVariable(name=f"W{number}", value=np.zeros(50_000)))

    served = serve(many)
    client = raw(served)
    for number in range(20):
        client.send(monitor(client.channel(f"T:Top:W{number}", number), number))
        client.until(EVENT_ADD)
    (circuit,) = circuits(served)
    with served.root.updateGroup():
        for number in range(20):
            served.node(f"W{number}").set(np.ones(50_000))
    wait_until(lambda: circuit._full)
    assert waiting(circuit) < 5 * 8 * 50_000
    assert {client.until(EVENT_ADD)[4] for _ in range(20)} == set(range(20))


def test_who_reads_nothing_and_leaves_is_forgotten(served, raw):
    client = raw(served)
    sid = client.channel("T:Top:Wave")
    (circuit,) = circuits(served)
    client.send(*(read(sid, number) for number in range(30)))
    wait_until(lambda: circuit._full)
    client.close()
    wait_until(lambda: not circuits(served) and not circuit._arrived)


def test_the_first_value_of_a_monitor_waits_while_events_are_off(served, raw):
    client = raw(served)
    sid = client.channel("T:Top:Var")
    client.send(packed(rawca.EVENTS_OFF), monitor(sid, 5), packed(ECHO))
    assert client.next()[0] == ECHO
    client.send(packed(rawca.EVENTS_ON))
    assert client.next()[4] == 5


# Types that there are not ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", [35, 36, 99])
@pytest.mark.parametrize("ask", [read, monitor])
def test_a_type_that_cannot_be_read_is_answered_with_an_error(served, raw, caplog, kind, ask):
    client = raw(served)
    sid = client.channel("T:Top:Var")
    client.send(ask(sid, 7, type=kind))
    assert client.until(ERROR)[5][:2] == struct.pack("!H", READ if ask is read else EVENT_ADD)
    assert echoed(client)
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]


@pytest.mark.parametrize(("kind", "size"), [(1, 0), (20, 16), (34, 80), (27, 64), (35, 8), (99, 0)])
def test_a_read_that_fails_is_answered_as_reads_are(served, raw, kind, size):
    client = raw(served)
    client.send(read(client.channel("T:Top:Text"), 7, type=kind))
    client.until(ERROR)
    assert client.until(READ) == (READ, kind, 0, GETFAIL, 7, bytes(size))


@pytest.mark.parametrize("kind", [39, 99, 0xFFFF])
@pytest.mark.parametrize("command", [3, READ, 4, rawca.WRITE, EVENT_ADD])
def test_a_type_that_does_not_exist_gets_an_error_and_the_connection_lives(
    served, raw, caplog, kind, command
):
    client = raw(served)
    sid = client.channel("T:Top:Var")
    client.send(packed(command, kind, 1, sid, 7, bytes(16)))
    error = client.until(ERROR)
    assert error[5][:2] == struct.pack("!H", command)
    assert f"DBR type {kind} does not exist".encode() in error[5]
    if command == READ:
        assert client.until(READ)[3:5] == (GETFAIL, 7)
    if command == rawca.WRITE:
        assert client.until(rawca.WRITE) == (rawca.WRITE, kind, 1, 160, 7, b"")
    assert echoed(client)
    assert served.node("Var").value() == 1.0
    client.send(read(sid, 8))
    assert client.until(READ)[3:5] == (1, 8)
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]


def test_the_end_of_a_monitor_with_a_type_that_does_not_exist_is_an_error(served, raw):
    client = raw(served)
    sid = client.channel("T:Top:Var")
    client.send(monitor(sid, 7))
    client.until(EVENT_ADD)
    client.send(packed(rawca.EVENT_CANCEL, 99, 1, sid, 7))
    assert b"DBR type 99 does not exist" in client.until(ERROR)[5]
    assert echoed(client)


def test_a_monitor_of_such_a_type_costs_no_other_its_update(served, raw):
    updates = served.monitor("Other")
    updates.next()
    client = raw(served)
    client.send(monitor(client.channel("T:Top:Var"), 1, type=35))
    client.until(ERROR)
    with served.root.updateGroup():
        served.node("Var").set(2.0)
        served.node("Other").set(2)
    assert updates.next().value == 2
    assert echoed(client)


@pytest.mark.parametrize(
    ("name", "kind", "empty"),
    [("Text$", 4, ""), ("Short", 6, np.zeros(0)), ("Short", 0, np.zeros(0))],
)
def test_an_update_of_no_elements_is_no_end_of_the_monitor(served, raw, name, kind, empty):
    client = raw(served)
    client.send(monitor(client.channel("T:Top:" + name), 1, type=kind))
    assert client.until(EVENT_ADD)[2] == 3
    served.node(name.removesuffix("$")).set(empty)
    command, *_, count, _, number, payload = client.until(EVENT_ADD)
    assert (count, number, len(payload) > 0) == (0, 1, True)  # libca takes none for an end


def test_a_monitor_of_text_as_a_number_is_told_once_and_goes_on_when_it_is_one(served, raw):
    client = raw(served)
    client.send(monitor(client.channel("T:Top:Text"), 1))
    assert b"the text is no number" in client.until(ERROR)[5]
    served.node("Text").set("still none")
    served.node("Text").set("2.5")
    assert client.next()[5] == struct.pack("!d", 2.5)
    served.node("Text").set("none")
    assert client.next()[0] == ERROR


def test_a_channel_that_cannot_be_sent_costs_no_other_its_update(served, caplog, monkeypatch):
    from roguebridge.backends.epics.ca.served_pv import CaPv

    updates = served.monitor("Other")
    broken = served.monitor("Var")
    updates.next(), broken.next()
    really = CaPv.send

    def send(pv, touched):
        if pv.entry.pv_name == "T:Top:Var":
            raise RuntimeError("no")
        really(pv, touched)

    monkeypatch.setattr(CaPv, "send", send)
    with served.root.updateGroup():
        served.node("Var").set(2.0)
        served.node("Other").set(2)
    assert updates.next().value == 2
    wait_until(lambda: "T:Top:Var cannot be sent" in caplog.text)


def test_numbers_beyond_an_integer_keep_their_sign(served):
    assert served.raw("Single", kind=5).data.tolist() == [2**31 - 1, -(2**31), 0]


def test_very_long_arrays_are_no_texts(served, raw):
    client = raw(served)
    sid = client.channel("T:Top:Wave")
    client.send(read(sid, 1, type=0))
    assert b"250000 numbers are too many for texts" in client.until(ERROR)[5]
    assert client.until(READ)[3] == GETFAIL
    client.send(read(sid, 2, type=0, count=2))
    assert client.until(READ)[5] == b"0.00000000".ljust(40, b"\0") * 2


# Rights ---------------------------------------------------------------------------------------


def test_what_is_not_writable_stays_so_when_rights_are_looked_at_again(serve, raw, monkeypatch):
    monkeypatch.setattr("roguebridge.core.backend.shared_rights._LOOK_EVERY", 0.01)
    served = serve(build, policies={"read_only": False})
    client = raw(served)
    client.channel("T:Top:RO", 1)
    client.channel("T:Top:Var", 2)
    served.client.write("T:RB:ReadOnly", 1).result(LIMIT)
    assert client.next()[:5] == (RIGHTS, 0, 0, 2, 1)
    served.client.write("T:RB:ReadOnly", 0).result(LIMIT)
    assert client.next()[:5] == (RIGHTS, 0, 0, 2, 3)
    echoed(client)


def test_a_channel_whose_rights_cannot_be_found_out_holds_up_no_other(serve, caplog, monkeypatch):
    from roguebridge.backends.epics.ca.channel import Channel

    monkeypatch.setattr("roguebridge.core.backend.shared_rights._LOOK_EVERY", 0.01)
    really = Channel.set_rights

    def set_rights(channel, allowed):
        if channel.name == "T:Top:Other" and channel.alive:
            raise RuntimeError("no")
        really(channel, allowed)

    monkeypatch.setattr(Channel, "set_rights", set_rights)
    served = serve(build, policies={"read_only": False})
    assert served.type("Other")[2] == served.type("Var")[2] == "rw"
    served.client.write("T:RB:ReadOnly", 1).result(LIMIT)
    wait_until(lambda: served.type("Var")[2] == "r")
    wait_until(lambda: "the rights to T:Top:Other cannot be found out" in caplog.text)


# What is not true -----------------------------------------------------------------------------


def test_all_is_answered_in_order(served, raw):
    client = raw(served)
    sid = client.channel("T:Top:Text")
    name = b"T:Top:Var\0"
    client.send(
        packed(ECHO), packed(rawca.EVENTS_OFF), packed(rawca.EVENTS_ON), read(sid, 1),
        packed(rawca.SEARCH, 10, 13, 5, 5, name), packed(rawca.SEARCH, 10, 13, 6, 6, b"No\0"),
        packed(rawca.VERSION, count=13), packed(ECHO),
    )  # fmt: skip
    found = [client.next()[0] for _ in range(7)]
    assert found == [ECHO, ERROR, READ, rawca.SEARCH, 14, rawca.VERSION, ECHO]


def test_a_put_that_no_channel_has_room_for_is_not_collected(served, raw, caplog):
    client = raw(served)
    sid = client.channel("T:Top:Var")
    client.send(rawca.long_head(rawca.WRITE, 0xFFFFFFF0, rawca.DOUBLE, 0x1FFFFFFE, sid, 7))
    assert client.ended() == []
    wait_until(
        lambda: "broke the protocol: 4294967304 bytes for a channel of 1 elements" in caplog.text
    )


def test_what_was_received_is_given_back_when_a_client_leaves(served, raw):
    client = raw(served)
    sid = client.channel("T:Top:Wave")
    (circuit,) = circuits(served)
    client.send(rawca.long_head(rawca.WRITE, 8 * ELEMENTS, rawca.DOUBLE, ELEMENTS, sid, 7))
    client.send(bytes(4 * ELEMENTS))
    received = circuit._arrived
    del circuit
    wait_until(lambda: len(received._bytes) > 2 * ELEMENTS)
    gc.disable()  # it is given back at once, not when the collector comes by
    try:
        client.close()
        wait_until(lambda: not received._bytes)
    finally:
        gc.enable()


def test_of_monitors_that_were_asked_for_together_each_keeps_its_own_request_only(served, raw):
    client = raw(served)
    sid = client.channel("T:Top:Var")
    client.send(*(monitor(sid, number) for number in range(500)))
    for _ in range(500):
        client.until(EVENT_ADD)
    (circuit,) = circuits(served)
    (channel,) = circuit.channels.values()
    headers = [made.header for made in channel.monitors.values()]
    assert sorted(header[-4:] for header in headers) == [n.to_bytes(4) for n in range(500)]
    assert {len(header) for header in headers} == {16}
    assert not circuit._arrived._bytes


def test_who_asks_for_much_does_not_keep_others_waiting(served, raw):
    greedy, modest = raw(served), raw(served)
    sid, other = greedy.channel("T:Top:Var"), modest.channel("T:Top:Other")
    circuit, _ = circuits(served)
    between = False
    for attempt in range(20):  # the test itself may be too slow to see it
        greedy.send(*(read(sid, number) for number in range(15_000)))
        greedy.until(READ)
        modest.send(read(other, attempt))
        modest.until(READ)
        between = bool(circuit._arrived)  # it is not at its end, far from it
        assert [greedy.until(READ)[4] for _ in range(14_999)] == list(range(1, 15_000))
        if between:
            break
    assert between


def test_updates_in_many_forms_of_one_client_do_not_keep_others_waiting(served, raw):
    """Each number of elements is a conversion of its own."""
    greedy, modest = raw(served), raw(served)
    sid, other = greedy.channel("T:Top:Wave"), modest.channel("T:Top:Other")
    circuit, _ = circuits(served)
    numbers = range(1, 400)
    for number in numbers:
        greedy.send(monitor(sid, number, type=0, count=number))
        greedy.until(EVENT_ADD)
    between = False
    for attempt in range(1, 21):  # the test itself may be too slow to see it
        served.node("Wave").set(np.full(ELEMENTS, float(attempt)))
        greedy.until(EVENT_ADD)
        modest.send(read(other, attempt))
        modest.until(READ)
        between = bool(circuit._held)
        assert {greedy.until(EVENT_ADD)[4] for _ in numbers[1:]} <= set(numbers)
        if between:
            break
    assert between


def test_elements_that_were_not_sent_are_not_put(served, raw):
    client = raw(served)
    sid = client.channel("T:Top:Short")
    for kind, payload in ((rawca.DOUBLE, bytes(8)), (0, bytes(40))):
        client.send(packed(rawca.WRITE, kind, 3, sid, 7, payload))
        words = f"3 elements in {len(payload)} bytes"
        assert words.encode() in client.until(ERROR)[5]
        assert client.until(rawca.WRITE)[3] == 160
    assert served.node("Short").value().tolist() == [0, 1, 2]
    client.send(packed(rawca.WRITE, 0, 1, client.channel("T:Top:Text", 2), 7, b"short\0"))
    assert client.until(rawca.WRITE)[3] == 1  # of one text libca sends no more than there is
    assert served.node("Text").value() == "short"


def test_two_puts_with_one_number_are_both_answered(served, raw, caplog):
    client = raw(served)
    sid = client.channel("T:Top:Short")
    (circuit,) = circuits(served)
    put = packed(rawca.WRITE, rawca.DOUBLE, 3, sid, 7, struct.pack("!3d", 3, 2, 1))
    client.send(put, put)
    assert [client.until(rawca.WRITE)[3:5] for _ in range(2)] == [(1, 7)] * 2
    wait_until(lambda: [channel.puts for channel in circuit.channels.values()] == [0])
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]


def test_the_type_with_acknowledgements_has_the_value_as_text(served, raw):
    client = raw(served)
    served.node("Text").set("x" * 50)
    for number, name, text in ((1, "Text", b"x" * 39), (2, "Var", b"1.00000000")):
        client.send(read(client.channel(f"T:Top:{name}", number), 1, type=37, count=1))
        assert client.until(READ)[5] == bytes(8) + text.ljust(40, b"\0")


@pytest.mark.parametrize(
    "message",
    [
        lambda sid: packed(rawca.CLEAR, one=sid, two=77),
        lambda sid: packed(99),
        lambda sid: packed(EVENT_ADD, DOUBLE, 1, sid, 7, bytes(8)),
    ],
    ids=["clear", "unknown", "mask"],
)
def test_a_message_against_the_protocol_is_a_warning(served, raw, caplog, message):
    client = raw(served)
    sid = client.channel("T:Top:Var")
    client.send(message(sid))
    assert client.ended() == []
    wait_until(lambda: "broke the protocol" in caplog.text)
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]


def test_a_client_that_lost_its_power_is_noticed_some_time(served, raw):
    raw(served)
    wait_until(lambda: circuits(served))
    sock = circuits(served)[0].transport.get_extra_info("socket")
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_a_read_without_notification_is_answered_with_the_number_of_the_channel(served, raw):
    client = raw(served)
    sid = client.channel("T:Top:Var", 5)
    client.send(packed(PLAIN_READ, DOUBLE, 1, sid, 7))
    assert client.until(PLAIN_READ) == (PLAIN_READ, DOUBLE, 1, 5, 7, struct.pack("!d", 1.0))


def test_a_monitor_asked_for_twice_with_one_number_is_one(served, raw):
    client = raw(served)
    sid = client.channel("T:Top:Var")
    client.send(packed(rawca.EVENTS_OFF), monitor(sid, 7), monitor(sid, 7))
    client.send(packed(rawca.EVENTS_ON), packed(ECHO))
    assert [client.next()[0] for _ in range(2)] == [EVENT_ADD, ECHO]
    client.send(packed(rawca.EVENT_CANCEL, DOUBLE, 0, sid, 7), packed(ECHO))
    assert client.next()[:5] == (EVENT_ADD, DOUBLE, 0, sid, 7)
    assert client.next()[0] == ECHO


def test_what_a_hostile_client_has_logged_is_bounded_and_reported(served, raw, caplog):
    good = raw(served)
    for _ in range(60):
        evil = raw(served)
        evil.send(packed(999))
        evil.ended()
    wait_until(lambda: any("log records were left out" in t for t in served.server.report()))
    (text,) = (t for t in served.server.report() if "log records were left out" in t)
    assert text.endswith("about the client 127.0.0.1")
    wait_until(lambda: "records were not logged, about the client 127.0.0.1" in caplog.text)
    assert caplog.text.count("broke the protocol") + caplog.text.count("cannot be answered") < 50
    echoed(good)


def test_a_client_whose_messages_come_byte_by_byte_is_answered(served, raw):
    client = raw(served)
    client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sid = client.channel("T:Top:Var")
    (circuit,) = circuits(served)
    for byte in read(sid, 5):
        left = circuit._arrived.missing
        client.send(bytes([byte]))
        wait_until(lambda left=left: circuit._arrived.missing != left)
    assert client.until(READ)[4] == 5
