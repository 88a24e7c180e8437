"""Numbers in other units: values, limits and alarms, there and back."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.engine.nodes import node

from roguebridge.core import Flat, NtKind, PluginError, PutError, ScalarType, Select, ValueAlarm
from roguebridge.core.values.alarm import judge
from roguebridge.plugins.recipes import linear, scaled

ALL = Select()


def made(rule, *arguments, **attributes):
    return rule.make(node(*arguments, **attributes))


def by(scale, offset=0.0, **options):
    return linear(ALL, scale=scale, offset=offset, **options)


# The rule -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"scale": 0}, "linear: scale cannot be 0"),
        ({"scale": -0.0}, "linear: scale cannot be -0.0"),
        ({"scale": math.nan}, "linear: scale cannot be nan"),
        ({"scale": math.inf}, "linear: scale cannot be inf"),
        ({"scale": 1, "offset": -math.inf}, "linear: offset cannot be -inf"),
        ({"scale": "2"}, "linear: scale must be a number, not '2'"),
        ({"scale": True}, "linear: scale must be a number, not True"),
        ({"scale": 1, "offset": None}, "linear: offset must be a number, not None"),
    ],
)
def test_a_scale_that_is_none_is_refused_when_the_rule_is_made(options, problem):
    with pytest.raises(ValueError) as caught:
        linear(ALL, **options)
    assert str(caught.value) == problem


def test_what_selects_nothing_is_refused():
    with pytest.raises(TypeError, match="linear: select must be a Select, not 'Top'"):
        linear("Top", scale=2)
    with pytest.raises(TypeError, match="scaled: to_pv and to_tree must be functions, not 5, None"):
        scaled(ALL, to_pv=5)


def test_a_rule_selects_as_it_was_told():
    rule = linear(Select(units="counts"), scale=2)
    assert rule.select(node("UInt8", units="counts"))
    assert not rule.select(node("UInt8", units="V"))


@pytest.mark.parametrize(
    ("arguments", "attributes", "what"),
    [
        (("str", "a"), {}, "str (NTScalar str)"),
        (("Bool", True), {"enum": {False: "False", True: "True"}}, "Bool (NTEnum int32)"),
        (("UInt8",), {"enum": {0: "Off"}}, "UInt8 (NTEnum int32)"),
        (("UInt128",), {}, "UInt128 (NTScalar str)"),
        (("int",), {"isCommand": True, "arg": False}, "int (NTScalar int32)"),
        (("complex64(2,)",), {"ndType": np.complex64}, "complex64(2,) (NTNDArray float32)"),
    ],
)
def test_what_is_no_number_is_refused_and_named(arguments, attributes, what):
    with pytest.raises(PluginError) as caught:
        made(by(2), *arguments, **attributes)
    assert str(caught.value) == f"Top.Dev.V: linear is for numbers, not {what}"


# Metadata -------------------------------------------------------------------------------------


def test_the_metadata_is_that_of_the_node_in_the_new_units():
    spec = made(by(0.25, 1, units="V"), "UInt8", units="counts", highAlarm=200, lowWarning=4).spec
    assert (spec.kind, spec.scalar) == (NtKind.SCALAR, ScalarType.Float64)
    assert (spec.display.units, spec.display.description) == ("V", "what it is")
    assert (spec.display.limit_low, spec.display.limit_high) == (1.0, 64.75)
    assert (spec.control.limit_low, spec.control.limit_high) == (1.0, 64.75)
    assert (spec.display.precision, spec.display.form) == (2, 0)
    alarm = spec.value_alarm
    assert (alarm.low_alarm, alarm.low_warning) == (None, 2.0)
    assert (alarm.high_warning, alarm.high_alarm) == (None, 51.0)


def test_a_negative_scale_turns_the_limits_round():
    spec = made(by(-1), "Int8", lowAlarm=-100, lowWarning=-50, highWarning=70).spec
    assert (spec.control.limit_low, spec.control.limit_high) == (-127.0, 128.0)
    alarm = spec.value_alarm
    assert (alarm.low_alarm, alarm.low_warning) == (None, -70.0)
    assert (alarm.high_warning, alarm.high_alarm) == (50.0, 100.0)


@pytest.mark.parametrize(
    ("arguments", "options", "precision"),
    [
        (("UInt8",), {"scale": 10}, 0),
        (("UInt8",), {"scale": 0.1, "offset": 0.125}, 3),
        (("UInt8",), {"scale": 1 / 3}, 8),
        (("UInt8",), {"scale": 1e-12}, 8),
        (("UInt8",), {"scale": 0.1, "precision": 5}, 5),
        (("Float32",), {"scale": 10}, 2),
    ],
)
def test_the_precision_is_that_of_the_scale_or_of_a_float_node(arguments, options, precision):
    converter = made(linear(ALL, **options), *arguments, disp="{:.2f}")
    assert converter.spec.display.precision == precision


def test_units_that_are_not_given_are_those_of_the_node():
    assert made(by(2), "UInt8", units="A").spec.display.units == "A"


def test_the_type_for_archivers_is_that_of_the_raw_number_and_does_not_matter():
    converter = made(by(0.5), "UInt8", getExtraAttribute={"archive_type": "int"}.get)
    assert converter.to_pv(3) == 1.5
    assert converter.to_tree(1.4) == 3


@pytest.mark.parametrize("type_str", ["UInt8", "float"])
def test_a_read_only_node_stays_so(type_str):
    assert not made(by(2), type_str, mode="RO").spec.writable
    assert made(by(2), type_str).spec.writable


# Values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "raw"),
    [(0.3, 3), (0.34, 3), (0.36, 4), (25.54, 255), (-0.04, 0), (5, 50), ("1.5", 15), (True, 10)],
)
def test_a_put_is_rounded_to_the_nearest_raw_number(value, raw):
    found = made(by(0.1), "UInt8").to_tree(value)
    assert (found, type(found)) == (raw, int)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (25.56, "25.56 is outside 0.0 .. 25.5 V"),
        (-0.06, "-0.06 is outside 0.0 .. 25.5 V"),
        (math.nan, "nan has no raw value"),
        (math.inf, "inf has no raw value"),
        ("five", "'five' is not a number"),
        (None, "None is not a number"),
        (2**53 + 1, "9007199254740993 has no exact float64"),
    ],
)
def test_what_has_no_raw_number_is_refused_by_path_value_and_range(value, problem):
    with pytest.raises(PutError) as caught:
        made(by(0.1, units="V"), "UInt8").to_tree(value)
    assert str(caught.value) == f"Top.Dev.V: {problem}"


def test_an_own_range_of_the_node_holds():
    converter = made(by(-0.5, 10), "UInt8", minimum=4, maximum=8)
    assert [converter.to_tree(value) for value in (8.0, 7.0, 6.0)] == [4, 6, 8]
    with pytest.raises(PutError, match=r"^Top.Dev.V: 8.5 is outside 6.0 .. 8.0$"):
        converter.to_tree(8.5)


def test_a_float_at_its_limit_is_in_reach_whatever_the_rounding():
    converter = made(by(0.1, 0.7), "Float32", minimum=0.0, maximum=3.3)
    low, high = converter.spec.control.limit_low, converter.spec.control.limit_high
    assert converter.to_tree(high) == 3.3
    assert converter.to_tree(low) == 0.0
    with pytest.raises(PutError, match=r"is outside 0.7 .. 1.0"):
        converter.to_tree(math.nextafter(high, 9))


def test_the_ends_of_a_range_are_in_reach_from_either_side():
    options = {"minimum": 0.7, "maximum": 3.3}
    converter = made(by(0.1, 0.7), "Float32", **options)
    whole = by(0.1, 0.7).make(array("float64", valueBits=64, **options))
    low, high = converter.spec.control.limit_low, converter.spec.control.limit_high
    assert (low - 0.7) / 0.1 < 0.7  # not exactly where it came from
    assert converter.to_tree(low) == 0.7
    assert whole.to_tree([low, high, 0.8]).tolist()[:2] == [0.7, 3.3]


def test_floats_without_limits_have_none():
    converter = made(by(1e-3), "Double64")
    assert converter.to_tree(1e300) == 1e303
    assert converter.to_tree(math.inf) == math.inf
    assert math.isnan(converter.to_tree(math.nan))
    assert math.isnan(converter.to_pv(math.nan))


def test_a_node_of_a_python_int_takes_one():
    assert made(by(0.5), "int", nativeType=int).to_tree(3) == 6


def test_what_the_built_in_converter_refuses_stays_refused():
    with pytest.raises(TypeError):
        made(by(2), "UInt8").to_pv("text")
    with pytest.raises(PutError, match="nan has no place in this type"):
        made(by(2), "Fixed_16_8", minimum=-128.0, maximum=127.0).to_tree(math.nan)


def test_the_argument_of_a_command_is_converted_or_refused():
    converter = made(by(0.5), "int", isCommand=True)
    assert converter.to_tree(1.5) == 3
    with pytest.raises(PutError, match="'x' is not a number"):
        converter.to_tree("x")


# Arrays ---------------------------------------------------------------------------------------


def array(dtype="uint16", **attributes):
    given = {"ndType": np.dtype(dtype), "numValues": 3, "valueBits": 16} | attributes
    return node(f"{dtype}(3,)", **given)


def test_an_array_is_converted_element_by_element():
    converter = by(0.5, -1, units="V").make(array(maximum=100, minimum=0))
    assert converter.spec.kind is NtKind.SCALAR_ARRAY
    assert (converter.spec.scalar, converter.spec.max_length) == (ScalarType.Float64, 3)
    shown = converter.to_pv(np.array([0, 1, 100], np.uint16))
    assert (shown.tolist(), shown.dtype) == ([-1.0, -0.5, 49.0], np.float64)
    raw = converter.to_tree(np.array([-1.0, -0.6, 49.0]))
    assert (raw.tolist(), raw.dtype) == ([0, 1, 100], np.uint16)
    assert converter.to_tree("[0, 1, 2]").tolist() == [2, 4, 6]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ([0.0, 49.5, 1.0], "49.5 is outside -1.0 .. 49.0 V"),
        ([0.0, math.nan, 1.0], "nan has no raw value"),
        ([0.0, 1.0], "2 elements instead of 3"),
        (["a", "b", "c"], "elements of type text do not fit float64"),
    ],
)
def test_an_array_that_does_not_fit_is_refused_and_named(value, problem):
    with pytest.raises(PutError) as caught:
        by(0.5, -1, units="V").make(array(maximum=100, minimum=0)).to_tree(np.array(value))
    assert str(caught.value) == f"Top.Dev.V: {problem}"


def test_an_array_of_floats_keeps_to_its_range():
    converter = by(10).make(array("float32", valueBits=32, minimum=0.0, maximum=1.0))
    assert converter.to_tree([0.0, 5.0, 10.0]).tolist() == [0.0, 0.5, 1.0]
    with pytest.raises(PutError, match="10.5 is outside 0.0 .. 10.0"):
        converter.to_tree([0.0, 5.0, 10.5])


def test_an_array_without_limits_has_none():
    converter = by(10).make(array("float64", valueBits=64))
    assert converter.to_tree([0.0, 1e300, -math.inf]).tolist() == [0.0, 1e299, -math.inf]


def test_a_wide_integer_array_has_no_number_beyond_its_type():
    converter = by(1).make(node("int64(1,)", ndType=np.dtype("int64"), nativeType=np.ndarray))
    assert converter.to_tree([2.0**62]).tolist() == [2**62]
    with pytest.raises(PutError, match="is not an integer within"):
        converter.to_tree([2.0**63])


def test_an_image_is_converted_and_put_back_in_its_shape():
    present = np.arange(6, dtype=np.uint8).reshape(2, 3)
    image = node("uint8(2, 3)", present, ndType=np.dtype("uint8"), nativeType=np.ndarray)
    converter = by(0.5).make(image)
    assert (converter.spec.kind, converter.spec.scalar) == (NtKind.NDARRAY, ScalarType.Float64)
    shown = converter.to_pv(present)
    assert shown.tolist() == [[0.0, 0.5, 1.0], [1.5, 2.0, 2.5]]
    flat = converter.to_tree(np.ravel(shown).view(Flat))
    assert (flat.tolist(), flat.dtype) == (present.tolist(), np.uint8)


# Any function ---------------------------------------------------------------------------------


def test_a_function_without_inverse_cannot_be_put():
    converter = made(scaled(ALL, to_pv=math.sqrt), "UInt8")
    assert converter.to_pv(9) == 3.0
    assert not converter.spec.writable
    with pytest.raises(PutError, match="^Top.Dev.V: it is served through a function without inv"):
        converter.to_tree(3.0)


def test_a_falling_function_turns_the_limits_round():
    rule = scaled(ALL, to_pv=lambda raw: 1 / raw, to_tree=lambda value: 1 / value)
    spec = made(rule, "UInt8", minimum=1, maximum=4, highAlarm=2, lowWarning=1).spec
    assert (spec.control.limit_low, spec.control.limit_high) == (0.25, 1.0)
    assert (spec.value_alarm.low_alarm, spec.value_alarm.high_warning) == (0.5, 1.0)
    assert spec.display.precision == 8


def test_a_limit_without_a_value_is_none_but_an_alarm_limit_must_have_one():
    rule = scaled(ALL, to_pv=math.log, to_tree=math.exp)
    converter = made(rule, "UInt8")
    assert converter.spec.control.limit_low is None
    assert converter.spec.control.limit_high == math.log(255)
    with pytest.raises(PutError, match=r"6.0 is outside None .. 5.5"):
        converter.to_tree(6.0)
    with pytest.raises(PluginError, match="scaled has no value for its alarm limit 0"):
        made(rule, "UInt8", lowAlarm=0)


def test_functions_of_numpy_warn_of_nothing():
    converter = made(
        scaled(ALL, to_pv=np.log10, to_tree=lambda value: np.power(10.0, value)), "UInt8"
    )
    assert converter.to_pv(0) == -math.inf
    assert converter.to_pv(100) == 2.0
    with pytest.raises(PutError, match="^Top.Dev.V: 400.0 has no raw value$"):
        converter.to_tree(400.0)


def test_a_function_that_rises_and_falls_is_refused():
    with pytest.raises(PluginError) as caught:
        made(scaled(ALL, to_pv=lambda raw: raw * raw), "Int8")
    assert str(caught.value) == (
        "Top.Dev.V: the function of scaled both rises, from raw 0 to 1, and falls, from -128 to 0"
    )


def test_what_the_functions_raise_or_make_is_told():
    rule = scaled(ALL, to_pv=lambda raw: raw, to_tree=lambda value: 1 / (value - 1))
    with pytest.raises(PutError, match="^Top.Dev.V: float division by zero$"):
        made(rule, "UInt8").to_tree(1.0)
    rule = scaled(ALL, to_pv=np.sum, to_tree=np.diff)
    with pytest.raises(ValueError, match=r"the function of scaled made shape \(\) of shape \(3,\)"):
        rule.make(array()).to_pv(np.zeros(3, np.uint16))
    with pytest.raises(PutError, match=r"the function of scaled made shape \(2,\) of shape \(3,\)"):
        rule.make(array()).to_tree(np.zeros(3))


# There and back -------------------------------------------------------------------------------

SCALES = st.floats(1e-6, 1e6).flatmap(lambda x: st.sampled_from([x, -x]))
OFFSETS = st.floats(-1e6, 1e6)


@given(scale=SCALES, offset=OFFSETS, raw=st.integers(-(2**15), 2**15 - 1))
def test_every_raw_number_comes_back(scale, offset, raw):
    assume(abs(scale) > abs(offset) * 1e-9)
    converter = made(by(scale, offset), "Int16")
    assert converter.to_tree(converter.to_pv(raw)) == raw


@given(scale=SCALES, offset=OFFSETS, value=st.floats(-1e12, 1e12))
def test_what_a_put_shows_is_the_nearest_there_is(scale, offset, value):
    assume(abs(scale) > abs(offset) * 1e-9)
    converter = made(by(scale, offset), "Int16")
    control = converter.spec.control
    try:
        shown = converter.to_pv(converter.to_tree(value))
    except PutError:
        assert value < control.limit_low or value > control.limit_high
    else:
        assert abs(shown - value) <= abs(scale) / 2 * (1 + 1e-6) + abs(value) * 1e-12


@given(
    scale=SCALES, offset=OFFSETS, raw=st.lists(st.integers(0, 2**16 - 1), min_size=3, max_size=3)
)
def test_an_array_is_what_its_elements_are(scale, offset, raw):
    assume(abs(scale) > abs(offset) * 1e-9)
    whole = by(scale, offset).make(array(minimum=0, maximum=2**16 - 1))
    single = made(by(scale, offset), "UInt16")
    shown = whole.to_pv(np.array(raw, np.uint16))
    assert shown.tolist() == [single.to_pv(each) for each in raw]
    assert whole.to_tree(shown).tolist() == raw


NAMES = ("lowAlarm", "lowWarning", "highWarning", "highAlarm")
TURNED = {"LOLO": "HIHI", "HIHI": "LOLO", "LOW": "HIGH", "HIGH": "LOW", "": ""}
LIMITS = st.lists(st.integers(-128, 127), min_size=4, max_size=4).map(sorted)


@given(
    scale=SCALES,
    offset=OFFSETS,
    raw=st.integers(-128, 127),
    limits=LIMITS,
    there=st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_the_alarm_in_units_is_that_of_the_raw_number(scale, offset, raw, limits, there):
    assume(abs(scale) > abs(offset) * 1e-9)
    given_limits = [
        limit if is_there else None for limit, is_there in zip(limits, there, strict=True)
    ]
    declared = node("Int8", **dict(zip(NAMES, given_limits, strict=True)))
    converter = by(scale, offset).make(declared)
    told = judge(converter.to_pv(raw), converter.spec.value_alarm)
    of_raw = judge(raw, ValueAlarm(*given_limits))
    assert told.severity == of_raw.severity
    assert told.message == (of_raw.message if scale > 0 else TURNED[of_raw.message])
