"""Every member of a PV's metadata, literally, by raw Values."""

import math

import numpy as np
import pytest
from support.clients.served import LIMIT, alone
from support.engine.ids import no_address

PV = "Base:Top:Dev:V"
FORMS = ["Default", "String", "Binary", "Decimal", "Hex", "Exponential", "Engineering"]
NAN = math.nan
LIMITS = {"minimum": -10, "maximum": 10, "lowAlarm": -8, "lowWarning": -5, "highWarning": 5,
          "highAlarm": 8}  # fmt: skip


@pytest.fixture
def raw_of(tree):
    """Give a function that serves a variable and returns its raw Value."""
    pr = tree.pr
    with alone(tree) as (root, device, serve):

        def raw_of(model=None, kind=None, after=None, **arguments):
            if model is None:
                device.add((kind or pr.LocalVariable)(name="V", **arguments))
            else:
                base = pr.Fixed(16, 8) if model == "Fixed" else getattr(pr, model)
                device.add(pr.RemoteVariable(name="V", offset=0, base=base, **arguments))
            client = serve(nt=False)
            if after is not None:
                after(device.V)
            return client.get(PV, timeout=LIMIT)

        raw_of.pr = pr
        yield raw_of


def plain(value):
    """A Value as dicts, with NaN that is equal to itself."""
    if hasattr(value, "items"):
        return {name: plain(item) for name, item in value.items()}
    return "NaN" if isinstance(value, float) and math.isnan(value) else value


def numeric(low, high, alarms, severities, **display):
    """The three members of a number's metadata."""
    names = ("lowAlarm", "lowWarning", "highWarning", "highAlarm")
    return {
        "display": {
            "limitLow": low, "limitHigh": high, "description": "", "units": "", "precision": 0,
            "form": {"index": 0, "choices": FORMS}, **display,
        },
        "control": {"limitLow": low, "limitHigh": high, "minStep": 0},
        "valueAlarm": {
            "active": any(severities),
            **{f"{name}Limit": limit for name, limit in zip(names, alarms, strict=True)},
            **{f"{name}Severity": each for name, each in zip(names, severities, strict=True)},
            "hysteresis": 0.0,
        },
    }  # fmt: skip


NONE, ALL = (0, 0, 0, 0), (2, 1, 1, 2)
N4, Z4 = ("NaN",) * 4, (0,) * 4
I64 = (-(2**63), 2**63 - 1)
INF = math.inf

