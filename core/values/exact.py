"""Conversions of numbers that lose nothing; a float may round, for that is what its width means."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import isinf
from typing import Any

import numpy as np

from .words import MisfitError, element_words, shown

_NUMBERS = (int, float, np.integer, np.floating, np.bool_, Decimal, Fraction)
_FLOAT64 = np.dtype(np.float64)
_FLOAT32 = np.dtype(np.float32)


def integer(value: Any) -> int:
    """Return the int that ``value`` is.

    :raises MisfitError: if it is no number, or not whole
    """
    if type(value) is int:
        return value
    number = _number(value)
    if isinstance(number, (int, np.integer, np.bool_)):
        return int(number)
    try:
        whole = int(number)
    except (ValueError, OverflowError):  # NaN and the infinities
        raise MisfitError(f"{shown(value)} is not an integer") from None
    if whole != number:
        raise MisfitError(f"{shown(value)} is not an integer")
    return whole


def real(value: Any, dtype: np.dtype[Any] = _FLOAT64) -> float:
    """Return the float that ``value`` is; a float of another width may round.

    :param dtype: the width that must hold it
    :raises MisfitError: if it is no number, too large, or no float that the width has
    """
    if type(value) is float and dtype is _FLOAT64:
        return value
    number = _number(value)
    try:
        result = float(number)
    except OverflowError:
        raise MisfitError(f"{shown(value)} is too large for {dtype.name}") from None
    narrow = result
    if dtype is not _FLOAT64 and dtype != _FLOAT64:
        with np.errstate(over="ignore"):
            narrow = float(dtype.type(result))
    if isinstance(number, (float, np.floating)):
        if isinf(narrow) and not np.isinf(number):
            raise MisfitError(f"{shown(value)} is too large for {dtype.name}")
    elif narrow != number and result == result:
        raise MisfitError(f"{shown(value)} has no exact {dtype.name}")
    return result


def cast_exactly(array: Any, dtype: np.dtype[Any]) -> Any:
    """Return an array as ``dtype``; floats may round, nothing else may change.

    :raises MisfitError: naming an element that would change, or the types
    """
    source = array.dtype
    if source == dtype:
        return array
    if source.kind not in "biuf" or dtype.kind not in "biuf":
        raise MisfitError(
            f"elements of type {element_words(source)} do not fit {element_words(dtype)}"
        )
    with np.errstate(invalid="ignore", over="ignore"):
        cast = array.astype(dtype)
        if _holds(source, dtype):
            return cast
        changed = _CHANGES[dtype.kind if dtype.kind not in "iu" else "i"](array, cast)
    if np.any(changed):
        raise MisfitError(_misfit(np.ravel(array)[np.ravel(changed)][0], source, dtype))
    return cast


def exact_array(value: Any) -> Any:
    """Return a list or array of a client as an array that has its numbers unchanged.

    numpy makes floats of ints of which one needs 63 bits and another 64, and of ints beside floats.
    """
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, OverflowError):  # lists of different length within
        raise MisfitError(f"{shown(value)} is not an array") from None
    if isinstance(value, np.ndarray) or array.dtype.kind != "f" or array.ndim != 1:
        return array
    if array.size and all(isinstance(item, (int, np.integer)) for item in value):
        return np.array(value, np.uint64) if min(value) >= 0 else np.array(value, object)
    for item, number in zip(value, array, strict=True):
        if isinstance(item, int) and item != float(number):
            raise MisfitError(f"{shown(item)} has no exact {array.dtype.name}")
    return array


def _number(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if not isinstance(value, _NUMBERS):
        raise MisfitError(f"{shown(value)} is not a number")
    return value


def _holds(source: np.dtype[Any], dtype: np.dtype[Any]) -> bool:
    # numpy calls int64 to float64 safe.
    if source.kind in "iu" and dtype.kind == "f":
        return bool(8 * source.itemsize <= np.finfo(dtype).nmant + 1)
    return np.can_cast(source, dtype, "safe")


def _changed_to_integer(array: Any, cast: Any) -> Any:
    target = np.iinfo(cast.dtype)
    if array.dtype.kind == "f":
        wide = array if array.dtype.itemsize >= 8 else array.astype(np.float64)
        outside = (wide < float(target.min)) | (wide >= float(target.max + 1))
        return outside | (np.trunc(wide) != wide)
    source = np.iinfo(array.dtype)
    return (array < max(target.min, source.min)) | (array > min(target.max, source.max))


def _changed_to_float(array: Any, cast: Any) -> Any:
    if array.dtype.kind == "f":
        return np.isinf(cast) & ~np.isinf(array)
    back = cast.astype(array.dtype)
    return (back != array) | ~np.isfinite(cast) | (cast >= float(np.iinfo(array.dtype).max + 1))


def _changed_to_bool(array: Any, cast: Any) -> Any:
    return (array != 0) & (array != 1)


_CHANGES = {"i": _changed_to_integer, "f": _changed_to_float, "b": _changed_to_bool}


def _misfit(element: Any, source: np.dtype[Any], dtype: np.dtype[Any]) -> str:
    if dtype.kind == "b":
        return f"{shown(element)} is neither 0 nor 1"
    if dtype.kind == "f":
        reason = "is too large for" if source.kind == "f" else "has no exact"
        return f"{shown(element)} {reason} {dtype.name}"
    info = np.iinfo(dtype)
    return f"{shown(element)} is not an integer within {info.min} .. {info.max}"
