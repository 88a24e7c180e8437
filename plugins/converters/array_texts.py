"""The converter of arrays whose elements no PV has a type for, as JSON text."""

from __future__ import annotations

import json
from functools import reduce
from operator import getitem
from typing import Any

import numpy as np

from roguebridge.core.values import MisfitError, parse_literal, shown, text_of, unicode_of

from .declared import Declared
from .node_converter import NodeConverter
from .refusals import check_format, refusing
from .scalars import text_spec
from .texts import timedelta64_of


class ArrayText(NodeConverter):
    """Arrays of text or times of any rank, of objects, and structured ones with odd fields."""

    def __init__(self, node: Any, declared: Declared) -> None:
        super().__init__(node, text_spec(node))
        assert declared.delivered is not None  # noqa: S101 - an array has its dtype
        self._dtype = declared.delivered
        self._rank = declared.rank or 0

    def to_pv(self, value: Any) -> str:
        """Return the elements as nested JSON lists.

        :raises MisfitError: for what is no array
        """
        if not isinstance(value, np.ndarray):
            raise MisfitError(f"{shown(value)} is not an array")
        return unicode_of(text_of(value))

    @refusing
    def to_tree(self, value: Any) -> Any:
        """Return a new array of the node's dtype and rank.

        :raises PutError: if that array would not be shown as the client has it
        """
        if not isinstance(value, str):
            raise MisfitError(f"{shown(value)} is not text")
        found = parse_literal(value)
        shape, inner = [], found
        for _ in range(self._rank):
            if not isinstance(inner, (list, tuple)):
                raise MisfitError(f"{shown(inner)} is not a list")
            shape.append(len(inner))
            inner = inner[0] if inner else []
        items = [self._element(reduce(getitem, index, found)) for index in np.ndindex(*shape)]
        array = np.empty(shape, self._wide_enough(items))
        for index, item in zip(np.ndindex(*shape), items, strict=True):
            array[index] = item
        if not _alike(parse_literal(text_of(array)), found):
            raise MisfitError(f"{shown(value)} does not fit {self._dtype}")
        check_format(self._node, array, shown(value))
        return array

    def _element(self, item: Any) -> Any:
        kind = self._dtype.kind
        if kind == "V":
            return _record(item)
        if kind == "m":
            return timedelta64_of(item)
        if kind not in "US":
            return item
        return str(item) if kind == "U" else str(item).encode("utf-8")

    def _wide_enough(self, items: list[Any]) -> np.dtype[Any]:
        """Return the dtype, of text as wide as the longest element."""
        if self._dtype.kind not in "US":
            return self._dtype
        return np.dtype(f"{self._dtype.kind}{max(map(len, items), default=0) or 1}")


def _alike(made: Any, found: Any) -> bool:
    return bool(made == found) or json.dumps(made) == json.dumps(found, default=str)  # NaN


def _record(item: Any) -> Any:
    # numpy takes the fields of a record as a tuple only.
    return tuple(map(_record, item)) if isinstance(item, (list, tuple)) else item
