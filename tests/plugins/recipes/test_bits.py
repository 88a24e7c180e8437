"""Bits of an integer as an enum; wide integers as hexadecimal text and as words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.engine.nodes import node

from roguebridge.core import ConversionError, NtKind, PluginError, PutError, ScalarType, Select
from roguebridge.core.values.alarm import STATE
from roguebridge.plugins.recipes import bit_field, hex_text, split_words

ALL = Select()
CHOICES = {0: "Off", 1: "On", 3: "Fault"}


def field(*arguments, choices=CHOICES, shift=4, width=2, **attributes):
    return bit_field(ALL, choices, shift=shift, width=width).make(node(*arguments, **attributes))


# Bit fields -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choices", "options", "problem"),
    [
        ("On", {}, "choices must be a dict or a list, not 'On'"),
        (5, {}, "choices must be a dict or a list, not 5"),
        ({"a": "On"}, {}, "'a': 'On' is no choice, such as 1: 'On'"),
        ({True: "On"}, {}, "True: 'On' is no choice, such as 1: 'On'"),
        ({-1: "On"}, {}, "-1: 'On' is no choice, such as 1: 'On'"),
        ([1, 2], {}, "0: 1 is no choice, such as 1: 'On'"),
        (["Off", "On"], {"shift": -1}, "no bits have shift -1 and width 1"),
        (["Off", "On"], {"width": 0}, "no bits have shift 0 and width 0"),
        (["Off", "On"], {"width": 1.0}, "no bits have shift 0 and width 1.0"),
        ({}, {}, "the choices {} are none, or not all different"),
        (["A", "A"], {}, "the choices {0: 'A', 1: 'A'} are none, or not all different"),
        ({4: "A"}, {"width": 2}, "4 does not fit 2 bits"),
    ],
)
def test_choices_that_cannot_be_are_refused_when_the_rule_is_made(choices, options, problem):
    with pytest.raises((TypeError, ValueError)) as caught:
        bit_field(ALL, choices, **options)
    assert str(caught.value) == f"bit_field: {problem}"


def test_the_width_is_that_of_the_choices():
    converter = bit_field(ALL, ["A", "B", "C"]).make(node("UInt8"))
    assert [converter.to_pv(value) for value in (4, 5, 6)] == [0, 1, 2]


def test_the_pv_is_an_enum_in_the_order_of_the_choices():
    spec = field("UInt8", choices={1: "On", 0: "Off"}).spec
    assert (spec.kind, spec.scalar, spec.choices) == (NtKind.ENUM, ScalarType.Int32, ("On", "Off"))
    assert spec.display.description == "what it is"
    assert spec.writable
    assert not field("UInt8", mode="RO").spec.writable


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("float",), "bit_field is for integers, not float"),
        (("UInt5",), "UInt5 has no bits 4 to 5"),
    ],
)
def test_a_node_without_these_bits_is_refused(arguments, problem):
    with pytest.raises(PluginError) as caught:
        field(*arguments)
    assert str(caught.value) == f"Top.Dev.V: {problem}"


def test_bits_without_a_choice_are_state():
    with pytest.raises(ConversionError) as caught:
        field("UInt8").to_pv(0x2F)
    assert caught.value.alarm == STATE
    assert str(caught.value) == "Top.Dev.V: bits 4 to 5 are 2, which is none of [0, 1, 3]"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("Broken", "'Broken' is none of ['Off', 'On', 'Fault']"),
        (3, "index 3 is outside 0 .. 2, the choices ['Off', 'On', 'Fault']"),
        (-1, "index -1 is outside 0 .. 2, the choices ['Off', 'On', 'Fault']"),
        (0.5, "0.5 is not an integer"),
        (None, "None is not a number"),
    ],
)
def test_what_is_no_choice_is_refused(value, problem):
    with pytest.raises(PutError) as caught:
        field("UInt8").to_tree(value)
    assert str(caught.value) == f"Top.Dev.V: {problem}"


def test_a_node_with_an_enum_of_its_own_takes_its_numbers():
    assert field("UInt8", 0x81, enum={0x81: "A", 0xB1: "B"}).to_tree("Fault") == 0xB1


@given(value=st.integers(0, 2**16 - 1), index=st.integers(0, 2), shift=st.integers(0, 14))
def test_a_put_changes_these_bits_only(value, index, shift):
    converter = field("UInt16", value, shift=shift)
    put = converter.to_tree(index)
    assert converter.to_pv(put) == index
    assert (put ^ value) & ~(3 << shift) == 0


@given(value=st.integers(-128, 127), index=st.integers(0, 2), shift=st.integers(0, 6))
def test_the_bits_of_a_negative_number_are_those_of_its_register(value, index, shift):
    converter = field("Int8", value, shift=shift)
    put = converter.to_tree(index)
    assert -128 <= put <= 127
    assert converter.to_pv(put) == index
    assert (put ^ value) & ~(3 << shift) & 0xFF == 0


def test_bits_beyond_64_are_bits_too():
    converter = field("UInt160", 1 << 159, shift=100)
    assert converter.to_tree("Fault") == (1 << 159) | (3 << 100)


def test_a_python_int_has_as_many_bits_as_it_takes():
    assert field("int", -1, nativeType=int).to_tree("Off") == ~0x30


# Hexadecimal text -----------------------------------------------------------------------------


def hexed(*arguments, digits=None, **attributes):
    return hex_text(ALL, digits=digits).make(node(*arguments, **attributes))


@pytest.mark.parametrize("digits", [0, -1, True, "8"])
def test_digits_that_are_none_are_refused(digits):
    with pytest.raises(ValueError, match="hex_text: digits must be an int greater than 0, not "):
        hex_text(ALL, digits=digits)


@pytest.mark.parametrize(
    ("arguments", "digits", "value", "text"),
    [
        (("UInt160",), None, 255, "0x" + "ff".rjust(40, "0")),
        (("UInt12",), None, 255, "0x0ff"),
        (("UInt8",), 4, 255, "0x00ff"),
        (("UInt16",), 1, 255, "0xff"),
        (("int",), None, 255, "0xff"),
        (("Int8",), None, -5, "-0x05"),
        (("uint16",), None, np.uint16(5), "0x0005"),
    ],
)
def test_an_integer_is_text_of_one_width(arguments, digits, value, text):
    converter = hexed(*arguments, digits=digits)
    assert (converter.spec.kind, converter.spec.scalar) == (NtKind.SCALAR, ScalarType.String)
    assert converter.to_pv(value) == text
    assert converter.to_tree(text) == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("0x100", "256 is outside 0 .. 255"),
        ("-1", "-1 is outside 0 .. 255"),
        ("ff", "'ff' is not an integer"),
        ("1.5", "1.5 is not an integer"),
        ("", "'' is not an integer"),
    ],
)
def test_text_that_is_no_number_of_the_node_is_refused(text, problem):
    with pytest.raises(PutError) as caught:
        hexed("UInt8").to_tree(text)
    assert str(caught.value) == f"Top.Dev.V: {problem}"


def test_text_of_other_bases_and_numbers_are_taken():
    assert [hexed("UInt8").to_tree(value) for value in ("31", "0b11", 7, "0x0")] == [31, 3, 7, 0]


def test_what_is_no_integer_is_refused():
    with pytest.raises(PluginError, match="^Top.Dev.V: hex_text is for integers, not str$"):
        hexed("str", "a")
    with pytest.raises(PluginError, match="hex_text is for integers"):
        hexed("int", isCommand=True, arg=False)


# Words ----------------------------------------------------------------------------------------


def words(*arguments, count=None, first="least", **attributes):
    return split_words(ALL, words=count, first=first).make(node(*arguments, **attributes))


def test_words_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="words must be an int greater than 0, not 0"):
        split_words(ALL, words=0)
    with pytest.raises(ValueError, match="first must be 'least' or 'most', not 'big'"):
        split_words(ALL, first="big")
    with pytest.raises(PluginError, match="int does not say how many words it has: give words"):
        words("int")


def test_the_pv_is_an_array_of_as_many_words_as_the_type_has():
    spec = words("UInt160").spec
    assert (spec.kind, spec.scalar, spec.max_length) == (NtKind.SCALAR_ARRAY, ScalarType.UInt32, 5)
    assert words("UInt33").spec.max_length == 2
    assert words("int", count=3).spec.max_length == 3


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ([1], "1 words instead of 2"),
        ([1, 2, 3], "3 words instead of 2"),
        ([1, 2**32], "4294967296 is not an integer within 0 .. 4294967295"),
        ([1, -1], "-1 is not an integer within 0 .. 4294967295"),
        ([1.5, 1], "1.5 is not an integer within 0 .. 4294967295"),
        ([0, 256], "1099511627776 is outside 0 .. 1099511627775"),
        ("text", "'text' is neither JSON nor a Python literal"),
    ],
)
def test_words_that_are_none_are_refused(value, problem):
    with pytest.raises(PutError) as caught:
        words("UInt40").to_tree(value)
    assert str(caught.value) == f"Top.Dev.V: {problem}"


def test_a_number_of_more_words_has_no_place():
    with pytest.raises(OverflowError, match="0x100000000 has more than 1 words"):
        words("int", count=1).to_pv(2**32)


@given(value=st.integers(0, 2**160 - 1))
def test_an_unsigned_number_comes_back_in_either_order(value):
    least, most = words("UInt160"), words("UInt160", first="most")
    assert least.to_pv(value).tolist() == most.to_pv(value).tolist()[::-1]
    assert least.to_pv(value).dtype == np.uint32
    assert least.to_tree(least.to_pv(value)) == most.to_tree(most.to_pv(value)) == value


@given(value=st.integers(-(2**71), 2**71 - 1))
def test_a_signed_number_comes_back(value):
    converter = words("Int72")
    assert converter.to_tree(converter.to_pv(value)) == value
    assert converter.to_tree(str(converter.to_pv(value).tolist())) == value
