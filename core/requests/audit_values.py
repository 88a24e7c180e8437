"""Values in audit records: small copies that never change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from ..errors import words_of
from ..values.reading import Snapshot

_WHOLE = 50  # elements of what is kept as it is
_FIRST = 10  # elements that are kept of a larger one
_LONGEST = 1000  # characters of a text
_DEEPEST = 4  # lists within lists
_BITS = 1024  # of an int


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
        size = 1
        for length in self.shape:
            size *= length
        return size


def kept(value: Any) -> Any:
    """Return what is kept of a value; never raises.

    Numbers and short texts are kept as they are, small arrays as read-only copies, large ones as
    an :class:`ArraySummary`; lists and dicts with what is kept of their elements; all else as text.
    """
    try:
        return _kept(value, 0)
    except Exception as exc:  # of an object of the tree's
        return f"<{type(value).__name__}: {words_of(exc)}>"


def _kept(value: Any, depth: int) -> Any:
    if isinstance(value, Snapshot):
        value = value.reading.value
    if value is None or isinstance(value, (bool, float, np.number, np.bool_)):
        return value
    if isinstance(value, int):
        return value if value.bit_length() <= _BITS else short(hex(value))
    if isinstance(value, str):
        return short(value)
    if isinstance(value, np.ndarray):
        return _array(value, depth)
    if depth < _DEEPEST:
        if isinstance(value, Mapping):
            return _mapping(value, depth)
        if isinstance(value, (list, tuple)):
            if len(value) <= _WHOLE:
                return [_kept(item, depth + 1) for item in value]
            return ArraySummary((len(value),), "list", None, None, _first(value, depth))
    return short(repr(value))


def short(text: str) -> str:
    """Return a text, cut if it is long."""
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}... ({len(text)} characters)"


def _array(array: Any, depth: int) -> Any:
    if array.size <= _WHOLE and array.dtype.kind in "biufcSU":
        copy = np.array(array)
        copy.flags.writeable = False
        return copy
    least = greatest = None
    if array.dtype.kind in "biuf" and array.size:
        with np.errstate(all="ignore"):
            least = np.fmin.reduce(array, axis=None).item()
            greatest = np.fmax.reduce(array, axis=None).item()
    first = _first(array.flat, depth)
    return ArraySummary(array.shape, array.dtype.name, least, greatest, first)


def _first(items: Iterable[Any], depth: int) -> tuple[Any, ...]:
    return tuple(_kept(item, depth + 1) for item in islice(items, _FIRST))


def _mapping(mapping: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    found = {
        short(str(name)): _kept(item, depth + 1) for name, item in islice(mapping.items(), _WHOLE)
    }
    if len(mapping) > _WHOLE:
        found["..."] = f"{len(mapping)} in all"
    return found
