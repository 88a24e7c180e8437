"""The ready converters, as a client sees them."""

import numpy as np
import pytest
from p4p.client.thread import RemoteError
from support.clients.lab import NO_ALARM, lab, triple
from support.clients.raw_tables import get_raw, put_columns, raw_monitor

from roguebridge.core import ScalarType, Select, hookimpl
from roguebridge.plugins.recipes import (
    bit_field,
    hex_text,
    iso_time,
    json_text,
    linear,
    scaled,
    split_words,
    table,
)

LINES = [{"name": "a", "gain": 1.5, "n": 1}, {"name": "b", "gain": 2.5, "n": 2}]


class Site:
    """A site's plugin, as short as it reads."""

    @hookimpl
    def converter_rules(self):
        return [
            linear(Select(path="*.Temp"), scale=-0.1, offset=50, units="degC"),
            linear(Select(units="counts"), scale=0.5, units="V"),
            scaled(Select(path="*.Log"), to_pv=np.log10, to_tree=lambda v: 10**v, units="dec"),
            scaled(Select(path="*.Square"), to_pv=lambda raw: raw**2),
            bit_field(Select(path="*.Status"), {0: "Off", 1: "On", 3: "Fault"}, shift=4, width=2),
            split_words(Select(path="*.Words")),
            split_words(Select(path="*.Network"), first="most"),
            hex_text(Select(attribute=("show", "hex"))),
            iso_time(Select(group="Times")),
            json_text(Select(path="Top.Setup")),
            table(
                Select(path="Top.Lines"), {"name": "str", "gain": ScalarType.Float64, "n": "int32"}
            ),
        ]


def build(pr, root, device):
    def register(name, offset, bits, base=pr.UInt, **options):
        device.add(pr.RemoteVariable(name=name, offset=offset, bitSize=bits, base=base, **options))

    register("Temp", 0x00, 16, minimum=100, maximum=900, lowAlarm=200, lowWarning=300,
             highWarning=700, highAlarm=800)  # fmt: skip
    register("Status", 0x04, 8)
    register("Words", 0x20, 160)
    register("Network", 0x40, 160)
    register("Serial", 0x60, 160, show="hex")
    register("Square", 0x80, 16, base=pr.Int)
    device.add(
        pr.RemoteVariable(
            name="Wave", offset=0x100, base=pr.UInt, numValues=4, valueBits=16, valueStride=16,
            units="counts",
        )
    )  # fmt: skip
    root.add(pr.LocalVariable(name="Log", value=10.0, minimum=1.0, maximum=1e6))
    root.add(pr.LocalVariable(name="Start", value=1767225600.0, groups=["Times"]))
    root.add(pr.LocalVariable(name="Whole", value=0, groups=["Times"]))
    root.add(pr.LocalVariable(name="Setup", value={"a": [1, 2]}))
    root.add(pr.LocalVariable(name="Lines", value=LINES))


@pytest.fixture(scope="module")
def served(tree):
    with lab(tree, build, plugins=[Site()]) as made:
        for name in ("Temp", "Status", "Words", "Network", "Serial", "Square"):
            made.node(f"Dev.{name}").set(400 if name == "Temp" else 0)
        made.node("Dev.Wave").set(np.zeros(4, np.uint16))
        yield made


# Linear ---------------------------------------------------------------------------------------


def test_a_register_is_served_in_units_with_its_limits_turned_round(served):
    value = served.get("Dev.Temp")
    assert value.type()["value"] == "d"
    assert value["value"] == 10.0
    assert value["display.units"] == "degC"
    assert value["display.precision"] == 1
    assert value["display.form.index"] == 0
    for name in ("display", "control"):
        assert (value[f"{name}.limitLow"], value[f"{name}.limitHigh"]) == (-40.0, 40.0)
    alarm = value["valueAlarm"]
    assert [
        alarm[f"{name}Limit"] for name in ("lowAlarm", "lowWarning", "highWarning", "highAlarm")
    ] == [-30.0, -20.0, 20.0, 30.0]


@pytest.mark.parametrize(
    ("raw", "value", "alarm"),
    [
        (150, 35.0, (2, 1, "HIHI")),
        (250, 25.0, (1, 1, "HIGH")),
        (300, 20.0, NO_ALARM),
        (750, -25.0, (1, 1, "LOW")),
        (850, -35.0, (2, 1, "LOLO")),
    ],
)
def test_the_alarm_is_that_of_the_pvs_limits_in_updates_and_for_the_first_client(
    served, raw, value, alarm
):
    monitor = served.monitor("Dev.Temp")
    monitor.next()
    served.node("Dev.Temp").set(raw)
    update = monitor.until(lambda update: float(update) == value)
    assert triple(update) == alarm
    monitor.close()
    assert triple(served.get("Dev.Temp")) == alarm
    served.node("Dev.Temp").set(400)