# name: model, arguments, what is expected
NUMBERS = {
    "int": (None, {"value": 1}, numeric(0, 0, Z4, NONE)),
    "float": (None, {"value": 1.5}, numeric("NaN", "NaN", N4, NONE, precision=8)),
    "int, all": (None, {"value": 1, **LIMITS}, numeric(-10, 10, (-8, -5, 5, 8), ALL)),
    "float, all": (
        None, {"value": 1.5, **LIMITS, "disp": "{:.3f}", "units": "V", "description": "a voltage"},
        numeric(-10, 10, (-8, -5, 5, 8), ALL, precision=3, units="V", description="a voltage"),
    ),
    "int, minimum": (None, {"value": 1, "minimum": 0}, numeric(0, I64[1], Z4, NONE)),
    "int, maximum": (None, {"value": 1, "maximum": 5}, numeric(I64[0], 5, Z4, NONE)),
    "float, minimum": (
        None, {"value": 1.5, "minimum": 0}, numeric(0, INF, N4, NONE, precision=8)
    ),
    "float, infinite": (
        None, {"value": 1.5, "minimum": -INF, "maximum": 9},
        numeric(-INF, 9, N4, NONE, precision=8),
    ),
    "int, high alarm": (
        None, {"value": 1, "highAlarm": 9}, numeric(0, 0, (I64[0], 0, 0, 9), ALL)
    ),
    "int, low warning": (
        None, {"value": 1, "lowWarning": 0}, numeric(0, 0, (0, 0, I64[1], 0), ALL)
    ),
    "float, low alarm": (
        None, {"value": 1.5, "lowAlarm": 0},
        numeric("NaN", "NaN", (0, "NaN", "NaN", INF), ALL, precision=8),
    ),
    "int, fractions": (
        None, {"value": 1, "minimum": 0.5, "maximum": 9.5, "highAlarm": 8.5},
        numeric(1, 9, (I64[0], 0, 0, 8), ALL),
    ),
    "int, huge limit": (None, {"value": 1, "maximum": 2**70}, numeric(*I64, Z4, NONE)),
    "float, huge limit": (
        None, {"value": 1.5, "minimum": 0.0, "maximum": 10**400},
        numeric(0, INF, N4, NONE, precision=8),
    ),
    "hex": (
        None, {"value": 1, "disp": "{:#x}"},
        numeric(0, 0, Z4, NONE, form={"index": 4, "choices": FORMS}),
    ),
    "exponent": (
        None, {"value": 1.5, "disp": "{:.2e} V"},
        numeric("NaN", "NaN", N4, NONE, precision=2, form={"index": 5, "choices": FORMS}),
    ),
    "binary": (
        None, {"value": 1, "disp": "0b{:b}"},
        numeric(0, 0, Z4, NONE, form={"index": 2, "choices": FORMS}),
    ),
    "UInt12": (
        "UInt", {"bitSize": 12},
        numeric(0, 4095, Z4, NONE, form={"index": 4, "choices": FORMS}),
    ),
    "Int8, narrower": (
        "Int", {"bitSize": 8, "minimum": -5},
        numeric(-5, 127, Z4, NONE, form={"index": 3, "choices": FORMS}),
    ),
    "Double": ("Double", {"bitSize": 64}, numeric("NaN", "NaN", N4, NONE, precision=8)),
    "numpy float": (
        None, {"value": np.float32(1.5)}, numeric("NaN", "NaN", N4, NONE, precision=8)
    ),
    "list of floats": (
        None, {"value": [1.5], "typeStr": "List[float]"},
        numeric("NaN", "NaN", N4, NONE, precision=8),
    ),
    "no digits": (
        None, {"value": 1.5, "disp": "{:.0f}"}, numeric("NaN", "NaN", N4, NONE, precision=0)
    ),
    "default is an int": (
        "Double", {"bitSize": 64, "value": 1}, numeric("NaN", "NaN", N4, NONE, precision=8)
    ),
    "Fixed": (
        "Fixed", {"bitSize": 16}, numeric(-128, 127.99609375, N4, NONE, precision=8)
    ),
    "array": (
        None, {"value": np.zeros(3), "lowAlarm": -1, "highAlarm": 1, "units": "A"},
        numeric("NaN", "NaN", (-1, "NaN", "NaN", 1), ALL, precision=8, units="A"),
    ),
    "array of integers": (
        None, {"value": np.zeros(3, "u1"), "highWarning": 9},
        numeric(0, 0, (0, 0, 9, 0), ALL),
    ),
    "typed list": (
        None, {"value": [1], "typeStr": "List[Int16]", "minimum": 0, "maximum": 9},
        numeric(0, 9, Z4, NONE),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NUMBERS)
def test_the_metadata_of_a_number(raw_of, name):
    model, arguments, expected = NUMBERS[name]
    raw = raw_of(model, **arguments)
    found = {field: plain(raw[field]) for field in ("display", "control", "valueAlarm")}
    assert found == expected
    assert [field for field, _ in raw.items()] == [
        "value", "alarm", "timeStamp", "display", "control", "valueAlarm",
    ]  # fmt: skip
    assert [field for field, _ in raw["display"].items()] == list(expected["display"])[:6]
    assert list(plain(raw["valueAlarm"])) == list(expected["valueAlarm"])
    assert raw["timeStamp.userTag"] == 0


@pytest.mark.parametrize(
    ("value", "nt"),
    [
        ("a", "NTScalar"), ([1, 2], "NTScalar"), (np.array(["a"]), "NTScalarArray"),
        (np.array([True]), "NTScalarArray"), (2**70, "NTScalar"),
    ],
    ids=str,
)  # fmt: skip
def test_text_and_bool_arrays_have_description_and_units_only(raw_of, value, nt):
    raw = raw_of(value=value, units="u", description="d", minimum=None)
    assert raw.getID() == f"epics:nt/{nt}:1.0"
    assert [field for field, _ in raw.items()] == ["value", "alarm", "timeStamp", "display"]
    assert plain(raw["display"]) == {"description": "d", "units": "u"}


def test_an_enum_has_a_description_only(raw_of):
    raw = raw_of(value=True, units="u", description="d")
    assert [field for field, _ in raw.items()] == ["value", "alarm", "timeStamp", "display"]
    assert plain(raw["display"]) == {"description": "d"}


class Rude:
    def __str__(self):
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    ("arguments", "field", "content"),
    [
        ({"value": 1, "units": 5}, "display.units", "5"),
        ({"value": 1, "units": Rude()}, "display.units", ""),
        ({"value": 1, "units": "a\ud800"}, "display.units", "a\\ud800"),
        ({"value": 1, "description": None}, "display.description", ""),
        ({"value": 1, "description": ["a"]}, "display.description", "['a']"),
        ({"value": 1, "minimum": "x"}, "display.limitLow", 0),
        ({"value": 1.5, "maximum": [1]}, "display.limitHigh", NAN),
        ({"value": 1.5, "highAlarm": "x"}, "valueAlarm.highAlarmLimit", NAN),
        ({"value": 1, "lowAlarm": 1j}, "valueAlarm.lowAlarmLimit", 0),
        ({"value": 1, "disp": None}, "display.form.index", 0),
        ({"value": 1, "disp": 7}, "display.form.index", 0),
        ({"value": np.zeros(2), "units": Rude()}, "display.units", ""),
        ({"value": np.zeros((2, 2)), "units": Rude(), "disp": ""}, "display.units", ""),
        ({"value": "a", "units": 5, "description": None}, "display.units", "5"),
        ({"value": [1], "units": Rude()}, "display.units", ""),
        ({"value": True, "description": Rude()}, "display.description", ""),
    ],
    ids=no_address,
)
def test_wrong_metadata_harms_only_itself(raw_of, arguments, field, content):
    # set when the tree runs: it looks at some of it itself, and would not start
    def spoil(node):
        for name, wrong in arguments.items():
            if name != "value":
                setattr(node, f"_{name}", wrong)

    raw = raw_of(value=arguments["value"], after=spoil)
    assert plain(raw[field]) == plain(content)
    assert raw["alarm.severity"] == 0


