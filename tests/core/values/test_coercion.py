"""Values are held to the type of a PV, and what does not fit is refused."""

import numpy as np
import pytest

from roguebridge.core.values.coercion import fitted
from roguebridge.core.values.spec import Column, NtKind, PvSpec, ScalarType

INT8 = PvSpec(NtKind.SCALAR, ScalarType.Int8)
TEXT = PvSpec(NtKind.SCALAR, ScalarType.String)
FLAG = PvSpec(NtKind.SCALAR, ScalarType.Bool)
DOUBLE = PvSpec(NtKind.SCALAR, ScalarType.Float64)
ENUM = PvSpec(NtKind.ENUM, ScalarType.Int32, choices=("Off", "On"))
SHORTS = PvSpec(NtKind.SCALAR_ARRAY, ScalarType.Int16)
WORDS = PvSpec(NtKind.SCALAR_ARRAY, ScalarType.String)
IMAGE = PvSpec(NtKind.NDARRAY, ScalarType.UInt8)
COLUMNS = (Column("n", "n", ScalarType.Int16), Column("t", "t", ScalarType.String))
TABLE = PvSpec(NtKind.TABLE, ScalarType.String, columns=COLUMNS)


@pytest.mark.parametrize(
    ("spec", "value", "found"),
    [
        (INT8, np.int64(-128), -128), (DOUBLE, 1, 1.0), (TEXT, "ü", "ü"), (FLAG, True, True),
        (ENUM, np.int32(1), 1), (WORDS, ("a", "b"), ["a", "b"]),
    ],
)  # fmt: skip
def test_what_fits_is_of_plain_type(spec, value, found):
    value = fitted(spec, value)
    assert value == found
    assert type(value) is type(found)


@pytest.mark.parametrize(
    ("spec", "value", "dtype"),
    [
        (SHORTS, np.arange(3, dtype=np.int16), np.int16),
        (SHORTS, [0, 1, 2], np.int16),
        (SHORTS, [], np.int16),
        (IMAGE, np.ones((2, 3), np.float32), np.float32),
        (IMAGE, [[1, 2], [3, 4]], np.int64),
    ],
)
def test_arrays_are_copied(spec, value, dtype):
    found = fitted(spec, value)
    assert found is not value
    assert found.dtype == dtype
    assert np.array_equal(found, value)
    if isinstance(value, np.ndarray):
        assert not np.shares_memory(found, value)


def test_a_table_has_its_columns_and_all_of_one_length():
    found = fitted(TABLE, {"n": [1, 2], "t": ["a", "b"]})
    assert found["n"].dtype == np.int16
    assert found["t"] == ["a", "b"]


@pytest.mark.parametrize(
    ("spec", "value", "words"),
    [
        (INT8, 128, "128 does not fit Int8"),
        (INT8, "x", "^'x' is not an integer$"),
        (INT8, 1.5, r"^1\.5 is not an integer$"),
        (INT8, None, "^None is not a number$"),
        (DOUBLE, "x", "^'x' is not a number$"),
        (TEXT, 5, "5 is neither a str nor a bool"),
        (ENUM, "On", r"^'On' is not an index of the choices \["),
        (SHORTS, [[1]], "rank 2 instead of 1"),
        (SHORTS, [1.5], r"^1\.5 is not an integer within"),
        (SHORTS, [[1], [1, 2]], r"^\[\[1\], \[1, 2\]\] is not an array$"),
        (SHORTS, 5, "^rank 0 instead of 1$"),
        (SHORTS, "x" * 1000, "^rank 0 instead of 1$"),
        (DOUBLE, "9" * 5000, r"^'9+\.\.\. has too many digits$"),
        (INT8, "0x" + "f" * 5000, r"^'0x\w+\.\.\. has too many digits$"),
        (WORDS, 5, "^5 does not fit an array of text$"),
        (WORDS, [5], r"\[5\] is not a list of str"),
        (IMAGE, ["x"], "cannot hold elements of type"),
        (TABLE, {"n": [1]}, r"\['n'\] are not the columns of the table"),
        (TABLE, {"n": [1], "t": []}, "the columns differ in length"),
    ],
)
def test_what_does_not_fit_is_an_error(spec, value, words):
    with pytest.raises((TypeError, ValueError, OverflowError), match=words):
        fitted(spec, value)
