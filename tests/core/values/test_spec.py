import numpy as np
import pytest

from roguebridge.core.values.spec import Display, NtKind, PvSpec, ScalarType, ValueAlarm, shared

INTEGERS = ["Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64"]


@pytest.mark.parametrize(
    ("bits", "signed", "expected"),
    [
        (1, False, "UInt8"), (8, False, "UInt8"), (9, False, "UInt16"), (16, True, "Int16"),
        (17, True, "Int32"), (32, False, "UInt32"), (33, False, "UInt64"), (64, True, "Int64"),
    ],
)  # fmt: skip
def test_the_narrowest_integer_that_holds_the_bits(bits, signed, expected):
    assert ScalarType.integer(bits, signed) is ScalarType[expected]


def test_there_is_no_integer_beyond_64_bits():
    assert ScalarType.integer(65, False) is None


@pytest.mark.parametrize("scalar", ScalarType)
def test_each_type_is_of_one_sort(scalar):
    assert scalar.is_integer == (scalar.name in INTEGERS)
    assert scalar.is_float == (scalar.name in ("Float32", "Float64"))
    assert scalar.is_numeric == (scalar.is_integer or scalar.is_float)
    assert scalar.dtype.isnative


@pytest.mark.parametrize("scalar", ScalarType)
def test_the_zero_of_a_scalar_is_a_python_value_of_its_type(scalar):
    zero = PvSpec(NtKind.SCALAR, scalar).zero()
    expected = {"b": bool, "i": int, "u": int, "f": float, "U": str}[scalar.dtype.kind]
    assert type(zero) is expected
    assert not zero


@pytest.mark.parametrize("scalar", [s for s in ScalarType if s is not ScalarType.String])
def test_the_zero_of_an_array_is_empty_with_its_dtype(scalar):
    zero = PvSpec(NtKind.SCALAR_ARRAY, scalar).zero()
    assert (zero.dtype, zero.shape) == (scalar.dtype, (0,))
    zero = PvSpec(NtKind.NDARRAY, scalar).zero()
    assert (zero.dtype, zero.ndim, zero.size) == (scalar.dtype, 2, 0)


def test_the_zeros_of_text_arrays_and_enums():
    assert PvSpec(NtKind.SCALAR_ARRAY, ScalarType.String).zero() == []
    assert PvSpec(NtKind.ENUM, ScalarType.Int32, choices=("a",)).zero() == 0


def test_specs_compare_by_content():
    a = PvSpec(NtKind.SCALAR, ScalarType.Int32, value_alarm=ValueAlarm(high_alarm=5))
    b = PvSpec(NtKind.SCALAR, ScalarType.Int32, value_alarm=ValueAlarm(high_alarm=5))
    assert a == b
    assert a != PvSpec(NtKind.SCALAR, ScalarType.Int32)


@pytest.mark.parametrize("field", ["low_alarm", "low_warning", "high_warning", "high_alarm"])
def test_any_limit_makes_the_value_alarm_active_even_zero(field):
    assert not ValueAlarm().active
    assert ValueAlarm(**{field: 0}).active


def test_dtypes_are_numpys():
    assert ScalarType.UInt16.dtype == np.uint16
    assert ScalarType.Float32.dtype == np.float32


def test_specs_that_are_alike_are_one_object_but_not_those_of_ints_and_floats():
    kind, scalar = NtKind.SCALAR, ScalarType.Float64
    whole, real = (PvSpec(kind, scalar, display=Display(limit_low=low)) for low in (0, 0.0))
    assert shared(whole) is shared(PvSpec(whole.kind, whole.scalar, display=whole.display))
    assert type(shared(whole).display.limit_low) is int
    assert type(shared(real).display.limit_low) is float