@pytest.mark.parametrize(
    "name", ["disp", "units", "description", "minimum", "highAlarm", "precision"]
)
@pytest.mark.parametrize("value", [1, 1.5, "a", [1], np.zeros(2), np.zeros((2, 2))], ids=str)
def test_a_property_that_raises_harms_only_itself(raw_of, name, value):
    state = []

    def broken(self):
        if state:
            raise RuntimeError("no such thing")
        return getattr(super(kind, self), name)

    kind = type("Broken", (raw_of.pr.LocalVariable,), {name: property(broken)})
    raw = raw_of(kind=kind, after=lambda node: state.append(1), value=value)
    state.clear()
    assert raw["alarm"].todict() == {"severity": 0, "status": 0, "message": ""}
    assert raw["timeStamp.secondsPastEpoch"] > 1_700_000_000


@pytest.mark.parametrize(
    ("enum", "labels"),
    [
        ({1: 10, 2: None, 3: 0.5}, ["10", "2", "0.5"]),
        ({1: "a\ud800", 2: "b"}, ["a\\ud800", "b"]),
        ({1: Rude(), 2: "b"}, ["1", "b"]),
    ],
    ids=["no text", "no unicode", "rude"],
)
def test_labels_that_are_no_text(raw_of, enum, labels):
    def spoil(node):
        node.enum.clear()
        node.enum.update(enum)

    raw = raw_of(value=1, enum={1: "a", 2: "b"}, after=spoil)
    assert raw["value.choices"] == labels
    assert raw["alarm.severity"] == 0
