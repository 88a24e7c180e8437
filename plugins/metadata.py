"""Metadata of a PV from what a node declares."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from roguebridge.core.nt import Control, Display, ScalarType, ValueAlarm
from roguebridge.core.tree import TreeNode

_FORMAT = re.compile(r"\{[^{}:]*:(?P<spec>[^{}]*)\}")
_PRECISION = re.compile(r"\.(\d+)[feEgG%]?$")
_FORMS = {"x": 4, "X": 4, "b": 2, "d": 3, "e": 5, "E": 5}


def display_of(node: TreeNode, scalar: ScalarType) -> Display:
    """Return description, units, limits, precision and form of ``node``.

    Precision and form are read from ``disp``, e.g. ``'{:.3f}'`` or ``'{:#x}'``; PyRogue's own
    ``precision`` misses the first.
    """
    match = _FORMAT.search(node.disp or "")
    spec = match.group("spec") if match else ""
    precision = 0
    if scalar.is_float:
        found = _PRECISION.search(spec)
        precision = int(found.group(1)) if found else int(getattr(node, "precision", 0) or 0)
    low, high = limits_of(node, scalar)
    return Display(
        description=node.description or "",
        units=node.units or "",
        limit_low=low,
        limit_high=high,
        precision=precision,
        form=_FORMS.get(spec[-1:], 0),
    )


def limits_of(node: TreeNode, scalar: ScalarType) -> tuple[Any, Any]:
    """Return minimum and maximum of a numeric node, None where there is none."""
    if not scalar.is_numeric:
        return None, None
    return _number(node.minimum), _number(node.maximum)


def control_of(node: TreeNode, scalar: ScalarType) -> Control:
    """Return the range that a put is held to."""
    low, high = limits_of(node, scalar)
    return Control(low, high)


def value_alarm_of(node: Any, scalar: ScalarType) -> ValueAlarm:
    """Return the alarm limits of a numeric node."""
    if not scalar.is_numeric:
        return ValueAlarm()
    return ValueAlarm(
        low_alarm=_number(getattr(node, "lowAlarm", None)),
        low_warning=_number(getattr(node, "lowWarning", None)),
        high_warning=_number(getattr(node, "highWarning", None)),
        high_alarm=_number(getattr(node, "highAlarm", None)),
    )


def _number(limit: Any) -> Any:
    if not isinstance(limit, (int, float, np.number)):
        return None
    # An infinite limit is none (PyRogue: Double), and clients cannot draw it.
    return limit if isinstance(limit, int) or np.isfinite(limit) else None
