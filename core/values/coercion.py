"""Values held to the type of a PV, for backends whose protocol does not do that itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from .exact import cast_exactly, exact_array, integer, real
from .spec import NtKind, PvSpec, ScalarType
from .words import MisfitError, element_words, misfit_words, parse_number, shown, type_words


def fitted(spec: PvSpec, value: Any) -> Any:
    """Return ``value`` in the type that the PV has; arrays are copied.

    :param spec: type of the PV
    :param value: as a converter gives it, or as a client has sent it: an array may be a list
    :raises MisfitError: if it does not fit
    """
    try:
        return _FITTED[spec.kind](spec, value)
    except Exception as exc:
        raise MisfitError(misfit_words(exc, value, spec)) from None


def _scalar(spec: PvSpec, value: Any) -> Any:
    scalar = spec.scalar
    if scalar.is_numeric and isinstance(value, str):
        value = parse_number(value, scalar.is_integer)
    if scalar.is_integer:
        info = np.iinfo(scalar.dtype)
        number = integer(value)
        if not info.min <= number <= info.max:
            raise MisfitError(f"{shown(number)} does not fit {scalar.name}")
        return number
    if scalar.is_float:
        return real(value, scalar.dtype)
    if not isinstance(value, (str, bool)):
        raise MisfitError(f"{shown(value)} is neither a str nor a bool")
    return value


def _index(spec: PvSpec, value: Any) -> int:
    if isinstance(value, str):
        raise MisfitError(f"{shown(value)} is not an index of {type_words(spec)}")
    return integer(value)


def _pixels(spec: PvSpec, value: Any) -> Any:
    array = np.array(value)
    if array.dtype.kind not in "biuf":
        raise MisfitError(f"an NTNDArray cannot hold elements of type {element_words(array.dtype)}")
    return array


def _array(spec: PvSpec, value: Any) -> Any:
    return _elements(spec.scalar, value)


def _elements(scalar: ScalarType, value: Any) -> Any:
    if scalar is ScalarType.String:
        if not all(isinstance(item, str) for item in value):
            raise MisfitError(f"{shown(value)} is not a list of str")
        return list(value)
    array = exact_array(value)
    if array.ndim != 1:
        raise MisfitError(f"rank {array.ndim} instead of 1")
    return np.array(cast_exactly(array, scalar.dtype))


def _table(spec: PvSpec, value: Any) -> dict[str, Any]:
    if list(value) != [column.name for column in spec.columns]:
        raise MisfitError(f"{shown(list(value))} are not the columns of the table")
    table = {c.name: _elements(c.scalar, value[c.name]) for c in spec.columns}
    if len({len(column) for column in table.values()}) > 1:
        raise MisfitError("the columns differ in length")
    return table


_FITTED = {
    NtKind.SCALAR: _scalar,
    NtKind.SCALAR_ARRAY: _array,
    NtKind.ENUM: _index,
    NtKind.NDARRAY: _pixels,
    NtKind.TABLE: _table,
}
