"""The forms of PVs that are one number, choice or text."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from roguebridge.core.values import MisfitError, PvSpec, integer, parse_number, shown

from ..wire.dbr import ENUM, LONG, WIRE, cut
from .form import LONGEST, TYPES, CaValue, Form, dtype_of, one, rounded, single, text_value

#: the states of a bool
FLAGS = ("False", "True")


class NumberForm(Form):
    """A number."""

    __slots__ = ("_type", "_dtype", "_range")

    def __init__(self, spec: PvSpec) -> None:
        super().__init__(spec)
        self._type = TYPES[spec.scalar]
        self._dtype = dtype_of(spec.scalar)
        info = np.iinfo(spec.scalar.dtype) if spec.scalar.is_integer else None
        self._range = None if info is None else (int(info.min), int(info.max))

    def show(self, value: Any) -> CaValue:
        """Return one number."""
        if self._range is None:
            if isinstance(value, str):
                raise MisfitError(f"{value!r} is no number")
            return CaValue(self._type, one(value, self._dtype))
        number = index(value)
        low, high = self._range
        if not low <= number <= high:
            raise OverflowError(f"{number} does not fit {self.spec.scalar.name}")
        return CaValue(self._type, one(number, self._dtype), loss=rounded(number))

    def take_numbers(self, numbers: Any) -> Any:
        """Return one number; the largest integer as it is shown stands for itself."""
        number = single(numbers).item()
        if self._range is None:
            return float(number)
        high = self._range[1]
        return high if number == float(high) else integer(number)

    def take_texts(self, texts: list[str]) -> Any:
        """Return the number that the text is."""
        number = parse_number(single(texts))
        if self._range is None or isinstance(number, int):
            return number
        return self.take_numbers(np.array([number]))


class FlagForm(Form):
    """A bool, as an enum of two states."""

    __slots__ = ()

    def show(self, value: Any) -> CaValue:
        """Return 0 or 1."""
        if not isinstance(value, (bool, np.bool_)):
            raise MisfitError(f"{value!r} is no bool")
        return CaValue(ENUM, one(value, WIRE[ENUM]))

    def take_numbers(self, numbers: Any) -> Any:
        """Return False or True."""
        number = single(numbers).item()
        if number not in (0, 1):
            raise MisfitError(f"{number} is neither 0 nor 1")
        return bool(number)

    def take_texts(self, texts: list[str]) -> Any:
        """Return False or True."""
        return bool(_choice(single(texts), FLAGS))


class ChoiceForm(Form):
    """An enum that Channel Access has a place for."""

    __slots__ = ()

    def show(self, value: Any) -> CaValue:
        """Return the index."""
        return CaValue(ENUM, one(self._index(value), WIRE[ENUM]))

    def take_numbers(self, numbers: Any) -> Any:
        """Return the index."""
        return integer(single(numbers).item())

    def take_texts(self, texts: list[str]) -> Any:
        """Return the index of a label."""
        return _choice(single(texts), self.spec.choices)

    def _index(self, value: Any) -> int:
        number = index(value)
        if not 0 <= number < len(self.spec.choices):
            raise MisfitError(f"index {number} is outside the choices {list(self.spec.choices)}")
        return number


class LargeChoiceForm(ChoiceForm):
    """An enum that Channel Access has no place for, as text; its index is a PV beside it."""

    __slots__ = ()

    def show(self, value: Any) -> CaValue:
        """Return the label."""
        number = self._index(value)
        return text_value(self.spec.choices[number], one(number, WIRE[LONG]))


class TextForm(Form):
    """A text."""

    __slots__ = ()

    def show(self, value: Any) -> CaValue:
        """Return the text: whole, and cut after 39 bytes."""
        return text_value(value)

    def take_numbers(self, numbers: Any) -> Any:
        """Return the text of a number."""
        return str(single(numbers).item())

    def take_texts(self, texts: list[str]) -> Any:
        """Return the text."""
        return single(texts)


def _choice(text: str, choices: tuple[str, ...]) -> int:
    """Return the index of a label, which may be cut as clients are shown it."""
    if text in choices:
        return choices.index(text)
    cut_labels = [cut(label.encode(), LONGEST) for label in choices]
    found = cut_labels.count(text.encode())
    if found == 1:
        return cut_labels.index(text.encode())
    if found:
        raise MisfitError(f"{shown(text)} begins several choices: put the index")
    if text.strip().isdecimal():
        return int(text)
    raise MisfitError(f"{shown(text)} is none of {shown(list(choices), 400)}")
