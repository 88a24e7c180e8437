import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roguebridge.core.values.exact import cast_exactly, exact_array, integer, real

F4, F8 = np.dtype("f4"), np.dtype("f8")
NUMBERS = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "longdouble"]


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5), (True, 1), (2**70, 2**70), (2.0, 2), (np.uint64(2**64 - 1), 2**64 - 1),
        (np.float32(-3), -3), (np.bool_(True), 1), (Decimal("7"), 7), (Fraction(6, 2), 3),
        (np.array(4), 4), (1e300, int(1e300)), (np.longdouble(2), 2),
    ],
)  # fmt: skip
def test_what_is_whole_is_an_int(value, number):
    assert integer(value) == number
    assert type(integer(value)) is int


@pytest.mark.parametrize("value", [0.5, math.nan, math.inf, Decimal("NaN"), Fraction(1, 2)])
def test_what_is_not_whole_is_no_int(value):
    with pytest.raises(ValueError, match="is not an integer"):
        integer(value)


@pytest.mark.parametrize("value", [None, "5", b"5", [5], 1j, np.zeros(1), object()])
def test_what_is_no_number_is_neither_int_nor_float(value):
    for convert in (integer, real):
        with pytest.raises(TypeError, match="is not a number"):
            convert(value)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (2**53, F8), (2**1000, F8), (True, F8), (Decimal("0.5"), F8), (Fraction(1, 4), F8),
        (0.1, F4), (math.nan, F4), (-math.inf, F4), (2**24, F4), (np.longdouble(1) / 3, F8),
        (Decimal("NaN"), F8), (np.float16(0.1), F4),
    ],
)  # fmt: skip
def test_floats_may_round_and_other_numbers_must_be_exact(value, dtype):
    found = real(value, dtype)
    assert type(found) is float
    assert found == float(value) or found != found


@pytest.mark.parametrize(
    ("value", "dtype", "reason"),
    [
        (2**53 + 1, F8, "has no exact float64"), (2**24 + 1, F4, "has no exact float32"),
        (Decimal("0.1"), F8, "has no exact"), (Fraction(1, 3), F8, "has no exact"),
        (10**400, F8, "too large for float64"), (1e39, F4, "too large for float32"),
        (np.longdouble("1e400"), F8, "too large"),
    ],
)  # fmt: skip
def test_a_number_that_would_change_is_no_float(value, dtype, reason):
    with pytest.raises(ValueError, match=reason):
        real(value, dtype)


@pytest.mark.parametrize(
    ("array", "dtype", "reason"),
    [
        (np.array([0, -1]), "u1", "^-1 is not an integer within 0 .. 255$"),
        (np.array([0, 256]), "u1", "^256 is not an integer within 0 .. 255$"),
        (np.array([1.0, math.nan]), "i4", "^nan is not an integer within"),
        (np.array([2.0**63]), "i8", "is not an integer within"),
        (np.array([-0.5]), "i8", "is not an integer within"),
        (np.array([2**63], "u8"), "i8", "is not an integer within"),
        (np.array([math.inf], "f2"), "i8", "^inf is not"),
        (np.array([2**53 + 1]), "f8", "^9007199254740993 has no exact float64$"),
        (np.array([2**64 - 1], "u8"), "f8", "has no exact float64"),
        (np.array([2**63 - 1]), "f4", "has no exact float32"),
        (np.array([70000]), "f2", "has no exact float16"),
        (np.array([1e39]), "f4", "too large for float32"),
        (np.array([2]), "?", "^2 is neither 0 nor 1$"),
        (np.array([math.nan]), "?", "neither 0 nor 1"),
        (np.array(["a"]), "i4", "elements of type text do not fit int32"),
        (np.array([None]), "f8", "elements of type object do not fit"),
        (np.array([1j]), "f8", "elements of type complex128 do not fit"),
    ],
)
def test_an_array_with_an_element_that_would_change_is_refused(array, dtype, reason):
    with pytest.raises(ValueError, match=reason):
        cast_exactly(array, np.dtype(dtype))


@pytest.mark.parametrize("target", NUMBERS)
@pytest.mark.parametrize("source", NUMBERS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_cast_changes_nothing_but_the_digits_of_floats(source, target, data):
    pool = [0, 1, 2, -1, 127, 128, 255, 256, 2**24 + 1, 2**31, 2**53 + 1, 2**63 - 1, 2**63,
            2**64 - 1, -(2**63), 0.5, 1e39, math.nan, math.inf]  # fmt: skip
    dtype = np.dtype(source)
    fits = [v for v in pool if dtype.kind == "f" or (v == v and _in(v, dtype))]
    with np.errstate(over="ignore"):
        array = np.array([dtype.type(data.draw(st.sampled_from(fits))) for _ in range(3)], dtype)
    try:
        cast = cast_exactly(array, np.dtype(target))
    except ValueError:
        return
    assert cast.dtype == np.dtype(target)
    for before, after in zip(array.tolist(), cast.tolist(), strict=True):
        if dtype.kind == "f" and cast.dtype.kind == "f":
            assert math.isinf(after) == math.isinf(before)
            assert math.isnan(after) == math.isnan(before)
        else:
            # Python compares ints and floats exactly, not so every numpy its own long floats.
            assert after == before or int(after) == before


def _in(value, dtype):
    if not isinstance(value, int):
        return False
    if dtype.kind == "b":
        return value in (0, 1)
    return np.iinfo(dtype).min <= value <= np.iinfo(dtype).max


@pytest.mark.parametrize(
    ("items", "dtype"),
    [([1, 2**63], "u8"), ([-1, 2**63], "O"), ([1, 2.5], "f8"), ([], "f8"), ([1, 2], "i8")],
)
def test_a_list_keeps_its_numbers(items, dtype):
    array = exact_array(items)
    assert array.dtype == np.dtype(dtype)
    assert array.tolist() == items


def test_an_int_that_would_round_beside_a_float_is_refused():
    with pytest.raises(ValueError, match="9007199254740993 has no exact float64"):
        exact_array([0.5, 2**53 + 1])
