"""What a client gets is what it has asked for: the fields of its request and no others."""

import queue

import numpy as np
import pytest
from p4p import Value
from p4p.client.thread import Context
from support.clients.raw_bench import LIMIT, RawBench
from support.clients.relay import Relay
from support.clients.served import Updates

RECORD = np.dtype([("a", "<f8"), ("b", "<i4")])
ALARM = {"alarm.severity", "alarm.status", "alarm.message"}
TIME = {"timeStamp.secondsPastEpoch", "timeStamp.nanoseconds", "timeStamp.userTag"}
LIVE = TIME - {"timeStamp.userTag"}  # what every update has
VALUES = {
    "Number": {"value"},
    "Text": {"value"},
    "Choice": {"value.index", "value.choices"},
    "Wave": {"value"},
    "Texts": {"value"},
    "Table": {"value.a", "value.b"},
    "Image": {"value"},
    "Trigger": {"value"},
}
NEXT = {
    "Number": 2.5,
    "Text": "b",
    "Choice": True,
    "Wave": np.arange(5.0),
    "Texts": np.array(["c"]),
    "Table": np.ones(2, RECORD),
    "Image": np.zeros((400, 400), np.uint16),
}


@pytest.fixture
def bench(tree):
    bench = RawBench(tree)
    bench.local("Number", value=1.5, minimum=0.0, maximum=9.0, highAlarm=8.0, units="V")
    bench.local("Text", value="a")
    bench.local("Choice", value=False)
    bench.local("Wave", value=np.arange(1000.0))
    bench.local("Texts", value=np.array(["a", "b"]))
    bench.local("Table", value=np.zeros(3, RECORD))
    bench.local("Image", value=np.ones((400, 400), np.uint16))
    bench.root.add(tree.pr.LocalCommand(name="Trigger", function=lambda: None))
    with bench.served():
        yield bench


def get(bench, name, request):
    return bench.client.get(f"B:Top:{name}", request=request, timeout=LIMIT)


def leaves(value):
    """The names of all leaves of a structure."""

    def walk(members, within):
        for name, kind in members:
            if kind[0] == "S":
                yield from walk(kind[2], f"{within}{name}.")
            else:
                yield within + name

    return set(walk(value.type().aspy()[2], ""))


@pytest.mark.parametrize("name", VALUES)
def test_a_get_has_the_fields_of_its_request(bench, name):
    assert get(bench, name, "field(alarm)").changedSet() == ALARM
    assert get(bench, name, "field(alarm.severity)").changedSet() == {"alarm.severity"}
    assert get(bench, name, "field(timeStamp)").changedSet() == TIME
    assert get(bench, name, "field(value)").changedSet() == VALUES[name]
    assert get(bench, name, "field(value,alarm)").changedSet() == VALUES[name] | ALARM


@pytest.mark.parametrize("name", VALUES)
def test_a_get_that_names_no_field_has_all_of_them(bench, name):
    got = get(bench, name, "field()")
    assert got.changedSet() == leaves(got)


def test_a_part_of_a_structure_can_be_asked_for(bench):
    assert get(bench, "Choice", "field(value.index)").changedSet() == {"value.index"}
    assert get(bench, "Table", "field(value.b)").changedSet() == {"value.b"}
    units = get(bench, "Number", "field(display.units)")
    assert (units.changedSet(), units.display.units) == ({"display.units"}, "V")
    description = get(bench, "Table", "field(labels,descriptor)")
    assert description.changedSet() == {"labels", "descriptor"}


@pytest.mark.parametrize("name", VALUES)
def test_what_is_not_asked_for_is_empty(bench, name):
    got = get(bench, name, "field(timeStamp)")
    nothing = Value(got.type())
    for field in leaves(got) - TIME:
        assert str(got[field]) == str(nothing[field]), field


@pytest.mark.parametrize("name", NEXT)
def test_clients_with_different_requests_each_get_theirs(bench, name):
    requests = {
        "field(alarm)": (ALARM, None),
        "field(timeStamp)": (TIME, LIVE),
        "field(value)": (VALUES[name], VALUES[name] - {"value.choices"}),
    }
    pv = f"B:Top:{name}"
    watches = {}
    for request in requests:
        context = Context("pva", conf=bench.server.client_conf(), useenv=False, nt=False)
        watches[request] = context, Updates(context, pv, request=request)
    try:
        for request, (first, _) in requests.items():
            assert watches[request][1].next().changedSet() == first
        getattr(bench.root, name).set(NEXT[name])
        for request, (_, later) in requests.items():
            if later is not None:
                assert watches[request][1].next().changedSet() == later
        with pytest.raises(queue.Empty):  # the others have heard, and no alarm has changed
            watches["field(alarm)"][1].next(timeout=0)
    finally:
        for context, watch in watches.values():
            watch.close()
            context.close()


def test_an_update_has_only_what_has_changed(bench):
    watch = Updates(bench.client, "B:Top:Number")
    first = watch.next()
    assert first.changedSet() == leaves(first)
    bench.root.Number.set(2.0)
    assert watch.next().changedSet() == {"value"} | LIVE
    bench.root.Number.set(8.5)
    assert watch.next().changedSet() == {"value"} | LIVE | ALARM
    watch.close()
    again = Updates(bench.client, "B:Top:Number")
    assert again.next().changedSet() == leaves(first)
    again.close()


def test_a_put_can_get_the_fields_that_it_asks_for(bench):
    seen = []

    def build(present):
        seen.append((present.value, present.display.units, present.timeStamp.nanoseconds))
        present["value"] = 2.5

    pv, request = "B:Top:Number", "field(value,display.units)"
    bench.client.put(pv, build, request=request, get=True, timeout=LIMIT)
    assert seen == [(1.5, "V", 0)]
    assert get(bench, "Number", request).value == 2.5


def test_nothing_else_goes_over_the_network(bench):
    try:
        relay = Relay(bench.server.client_conf())
    except OSError:
        pytest.skip("there is one loopback address only")
    pixels = 400 * 400 * 2
    with Context("pva", conf=relay.conf, useenv=False, nt=False) as client:
        client.get("B:Top:Image", request="field(alarm,timeStamp,dimension)", timeout=LIMIT)
        assert 0 < relay.sent < 2000
        client.get("B:Top:Image", request="field(value)", timeout=LIMIT)
        assert pixels < relay.sent < pixels + 4000
    relay.close()
