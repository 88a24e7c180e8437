"""Values in audit records: small copies that never change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from itertools import islice
from math import prod
from reprlib import Repr
from typing import Any

import numpy as np

from ..errors import words_of
from ..values.reading import Snapshot

_WHOLE = 50  # elements of what is kept as it is
_FIRST = 10  # elements that are kept of a larger one
_LONGEST = 1000  # characters of a text
_DEEPEST = 4  # lists within lists
_BITS = 1024  # of an int
_IN_ALL = 20_000  # elements and characters of one value
_LEAST = 20  # characters of each text when these are used up


@dataclass(frozen=True, slots=True)
class ArraySummary:
    """A large array or list, as an audit record keeps it.

    :param shape: its size in each direction
    :param dtype: numpy's name of its elements' type; ``'list'`` for a list
    :param minimum: least element, NaN ignored; None if they are no real numbers
    :param maximum: greatest element
    :param first: the first elements, flattened
    """

    shape: tuple[int, ...]
    dtype: str
    minimum: Any
    maximum: Any
    first: tuple[Any, ...]

    @property
    def size(self) -> int:
        """The number of elements."""
        return prod(self.shape)


def kept(value: Any) -> Any:
    """Return what is kept of a value; never raises.

    Numbers and short texts are kept as they are, small arrays as read-only copies, large ones as
    an :class:`ArraySummary`; lists and dicts with what is kept of their elements; all else as text.
    """
    try:
        return _Copy().of(value)
    except Exception as exc:  # of an object of the tree's
        return f"<{type(value).__name__}: {words_of(exc)}>"


def short(text: str, longest: int = _LONGEST) -> str:
    """Return a text, cut if it is long."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]}... ({len(text)} characters)"


class _Copy:
    """Copies one value, and counts what is copied: lists within lists are bounded in all."""

    def __init__(self) -> None:
        self._left = _IN_ALL
        self._repr = Repr()
        self._repr.maxlevel = 1

    def of(self, value: Any, depth: int = 0) -> Any:
        self._left -= 1
        if isinstance(value, Snapshot):
            value = value.reading.value
        if value is None or isinstance(value, (bool, float, np.number, np.bool_)):
            return value
        if isinstance(value, int):
            return value if value.bit_length() <= _BITS else self._text(hex(value))
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, np.ndarray):
            return self._array(value, depth)
        is_list = isinstance(value, (list, tuple))
        if depth < _DEEPEST and isinstance(value, Mapping):
            return self._mapping(value, depth)
        if depth < _DEEPEST and is_list:
            if len(value) <= min(_WHOLE, self._left):
                return [self.of(item, depth + 1) for item in value]
            return ArraySummary((len(value),), "list", None, None, self._first(value, depth))
        bounded = is_list or isinstance(value, (Mapping, Set))
        return self._text((self._repr.repr if bounded else repr)(value))

    def _text(self, text: str) -> str:
        text = short(text, min(_LONGEST, max(_LEAST, self._left)))
        self._left -= len(text)
        return text

    def _array(self, array: Any, depth: int) -> Any:
        takes = array.nbytes if array.dtype.kind in "SU" else array.size
        if array.size <= _WHOLE and takes <= self._left and array.dtype.kind in "biufcSU":
            self._left -= takes
            copy = np.array(array)
            copy.flags.writeable = False
            return copy
        least = greatest = None
        if array.dtype.kind in "biuf" and array.size:
            with np.errstate(all="ignore"):
                least = np.fmin.reduce(array, axis=None).item()
                greatest = np.fmax.reduce(array, axis=None).item()
        first = self._first(array.flat, depth)
        return ArraySummary(array.shape, array.dtype.name, least, greatest, first)

    def _first(self, items: Iterable[Any], depth: int) -> tuple[Any, ...]:
        most = min(_FIRST, max(0, self._left))
        return tuple(self.of(item, depth + 1) for item in islice(items, most))

    def _mapping(self, mapping: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        most = min(_WHOLE, max(0, self._left))
        found = {
            self._text(str(name)): self.of(item, depth + 1)
            for name, item in islice(mapping.items(), most)
        }
        if len(mapping) > most:
            found["..."] = f"{len(mapping)} in all"
        return found
