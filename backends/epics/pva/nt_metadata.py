"""The metadata of a PV: written once, when it opens."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from p4p import Value

from roguebridge.core.values import Column, NtKind, PvSpec, ScalarType

from ..limits import limit_pair
from .nt_types import nt_type

FORMS = ("Default", "String", "Binary", "Decimal", "Hex", "Exponential", "Engineering")


@cache
def blank(kind: NtKind, scalar: ScalarType, columns: tuple[Column, ...] = ()) -> Value:
    """Return a value with the metadata that all PVs of a type share, to make first values from.

    Each of its leaves is marked, and no structure: pvxs sends all members of a marked structure,
    also those that a client has not asked for.

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
    for name in _leaves(value.type().aspy()[2]):
        value.mark(name)
    return value


def _leaves(members: list[tuple[str, Any]], within: str = "") -> Iterator[str]:
    """Yield the names of all members that are no structures, as :meth:`p4p.Type.aspy` has them."""
    for name, kind in members:
        if kind[0] == "S":
            yield from _leaves(kind[2], f"{within}{name}.")
        elif kind[0] != "U":  # p4p copies no union that is marked and empty; the pixels mark it
            yield f"{within}{name}"


def set_metadata(value: Value, spec: PvSpec) -> None:
    """Write the metadata of ``spec``, as far as the type has members for it, into a blank value."""
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
            value[f"{field}.limitLow"], value[f"{field}.limitHigh"] = limit_pair(low, high, scalar)
    alarm = spec.value_alarm
    if not alarm.active:
        return
    value["valueAlarm.active"] = True
    low, high = limit_pair(alarm.low_alarm, alarm.high_alarm, scalar)
    value["valueAlarm.lowAlarmLimit"], value["valueAlarm.highAlarmLimit"] = low, high
    low, high = limit_pair(alarm.low_warning, alarm.high_warning, scalar)
    value["valueAlarm.lowWarningLimit"], value["valueAlarm.highWarningLimit"] = low, high
    for side, severity in (("Alarm", 2), ("Warning", 1)):
        for end in ("low", "high"):
            value[f"valueAlarm.{end}{side}Severity"] = severity
