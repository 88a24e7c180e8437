"""Values held to the type of a PV, for backends whose protocol does not do that itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from .spec import NtKind, PvSpec, ScalarType


def fitted(spec: PvSpec, value: Any) -> Any:
    """Return ``value`` in the type that the PV has; arrays are copied.

    :param spec: type of the PV
    :param value: as a converter gives it, or as a client has sent it: an array may be a list
    :raises Exception: if it does not fit
    """
    if spec.kind is NtKind.NDARRAY:
        array = np.array(value)
        if array.dtype.kind not in "biuf":
            raise TypeError(f"an NTNDArray cannot hold elements of type {array.dtype}")
        return array
    if spec.kind is NtKind.TABLE:
        return _table(spec, value)
    if spec.kind is NtKind.SCALAR_ARRAY:
        return _elements(spec.scalar, value)
    return _scalar(spec, value)


def _scalar(spec: PvSpec, value: Any) -> Any:
    if spec.kind is NtKind.ENUM:
        return int(value)
    if spec.scalar.is_integer:
        info = np.iinfo(spec.scalar.dtype)
        number = int(value)
        if not info.min <= number <= info.max:
            raise OverflowError(f"{number} does not fit {spec.scalar.name}")
        return number
    if spec.scalar.is_float:
        return float(value)
    if not isinstance(value, (str, bool)):
        raise TypeError(f"{value!r} is neither a str nor a bool")
    return value


def _elements(scalar: ScalarType, value: Any) -> Any:
    if scalar is ScalarType.String:
        if not all(isinstance(item, str) for item in value):
            raise TypeError(f"{value!r} is not a list of str")
        return list(value)
    array = np.array(value, scalar.dtype)
    if array.ndim != 1:
        raise TypeError(f"rank {array.ndim} instead of 1")
    return array


def _table(spec: PvSpec, value: Any) -> dict[str, Any]:
    if list(value) != [column.name for column in spec.columns]:
        raise TypeError(f"{list(value)} are not the columns of the table")
    table = {c.name: _elements(c.scalar, value[c.name]) for c in spec.columns}
    if len({len(column) for column in table.values()}) > 1:
        raise ValueError("the columns differ in length")
    return table
