"""The metadata of a PV, as of the record that an IOC would most likely have for it."""

from __future__ import annotations

from typing import Any

from roguebridge.core.mapping import PvEntry
from roguebridge.core.values import NtKind, PvSpec, ScalarType

from ..limits import limit_pair
from .forms.scalars import FLAGS
from .wire.dbr import Meta


def meta_of(spec: PvSpec, entry: PvEntry) -> Meta:
    """Return the units, limits and states of a PV, and its type of record."""
    scalar, display, alarm = spec.scalar, spec.display, spec.value_alarm
    states: tuple[str, ...] = ()
    if spec.kind is NtKind.ENUM:
        states = spec.choices
    elif scalar is ScalarType.Bool:
        states = FLAGS
    rtyp = _record_type(spec, entry)
    if not scalar.is_numeric or spec.kind in (NtKind.ENUM, NtKind.NDARRAY):
        return Meta(units=display.units, states=states, rtyp=rtyp)
    return Meta(
        units=display.units,
        precision=display.precision,
        display=_range(display.limit_low, display.limit_high, scalar),
        control=_range(spec.control.limit_low, spec.control.limit_high, scalar),
        warning=limit_pair(alarm.low_warning, alarm.high_warning, scalar),
        alarm=limit_pair(alarm.low_alarm, alarm.high_alarm, scalar),
        states=states,
        rtyp=rtyp,
    )


def _range(low: Any, high: Any, scalar: ScalarType) -> tuple[Any, Any]:
    # An IOC shows 0 to 0 for no range. Clients that compare a value with the range take no NaN.
    return (0, 0) if low is None and high is None else limit_pair(low, high, scalar)


def is_out(spec: PvSpec, entry: PvEntry) -> bool:
    """Tell whether the record would be one for output."""
    return spec.writable and (entry.is_command or entry.mode != "RO")


def _record_type(spec: PvSpec, entry: PvEntry) -> str:
    """Return the type of record that a PV of an IOC would most likely be."""
    out = is_out(spec, entry)
    if spec.kind is not NtKind.SCALAR and spec.kind is not NtKind.ENUM:
        return "waveform"
    if spec.kind is NtKind.ENUM:
        few = len(spec.choices) <= 2
        return ("bo" if out else "bi") if few else ("mbbo" if out else "mbbi")
    if spec.scalar is ScalarType.Bool:
        return "bo" if out else "bi"
    if spec.scalar is ScalarType.String:
        return "lso" if out else "lsi"
    if spec.scalar.is_float:
        return "ao" if out else "ai"
    wide = spec.scalar in (ScalarType.Int64, ScalarType.UInt64, ScalarType.UInt32)
    return ("int64" if wide else "long") + ("out" if out else "in")
