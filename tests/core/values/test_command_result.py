import datetime
import json

import numpy as np
import pytest

from roguebridge.core.values.arrays import array_type
from roguebridge.core.values.command_result import describe_result, text_of
from roguebridge.core.values.spec import NtKind, ScalarType

SCALAR, ARRAY, IMAGE = NtKind.SCALAR, NtKind.SCALAR_ARRAY, NtKind.NDARRAY
LOOP = []
LOOP.append(LOOP)


@pytest.mark.parametrize(
    ("result", "kind", "scalar", "value"),
    [
        (True, SCALAR, "Bool", True),
        (5, SCALAR, "Int64", 5),
        (-(2**63), SCALAR, "Int64", -(2**63)),
        (2**63, SCALAR, "UInt64", 2**63),
        (2**64, SCALAR, "String", str(2**64)),
        (0.5, SCALAR, "Float64", 0.5),
        ("", SCALAR, "String", ""),
        (None, SCALAR, "String", "None"),
        (np.int8(5), SCALAR, "Int64", 5),
        (np.float32(0.5), SCALAR, "Float64", 0.5),
        (np.bool_(True), SCALAR, "Bool", True),
        (np.array(5), SCALAR, "Int64", 5),
        ([1, 2], ARRAY, "Int64", [1, 2]),
        ((1, 2.5), ARRAY, "Float64", [1.0, 2.5]),
        ([True, False], ARRAY, "Bool", [True, False]),
        (np.arange(3, dtype=">u2"), ARRAY, "UInt16", [0, 1, 2]),
        (np.ones(2, "f2"), ARRAY, "Float32", [1.0, 1.0]),
        (np.array(["a", "b"]), ARRAY, "String", ["a", "b"]),
        (np.zeros((2, 2), "u1"), IMAGE, "UInt8", [[0, 0], [0, 0]]),
        ([], SCALAR, "String", "[]"),
        ([1, "a"], SCALAR, "String", '[1, "a"]'),
        ({"a": 1}, SCALAR, "String", '{"a": 1}'),
        ({1: "a"}, SCALAR, "String", "{1: 'a'}"),
        ([{1: "a"}], SCALAR, "String", "[{1: 'a'}]"),
        (b"ab", SCALAR, "String", "b'ab'"),
        (1j, SCALAR, "String", "1j"),
        (np.ones(1, complex), IMAGE, "Float64", [[1.0, 0.0]]),
        (np.array([1 + 2j], "c8"), IMAGE, "Float32", [[1.0, 2.0]]),
        (np.longdouble(0.5), SCALAR, "Float64", 0.5),
        (np.ones(1, np.longdouble), ARRAY, "Float64", [1.0]),
        (np.array(0.5), SCALAR, "Float64", 0.5),
        (np.array(["2024-01-02"], "M8[D]"), ARRAY, "String", ["2024-01-02"]),
        (np.datetime64("2024-01-02"), SCALAR, "String", "2024-01-02"),
        (np.array([["2024-01-02"]], "M8[D]"), SCALAR, "String", '[["2024-01-02"]]'),
        (np.array([5], "m8[s]"), SCALAR, "String", '["5 seconds"]'),
        (np.array([["a", "b"]]), SCALAR, "String", '[["a", "b"]]'),
        (np.array([None, 1j]), SCALAR, "String", '[null, "1j"]'),
        (np.array([b"ab", b"c"]), ARRAY, "String", ["ab", "c"]),
        (np.array(1j), SCALAR, "String", '"1j"'),
        ([1, 2**63], ARRAY, "UInt64", [1, 2**63]),
        ([-1, 2**63], SCALAR, "String", f"[-1, {2**63}]"),
        ([10**400, 0.5], SCALAR, "String", f"[{10**400}, 0.5]"),
        ([np.longdouble(0.5)], SCALAR, "String", "[0.5]"),
        (np.array([None, np.float32(0.5)]), SCALAR, "String", "[null, 0.5]"),
        (np.array([None, b"ab"]), SCALAR, "String", '[null, "ab"]'),
        (np.array([None, np.int8(1)]), SCALAR, "String", "[null, 1]"),
        ([2**53 + 1, 0.5], SCALAR, "String", f"[{2**53 + 1}, 0.5]"),
        ("\ud800", SCALAR, "String", "\\ud800"),
        (LOOP, SCALAR, "String", "[[...]]"),
    ],
)
def test_what_a_command_returned_is_described(result, kind, scalar, value):
    spec, shown = describe_result(result)
    assert (spec.kind, spec.scalar) == (kind, ScalarType[scalar])
    if isinstance(shown, np.ndarray):
        assert shown.dtype == ScalarType[scalar].dtype
        shown = shown.tolist()
    assert shown == value
    assert type(shown) is type(value)


def test_a_structured_array_is_a_table():
    array = np.array([(1, "ab", True)], [("a b", "<u2"), ("text", "<U3"), ("on", "?")])
    spec, shown = describe_result(array)
    assert spec.kind is NtKind.TABLE
    assert [(c.name, c.label, c.scalar) for c in spec.columns] == [
        ("a_b", "a b", ScalarType.UInt16),
        ("text", "text", ScalarType.String),
        ("on", "on", ScalarType.Bool),
    ]
    assert {name: list(column) for name, column in shown.items()} == {
        "a_b": [1], "text": ["ab"], "on": [True],
    }  # fmt: skip


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(1, [("a", "<i4", (2,))]),
        np.zeros(1, [("a", [("b", "<i4")])]),
        np.zeros(1, [("a", "O")]),
        np.zeros((1, 1), [("a", "<i4")]),
        np.zeros(1, []),
    ],
)
def test_any_other_structured_array_is_text(array):
    spec, shown = describe_result(array)
    assert (spec.kind, spec.scalar) == (SCALAR, ScalarType.String)
    assert len(json.loads(shown)) == 1


@pytest.mark.parametrize("result", [[2**70, 1], [1, 2**63], np.array([None]), object()])
def test_any_other_result_is_text_and_never_raises(result):
    spec, shown = describe_result(result)
    assert spec.kind in (SCALAR, ARRAY)
    assert spec.scalar is not ScalarType.String or type(shown) is str


def test_numpy_inside_of_lists_and_dicts_is_json():
    text = text_of({"a": [np.int16(1), np.arange(2)], "b": np.float32(0.5)})
    assert json.loads(text) == {"a": [1, [0, 1]], "b": 0.5}


def test_what_json_does_not_hold_is_pythons_own_text():
    value = [datetime.date(2024, 1, 2)]
    assert text_of(value) == str(value)


@pytest.mark.parametrize(
    ("dtype", "scalar"),
    [("f2", "Float32"), (">i4", "Int32"), ("U5", "String"), ("S2", "String"), ("?", "Bool")],
)
def test_the_type_that_holds_a_dtype(dtype, scalar):
    assert array_type(np.dtype(dtype)) is ScalarType[scalar]


@pytest.mark.parametrize("dtype", ["c16", "O", "M8[s]", "i4,f8"])
def test_some_dtypes_have_no_type(dtype):
    assert array_type(np.dtype(dtype)) is None
