"""One of everything over PVAccess and Channel Access: one reading, the same puts."""

import numpy as np
import pytest
from support.clients import wait_until
from support.clients.caserved import CaServed
from support.clients.normative import content_of, equal
from support.each import each
from support.trees import whole_tree
from support.trees.whole_tree import CODES, ENUMS, LOCALS, As

TYPES = {
    "b": "INT", "h": "INT", "i": "LONG", "l": "DOUBLE", "B": "CHAR", "H": "LONG", "I": "DOUBLE",
    "L": "DOUBLE", "f": "FLOAT", "d": "DOUBLE", "s": "STRING", "?": "CHAR",
}  # fmt: skip
MENU = {
    "": 0, "READ": 1, "WRITE": 2, "HIHI": 3, "HIGH": 4, "LOLO": 5, "LOW": 6, "STATE": 7, "COMM": 9,
    "TIMEOUT": 10, "CALC": 12, "UDF": 17, "DISABLE": 18,
}  # fmt: skip


@pytest.fixture(scope="module")
def both(tree):
    """The tree over both protocols: the PVAccess side, and the Channel Access side."""
    with whole_tree.serving(tree, backends=["pva", "ca"]) as pva:
        served = CaServed(pva.root, pva.server, "Base")
        yield pva, served
        served.close()


def over_pva(pva, path):
    """The raw value, what is in it, and alarm and time as Channel Access tells them."""
    raw = pva.get(path)
    stamp = raw["timeStamp.secondsPastEpoch"] * 10**9 + raw["timeStamp.nanoseconds"]
    return raw, content_of(raw), (raw["alarm.severity"], MENU[raw["alarm.message"]], stamp)


def over_ca(served, path):
    """What is in a PV, and its alarm and time."""
    found = served.raw(path, kind="time")
    meta = found.metadata
    stamp = (meta.secondsSinceEpoch + 631_152_000) * 10**9 + meta.nanoSeconds
    return served.get(path).value, (meta.severity, meta.status, stamp)


@each("path", CODES)
def test_one_reading_reaches_both_protocols(both, path):
    pva, served = both
    raw, wanted, told = over_pva(pva, path)
    found, told_too = over_ca(served, path)
    assert told_too == told
    code = CODES[path]
    kind, room, _ = served.type(path)
    if code == "s":
        assert kind == "STRING"
        assert served.text(path) == wanted
        assert wanted.encode()[:39].decode("utf-8", "ignore") == found
    elif code == "enum":
        choices = list(raw["value.choices"])
        if len(choices) <= 16:
            assert (kind, found) == ("ENUM", wanted)
            strings = served.raw(path).metadata
            assert strings.no_str == len(choices)
            assert [strings.strs[n].value.decode() for n in range(strings.no_str)] == choices
        else:
            assert (kind, found) == ("STRING", choices[wanted])
            assert served.value(path, ":IDX") == wanted
    elif code == "image":
        assert equal(found, np.ravel(wanted).astype(np.asarray(found).dtype))
        assert list(served.value(path, ":SHAPE")) == list(wanted.shape)
    elif code == "table":
        assert kind == "CHAR"
        assert list(found) == list(wanted.keys())
        assert all(list(found[name]) == list(wanted[name]) for name in found)
    elif code == "as":
        assert (kind, list(found)) == ("STRING", list(wanted))
    else:
        assert kind == TYPES[code[-1]]
        numbers = np.asarray(wanted)
        assert equal(np.asarray(found), numbers.astype(np.asarray(found).dtype))
    assert room >= max(1, np.size(found) if code.startswith("a") else 1)


def taken(value):
    """What a client puts, and the value in the tree."""
    return (value.wire, value.tree) if isinstance(value, As) else (value, value)


def blank(value):
    """Another value of the same size."""
    return [type(value[0])()] * len(value) if isinstance(value, list) else np.zeros_like(value)


# 64-bit integers that a double has not travel as the nearest one, which is another value.
PUTS = [
    (f"L.{name}", *taken(value))
    for name, (code, _, values) in LOCALS.items()
    for value in values
    if not (code.endswith(("l", "L")) and np.any(np.abs(np.asarray(taken(value)[0], float)) > 2e18))
]


