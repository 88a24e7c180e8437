"""Replies to reads: made once while the reading is the same, and right when it changes."""

import itertools

import caproto as ca
import numpy as np
import pytest
from support.clients import LIMIT, rawca
from support.clients.rawca import packed, read
from support.each import each

from roguebridge.backends.epics.ca.wire import dbr

TIMES = {"before 1990": 5, "now": 1_900_000_000_123_456_789, "after 2106": 9_000_000_000 * 10**9}


def build(pr, root):
    root.add(pr.LocalVariable(name="Var", value=1.0, units="V", lowAlarm=-1.0, highAlarm=50.0))
    root.add(pr.LocalVariable(name="Wave", value=np.zeros(2000)))
    root.add(pr.LocalVariable(name="Text", value="a" * 5000))


@pytest.fixture
def served(serve):
    return serve(build)


def views(served, name):
    backend = next(b for b in served.server._lifecycle.run.backends if b.name == "ca")
    return backend.pvs[served.pv(name)].opened.views


def test_each_read_of_any_client_shows_the_present_value_alarm_and_time(served):
    clients = [served.client, served.another()]
    name = served.pv("Var")

    def replies(kind):
        return [
            client.read(name, lambda _, reply: reply, kind).result(LIMIT)
            for client in (*clients, *clients)
        ]

    stamps = []
    for value, severity in ((1.0, 0), (7.0, 0), (60.0, 2), (60.5, 2), (1.0, 0)):
        served.put("Var", value)
        texts = [reply.data[0] for reply in replies(ca.ChannelType.STRING)]
        assert [float(text.partition(b"\0")[0]) for text in texts] == [value] * 4
        assert [reply.data[0] for reply in replies("native")] == [value] * 4
        assert [reply.metadata.severity for reply in replies("control")] == [severity] * 4
        stamped = replies("time")
        assert [reply.data[0] for reply in stamped] == [value] * 4
        assert [reply.metadata.severity for reply in stamped] == [severity] * 4
        (stamp,) = {reply.metadata.timestamp for reply in stamped}
        stamps.append(stamp)
    assert stamps == sorted(set(stamps))  # each later than the one before


def test_counts_of_one_reading_are_not_mixed_up(served, raw):
    client = raw(served)
    sid = client.channel(served.pv("Var"))
    for count in (0, 1, 3, 1, 2, 0):
        client.send(read(sid, 1, count=count))
        _, _, said, _, _, payload = client.until(rawca.READ)
        assert (said, len(payload)) == (max(count, 1), 8 * max(count, 1))


def test_replies_take_little_memory_whatever_clients_ask_for(served, raw):
    client = raw(served)
    names = ("Var", "Wave", "Text")
    var, wave, text = (client.channel(served.pv(name), k) for k, name in enumerate(names))
    for count in (1, 2, 16_000):
        client.send(*(read(sid, 1, kind, count) for sid in (var, wave) for kind in range(35)))
    client.send(read(text, 1, 0, 1), packed(rawca.ECHO))
    client.until(rawca.ECHO)
    (view,) = views(served, "Var").values()
    assert len(view.newest[-1][1]) < 1000
    assert [view.newest for name in ("Wave", "Text") for view in views(served, name).values()] == [
        None, None,
    ]  # fmt: skip


@each("kind, when", itertools.product(ca.time_types, TIMES))
def test_a_time_is_as_in_the_structure_of_its_type(kind, when):
    made = ca.DBR_TYPES[kind]()
    made.status, made.severity = 17, 3
    seconds, made.nanoSeconds = divmod(TIMES[when], 10**9)
    made.secondsSinceEpoch = min(max(seconds - 631_152_000, 0), 2**32 - 1)
    assert dbr.metadata(int(kind), dbr.Meta(), 3, 17, TIMES[when]) == bytes(made)
