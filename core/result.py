"""What a command returned, in the neutral terms of a PV."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from .nt import NtKind, PvSpec, ScalarType


def array_type(dtype: np.dtype[Any]) -> ScalarType | None:
    """Return the scalar type that holds every value of ``dtype``; None if there is none."""
    if dtype.kind in "US":
        return ScalarType.String
    if dtype.name == "float16":
        return ScalarType.Float32
    try:
        return ScalarType(dtype.name)
    except ValueError:
        return None


def text_of(value: Any) -> str:
    """Return a tree value as text: lists and dicts as JSON where that holds them, else str."""
    if isinstance(value, str):
        return value
    if isinstance(value, (list, dict, tuple)):
        try:
            if not _has_json_keys(value):
                return str(value)
            return json.dumps(value, allow_nan=True, default=_json_number)
        except (TypeError, ValueError, RecursionError):
            pass
    return str(value)


def describe_result(result: Any) -> tuple[PvSpec, Any]:
    """Return type and PV-shaped value for what a command returned.

    bool, int (to 64 bits), float, str and numpy scalars become NTScalar, 1-D arrays and lists of
    numbers NTScalarArray, arrays of higher rank NTNDArray, all else text.
    """
    if isinstance(result, np.generic):
        result = result.item()
    if isinstance(result, (list, tuple)) and result:
        kinds = {type(item) for item in result}
        if kinds <= {int, float} or kinds == {bool}:
            result = np.asarray(result)
    if isinstance(result, np.ndarray):
        scalar = array_type(result.dtype)
        if scalar is ScalarType.String and result.ndim == 1:
            return PvSpec(NtKind.SCALAR_ARRAY, scalar), [str(item) for item in result]
        if scalar is not None and scalar is not ScalarType.String:
            kind = NtKind.SCALAR_ARRAY if result.ndim == 1 else NtKind.NDARRAY
            if result.ndim > 0:
                return PvSpec(kind, scalar), np.ascontiguousarray(result, scalar.dtype)
            return describe_result(result.item())
    if isinstance(result, bool):
        return PvSpec(NtKind.SCALAR, ScalarType.Bool), result
    if isinstance(result, int) and -(2**63) <= result < 2**63:
        return PvSpec(NtKind.SCALAR, ScalarType.Int64), result
    if isinstance(result, float):
        return PvSpec(NtKind.SCALAR, ScalarType.Float64), result
    return PvSpec(NtKind.SCALAR, ScalarType.String), text_of(result)


def _has_json_keys(value: Any) -> bool:
    # JSON would make text of other keys, and a client that puts it back would change them.
    if isinstance(value, dict):
        return all(isinstance(k, str) and _has_json_keys(v) for k, v in value.items())
    return not isinstance(value, (list, tuple)) or all(map(_has_json_keys, value))


def _json_number(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not JSON")
