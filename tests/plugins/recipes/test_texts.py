"""Times and structures as text, and lists of dicts as tables."""

import json
import math
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.engine.nodes import node

from roguebridge.core import NtKind, PluginError, PutError, ScalarType, Select
from roguebridge.plugins.recipes import iso_time, json_text, table

ALL = Select()


def time(*arguments, unit="s", digits=3, **attributes):
    return iso_time(ALL, unit=unit, digits=digits).make(node(*arguments, **attributes))


# Times ----------------------------------------------------------------------------------------


def test_a_unit_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"unit must be one of \['s', 'ms', 'us', 'ns'\], not 'h'"):
        iso_time(ALL, unit="h")
    for digits in (-1, 10, True, "3", None):
        with pytest.raises(ValueError, match="iso_time: digits must be an int from 0 to 9, not "):
            iso_time(ALL, digits=digits)


@pytest.mark.parametrize(
    ("arguments", "options", "value", "text"),
    [
        (("float",), {}, 1767225600.0, "2026-01-01T00:00:00.000Z"),
        (("float",), {}, 1767225600.0625, "2026-01-01T00:00:00.062Z"),
        (("float",), {"digits": 0}, 1767225600.75, "2026-01-01T00:00:01Z"),
        (("Double64",), {"digits": 6}, 0.000001, "1970-01-01T00:00:00.000001Z"),
        (("UInt64",), {"unit": "ns", "digits": 9}, 1, "1970-01-01T00:00:00.000000001Z"),
        (("UInt64",), {"unit": "ms"}, 86400001, "1970-01-02T00:00:00.001Z"),
        (("int",), {"unit": "us", "digits": 6}, -1, "1969-12-31T23:59:59.999999Z"),
        (("int",), {}, -62135596800, "0001-01-01T00:00:00.000Z"),
    ],
)
def test_a_number_is_shown_as_a_time(arguments, options, value, text):
    converter = time(*arguments, **options)
    assert (converter.spec.kind, converter.spec.scalar) == (NtKind.SCALAR, ScalarType.String)
    assert converter.to_pv(value) == text


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e20, -1e12])
def test_a_number_that_is_no_time_has_no_place(value):
    with pytest.raises(ValueError, match=r" s is no time that ISO 8601 has"):
        time("float").to_pv(value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-01-01T00:00:00Z", 1767225600),
        ("2026-01-01T00:00:00", 1767225600),
        ("2026-01-01 01:00:00+01:00", 1767225600),
        ("2026-01-01", 1767225600),
        ("20260101T000000Z", 1767225600),
        (" 2026-01-01T00:00:00.000Z ", 1767225600),
        ("2026-01-01T00:00:00,000-00:30", 1767227400),
        ("1767225600", 1767225600),
        ("-1.0", -1),
        ("1e3", 1000),
    ],
)
def test_times_of_several_forms_are_read(text, seconds):
    for type_str in ("int", "float"):
        assert time(type_str).to_tree(text) == seconds


def test_what_is_put_is_of_the_type_of_the_node():
    assert type(time("int", nativeType=int).to_tree("1")) is int
    assert type(time("float", nativeType=float).to_tree("1")) is float
    assert time("UInt32").to_tree(5) == 5


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("now", "'now' is neither a time such as 2026-01-31T12:00:00Z nor a number"),
        ("", "'' is neither a time such as 2026-01-31T12:00:00Z nor a number"),
        ("2026-02-30T00:00:00Z", "'2026-02-30T00:00:00Z' is neither a time such as "),
        ("2026-01-01T00:00:00.0000000001Z", "'2026-01-01T00:00:00.0000000001Z' is neither a time"),
        ("1970-01-01T00:00:01.5Z", "'1970-01-01T00:00:01.5Z' is not a whole number of s"),
        ("0.5", "'0.5' is not a whole number of s"),
        ("1960-01-01T00:00:00Z", "-315619200 is outside 0 .. 4294967295"),
        ("nan", "'nan' is neither a time"),
    ],
)
def test_text_that_is_no_time_of_the_node_is_refused(text, problem):
    with pytest.raises(PutError) as caught:
        time("UInt32").to_tree(text)
    assert str(caught.value).startswith(f"Top.Dev.V: {problem}")


@pytest.mark.parametrize("arguments", [("str", "a"), ("UInt128",)])
def test_a_node_that_is_no_number_is_refused(arguments):
    with pytest.raises(PluginError, match="^Top.Dev.V: iso_time is for numbers, not "):
        time(*arguments)


