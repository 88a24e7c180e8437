"""Values in JSON: those of PVs for scripts and the page, and those that clients put."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from roguebridge.core.values import (
    Alarm,
    MisfitError,
    NtKind,
    PvSpec,
    ScalarType,
    Severity,
    fitted,
    shown,
    type_words,
)

_PART = 10_000  # elements
EXACT = 2**53  # what a number of JavaScript holds
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def severity_of(alarm: Alarm) -> str:
    """Return the name of an alarm's severity."""
    return Severity(alarm.severity).name


def number(value: Any) -> Any:
    """Return a number for JSON; what it does not have is text."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return value


def elements(array: Any) -> list[Any]:
    """Return an array as lists for JSON, of the same rank."""
    if isinstance(array, list):
        return array
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        return [number(x) if array.ndim == 1 else elements(x) for x in (
            array.tolist() if array.ndim == 1 else array
        )]  # fmt: skip
    return array.tolist()  # type: ignore[no-any-return]


def array_text(array: Any) -> str:
    """Return a large array as JSON, in parts: between them other threads have their turn."""
    if array.ndim > 1:
        return f"[{','.join(map(array_text, array))}]"
    parts = (array[at : at + _PART] for at in range(0, len(array), _PART))
    return f"[{','.join(json.dumps(elements(part))[1:-1] for part in parts)}]"


def json_value(spec: PvSpec, value: Any) -> Any:
    """Return the value of a PV for JSON: arrays are lists, tables have a list for each column."""
    if spec.kind is NtKind.TABLE:
        return {name: elements(column) for name, column in value.items()}
    if spec.kind in (NtKind.SCALAR_ARRAY, NtKind.NDARRAY):
        return elements(value)
    return number(value)


def label_of(spec: PvSpec, index: int) -> str:
    """Return the label of an enum's index; the number of one that has none."""
    return spec.choices[index] if 0 <= index < len(spec.choices) else str(index)


def text_beside(spec: PvSpec, value: Any) -> str | None:
    """Return what a client needs as text beside the value; None if nothing."""
    if spec.kind is NtKind.ENUM:
        return label_of(spec, value)
    if spec.kind is NtKind.SCALAR:
        if spec.scalar.is_integer and not -EXACT <= value <= EXACT:
            return str(value)
        if spec.scalar.is_float and math.isinf(value):
            return str(number(value))
    return None


def limits(spec: PvSpec) -> dict[str, Any]:
    """Return the limits of a PV by the names that PVWS has for them; those that are set."""
    display, control, alarm = spec.display, spec.control, spec.value_alarm
    low, high = display.limit_low, display.limit_high
    found = {
        "min": control.limit_low if low is None else low,
        "max": control.limit_high if high is None else high,
        "warn_low": alarm.low_warning,
        "warn_high": alarm.high_warning,
        "alarm_low": alarm.low_alarm,
        "alarm_high": alarm.high_alarm,
    }
    return {
        name: limit
        for name, limit in found.items()
        if isinstance(limit, (int, float)) and math.isfinite(limit)
    }


def metadata(spec: PvSpec) -> dict[str, Any]:
    """Return all that is known of a PV beside its reading."""
    found: dict[str, Any] = {"vtype": vtype(spec), "units": spec.display.units}
    found["description"] = spec.display.description
    if spec.scalar.is_numeric and spec.kind is not NtKind.ENUM:
        found |= {"precision": spec.display.precision, **limits(spec)}
    if spec.kind is NtKind.ENUM:
        found["labels"] = list(spec.choices)
    if spec.kind is NtKind.TABLE:
        found["columns"] = {column.name: column.label for column in spec.columns}
    return found


_VTYPES = {
    ScalarType.Bool: "Boolean",
    ScalarType.Int8: "Byte",
    ScalarType.Int16: "Short",
    ScalarType.Int32: "Int",
    ScalarType.Int64: "Long",
    ScalarType.UInt8: "UByte",
    ScalarType.UInt16: "UShort",
    ScalarType.UInt32: "UInt",
    ScalarType.UInt64: "ULong",
    ScalarType.Float32: "Float",
    ScalarType.Float64: "Double",
    ScalarType.String: "String",
}


def vtype(spec: PvSpec) -> str:
    """Return the type of a PV by the name that Phoebus has for it."""
    if spec.kind is NtKind.TABLE:
        return "VTable"
    if spec.kind is NtKind.ENUM:
        return "VEnum"
    array = "" if spec.kind is NtKind.SCALAR else "Array"
    return f"V{_VTYPES[spec.scalar]}{array}"


# What clients put ---------------------------------------------------------------------------------


def taken(spec: PvSpec, value: Any) -> Any:
    """Return what a client puts in the terms of the PV.

    :param value: as JSON has it
    :raises MisfitError: if it does not fit
    """
    if spec.kind is NtKind.ENUM and isinstance(value, str):
        return _index(spec, value)
    if spec.kind is NtKind.TABLE:
        return fitted(spec, _table(spec, value))
    if spec.kind in (NtKind.SCALAR_ARRAY, NtKind.NDARRAY):
        if not isinstance(value, list):
            raise MisfitError(f"{shown(value)} is not a list")
        return fitted(spec, value if spec.scalar is ScalarType.String else _numbers(value))
    if isinstance(value, (list, dict)) or value is None:
        raise MisfitError(f"{shown(value)} does not fit {type_words(spec)}")
    if spec.scalar is ScalarType.Bool and not isinstance(value, (bool, str)):
        if value not in (0, 1):
            raise MisfitError(f"{shown(value)} is neither 0 nor 1")
        return bool(value)
    if spec.scalar is ScalarType.String and not isinstance(value, (str, bool)):
        return str(value)  # clients of PVWS send what looks like a number as one
    return fitted(spec, value)


def _index(spec: PvSpec, text: str) -> int:
    if text in spec.choices:
        return spec.choices.index(text)
    if text.strip().isdecimal() and int(text) < len(spec.choices):
        return int(text)
    raise MisfitError(f"{shown(text)} is none of {type_words(spec)}")


def _table(spec: PvSpec, value: Any) -> dict[str, Any]:
    names = [column.name for column in spec.columns]
    if not isinstance(value, Mapping) or set(value) != set(names):
        raise MisfitError(f"{shown(value)} does not fit {type_words(spec)}")
    columns = {}
    for column in spec.columns:
        given = value[column.name]
        if not isinstance(given, list):
            raise MisfitError(f"column {column.name}: {shown(given)} is not a list")
        columns[column.name] = given if column.scalar is ScalarType.String else _numbers(given)
    return columns


def _numbers(items: list[Any]) -> list[Any]:
    """Return lists of numbers with what JSON has no number for."""
    if not any(isinstance(item, (str, list)) for item in items):
        return items
    return [
        _numbers(item) if isinstance(item, list)
        else _NOT_FINITE.get(item, item) if isinstance(item, str) else item
        for item in items
    ]  # fmt: skip
