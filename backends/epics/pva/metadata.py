"""What a PV says about itself besides its value, written once, when it opens."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from p4p import Value

from roguebridge.core.nt import Column, NtKind, PvSpec, ScalarType

from .types import nt_type

FORMS = ("Default", "String", "Binary", "Decimal", "Hex", "Exponential", "Engineering")


@cache
def blank(kind: NtKind, scalar: ScalarType, columns: tuple[Column, ...] = ()) -> Value:
    """Return a value that says what all PVs of a type say, to make their first values from.

    :param columns: those of a TABLE
    """
    value = Value(nt_type(kind, scalar, columns))
    if kind in (NtKind.SCALAR, NtKind.SCALAR_ARRAY) and scalar.is_numeric:
        value["display.form.choices"] = list(FORMS)
        unset = float("nan") if scalar.is_float else 0
        for field in ("display.limit", "control.limit"):
            value[f"{field}Low"] = value[f"{field}High"] = unset
        for side in ("Alarm", "Warning"):
            value[f"valueAlarm.low{side}Limit"] = value[f"valueAlarm.high{side}Limit"] = unset
    return value


def set_metadata(value: Value, spec: PvSpec) -> None:
    """Write all that ``spec`` says beyond :func:`blank` and the type has a member for."""
    display = spec.display
    if spec.kind in (NtKind.TABLE, NtKind.NDARRAY):
        value["descriptor"] = display.description
    if spec.kind is NtKind.TABLE:
        value["labels"] = [column.label for column in spec.columns]
        return
    value["display.description"] = display.description
    if spec.kind is NtKind.ENUM:
        value["value.choices"] = list(spec.choices)
        return
    value["display.units"] = display.units
    if spec.kind is not NtKind.NDARRAY and spec.scalar.is_numeric:
        _set_numeric(value, spec)


def _set_numeric(value: Value, spec: PvSpec) -> None:
    scalar, display = spec.scalar, spec.display
    value["display.precision"] = display.precision
    value["display.form.index"] = display.form
    for field, low, high in (
        ("display", display.limit_low, display.limit_high),
        ("control", spec.control.limit_low, spec.control.limit_high),
    ):
        if low is not None or high is not None:
            value[f"{field}.limitLow"], value[f"{field}.limitHigh"] = _range(low, high, scalar)
    alarm = spec.value_alarm
    if not alarm.active:
        return
    value["valueAlarm.active"] = True
    low, high = _range(alarm.low_alarm, alarm.high_alarm, scalar)
    value["valueAlarm.lowAlarmLimit"], value["valueAlarm.highAlarmLimit"] = low, high
    low, high = _range(alarm.low_warning, alarm.high_warning, scalar)
    value["valueAlarm.lowWarningLimit"], value["valueAlarm.highWarningLimit"] = low, high
    for side, severity in (("Alarm", 2), ("Warning", 1)):
        for end in ("low", "high"):
            value[f"valueAlarm.{end}{side}Severity"] = severity


def _range(low: Any, high: Any, scalar: ScalarType) -> tuple[Any, Any]:
    """Return a pair of limits as clients expect it where one or both are not set.

    No limit at all is NaN/NaN or 0/0; a side that is not set beside one that is, is the end of
    the type's range: anything else makes clients drop the whole range.
    """
    if scalar.is_float:
        if low is None and high is None:
            return float("nan"), float("nan")
        return _float(low, -math.inf), _float(high, math.inf)
    if low is None and high is None:
        return 0, 0
    info = np.iinfo(scalar.dtype)
    # Of integers none is between a fraction and the next one inwards.
    low = info.min if low is None else min(max(math.ceil(low), info.min), info.max)
    high = info.max if high is None else min(max(math.floor(high), info.min), info.max)
    return int(low), int(high)


def _float(limit: Any, unset: float) -> float:
    try:
        return unset if limit is None else float(limit)
    except OverflowError:  # an int beyond all floats
        return math.inf if limit > 0 else -math.inf