@pytest.mark.parametrize(
    ("put", "raw", "shown"),
    [(12.5, 375, 12.5), (12.54, 375, 12.5), (12.56, 374, 12.6), (40.0, 100, 40.0), (0, 500, 0.0)],
)
def test_a_put_becomes_the_nearest_raw_number_and_that_is_shown(served, put, raw, shown):
    served.put("Dev.Temp", put)
    assert served.node("Dev.Temp").value() == raw
    assert served.get("Dev.Temp")["value"] == pytest.approx(shown)


@pytest.mark.parametrize("put", [40.1, -40.1, 1e9, float("inf")])
def test_a_put_outside_the_raw_range_is_refused_in_the_pvs_units(served, put):
    served.put("Dev.Temp", 1.0)
    with pytest.raises(RemoteError) as caught:
        served.put("Dev.Temp", put)
    if put == float("inf"):
        assert "Top.Dev.Temp: inf has no raw value" in str(caught.value)
    else:
        assert f"Top.Dev.Temp: {put} is outside -40.0 .. 40.0 degC" in str(caught.value)
    assert served.get("Dev.Temp")["value"] == 1.0


def test_an_array_is_served_in_units_and_put_back(served):
    value = served.get("Dev.Wave")
    assert value.type()["value"] == "ad"
    assert (value["display.units"], value["control.limitHigh"]) == ("V", 32767.5)
    served.put("Dev.Wave", [0.5, 1.0, 500.0, 499.9])
    assert list(served.node("Dev.Wave").value()) == [1, 2, 1000, 1000]
    value = served.get("Dev.Wave")
    assert list(value["value"]) == [0.5, 1.0, 500.0, 500.0]
    assert triple(value) == NO_ALARM
    with pytest.raises(
        RemoteError, match=r"Top\.Dev\.Wave: 40000\.0 is outside 0\.0 \.\. 32767\.5 V"
    ):
        served.put("Dev.Wave", [1.0, 40000.0, 1.0, 1.0])
    with pytest.raises(RemoteError, match=r"Top\.Dev\.Wave: 2 elements instead of 4"):
        served.put("Dev.Wave", [1.0, 2.0])


def test_any_function_that_rises_or_falls_is_a_scale(served):
    value = served.get("Log")
    assert (value["value"], value["control.limitLow"], value["control.limitHigh"]) == (
        1.0,
        0.0,
        6.0,
    )
    served.put("Log", 3.0)
    assert served.node("Log").value() == pytest.approx(1000.0)
    with pytest.raises(RemoteError, match=r"Top\.Log: 6\.5 is outside 0\.0 \.\. 6\.0 dec"):
        served.put("Log", 6.5)


def test_a_function_that_does_both_is_refused_and_named(served):
    value = served.get("Dev.Square")
    assert triple(value) == (3, 3, "CALC")
    assert (
        "the function of scaled both rises, from raw 0 to 1, and falls, from -32768 to 0"
        in served.holder("Dev.Square").trouble
    )


# Bits and words -------------------------------------------------------------------------------


def test_some_bits_are_an_enum_and_a_put_leaves_the_others_alone(served):
    register = served.node("Dev.Status")
    register.set(0b1000_1010)
    value = served.get("Dev.Status")
    assert value.getID() == "epics:nt/NTEnum:1.0"
    assert list(value["value.choices"]) == ["Off", "On", "Fault"]
    assert value["value.index"] == 0
    served.put("Dev.Status", "Fault")
    assert register.value() == 0b1011_1010
    served.put("Dev.Status", 1)
    assert register.value() == 0b1001_1010
    assert served.get("Dev.Status")["value.index"] == 1
    with pytest.raises(RemoteError, match=r"Top\.Dev\.Status: index 7 is outside 0 \.\. 2"):
        served.put_raw("Dev.Status", {"value.index": 7})


def test_bits_without_a_choice_are_state(served):
    monitor = served.monitor("Dev.Status")
    monitor.next()
    served.node("Dev.Status").set(0b0010_0000)
    monitor.until(lambda update: triple(update) == (3, 1, "STATE"))
    served.node("Dev.Status").set(0b0001_0000)
    update = monitor.until(lambda update: triple(update) == NO_ALARM)
    assert int(update) == 1
    monitor.close()


WIDE = 0x0123456789ABCDEF_FEDCBA9876543210_DEADBEEF


