"""What each kind of node looks like on the wire, compared field by field."""

import threading

import numpy as np
import pytest
from support.clients.served import Updates, alone, serving

SCALARS = [
    ("Int", "epics:nt/NTScalar:1.0", "l", 3),
    ("Small", "epics:nt/NTScalar:1.0", "i", 3),
    ("Float", "epics:nt/NTScalar:1.0", "d", 1.5),
    ("Text", "epics:nt/NTScalar:1.0", "s", "hello"),
    ("List", "epics:nt/NTScalar:1.0", "s", "[1, 2]"),
    ("Dict", "epics:nt/NTScalar:1.0", "s", '{"a": 1}'),
    ("Link", "epics:nt/NTScalar:1.0", "d", 6.0),
    ("Dev[0].U8", "epics:nt/NTScalar:1.0", "B", 0),
    ("Dev[0].U12", "epics:nt/NTScalar:1.0", "H", 0),
    ("Dev[0].U32", "epics:nt/NTScalar:1.0", "I", 0),
    ("Dev[0].U64", "epics:nt/NTScalar:1.0", "L", 0),
    ("Dev[0].I16", "epics:nt/NTScalar:1.0", "h", 0),
    ("Dev[0].F32", "epics:nt/NTScalar:1.0", "f", 0.0),
    ("Dev[0].F64", "epics:nt/NTScalar:1.0", "d", 0.0),
    ("Dev[0].Str", "epics:nt/NTScalar:1.0", "s", ""),
    ("Dev[0].U128", "epics:nt/NTScalar:1.0", "s", "0x0"),
    ("Go", "epics:nt/NTScalar:1.0", "i", 0),
    ("Double", "epics:nt/NTScalar:1.0", "l", 1),
]


@pytest.mark.parametrize(("path", "nt", "code", "value"), SCALARS, ids=[s[0] for s in SCALARS])
def test_scalars_have_the_type_that_holds_them_exactly(served, path, nt, code, value):
    raw = served.get(path)
    assert raw.getID() == nt
    assert raw.type()["value"] == code
    assert raw["value"] == value


@pytest.mark.parametrize(
    ("path", "code", "value"),
    [
        ("Doubles", "ad", [0.0, 1.0, 2.0, 3.0]),
        ("Shorts", "ah", [0, 1, 2, 3]),
        ("Words", "as", ["ab", "c"]),
        ("Dev[0].Wave", "aH", [0] * 8),
    ],
)
def test_one_dimensional_arrays_keep_their_dtype(served, path, code, value):
    raw = served.get(path)
    assert raw.getID() == "epics:nt/NTScalarArray:1.0"
    assert raw.type()["value"] == code
    assert list(raw["value"]) == value


@pytest.mark.parametrize(
    ("path", "labels", "index"),
    [
        ("Flag", ["False", "True"], 1),
        ("Choice", ["Zero", "Five", "Two"], 1),
        ("Dev[0].Bit", ["False", "True"], 0),
        ("enable", ["False", "True", "ParentFalse", "ExtDepFalse"], 1),
    ],
)
def test_bools_and_enums_are_ntenum_in_the_order_of_their_dict(served, path, labels, index):
    raw = served.get(path)
    assert raw.getID() == "epics:nt/NTEnum:1.0"
    assert list(raw["value.choices"]) == labels
    assert raw["value.index"] == index


@pytest.mark.parametrize(("path", "color"), [("Image", 0), ("Cube", 3)])
def test_arrays_of_higher_rank_are_ntndarray(served, path, color):
    raw = served.get(path)
    image = served.node(path).value()
    assert raw.getID() == "epics:nt/NTNDArray:1.0"
    assert [d["size"] for d in raw["dimension"]] == list(reversed(image.shape))
    assert raw["value"].dtype == image.dtype
    assert np.array_equal(raw["value"].reshape(image.shape), image)
    assert raw["uncompressedSize"] == raw["compressedSize"] == image.nbytes
    assert raw["codec.name"] == ""
    assert raw["uniqueId"] > 0
    assert raw["timeStamp.secondsPastEpoch"] > 1_700_000_000
    assert raw["dataTimeStamp.secondsPastEpoch"] > 1_700_000_000
    assert [(a["name"], a["value"]) for a in raw["attribute"]] == [("ColorMode", color)]


def test_member_order_is_that_of_the_specification(served):
    members = [name for name, _ in served.get("Float").type().aspy()[2]]
    assert members == ["value", "alarm", "timeStamp", "display", "control", "valueAlarm"]
    display = dict(served.get("Float").type().aspy()[2])["display"][2]
    assert [name for name, _ in display] == [
        "limitLow", "limitHigh", "description", "units", "precision", "form",
    ]  # fmt: skip
    assert [name for name, _ in served.get("Text").type().aspy()[2]] == [
        "value", "alarm", "timeStamp", "display",
    ]  # fmt: skip


