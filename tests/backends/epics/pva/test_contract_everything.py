"""Every PV of the tree with one of everything: type, metadata, alarm and time, field by field."""

import math

import numpy as np
import pytest
from support.clients.normative import (
    FORMS,
    NT_ENUM,
    NT_NDARRAY,
    NUMBERS,
    differences,
    leaves,
    scalar,
    table,
)
from support.each import each
from support.trees import registers, whole_tree
from support.trees.whole_tree import CODES, ENUMS, ROWS, Events


@pytest.fixture(scope="module")
def served(tree):
    with whole_tree.serving(tree) as found:
        yield found


@pytest.fixture(scope="module")
def first(served):
    """The first value of each PV, got at once: tests that post do so on others."""
    paths = list(CODES)
    values = served.client.get([served.pv(path) for path in paths], timeout=whole_tree.LIMIT)
    return dict(zip(paths, values, strict=True))


def wanted_type(code):
    special = {
        "enum": NT_ENUM,
        "image": NT_NDARRAY,
        "table": table([("count", "ai"), ("level", "ad"), ("name", "as")]),
    }
    return special.get(code) or scalar(code)


def spec_of(value):
    return value.type().aspy()


NUMERIC = [p for p, code in CODES.items() if len(code) <= 2 and code[-1] in NUMBERS]


@each("path", CODES)
def test_id_order_and_type_of_each_member(first, path):
    assert differences(spec_of(first[path]), wanted_type(CODES[path])) == []


def test_nothing_of_the_tree_is_left_out(served):
    served_paths = {path.removeprefix("Top.") for path in served.server.list()}
    assert served_paths >= set(CODES)
    assert served_paths == {n.path.removeprefix("Top.") for n in served.root.variableList}
    for path, pv_name in served.server.list().items():
        assert pv_name == "Base:" + path.replace(".", ":")


def test_every_other_pv_is_a_normative_type_too(served):
    others = [n for n in served.server.list().values() if not n.startswith("Base:Top:CA:")]
    known = ("NTScalar", "NTScalarArray", "NTEnum", "NTNDArray", "NTTable")
    for value in served.client.get(others, timeout=whole_tree.LIMIT):
        assert value.getID() in {f"epics:nt/{name}:1.0" for name in known}


REGISTERS = [p for p in CODES if p.startswith(("S.", "A."))]


@each("path", CODES)
def test_the_first_alarm_and_time_are_set(served, first, path):
    value = first[path]
    unread = path in REGISTERS or path in ("E.Register",)
    mirrors = path in ("K.OfByte",)  # it has no value of its own
    if not mirrors:
        assert value["alarm"].todict() == (
            {"severity": 3, "status": 2, "message": "UDF"}
            if unread
            else {"severity": 0, "status": 0, "message": ""}
        )
    stamps = [value["timeStamp"]]
    if CODES[path] == "image" and value.getID().startswith("epics:nt/NTNDArray"):
        stamps.append(value["dataTimeStamp"])
    for stamp in stamps:
        assert stamp["secondsPastEpoch"] > 1_700_000_000
        assert 0 <= stamp["nanoseconds"] <= 999_999_999
        assert stamp["userTag"] == 0


@each("path", [p for p in CODES if p[:2] in ("S.", "A.")])
def test_registers_declare_range_form_and_precision(first, path):
    value, name = first[path], path[2:]
    code = CODES[path]
    if code[-1] not in NUMBERS:
        assert set(value["display"].keys()) <= {"description", "units"}
        return
    low, high = registers.LIMITS[name] if name != "Bool" else (0, 1)
    if math.isinf(high):
        assert all(np.isnan(value[f"display.limit{end}"]) for end in ("Low", "High"))
    else:
        kind = np.float32 if code[-1] == "f" else lambda number: number
        assert (value["display.limitLow"], value["display.limitHigh"]) == (kind(low), kind(high))
    for end in ("Low", "High"):
        one, other = value[f"control.limit{end}"], value[f"display.limit{end}"]
        assert one == other or (np.isnan(one) and np.isnan(other))
    model = registers.MODELS[name][0]
    form = 0 if isinstance(model, tuple) else {"UInt": 4, "Int": 3}.get(model[:4].rstrip("B"), 0)
    assert value["display.form.index"] == form
    assert list(value["display.form.choices"]) == FORMS
    if code[-1] not in "fd":
        assert value["display.precision"] == 0
    assert value["valueAlarm.active"] is False


NAN, INF = math.nan, math.inf
SIDES = ("lowAlarm", "lowWarning", "highWarning", "highAlarm")
# range; alarm limits, low to high; precision; form
METADATA = {
    "Int": ((0, 0), None, 0, 0),
    "IntLimited": ((0, 10), None, 0, 0),
    "IntHigh": ((-(2**63), 10), None, 0, 0),
    "IntUnsigned": ((0, 2**64 - 1), None, 0, 0),
    "IntHex": ((0, 0), None, 0, 4),
    "IntBinary": ((0, 0), None, 0, 2),
    "IntDecimal": ((0, 0), None, 0, 3),
    "IntAlarms": ((0, 0), (-8, -5, 5, 8), 0, 0),
    "FloatFull": ((-10.0, 10.0), (-8.0, -5.0, 5.0, 8.0), 3, 0),
    "FloatLow": ((0.0, INF), (-INF, NAN, NAN, 8.0), None, 0),
    "FloatExp": ((NAN, NAN), None, 2, 5),
    "FloatOdd": ((NAN, NAN), None, 2, 0),
}