def test_160_bits_are_words_in_either_order(served):
    served.node("Dev.Words").set(WIDE)
    served.node("Dev.Network").set(WIDE)
    words = [0xDEADBEEF, 0x76543210, 0xFEDCBA98, 0x89ABCDEF, 0x01234567]
    value = served.get("Dev.Words")
    assert (value.type()["value"], list(value["value"])) == ("aI", words)
    assert list(served.get("Dev.Network")["value"]) == words[::-1]
    for path, order in (("Dev.Words", 1), ("Dev.Network", -1)):
        served.put(path, [1, 2, 3, 4, 0xFFFFFFFF][::order])
        assert served.node(path).get() == 0xFFFFFFFF_00000004_00000003_00000002_00000001
    with pytest.raises(RemoteError, match=r"Top\.Dev\.Words: 4 words instead of 5"):
        served.put("Dev.Words", [1, 2, 3, 4])


def test_160_bits_are_text_of_one_width(served):
    served.node("Dev.Serial").set(WIDE)
    assert served.get("Dev.Serial")["value"] == "0x" + f"{WIDE:040x}"
    served.put("Dev.Serial", "0xff")
    assert served.node("Dev.Serial").get() == 255
    assert served.get("Dev.Serial")["value"] == "0x" + "ff".rjust(40, "0")
    with pytest.raises(RemoteError, match=r"Top\.Dev\.Serial: .* is outside 0 \.\. "):
        served.put("Dev.Serial", "0x1" + "0" * 40)
    with pytest.raises(RemoteError, match=r"Top\.Dev\.Serial: 'twelve' is not an integer"):
        served.put("Dev.Serial", "twelve")


# Text -----------------------------------------------------------------------------------------


def test_seconds_are_a_time_that_can_be_read(served):
    assert served.get("Start")["value"] == "2026-01-01T00:00:00.000Z"
    served.put("Start", "2026-01-31T14:30:00.25+02:00")
    assert served.get("Start")["value"] == "2026-01-31T12:30:00.250Z"
    served.put("Start", "1767225600.5")
    assert served.node("Start").value() == 1767225600.5
    assert served.get("Whole")["value"] == "1970-01-01T00:00:00.000Z"
    served.put("Whole", "2026-01-01T00:00:00")
    assert served.node("Whole").value() == 1767225600
    with pytest.raises(RemoteError, match=r"Top\.Whole: .* is not a whole number of s"):
        served.put("Whole", "2026-01-01T00:00:00.5Z")
    with pytest.raises(RemoteError, match=r"Top\.Whole: 'today' is neither a time such as"):
        served.put("Whole", "today")


def test_a_dict_is_json_and_what_is_none_is_refused(served):
    assert served.get("Setup")["value"] == '{"a": [1, 2]}'
    served.put("Setup", {"value": '{"b": {"c": null}}'})
    assert served.node("Setup").value() == {"b": {"c": None}}
    with pytest.raises(RemoteError, match=r"Top\.Setup: no JSON: column 7 of "):
        served.put("Setup", {"value": '{"b": nothing}'})
    with pytest.raises(RemoteError, match=r"Top\.Setup: expected a dict, got"):
        served.put("Setup", {"value": "[1]"})
    served.node("Setup").set({"a": [1, 2]})


def test_a_list_of_dicts_is_a_table(served):
    pv = served.pv("Lines")
    value = get_raw(served, pv)
    assert value.getID() == "epics:nt/NTTable:1.0"
    assert list(value["labels"]) == ["name", "gain", "n"]
    assert list(value["value.name"]) == ["a", "b"]
    assert (value["value.gain"].dtype, value["value.n"].dtype) == (np.float64, np.int32)
    put_columns(served, pv, gain=[3.5, 4.5])
    assert served.node("Lines").value() == [
        {"name": "a", "gain": 3.5, "n": 1},
        {"name": "b", "gain": 4.5, "n": 2},
    ]
    with pytest.raises(RemoteError, match=r"Top\.Lines: the columns differ in length"):
        put_columns(served, pv, gain=[3.5])


def test_a_list_that_is_not_the_table_declared_is_invalid(served):
    monitor = raw_monitor(served, served.pv("Lines"))
    monitor.next()
    served.node("Lines").set([{"name": "a", "gain": "high", "n": 1}])
    monitor.until(lambda update: triple(update) == (3, 3, "CALC"))
    assert "column 'gain'" in served.holder("Lines").trouble
    served.node("Lines").set([])
    update = monitor.until(lambda update: triple(update) == NO_ALARM)
    monitor.close()
    assert update["value.gain"].dtype == np.float64
    served.node("Lines").set(LINES)
