"""The converter for numbers in other units than in the tree."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from roguebridge.core.errors import PluginError, PutError, words_of
from roguebridge.core.values import (
    Control,
    Flat,
    MisfitError,
    NtKind,
    PvSpec,
    ScalarType,
    TypeConverter,
    ValueAlarm,
    cast_exactly,
    exact_array,
    parse_literal,
    parse_number,
    real,
)

from ..converters import plain_converter
from ..converters.refusals import refusing_all
from ..converters.scalars import Trigger

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
        numbers = spec.kind is not NtKind.ENUM and spec.scalar.is_numeric and not spec.is_complex
        if not numbers or isinstance(inner, Trigger):
            raise PluginError(
                f"{node.path}: {scaling.recipe} is for numbers, not {node.typeStr} "
                f"({spec.kind.value} {spec.scalar.value})"
            )
        self._node = node
        self._inner = inner
        self._scaling = scaling
        self._raw = spec.scalar
        self._low, self._high = spec.control.limit_low, spec.control.limit_high
        if spec.scalar.is_integer:
            info = np.iinfo(spec.scalar.dtype)
            self._low = int(info.min) if self._low is None else self._low
            self._high = int(info.max) if self._high is None else self._high
        self._rises = self._find_direction(spec.value_alarm)
        self._range = self._limits(self._low, self._high)
        self.spec = self._describe(spec)

    def to_pv(self, value: Any) -> Any:
        """Return a float, or an array of float64 of the same shape."""
        raw = self._inner.to_pv(value)
        if isinstance(raw, np.ndarray):
            return self._through(self._scaling.to_pv, raw.astype(_FLOAT64))
        return real(self._scaling.to_pv(float(raw)))

    @refusing_all
    def to_tree(self, value: Any) -> Any:
        """Return the nearest raw number, or numbers, in the terms of the node.

        :raises PutError: for a value outside the node's range, or if there is no inverse
        """
        back = self._scaling.to_tree
        if back is None:
            raise PutError(f"{self._node.path}: it is served through a function without inverse")
        if self.spec.kind is NtKind.SCALAR:
            number = real(parse_number(value) if isinstance(value, str) else value)
            raw = self._nearest(np.array([number]), np.array([real(_call(back, number))]))
            return self._inner.to_tree(raw[0].item())
        values = parse_literal(value) if isinstance(value, str) else value
        numbers = np.atleast_1d(cast_exactly(exact_array(values), _FLOAT64))
        raw = self._nearest(numbers, self._through(back, numbers))
        return self._inner.to_tree(raw.view(Flat) if isinstance(value, Flat) else raw)

    # Metadata ---------------------------------------------------------------------------------

    def _describe(self, spec: PvSpec) -> PvSpec:
        scaling, display, control = self._scaling, spec.display, spec.control
        precision = display.precision if self._raw.is_float else scaling.digits
        low, high = self._limits(display.limit_low, display.limit_high)
        alarms = []
        for raw in astuple(spec.value_alarm):
            alarms.append(self._limit(raw))
            if alarms[-1] is None and raw is not None:
                raise PluginError(
                    f"{self._node.path}: {scaling.recipe} has no value for its alarm limit {raw}"
                )
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
            control=Control(*self._limits(control.limit_low, control.limit_high)),
            value_alarm=ValueAlarm(*(alarms if self._rises else reversed(alarms))),
            writable=spec.writable and scaling.to_tree is not None,
        )

    def _find_direction(self, alarm: ValueAlarm) -> bool:
        """Tell whether the function rises, by what it makes of the node's limits."""
        low, high = self._low, self._high
        some = [x for x in (0, 1) if (low is None or low <= x) and (high is None or x <= high)]
        raw = sorted({x for x in (low, high, *astuple(alarm), *some) if x is not None})
        made = [(x, y) for x in raw if (y := self._limit(x)) is not None]
        rises = [(a, b) for a, b in pairwise(made) if b[1] > a[1]]
        falls = [(a, b) for a, b in pairwise(made) if b[1] < a[1]]
        if rises and falls:
            (up, _), (top, _) = rises[0]
            (down, _), (bottom, _) = falls[0]
            raise PluginError(
                f"{self._node.path}: the function of {self._scaling.recipe} both rises, "
                f"from raw {up} to {top}, and falls, from {down} to {bottom}"
            )
        return not falls

    def _limit(self, raw: Any) -> float | None:
        """Return a limit in the PV's units; None without a limit, or if it has no such value."""
        if raw is None:
            return None
        try:
            limit = real(self._scaling.to_pv(float(raw)))
        except Exception:
            return None
        return limit if math.isfinite(limit) else None

    def _limits(self, low: Any, high: Any) -> tuple[Any, Any]:
        """Return two limits in the PV's units, the lower first."""
        limits = self._limit(low), self._limit(high)
        return limits if self._rises else limits[::-1]

    # Values -----------------------------------------------------------------------------------

    def _through(self, function: Callable[[Any], Any], numbers: Any) -> Any:
        with np.errstate(all="ignore"):  # of linear
            made = np.asarray(_call(function, numbers))
        if made.shape != numbers.shape:
            raise MisfitError(
                f"the function of {self._scaling.recipe} made shape {made.shape} of shape "
                f"{numbers.shape}"
            )
        return cast_exactly(made, _FLOAT64)

    def _nearest(self, numbers: Any, raw: Any) -> Any:
        """Return raw numbers within the node's range; rounding never leads beyond its ends."""
        is_whole = self._raw.is_integer
        if is_whole:
            odd = ~np.isfinite(raw)
            if odd.any():
                raise MisfitError(f"{numbers[odd][0]} has no raw value")
            raw = np.rint(raw)
        low = -math.inf if self._low is None else self._low
        high = math.inf if self._high is None else self._high
        below, above = raw < low, raw > high
        for number in numbers[below | above]:
            self._need_inside(float(number))
        raw = np.where(below | above, 0, raw)
        made = cast_exactly(raw, self._raw.dtype) if is_whole else raw
        made[below], made[above] = low, high
        return made

    def _need_inside(self, number: float) -> None:
        low, high = self._range
        if (low is not None and number < low) or (high is not None and number > high):
            units = self.spec.display.units
            raise PutError(
                f"{self._node.path}: {number} is outside {low} .. {high}{units and ' '}{units}"
            )


def _call(function: Callable[[Any], Any], numbers: Any) -> Any:
    """Call a function of the site; its error is what clients are told."""
    try:
        return function(numbers)
    except Exception as exc:
        raise MisfitError(words_of(exc)) from exc
