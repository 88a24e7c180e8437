import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roguebridge.core.values.spec import Column, NtKind, PvSpec, ScalarType
from roguebridge.core.values.tables import columns_of, member_names, table_of


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (("a", "B_1"), ["a", "B_1"]),
        (("a b", "a_b", "a-b"), ["a_b_2", "a_b", "a_b_3"]),
        (("1st", "_1st"), ["_1st_2", "_1st"]),
        (("", "µ", "é"), ["_", "__2", "__3"]),
        (("a b_2", "a b", "a_b"), ["a_b_2", "a_b_3", "a_b"]),
    ],
)
def test_labels_get_names_that_a_structure_may_have(labels, names):
    assert member_names(labels) == names


@given(st.lists(st.text(max_size=3), unique=True))
def test_any_labels_get_different_names(labels):
    names = member_names(tuple(labels))
    assert len(set(names)) == len(labels)
    assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) for name in names)


def test_each_plain_field_is_a_column():
    dtype = np.dtype(
        [("a b", ">u2"), ("h", "f2"), ("g", "g"), ("t", "U3"), ("s", "S2"), ("?", "?")]
    )
    assert columns_of(dtype) == (
        Column("a_b", "a b", ScalarType.UInt16),
        Column("h", "h", ScalarType.Float32),
        Column("g", "g", ScalarType.Float64),
        Column("t", "t", ScalarType.String),
        Column("s", "s", ScalarType.String),
        Column("_", "?", ScalarType.Bool),
    )


@pytest.mark.parametrize(
    "fields",
    ["f8", [], [("a", "O")], [("a", "c16")], [("a", "M8[s]")], [("a", "i4", 2)],
     [("a", [("b", "i4")])], [("a", "i4"), ("b", "V3")]],
)  # fmt: skip
def test_other_dtypes_are_no_table(fields):
    assert columns_of(np.dtype(fields)) is None


def test_columns_are_copies_in_native_order():
    array = np.array([(1, "a"), (2, "b")], [("n", ">i4"), ("t", "U2")])
    columns = columns_of(array.dtype)
    table = table_of(array, columns)
    array["n"] = 9
    assert table["n"].tolist() == [1, 2]
    assert table["n"].dtype.isnative and table["n"].flags.c_contiguous
    assert table["t"] == ["a", "b"]
    with pytest.raises(ValueError, match="and rank 2 is not this table"):
        table_of(array.reshape(1, 2), columns)
    with pytest.raises(ValueError, match="is not this table"):
        table_of(array[["t", "n"]], columns)


def test_the_zero_of_a_table_has_all_columns_and_no_row():
    columns = columns_of(np.dtype([("n", "u1"), ("t", "U2")]))
    zero = PvSpec(NtKind.TABLE, ScalarType.String, columns=columns).zero()
    assert list(zero) == ["n", "t"]
    assert (zero["n"].dtype, len(zero["n"]), zero["t"]) == (np.uint8, 0, [])
