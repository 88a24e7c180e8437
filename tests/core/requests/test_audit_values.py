"""What is kept of a value after its request has been answered."""

import math

import numpy as np
import pytest

from roguebridge.core.requests.audit_values import ArraySummary, kept
from roguebridge.core.values.alarm import NO_ALARM
from roguebridge.core.values.reading import Reading, Snapshot
from roguebridge.core.values.spec import NtKind, PvSpec, ScalarType


@pytest.mark.parametrize("value", [None, True, 3, -(2**1023), 1.5, "text", np.int16(3)], ids=repr)
def test_a_scalar_is_kept_as_it_is(value):
    assert kept(value) is value


def test_a_small_array_is_a_copy():
    array = np.arange(50.0)
    copy = kept(array)
    array[:] = 0
    assert (copy.dtype, copy.flags.writeable) == (np.float64, False)
    assert copy.tolist() == list(range(50))


def test_a_large_array_is_its_shape_type_range_and_first_elements():
    pixels = np.arange(120, dtype=np.uint16).reshape(10, 12)
    found = kept(pixels)
    pixels[:] = 0
    assert found == ArraySummary((10, 12), "uint16", 0, 119, tuple(range(10)))
    assert found.size == 120


def test_the_range_of_a_large_array_leaves_nan_out():
    array = np.full(100, math.nan)
    assert math.isnan(kept(array).minimum)
    array[7], array[8] = -math.inf, 3.0
    found = kept(array)
    assert (found.minimum, found.maximum) == (-math.inf, 3.0)


@pytest.mark.parametrize(
    "array",
    [
        np.array(["a"] * 99), np.zeros(99, complex), np.array([{}] * 99, object),
        np.zeros(99, [("n", "i4")]), np.zeros(99, "M8[s]"),
    ],
    ids=lambda array: array.dtype.name,
)  # fmt: skip
def test_an_array_of_no_real_numbers_has_no_range(array):
    found = kept(array)
    assert (found.shape, found.minimum, found.maximum) == ((99,), None, None)
    assert len(found.first) == 10


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint64, np.float16, np.longdouble, ">i4"])
def test_a_large_array_of_every_kind_of_number_has_a_range(dtype):
    found = kept(np.arange(100).astype(dtype))
    assert (found.minimum, found.maximum) == (0, dtype is bool or 99)


def test_objects_of_an_array_do_not_live_on_in_what_is_kept():
    inner = [1]
    assert kept(np.array([inner, {}], object)) == ArraySummary(
        (2,), "object", None, None, ([1], {})
    )
    assert kept(np.array([inner, {}], object)).first[0] is not inner


def test_a_list_is_kept_with_its_elements_and_a_long_one_as_its_first():
    inner = [1, "x"]
    found = kept((inner, np.arange(3)))
    inner.append(2)
    assert found[0] == [1, "x"]
    assert found[1].tolist() == [0, 1, 2]
    assert kept(["x"] * 60) == ArraySummary((60,), "list", None, None, ("x",) * 10)


def test_a_mapping_is_kept_up_to_fifty_names():
    assert kept({"a": [1], 2: None}) == {"a": [1], "2": None}
    found = kept({n: n for n in range(60)})
    assert len(found) == 51
    assert (found["49"], found["..."]) == (49, "60 in all")


def test_what_is_nested_deeply_or_in_itself_is_text():
    loop = []
    loop.append(loop)
    assert kept(loop) == [[[["[[...]]"]]]]


@pytest.mark.parametrize(
    "leaf",
    ["x" * 999, 7, np.arange(50), np.array(["y" * 999] * 50), {"z" * 500: 1}, b"b" * 999],
    ids=lambda leaf: type(leaf).__name__,
)  # fmt: skip
@pytest.mark.parametrize("wrap", [list, lambda items: {str(n): i for n, i in enumerate(items)}])
def test_lists_within_lists_are_bounded_in_all(leaf, wrap):
    nested = leaf
    for _ in range(4):
        nested = wrap([nested] * 50)
    assert len(repr(kept(nested))) < 200_000


def test_a_table_of_fifty_short_columns_is_kept_whole():
    found = kept({f"column{n}": list(range(50)) for n in range(50)})
    assert all(column == list(range(50)) for column in found.values())
    assert len(found) == 50


def test_long_texts_and_huge_numbers_are_cut():
    assert kept("x" * 1000) == "x" * 1000
    assert kept("x" * 1001) == "x" * 1000 + "... (1001 characters)"
    assert kept(2**1024) == hex(2**1024)
    assert kept(1 << 40_000).endswith("... (10003 characters)")


def test_any_other_object_is_its_text():
    assert kept(b"ab") == "b'ab'"
    assert kept({1}) == "{1}"

    class Strange:
        def __repr__(self):
            raise RuntimeError("no text")

    assert kept(Strange()) == "<Strange: no text>"
    assert kept([1, Strange()]) == "<list: no text>"


def test_of_a_whole_pv_the_value_is_kept():
    spec = PvSpec(NtKind.SCALAR, ScalarType.Int64)
    assert kept(Snapshot(spec, Reading(7, NO_ALARM, 1))) == 7
