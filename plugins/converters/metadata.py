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
    ScalarType,
    ValueAlarm,
    unicode_of,
)

_FORMAT = re.compile(r"\{[^{}:]*:(?P<spec>[^{}]*)\}")
_PRECISION = re.compile(r"\.(\d+)[feEgG%]?$")
_FORMS = {"x": 4, "X": 4, "b": 2, "d": 3, "e": 5, "E": 5}
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


def display_of(node: TreeNode, scalar: ScalarType) -> Display:
    """Return description, units, limits, precision and form of ``node``.

    Precision and form are read from ``disp``, e.g. ``'{:.3f}'`` or ``'{:#x}'``; PyRogue's own
    ``precision`` misses the first, and is 0 for all floats but Python's own.
    """
    spec = format_of(node)
    precision = 0
    if scalar.is_float:
        found = _PRECISION.search(spec)
        precision = _digits(found.group(1) if found else attribute(node, "precision") or _USUAL)
    low, high = limits_of(node, scalar)
    return Display(
        description=text_attribute(node, "description"),
        units=text_attribute(node, "units"),
        limit_low=low,
        limit_high=high,
        precision=precision,
        form=_FORMS.get(spec[-1:], 0),
    )


def format_of(node: Any) -> str:
    """Return the format in a node's ``disp``, e.g. ``.3f`` of ``'{:.3f} V'``; empty if none."""
    match = _FORMAT.search(text_attribute(node, "disp"))
    return match.group("spec") if match else ""


def limits_of(node: TreeNode, scalar: ScalarType) -> tuple[Any, Any]:
    """Return minimum and maximum of a numeric node, None where there is none."""
    if not scalar.is_numeric:
        return None, None
    return number_of(attribute(node, "minimum")), number_of(attribute(node, "maximum"))


def control_of(node: TreeNode, scalar: ScalarType) -> Control:
    """Return the range that a put is held to."""
    low, high = limits_of(node, scalar)
    return NO_CONTROL if low is None and high is None else Control(low, high)


def value_alarm_of(node: Any, scalar: ScalarType) -> ValueAlarm:
    """Return the alarm limits of a numeric node."""
    if not scalar.is_numeric:
        return NO_VALUE_ALARM
    limits = ValueAlarm(
        low_alarm=number_of(attribute(node, "lowAlarm")),
        low_warning=number_of(attribute(node, "lowWarning")),
        high_warning=number_of(attribute(node, "highWarning")),
        high_alarm=number_of(attribute(node, "highAlarm")),
    )
    return limits if limits.active else NO_VALUE_ALARM


def number_of(limit: Any) -> Any:
    """Return a limit, None if it is no number or infinite."""
    if isinstance(limit, (int, np.integer)):
        return int(limit)
    if not isinstance(limit, (float, np.floating)):
        return None
    # An infinite limit is none (PyRogue: Double), and clients cannot draw it.
    return float(limit) if math.isfinite(limit) else None


def _digits(precision: Any) -> int:
    try:
        return min(max(int(precision or 0), 0), _MOST_DIGITS)
    except (TypeError, ValueError, OverflowError):
        return 0
