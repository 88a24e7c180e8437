"""Times of the epoch as ISO 8601 text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial
from typing import Any

from roguebridge.core.errors import PluginError
from roguebridge.core.hooks import ConverterRule
from roguebridge.core.values import MisfitError, NtKind, TypeConverter, integer, shown

from ..converters import plain_converter
from ..converters.refusals import refusing_all
from ..converters.scalars import Trigger, text_spec
from .rule import Selector, rule_for

_UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}  # per second
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PARTS = re.compile(r"([^T ]*[T ][\d:]*)[.,](\d+)(.*)$", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d{1,3})?$")  # more digits fill the memory


def iso_time(select: Selector, *, unit: str = "s", digits: int = 3) -> ConverterRule:
    """Serve times since 1970 as text in UTC, like ``2026-01-31T12:00:00.000Z``.

    A put takes ISO 8601 text, in UTC if it names no zone, or the number itself.

    :param select: the nodes, of ints or floats
    :param unit: of the numbers: ``'s'``, ``'ms'``, ``'us'`` or ``'ns'``
    :param digits: of the seconds after the point, 0 to 9; the last is rounded
    :raises ValueError: for other values
    """
    if unit not in _UNITS:
        raise ValueError(f"iso_time: unit must be one of {list(_UNITS)}, not {unit!r}")
    if isinstance(digits, bool) or digits not in range(10):
        raise ValueError(f"iso_time: digits must be an int from 0 to 9, not {digits!r}")
    return rule_for("iso_time", select, partial(IsoTime, unit=unit, digits=digits))


class IsoTime(TypeConverter):
    """A number of seconds, or of parts of one, as text."""

    def __init__(self, node: Any, unit: str, digits: int) -> None:
        inner = plain_converter(node)
        spec = inner.spec
        if spec.kind is not NtKind.SCALAR or not spec.scalar.is_numeric or type(inner) is Trigger:
            raise PluginError(f"{node.path}: iso_time is for numbers, not {node.typeStr}")
        self._node = node
        self._inner = inner
        self._is_whole = spec.scalar.is_integer
        self._unit = unit
        self._digits = digits
        self.spec = text_spec(node)

    def to_pv(self, value: Any) -> str:
        """Return the text.

        :raises MisfitError: for NaN, the infinities and times before the year 1 or after 9999
        """
        number = self._inner.to_pv(value)
        try:
            parts = round(Fraction(number) / _UNITS[self._unit] * 10**self._digits)
            seconds, part = divmod(parts, 10**self._digits)
            moment = _EPOCH + timedelta(seconds=seconds)
        except (ValueError, OverflowError):
            raise MisfitError(f"{number} {self._unit} is no time that ISO 8601 has") from None
        text = moment.replace(tzinfo=None).isoformat(timespec="seconds")
        return f"{text}.{part:0{self._digits}}Z" if self._digits else f"{text}Z"

    @refusing_all
    def to_tree(self, value: Any) -> Any:
        """Return the number that the text stands for.

        :raises PutError: for other text, or a time between two ints
        """
        if not isinstance(value, str):
            return self._inner.to_tree(value)
        text = value.strip()
        is_number = _NUMBER.match(text)
        number = Fraction(text) if is_number else _seconds_of(text) * _UNITS[self._unit]
        if self._is_whole and number.denominator != 1:
            raise MisfitError(f"{shown(value)} is not a whole number of {self._unit}")
        return self._inner.to_tree(integer(number) if self._is_whole else float(number))


def _seconds_of(text: str) -> Fraction:
    """Return the seconds since 1970, to the ns; Python's own times end at the us."""
    found = _PARTS.match(text)
    before, digits, zone = found.groups() if found else (text, "", "")
    try:
        if len(digits) > 9:
            raise ValueError
        moment = datetime.fromisoformat(before + zone)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = Fraction((moment - _EPOCH) // timedelta(microseconds=1), 10**6)
    except (ValueError, OverflowError):
        raise MisfitError(
            f"{shown(text)} is neither a time such as 2026-01-31T12:00:00Z nor a number"
        ) from None
    return seconds + Fraction(int(digits or 0), 10 ** len(digits))
