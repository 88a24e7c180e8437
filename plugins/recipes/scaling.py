"""Numbers in other units than in the tree; limits and alarms are converted too."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np

from roguebridge.core.hooks import ConverterRule

from .rule import Selector, rule_for
from .scaled_converter import Scaled, Scaling

_DIGITS = 8  # at most, as many as PyRogue gives a float


def linear(
    select: Selector,
    *,
    scale: float,
    offset: float = 0.0,
    units: str | None = None,
    precision: int | None = None,
) -> ConverterRule:
    """Serve numbers as ``raw * scale + offset``, and put them back.

    A put to an integer node is rounded to the nearest raw value. A put outside the range of the
    node is refused. Limits, alarm limits and alarms are those of the node in the new units; a
    negative ``scale`` makes the low ones high. Arrays and images are converted element by element.
    The PV is one of float64.

    :param select: the nodes, of numbers
    :param scale: units per raw unit
    :param offset: the value at raw 0
    :param units: what the PV says its units are; by default the node's
    :param precision: digits after the point; by default those of ``scale`` and ``offset`` for
        integers, at most 8, and the node's own for floats
    :raises ValueError: for a ``scale`` of 0, or a number that is not finite
    """
    for name, number in (("scale", scale), ("offset", offset)):
        if isinstance(number, bool) or not isinstance(number, (int, float, np.number)):
            raise ValueError(f"linear: {name} must be a number, not {number!r}")
        if not math.isfinite(number) or (name == "scale" and number == 0):
            raise ValueError(f"linear: {name} cannot be {number!r}")
    slope, zero = float(scale), float(offset)
    scaling = Scaling(
        recipe="linear",
        to_pv=lambda raw: raw * slope + zero,
        to_tree=lambda value: (value - zero) / slope,
        units=units,
        precision=precision,
        digits=min(max(_digits(slope), _digits(zero)), _DIGITS),
    )
    return rule_for("linear", select, partial(Scaled, scaling=scaling))


def scaled(
    select: Selector,
    *,
    to_pv: Callable[[Any], Any],
    to_tree: Callable[[Any], Any] | None = None,
    units: str | None = None,
    precision: int | None = None,
) -> ConverterRule:
    """Serve numbers through a function that only rises or only falls; else as :func:`linear`.

    :param select: the nodes, of numbers
    :param to_pv: returns the PV's number for a raw float; for an array it gets all elements at
        once, as a numpy array
    :param to_tree: its inverse; without one the PV cannot be put
    :param units: what the PV says its units are; by default the node's
    :param precision: digits after the point; by default 8 for integers, the node's own for floats
    :raises TypeError: if one of them is no function
    """
    if not callable(to_pv) or not (to_tree is None or callable(to_tree)):
        raise TypeError(f"scaled: to_pv and to_tree must be functions, not {to_pv!r}, {to_tree!r}")
    back = None if to_tree is None else _quiet(to_tree)
    scaling = Scaling("scaled", _quiet(to_pv), back, units, precision, _DIGITS)
    return rule_for("scaled", select, partial(Scaled, scaling=scaling))


def _quiet(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Have numpy's functions give NaN or an infinity without a warning."""

    def call(numbers: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(numbers)

    return call


def _digits(number: float) -> int:
    exponent = Decimal(repr(number)).normalize().as_tuple().exponent
    return max(-int(exponent), 0)