@pytest.mark.parametrize("name", METADATA)
def test_local_variables_declare_range_alarms_form_and_precision(first, name):
    value = first[f"L.{name}"]
    limits, alarms, precision, form = METADATA[name]
    for field in ("display", "control"):
        found = (value[f"{field}.limitLow"], value[f"{field}.limitHigh"])
        np.testing.assert_equal(found, limits)
    assert value["control.minStep"] == 0
    assert value["valueAlarm.active"] is (alarms is not None)
    np.testing.assert_equal(
        [value[f"valueAlarm.{side}Limit"] for side in SIDES],
        list(alarms or [NAN if isinstance(limits[0], float) else 0] * 4),
    )
    severities = [value[f"valueAlarm.{side}Severity"] for side in SIDES]
    assert severities == ([2, 1, 1, 2] if alarms else [0] * 4)
    if precision is not None:
        assert value["display.precision"] == precision
    assert value["display.form.index"] == form
    assert list(value["display.form.choices"]) == FORMS


@each("path", [p for p in CODES if p != "L.Table"])
def test_description_and_units_are_on_each_type_that_has_the_field(served, first, path):
    value, node = first[path], served.node(path)
    assert value["display.description"] == (node.description or "")
    if CODES[path] != "enum":
        assert value["display.units"] == (node.units or "")


@pytest.mark.parametrize("name", ENUMS)
def test_choices_come_in_the_order_of_the_enum(first, name):
    choices, _, index, _keys = ENUMS[name]
    assert list(first[f"E.{name}"]["value.choices"]) == choices
    assert first[f"E.{name}"]["value.index"] == index


@pytest.mark.parametrize("path", [p for p, code in CODES.items() if code == "image"])
def test_images_say_all_that_an_image_has_to(served, first, path):
    value = first[path]
    image = np.asarray(served.node(path).value())
    if image.dtype.kind == "c":
        image = np.stack([image.real, image.imag], -1)  # an axis more
    assert [tuple(d.todict().values()) for d in value["dimension"]] == [
        (size, 0, size, 1, False) for size in reversed(image.shape)
    ]
    wanted = {"float16": np.float32}.get(image.dtype.name, image.dtype.newbyteorder("="))
    pixels = value["value"]
    assert pixels.dtype == wanted
    assert np.array_equal(pixels.reshape(image.shape), image)
    assert value["compressedSize"] == value["uncompressedSize"] == pixels.nbytes
    assert value["codec.name"] == ""
    assert value["uniqueId"] > 0
    assert [(a["name"], a["value"]) for a in value["attribute"]] == [
        ("ColorMode", 3 if path == "L.Cube" else 0)  # of three axes one is 3 long
    ]


def test_a_structured_array_is_a_table(first):
    value = first["L.Table"]
    assert list(value["labels"]) == ["count", "level", "name"]
    for column in ("count", "level", "name"):
        assert list(value[f"value.{column}"]) == ROWS[column].tolist()


# path: values that the tree takes, of which the second raises an alarm or is none
POSTED = {
    "L.Int": [7], "L.FloatFull": [2.0, 9.0, -6.0, 1.0], "L.Str": ["next"], "L.Bool": [False],
    "L.Dict": [{"b": 2}], "L.ArrayI2": [np.array([4], "i2")], "L.ArrayText": [np.array(["z"])],
    "L.Image": [np.ones((3, 4), "u2")], "E.Sparse": [2, 4, 0], "S.UInt32": [77], "S.Bool": [True],
    "S.String": ["abc"], "A.Int12": [np.arange(4, dtype="i2")], "S.Float": [0.5],
}  # fmt: skip
IMAGE_TOO = {
    "codec.name", "compressedSize", "uncompressedSize", "uniqueId", "dimension", "attribute",
    "dataTimeStamp.secondsPastEpoch", "dataTimeStamp.nanoseconds", "codec.parameters",
}  # fmt: skip


def test_first_events_mark_all_later_ones_what_has_changed(served):
    events = Events(served, POSTED)
    time = {"timeStamp.secondsPastEpoch", "timeStamp.nanoseconds"}
    alarm_fields = {"alarm.severity", "alarm.status", "alarm.message"}
    for path, values in POSTED.items():
        event = events.next(path)
        code = CODES[path]
        assert event.changedSet(expand=True) == leaves(spec_of(event)), path
        before, alarm = served.node(path).value(), event["alarm"].todict()
        for value in [*values, before]:
            served.node(path).set(value)
            event = events.next(path)
            marked = event.changedSet(expand=True)
            own = {"value.index"} if code == "enum" else {"value"}
            if code == "image":
                assert {"value", "uniqueId", "dataTimeStamp.nanoseconds"} <= marked
                marked -= IMAGE_TOO
            same = event["alarm"].todict() == alarm
            if path == "E.Sparse" and value == 4:
                marked |= own  # the value it keeps may be sent again
            assert marked == own | time | (set() if same else alarm_fields), (path, value)
            alarm = event["alarm"].todict()
    events.close()


def test_types_stay_whatever_values_come(served):
    for path in ("L.Changing", "L.ArrayAny", "L.Image", "R.Data", "L.List"):
        node = served.node(path)
        before = node.value()
        for value in {"L.Changing": [2, 2.5, "x"], "L.List": [["a"], [None]]}.get(
            path, [np.zeros((2, 2)), np.zeros(3, "i4")]
        ):
            node.set(value)
        served.root.waitOnUpdate()
        assert differences(spec_of(served.get(path)), wanted_type(CODES[path])) == []
        node.set(before)
