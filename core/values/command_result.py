"""The result of a command, in the neutral terms of a PV."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from .arrays import pixels_of, texts_of, unicode_of
from .exact import exact_array
from .sendable import sendable_spec
from .spec import NtKind, PvSpec, ScalarType
from .tables import columns_of, table_of
from .words import MisfitError, shown

_TEXT = PvSpec(NtKind.SCALAR, ScalarType.String)


def text_of(value: Any) -> str:
    """Return a tree value as text: lists, dicts and arrays as JSON where it holds them, else str.

    In an array's JSON what is no JSON, e.g. a time, is text.

    :raises MisfitError: for an integer with thousands of digits
    """
    if isinstance(value, str):
        return value
    if isinstance(value, np.ndarray):
        return _array_text(value)
    if isinstance(value, (list, dict, tuple)):
        try:
            if not _has_json_keys(value):
                return str(value)
            return json.dumps(value, ensure_ascii=False, default=_json_number)
        except (TypeError, ValueError, RecursionError):
            pass
    try:
        return str(value)
    except ValueError:  # Python writes no integer of more than 4,300 digits
        raise MisfitError(f"{shown(value)} has too many digits for text") from None


def describe_result(result: Any) -> tuple[PvSpec, Any]:
    """Return type and PV-shaped value for what a command returned.

    bool, int (to 64 bits), float, str and numpy scalars become NTScalar, 1-D arrays and lists of
    numbers NTScalarArray, 1-D structured arrays NTTable, arrays of higher rank NTNDArray, all
    else text.
    """
    if isinstance(result, (list, tuple)) and result:
        result = _numbers(result)
    if isinstance(result, np.ndarray):
        found = _describe_array(result)
        if found is not None:
            return found
        result = text_of(result) if result.ndim or result.dtype.kind not in "biuf" else result[()]
    if isinstance(result, (np.number, np.bool_)) and result.dtype.kind in "biuf":
        result = float(result) if result.dtype.kind == "f" else result.item()
    if isinstance(result, bool):
        return PvSpec(NtKind.SCALAR, ScalarType.Bool), result
    if isinstance(result, int) and -(2**63) <= result < 2**64:
        scalar = ScalarType.Int64 if result < 2**63 else ScalarType.UInt64
        return PvSpec(NtKind.SCALAR, scalar), int(result)
    if isinstance(result, float):
        return PvSpec(NtKind.SCALAR, ScalarType.Float64), float(result)
    return _TEXT, unicode_of(text_of(result))


def _describe_array(array: Any) -> tuple[PvSpec, Any] | None:
    if array.ndim == 0:
        return None
    columns = columns_of(array.dtype) if array.ndim == 1 else None
    if columns is not None:
        spec = PvSpec(NtKind.TABLE, ScalarType.String, columns=columns)
        return sendable_spec(spec), table_of(array, columns)
    if array.ndim == 1 and array.dtype.kind in "USTM":
        return PvSpec(NtKind.SCALAR_ARRAY, ScalarType.String), texts_of(array)
    try:
        pixels = pixels_of(array)
    except (TypeError, ValueError):
        return None
    kind = NtKind.SCALAR_ARRAY if pixels.ndim == 1 else NtKind.NDARRAY
    is_complex = array.dtype.kind == "c"
    return PvSpec(kind, ScalarType(pixels.dtype.name), is_complex=is_complex), pixels


def _numbers(items: Any) -> Any:
    """Return a list of numbers as an array, any other as it is."""
    kinds = {type(item) for item in items}
    if kinds != {bool} and not kinds <= {int, float}:
        return items
    try:
        array = exact_array(list(items))
    except (ValueError, OverflowError):
        return items
    return items if array.dtype.kind == "O" else array


def _array_text(array: Any) -> str:
    if array.dtype.kind == "M":
        array = np.datetime_as_string(array)
    elif array.dtype.kind == "m":
        texts = [str(item) for item in array.ravel()]
        array = np.array(texts, object).reshape(array.shape)
    return json.dumps(array.tolist(), ensure_ascii=False, default=_json_text)


def _has_json_keys(value: Any) -> bool:
    # JSON would make text of other keys, and a client that puts it back would change them.
    if isinstance(value, dict):
        return all(isinstance(k, str) and _has_json_keys(v) for k, v in value.items())
    return not isinstance(value, (list, tuple)) or all(map(_has_json_keys, value))


def _json_number(value: Any) -> Any:
    if isinstance(value, np.floating):
        return float(value)
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not JSON")


def _json_text(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, (np.number, np.bool_, np.ndarray)):
        return _json_number(value)
    return text_of(value)