@given(ns=st.integers(0, 2**63 - 1), unit=st.sampled_from(["s", "ms", "us", "ns"]))
def test_every_time_comes_back(ns, unit):
    factor = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[unit]
    converter = time("UInt64", unit=unit, digits=9)
    text = converter.to_pv(ns // factor)
    assert converter.to_tree(text) == ns // factor
    assert datetime.fromisoformat(text).timestamp() == pytest.approx(
        ns // factor * factor / 1e9, abs=1e-5
    )


# JSON -----------------------------------------------------------------------------------------


def jsoned(*arguments, **attributes):
    return json_text(ALL).make(node(*arguments, **attributes))


def test_values_of_any_type_are_json():
    assert jsoned("dict", {}, nativeType=dict).to_pv({"a": np.float64(1.5)}) == '{"a": 1.5}'
    assert jsoned("int").to_pv(5) == "5"
    assert jsoned("str", "a").to_pv('a"b') == '"a\\"b"'
    assert jsoned("list", [], nativeType=list).to_pv([np.arange(2), (1,)]) == "[[0, 1], [1]]"
    array = jsoned("float64(2,)", nativeType=np.ndarray, ndType=np.dtype(float))
    assert array.to_pv(np.array([1.0, 2.0])) == "[1.0, 2.0]"
    assert array.to_tree("[3, 4.5]").tolist() == [3.0, 4.5]


def test_what_is_put_is_what_the_node_takes():
    assert jsoned("UInt8").to_tree("5") == 5
    assert jsoned("str", "a").to_tree('"[1]"') == "[1]"
    assert jsoned("tuple", (), nativeType=tuple).to_tree("[1, 2]") == (1, 2)
    anything = jsoned("Unknown", None, nativeType=None)
    assert anything.to_tree('"5"') == "5"
    assert anything.to_tree("[1]") == [1]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({1: "a"}, "the key 1 is no text, which JSON needs"),
        ({"a": [{2: 3}]}, "the key 2 is no text, which JSON needs"),
        ({"a": b"x"}, "a bytes is not JSON"),
        ({"a": math.nan}, "not JSON compliant"),
    ],
)
def test_what_json_has_not_has_no_place(value, problem):
    with pytest.raises((TypeError, ValueError), match=problem):
        jsoned("dict", {}, nativeType=dict).to_pv(value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{'a': 1}", "no JSON: column 2 of \"{'a': 1}\""),
        ('{"a": NaN}', "no JSON: NaN is not in it"),
        ("[" * 100_000, "no JSON: "),
        ("", "no JSON: column 1 of ''"),
        ("[1]", "expected a dict, got [1]"),
        ("null", "the value is empty"),
        (5, "5 is not text"),
    ],
)
def test_text_that_is_no_json_of_the_node_is_refused(text, problem):
    with pytest.raises(PutError) as caught:
        jsoned("dict", {}, nativeType=dict).to_tree(text)
    assert str(caught.value).startswith(f"Top.Dev.V: {problem}")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)  # fmt: skip


@given(value=st.dictionaries(st.text(st.characters(codec="utf-8")), JSON))
def test_every_dict_comes_back(value):
    converter = jsoned("dict", {}, nativeType=dict)
    assert converter.to_tree(converter.to_pv(value)) == value
    assert json.loads(converter.to_pv(value)) == value


# Tables ---------------------------------------------------------------------------------------

COLUMNS = {"name": "str", "gain": ScalarType.Float64, "n-1": "uint8"}
ROWS = [{"name": "a", "gain": 1, "n-1": 255}, {"name": "b", "gain": 2.5, "n-1": 0}]
LISTS = {"name": ["a", "b"], "gain": [1, 2.5], "n-1": [255, 0]}


def rows(value=ROWS, native=list, columns=COLUMNS, **attributes):
    return table(ALL, columns).make(node("list", value, nativeType=native, **attributes))


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        (["a"], "columns must be a dict of name to type, not ['a']"),
        ({}, "columns must be a dict of name to type, not {}"),
        ({"a": "double"}, "'double' of column 'a' is none of ['bool', "),
        ({"a": float}, "<class 'float'> of column 'a' is none of "),
        ({5: "str"}, "5 is no name of a column"),
    ],
)
def test_columns_that_cannot_be_are_refused_when_the_rule_is_made(columns, problem):
    with pytest.raises(TypeError) as caught:
        table(ALL, columns)
    assert str(caught.value).startswith(f"table: {problem}")


