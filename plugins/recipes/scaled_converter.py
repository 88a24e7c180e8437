"""The converter of numbers in other units than the tree's."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from roguebridge.core.errors import PluginError, PutError
from roguebridge.core.values import (
    Control,
    Flat,
    NtKind,
    PvSpec,
    ScalarType,
    TypeConverter,
    ValueAlarm,
    cast_exactly,
    exact_array,
    real,
)

from ..converters import plain_converter
from ..converters.scalars import Trigger, parse_number
from ..converters.texts import parse_literal
from .rule import refusing

_KINDS = (NtKind.SCALAR, NtKind.SCALAR_ARRAY, NtKind.NDARRAY)
_FLOAT64 = np.dtype(np.float64)


@dataclass(frozen=True, slots=True)
class Scaling:
    """A function, its inverse, and what the PV says about its numbers."""

    recipe: str
    to_pv: Callable[[Any], Any]
    to_tree: Callable[[Any], Any] | None
    units: str | None
    precision: int | None
    digits: int
    """Digits after the point where the raw numbers have none."""


class Scaled(TypeConverter):
    """The values of the built-in converter of a node, through a function."""

    def __init__(self, node: Any, scaling: Scaling) -> None:
        inner = plain_converter(node)
        spec = inner.spec
        numbers = spec.kind in _KINDS and spec.scalar.is_numeric and not spec.is_complex
        if not numbers or isinstance(inner, Trigger):
            raise PluginError(
                f"{node.path}: {scaling.recipe} is for numbers, not {node.typeStr} "
                f"({spec.kind.value} {spec.scalar.value})"
            )
        self._path = node.path
        self._inner = inner
        self._scaling = scaling
        self._raw = spec.scalar
        self._low, self._high = _raw_range(spec)
        self._rises = self._find_direction(spec.value_alarm)
        self._range = self._in_order(self._limit(self._low), self._limit(self._high))
        self.spec = self._describe(spec)

    def to_pv(self, value: Any) -> Any:
        """Return a float, or an array of float64 of the same shape."""
        raw = self._inner.to_pv(value)
        if isinstance(raw, np.ndarray):
            return self._through(self._scaling.to_pv, raw.astype(_FLOAT64))
        return real(self._scaling.to_pv(float(raw)))

    def to_tree(self, value: Any) -> Any:
        """Return what the node takes for the raw number, or numbers, nearest to the value.

        :raises PutError: for a value outside the node's range, or if there is no inverse
        """
        back = self._scaling.to_tree
        if back is None:
            raise PutError(f"{self._path}: it is served through a function without inverse")
        with refusing(self._path):
            if self.spec.kind is NtKind.SCALAR:
                number = real(parse_number(value, False) if isinstance(value, str) else value)
                return self._inner.to_tree(self._nearest(number, real(back(number))))
            values = parse_literal(value) if isinstance(value, str) else value
            numbers = np.atleast_1d(cast_exactly(exact_array(values), _FLOAT64))
            raw = self._all_nearest(numbers, self._through(back, numbers))
            return self._inner.to_tree(raw.view(Flat) if isinstance(value, Flat) else raw)

    # Metadata ---------------------------------------------------------------------------------

    def _describe(self, spec: PvSpec) -> PvSpec:
        scaling, display, alarm = self._scaling, spec.display, spec.value_alarm
        precision = display.precision if self._raw.is_float else scaling.digits
        low, high = self._in_order(self._limit(display.limit_low), self._limit(display.limit_high))
        control = self._in_order(
            self._limit(spec.control.limit_low), self._limit(spec.control.limit_high)
        )
        alarms = [
            self._alarm_limit(limit)
            for limit in (
                alarm.low_alarm, alarm.low_warning, alarm.high_warning, alarm.high_alarm,
            )
        ]  # fmt: skip
        return replace(
            spec,
            scalar=ScalarType.Float64,
            display=replace(
                display,
                limit_low=low,
                limit_high=high,
                units=display.units if scaling.units is None else scaling.units,
                precision=precision if scaling.precision is None else scaling.precision,
                form=display.form if self._raw.is_float else 0,
            ),
            control=Control(*control),
            value_alarm=ValueAlarm(*(alarms if self._rises else reversed(alarms))),
            writable=spec.writable and scaling.to_tree is not None,
        )

    def _find_direction(self, alarm: ValueAlarm) -> bool:
        """Tell whether the function rises, by what it makes of the node's limits."""
        limits = (
            self._low, self._high,
            alarm.low_alarm, alarm.low_warning, alarm.high_warning, alarm.high_alarm,
        )  # fmt: skip
        low, high = self._low, self._high
        some = {x for x in (0, 1) if (low is None or low <= x) and (high is None or x <= high)}
        raw = sorted(some | {limit for limit in limits if limit is not None})
        made = [(x, y) for x in raw if (y := self._limit(x)) is not None]
        rises = [(a, b) for a, b in pairwise(made) if b[1] > a[1]]
        falls = [(a, b) for a, b in pairwise(made) if b[1] < a[1]]
        if rises and falls:
            (up, _), (top, _) = rises[0]
            (down, _), (bottom, _) = falls[0]
            raise PluginError(
                f"{self._path}: the function of {self._scaling.recipe} both rises, from raw {up} "
                f"to {top}, and falls, from {down} to {bottom}"
            )
        return not falls

    def _limit(self, raw: Any) -> float | None:
        """Return a limit in the PV's units; None where there is none, or it has no place there."""
        if raw is None:
            return None
        try:
            limit = real(self._scaling.to_pv(float(raw)))
        except Exception:
            return None
        return limit if math.isfinite(limit) else None

    def _alarm_limit(self, raw: Any) -> float | None:
        limit = self._limit(raw)
        if limit is None and raw is not None:
            raise PluginError(
                f"{self._path}: {self._scaling.recipe} has no value for its alarm limit {raw}"
            )
        return limit

    def _in_order(self, low: float | None, high: float | None) -> tuple[Any, Any]:
        return (low, high) if self._rises else (high, low)

    # Values -----------------------------------------------------------------------------------

    def _through(self, function: Callable[[Any], Any], numbers: Any) -> Any:
        with np.errstate(all="ignore"):  # of linear
            made = np.asarray(function(numbers))
        if made.shape != numbers.shape:
            raise ValueError(
                f"the function of {self._scaling.recipe} made shape {made.shape} of shape "
                f"{numbers.shape}"
            )
        return cast_exactly(made, _FLOAT64)

    def _nearest(self, number: float, raw: float) -> int | float:
        """Return a raw number that the node may have; within its range the ends are in reach."""
        nearest: int | float = raw
        if self._raw.is_integer:
            if not math.isfinite(raw):
                raise ValueError(f"{number} has no raw value")
            nearest = round(raw)
        if self._low is not None and nearest < self._low:
            self._need_inside(number)
            return self._low  # type: ignore[no-any-return]
        if self._high is not None and nearest > self._high:
            self._need_inside(number)
            return self._high  # type: ignore[no-any-return]
        return nearest

    def _all_nearest(self, numbers: Any, raw: Any) -> Any:
        if self._raw.is_integer:
            odd = ~np.isfinite(raw)
            if odd.any():
                raise ValueError(f"{numbers[odd][0]} has no raw value")
            raw = np.rint(raw)
        low, high = self._low, self._high
        outside = np.zeros(raw.shape, bool)
        if low is not None:
            outside |= raw < low
        if high is not None:
            outside |= raw > high
        for number in numbers[outside]:
            self._need_inside(float(number))
        if outside.any():
            raw = np.clip(raw, low, high)
        return cast_exactly(raw, self._raw.dtype) if self._raw.is_integer else raw

    def _need_inside(self, number: float) -> None:
        low, high = self._range
        if (low is not None and number < low) or (high is not None and number > high):
            units = self.spec.display.units
            raise PutError(
                f"{self._path}: {number} is outside {low} .. {high}{units and ' '}{units}"
            )


def _raw_range(spec: PvSpec) -> tuple[Any, Any]:
    """Return the least and the greatest raw number; None where there is none."""
    low, high = spec.control.limit_low, spec.control.limit_high
    if spec.scalar.is_integer:
        info = np.iinfo(spec.scalar.dtype)
        low = int(info.min) if low is None else low
        high = int(info.max) if high is None else high
    return low, high