def test_metadata_is_what_the_node_declares(served):
    raw = served.get("Float")
    assert raw["display.description"] == "a voltage"
    assert raw["display.units"] == "V"
    assert raw["display.precision"] == 3
    assert (raw["display.limitLow"], raw["display.limitHigh"]) == (-10.0, 10.0)
    assert (raw["control.limitLow"], raw["control.limitHigh"]) == (-10.0, 10.0)
    alarm = raw["valueAlarm"]
    assert alarm.active is True
    assert [alarm[name + "Limit"] for name in ("lowAlarm", "lowWarning")] == [-8.0, -5.0]
    assert [alarm[name + "Limit"] for name in ("highWarning", "highAlarm")] == [5.0, 8.0]
    assert [
        alarm[name + "Severity"] for name in ("lowAlarm", "lowWarning", "highWarning", "highAlarm")
    ] == [2, 1, 1, 2]
    assert served.get("Dev[0].U32")["display.form.index"] == 4  # '{:#x}'
    assert served.get("Text")["display.units"] == "none"


def test_the_first_value_marks_everything_and_later_ones_what_changed(served):
    updates = served.monitor("Float")
    first = updates.next().raw
    assert {"value", "alarm.severity", "display.units", "control.limitLow"} <= first.changedSet(
        expand=True
    )
    served.node("Float").set(2.5)
    second = updates.next().raw
    assert second.changedSet(expand=True) == {
        "value", "timeStamp.secondsPastEpoch", "timeStamp.nanoseconds",
    }  # fmt: skip
    served.node("Float").set(9.0)
    third = updates.next().raw
    assert {"alarm.severity", "alarm.status", "alarm.message"} <= third.changedSet(expand=True)
    served.node("Float").set(1.5)
    assert updates.next().raw["alarm"].todict() == {"severity": 0, "status": 0, "message": ""}
    updates.close()


@pytest.mark.parametrize(
    ("value", "alarm"),
    [
        (9.0, (2, 1, "HIHI")), (6.0, (1, 1, "HIGH")), (-6.0, (1, 1, "LOW")),
        (-9.0, (2, 1, "LOLO")), (5.0, (0, 0, "")), (0.0, (0, 0, "")),
    ],
)  # fmt: skip
def test_alarms_are_the_literal_triples(served, value, alarm):
    served.put("Float", value)
    got = served.get("Float")["alarm"]
    assert (got.severity, got.status, got.message) == alarm


def test_a_register_never_read_is_undefined_until_its_first_value(tree):
    with serving(tree) as fresh:
        alarm = fresh.get("Dev[0].U32")["alarm"]
        assert (alarm.severity, alarm.status, alarm.message) == (3, 2, "UDF")
        fresh.put("Dev[0].U32", 5)
        raw = fresh.get("Dev[0].U32")
        assert raw["value"] == 5
        assert raw["alarm.severity"] == 0


def test_a_register_never_read_is_undefined_whatever_its_limits(tree):
    pr = tree.pr
    with alone(tree) as (root, device, serve):
        device.add(
            pr.RemoteVariable(
                name="V", offset=0, bitSize=32, base=pr.UInt, mode="RW", lowAlarm=5, highAlarm=9
            )
        )
        client = serve()
        raw = client.get("Base:Top:Dev:V", timeout=30).raw
        assert raw["alarm"].todict() == {"severity": 3, "status": 2, "message": "UDF"}


def test_a_value_that_cannot_be_read_at_first_follows_when_it_can(tree):
    pr = tree.pr
    broken = threading.Event()

    def local_get():
        if broken.is_set():
            raise RuntimeError("no answer")
        return 42

    with alone(tree) as (root, device, serve):
        root.add(pr.LocalVariable(name="V", value=0, localGet=local_get))
        client = serve()
        broken.set()
        updates = Updates(client, "Base:Top:V")
        first = updates.next().raw
        assert first["alarm"].todict() == {"severity": 3, "status": 3, "message": "CALC"}
        broken.clear()
        good = updates.until(lambda update: update.raw["alarm.severity"] == 0)
        assert good == 42
        updates.close()


def test_an_integer_beyond_64_bits_is_text(tree):
    pr = tree.pr
    with alone(tree) as (root, device, serve):
        root.add(pr.LocalVariable(name="V", value=2**70))
        client = serve()
        raw = client.get("Base:Top:V", timeout=30).raw
        assert raw.type()["value"] == "s"
        assert raw["value"] == hex(2**70)
        client.put("Base:Top:V", str(2**71), timeout=30)
        assert root.V.value() == 2**71


def test_time_stamps_are_set_and_strictly_increasing(served):
    updates = served.monitor("Int")
    stamps = []
    for number in range(50):
        served.node("Int").set(number)
        raw = updates.next().raw
        stamps.append(
            raw["timeStamp.secondsPastEpoch"] * 1_000_000_000 + raw["timeStamp.nanoseconds"]
        )
    assert stamps[0] > 1_700_000_000_000_000_000
    assert all(a < b for a, b in zip(stamps, stamps[1:], strict=False))
    served.node("Int").set(3)
    updates.close()


def test_a_value_outside_its_enum_is_invalid_and_recovers(served):
    updates = served.monitor("Choice")
    first = updates.next()
    served.node("Choice").set(4)
    bad = updates.next().raw
    assert bad["alarm"].todict() == {"severity": 3, "status": 1, "message": "STATE"}
    assert bad["value.index"] == first.raw["value.index"]
    served.node("Choice").set(2)
    good = updates.next().raw
    assert good["alarm"].todict() == {"severity": 0, "status": 0, "message": ""}
    assert good["value.index"] == 2
    served.node("Choice").set(5)
    updates.close()