def test_a_node_of_another_type_is_refused():
    with pytest.raises(PluginError, match="^Top.Dev.V: table is for lists and dicts, not UInt8$"):
        table(ALL, COLUMNS).make(node("UInt8", nativeType=int))


@pytest.mark.parametrize("value", [ROWS, LISTS, tuple(ROWS)])
def test_rows_and_columns_are_a_table(value):
    converter = rows(value)
    spec = converter.spec
    assert (spec.kind, spec.writable) == (NtKind.TABLE, True)
    assert [(c.name, c.label) for c in spec.columns][2] == ("n_1", "n-1")
    shown = converter.to_pv(value)
    assert shown["name"] == ["a", "b"]
    assert (shown["gain"].tolist(), shown["gain"].dtype) == ([1.0, 2.5], np.float64)
    assert (shown["n_1"].tolist(), shown["n_1"].dtype) == ([255, 0], np.uint8)


def test_no_rows_are_columns_of_their_types():
    shown = rows([]).to_pv([])
    assert shown["name"] == []
    assert shown["gain"].dtype == np.float64


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (5, "5 is neither a list of dicts nor a dict of lists"),
        ([1], "[1] is neither a list of dicts nor a dict of lists"),
        ([ROWS[0], {"name": "c"}], "row 1 has no 'gain'"),
        ({"name": []}, "there is no column 'gain'"),
        (LISTS | {"name": ["a"]}, "the columns differ in length: {'name': 1, 'gain': 2, 'n_1': 2}"),
        ([ROWS[0] | {"n-1": 256}], "column 'n-1': 256 is not an integer within 0 .. 255"),
        ([ROWS[0] | {"gain": "high"}], "column 'gain': elements of type text do not fit float64"),
        ([ROWS[0] | {"gain": [1]}], "column 'gain': rank 2 instead of 1"),
        ([ROWS[0] | {"name": 5}], "column 'name': 5 is not text"),
    ],
)
def test_what_is_not_the_table_declared_has_no_place(value, problem):
    with pytest.raises((TypeError, ValueError)) as caught:
        rows().to_pv(value)
    assert str(caught.value) == problem


@pytest.mark.parametrize("value", [ROWS, LISTS, tuple(ROWS)])
def test_a_put_gives_what_the_node_has(value):
    converter = rows(value, type(value))
    put = converter.to_tree({"gain": np.array([7.0, 8.0])})
    assert type(put) is type(value)
    assert converter.to_pv(put)["gain"].tolist() == [7.0, 8.0]
    assert converter.to_pv(put)["name"] == ["a", "b"]
    whole = {"name": np.array(["c"]), "gain": np.array([1.0]), "n_1": np.array([3])}
    put = converter.to_tree(whole)
    assert converter.to_pv(put)["n_1"].tolist() == [3]
    flat = [cell for row in (put.values() if type(put) is dict else put) for cell in row]
    assert not any(isinstance(cell, np.generic) for cell in flat)


@pytest.mark.parametrize(
    ("present", "put", "problem"),
    [
        (ROWS, [1], "[1] is not a table"),
        (ROWS, {"x": [1]}, "unknown columns ['x']; there are ['name', 'gain', 'n_1']"),
        (ROWS, {"gain": [1.0]}, "the columns differ in length: {'name': 2, 'gain': 1, 'n_1': 2}"),
        (ROWS, {"n_1": [300, 1]}, "column 'n-1': 300 is not an integer within 0 .. 255"),
        (
            [ROWS[0] | {"extra": 1, 2: 3}],
            {"gain": [1.0]},
            "its keys ['2', 'extra'] are not in this table and would be lost",
        ),
    ],
)
def test_a_put_that_does_not_fit_is_refused(present, put, problem):
    with pytest.raises(PutError) as caught:
        rows(present).to_tree(put)
    assert str(caught.value) == f"Top.Dev.V: {problem}"


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "name": st.text(st.characters(codec="utf-8", exclude_characters="\0")),
                "gain": st.floats(allow_nan=False),
                "n-1": st.integers(0, 255),
            }
        )
    )
)
def test_every_list_comes_back(value):
    converter = rows(value)
    assert converter.to_tree(converter.to_pv(value)) == value
