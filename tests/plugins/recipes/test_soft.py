"""The recipes know no protocol: on the in-memory backend they are what they are over PVAccess."""

import queue

import numpy as np
import pytest

from roguebridge.backends.soft.client import RemoteError
from roguebridge.core import PvServer, Select, hookimpl
from roguebridge.core.values.alarm import HIHI, NO_ALARM
from roguebridge.plugins.recipes import (
    DeviceTable,
    bit_field,
    iso_time,
    json_text,
    linear,
    split_words,
    table,
)

LIMIT = 30.0


class Site:
    @hookimpl
    def converter_rules(self):
        return [
            linear(Select(path="*.Temp"), scale=-0.5, offset=100, units="degC"),
            linear(Select(path="*.Wave"), scale=0.5),
            bit_field(Select(path="*.Status"), ["Off", "On"], shift=3),
            split_words(Select(path="*.Wide"), words=5),
            iso_time(Select(path="*.Start")),
            json_text(Select(path="*.Setup")),
            table(Select(path="*.Lines"), {"a": "int32"}),
        ]


@pytest.fixture
def served(tree, running):
    root = tree.pr.Root(name="Top", pollEn=False)
    for name, value in {
        "Temp": 150, "Wave": np.arange(3), "Status": 8, "Wide": 1 << 159, "Start": 0.0,
        "Setup": {}, "Lines": [{"a": 1}],
    }.items():  # fmt: skip
        options = {"lowAlarm": 50} if name == "Temp" else {}
        root.add(tree.pr.LocalVariable(name=name, value=value, **options))
    plugins = [Site(), DeviceTable("{base}:Table", "Top", ["Status", "Start"], period=0)]
    server = PvServer("B", root, backends=["soft"], plugins=plugins)
    with running(root):
        server.start()
        try:
            yield root, server._backends[0].client("ann", "10.0.0.1")
        finally:
            server.stop()


def test_values_and_puts_are_those_of_the_pv(served):
    root, client = served
    for name, shown, put, raw in (
        ("Temp", 25.0, 30.2, 140),
        ("Status", 1, 0, 0),
        ("Start", "1970-01-01T00:00:00.000Z", "2026-01-01T00:00:00Z", 1767225600.0),
        ("Setup", "{}", '{"a": 1}', {"a": 1}),
    ):
        assert client.get(f"B:Top:{name}").value == shown
        client.put(f"B:Top:{name}", put)
        assert root.getNode(f"Top.{name}").value() == raw
    client.put("B:Top:Wave", np.array([1.0, 2.0]))
    assert root.Wave.value().tolist() == [2, 4]
    assert client.get("B:Top:Wide").value.tolist() == [0, 0, 0, 0, 2**31]
    assert client.get("B:Top:Lines").value["a"].tolist() == [1]


def test_the_alarm_follows_the_limits_of_the_pv(served):
    root, client = served
    readings = queue.SimpleQueue()
    subscription = client.monitor("B:Top:Temp", readings.put)
    assert readings.get(timeout=LIMIT).alarm == NO_ALARM
    root.Temp.set(40)
    reading = readings.get(timeout=LIMIT)
    assert (reading.value, reading.alarm) == (80.0, HIHI)
    subscription.close()


def test_a_table_of_devices_is_posted_and_cannot_be_put(served):
    root, client = served
    readings = queue.SimpleQueue()
    subscription = client.monitor("B:Table", readings.put)
    assert readings.get(timeout=LIMIT).value["Status"].tolist() == [8]
    root.Status.set(9)
    while readings.get(timeout=LIMIT).value["Status"].tolist() != [9]:
        pass
    subscription.close()
    with pytest.raises(RemoteError, match=r"B:Table is read-only \(mode RO\)"):
        client.put("B:Table", {"Status": [1]})
