"""The converter of arrays whose elements no PV has a type for, as JSON text."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from roguebridge.core.values import ScalarType, TypeConverter, text_of, unicode_of

from .declared import Declared, Guessing
from .refusals import refusing
from .scalars import scalar_spec
from .texts import form_of, parse_literal


class ArrayText(Guessing, TypeConverter):
    """Arrays of text or times of any rank, of objects, and structured ones with odd fields."""

    def __init__(self, node: Any, declared: Declared) -> None:
        self.spec = scalar_spec(node, ScalarType.String)
        self._node = node
        assert declared.delivered is not None  # noqa: S101 - an array has its dtype
        self._dtype = declared.delivered
        self._rank = declared.rank or 0

    def to_pv(self, value: Any) -> str:
        """Return the elements as nested JSON lists.

        :raises TypeError: for what is no array
        """
        if not isinstance(value, np.ndarray):
            raise TypeError(f"{value!r} is not an array")
        return unicode_of(text_of(value))

    def to_tree(self, value: Any) -> Any:
        """Return a new array of the node's dtype and rank.

        :raises PutError: if that array would not be shown as the client has it
        """
        with refusing(self._node):
            if not isinstance(value, str):
                raise TypeError(f"{value!r} is not text")
            found = parse_literal(value)
            shape = _shape(found, self._rank)
            items = [self._element(_at(found, index)) for index in np.ndindex(*shape)]
            array = np.empty(shape, _wide_enough(self._dtype, items))
            for index, item in zip(np.ndindex(*shape), items, strict=True):
                array[index] = item
            if not _alike(parse_literal(text_of(array)), found):
                raise ValueError(f"{value!r} does not fit {self._dtype}")
            self._node.genDisp(array)
            return array

    def _element(self, item: Any) -> Any:
        kind = self._dtype.kind
        if kind == "V":
            return _record(item)
        if kind == "S":
            return str(item).encode("utf-8")
        if kind == "U":
            return str(item)
        if kind == "m":
            form = form_of(np.timedelta64, "")
            assert form is not None  # noqa: S101 - there is one
            return form.read(item)
        return item


def _shape(found: Any, rank: int) -> tuple[int, ...]:
    shape = []
    for _ in range(rank):
        if not isinstance(found, (list, tuple)):
            raise ValueError(f"{found!r} is not a list")
        shape.append(len(found))
        found = found[0] if found else []
    return tuple(shape)


def _at(found: Any, index: tuple[int, ...]) -> Any:
    try:
        for position in index:
            found = found[position]
    except (IndexError, KeyError, TypeError):
        raise ValueError(f"{found!r} is not a list") from None
    return found


def _wide_enough(dtype: np.dtype[Any], items: list[Any]) -> np.dtype[Any]:
    """Return ``dtype``, of text as wide as the longest element."""
    if dtype.kind not in "US":
        return dtype
    return np.dtype(f"{dtype.kind}{max(map(len, items), default=0) or 1}")


def _alike(shown: Any, found: Any) -> bool:
    return bool(shown == found) or json.dumps(shown) == json.dumps(found, default=str)  # NaN


def _record(item: Any) -> Any:
    # numpy takes the fields of a record as a tuple only.
    return tuple(map(_record, item)) if isinstance(item, (list, tuple)) else item