@each("path, wire, wanted", PUTS)
def test_a_put_over_channel_access_is_seen_over_pvaccess(both, path, wire, wanted):
    pva, served = both
    is_image, field = CODES[path] == "image", "$" if CODES[path] == "s" else ""
    if is_image:
        wire, wanted = wire.reshape(-1), wire
        pva.node(path).set(blank(wanted))  # a flat put has the shape that is there
    size = len(wire.encode() if field else np.atleast_1d(wire))
    if size > served.type(path, field)[1]:
        if not is_image:  # no client puts more than it was told there is room for
            pva.node(path).set("?" * size if field else blank(wanted))
        wait_until(lambda: served.type(path, field)[1] >= size)
    served.put(path, wire, field)
    value = pva.node(path).value()
    assert equal(value, wanted) or value == wanted or (value != value and wanted != wanted)
    found = content_of(pva.get(path))
    again = served.text(path) if field else served.value(path)
    if is_image:
        found = np.ravel(found)
    assert equal(np.asarray(again), np.asarray(found).astype(np.asarray(again).dtype))


@pytest.mark.parametrize("path", [f"E.{name}" for name in ENUMS])
def test_each_choice_can_be_put(both, path):
    pva, served = both
    labels, _, _, keys = ENUMS[path.removeprefix("E.")]
    for index, key in enumerate(keys):
        large = len(labels) > 16
        served.put(path, index, ":IDX" if large else "")
        assert pva.node(path).value() == key
        assert content_of(pva.get(path)) == index
        if labels.count(labels[index]) == 1:
            served.put(path, labels[index - 1], type=0)
            served.put(path, labels[index], type=0)
            assert pva.node(path).value() == key


def test_a_put_over_pvaccess_is_seen_over_channel_access(both):
    pva, served = both
    updates = served.monitor("L.Float")
    updates.next()
    value = type(pva.get("L.Float"))(pva.get("L.Float").type())
    value["value"] = 0.625
    pva.put("L.Float", value)
    assert updates.until(lambda reading: reading.value == 0.625)
    assert served.get("L.Float").value == 0.625


@pytest.mark.parametrize(
    ("path", "wire", "field", "reason"),
    [
        ("L.IntLimited", 11, "", "11 is outside 0 .. 10"),
        ("L.Int", 1.5, "", "1.5 is not an integer"),
        ("L.FloatFull", -10.5, "", "-10.5 is outside"),
        ("L.ReadOnly", 1, "", "read-only"),
        ("L.Bool", 2, "", "index 2 is outside"),
        ("A.UInt12", [1, 2], "", "2 elements instead of 4"),
        ("E.Sparse", 3, "", "index 3 is outside 0 .. 2"),
        ("E.Many", "State 99", "", "'State 99' is none of"),
        ("L.List", "{", "$", "neither JSON nor"),
        ("L.Float", 1, ".DESC", "a field that cannot be put"),
        ("L.Float", 1, ".HIHI", "a field that cannot be put"),
        ("L.Table", "[1]", "", "JSON object"),
        ("L.Table", '{"nothing": []}', "", "no column 'nothing'"),
    ],
)
def test_a_refused_put_changes_nothing_and_says_why(both, path, wire, field, reason):
    pva, served = both
    before = pva.node(path).value()
    with pytest.raises(Exception, match=reason):
        served.put(path, wire, field)
    assert equal(np.asarray(pva.node(path).value()), np.asarray(before))


def test_commands_are_run_by_puts(both):
    pva, served = both
    pva.calls.clear()
    served.put("F.Plain", 0)
    assert pva.calls == []
    served.put("F.Plain", 1)
    served.put("F.Real", 2.5)
    text = "as long as you like, and longer than 39 characters"
    served.put("F.Text", text, "$")
    served.put("F.Vector", [1.0, 2.0, 3.0])
    assert pva.calls[:3] == [("Plain", None), ("Real", 2.5), ("Text", text)]
    assert list(pva.calls[3][1]) == [1.0, 2.0, 3.0]
    with pytest.raises(Exception, match="11 is outside 0 .. 10"):
        served.put("F.Limited", 11)
    served.put("F.Plain", 1, ".PROC")
    assert pva.calls[-1] == ("Plain", None)


def test_each_type_of_dbr_can_be_had_of_each_pv(both):
    _, served = both
    for path in ("L.Float", "L.Int", "L.Bool", "E.Sparse", "L.NpU1", "L.NpF32", "L.IntLimited",
                 "L.Array", "L.ArrayU1"):  # fmt: skip
        for kind in range(35):
            found = served.raw(path, kind=kind)
            assert found.data_type == kind
            assert found.data_count >= 1
    assert bytes(served.raw("L.Float", kind=38).metadata.value).rstrip(b"\0") == b"ao"
    assert served.raw("L.Float", kind=37).metadata.severity == 0
