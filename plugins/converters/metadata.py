"""Metadata of a PV from what a node declares; what it declares wrongly, or raises, is left out."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from roguebridge.core.tree import TreeNode
from roguebridge.core.values import (
    NO_CONTROL,
    NO_VALUE_ALARM,
    Control,
    Display,
    NtKind,
    PvSpec,
    ScalarType,
    ValueAlarm,
    shared,
    unicode_of,
)

_FORMAT = re.compile(r"\{[^{}:]*:(?P<spec>[^{}]*)\}")
_PRECISION = re.compile(r"\.(\d+)[feEgG%]?$")
_FORMS = {"x": 4, "X": 4, "b": 2, "d": 3, "e": 5, "E": 5}
#: PyRogue's names of the alarm limits, from the lowest to the highest
ALARM_LIMITS = ("lowAlarm", "lowWarning", "highWarning", "highAlarm")
_USUAL = 8  # digits that PyRogue gives a float
_MOST_DIGITS = 2**31 - 1


def attribute(node: Any, name: str) -> Any:
    """Return an attribute of a node, None if it has none or its property raises."""
    try:
        return getattr(node, name, None)
    except Exception:
        return None


def text_attribute(node: Any, name: str) -> str:
    """Return an attribute of a node as text, empty if there is none."""
    return label_of(attribute(node, name), "")


def label_of(value: Any, empty: str) -> str:
    """Return text that can be sent for any object, ``empty`` for None or if it has no text."""
    try:
        return empty if value is None else unicode_of(str(value))
    except Exception:
        return empty


def described(node: TreeNode, kind: NtKind, scalar: ScalarType, **more: Any) -> PvSpec:
    """Return the description of a PV, with all that its node declares.

    :param more: further fields of the description
    """
    form = format_of(node)
    precision, low, high = 0, None, None
    control, value_alarm = NO_CONTROL, NO_VALUE_ALARM
    if kind in (NtKind.SCALAR, NtKind.SCALAR_ARRAY) and scalar.is_numeric:
        precision = _precision_of(node, form) if scalar.is_float else 0
        low, high = limits_of(node, "minimum", "maximum")
        control = NO_CONTROL if low is None and high is None else Control(low, high)
        alarms = ValueAlarm(*limits_of(node, *ALARM_LIMITS))
        value_alarm = alarms if alarms.active else NO_VALUE_ALARM
    display = Display(
        description=text_attribute(node, "description"),
        units=text_attribute(node, "units"),
        limit_low=low,
        limit_high=high,
        precision=precision,
        form=_FORMS.get(form[-1:], 0),
    )
    fields = {"display": display, "control": control, "value_alarm": value_alarm, **more}
    return shared(PvSpec(kind, scalar, writable=node.mode != "RO", **fields))


def format_of(node: Any) -> str:
    """Return the format in a node's ``disp``, e.g. ``.3f`` of ``'{:.3f} V'``; empty if none."""
    match = _FORMAT.search(text_attribute(node, "disp"))
    return match.group("spec") if match else ""


def limits_of(node: Any, *names: str) -> list[Any]:
    """Return attributes of a node that are limits; None for one that is no number or infinite."""
    return [_limit_of(attribute(node, name)) for name in names]


def _limit_of(limit: Any) -> Any:
    if isinstance(limit, (int, np.integer)):
        return int(limit)
    if not isinstance(limit, (float, np.floating)):
        return None
    # An infinite limit is none (PyRogue: Double), and clients cannot draw it.
    return float(limit) if math.isfinite(limit) else None


def _precision_of(node: Any, form: str) -> int:
    # PyRogue's own precision misses '{:.3f}', and is 0 for all floats but Python's own.
    found = _PRECISION.search(form)
    try:
        digits = int(found.group(1) if found else attribute(node, "precision") or _USUAL)
    except (TypeError, ValueError, OverflowError):
        return 0
    return min(max(digits, 0), _MOST_DIGITS)
