"""The converter of 1-D structured arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from roguebridge.core.errors import PutError
from roguebridge.core.values import (
    Column,
    NtKind,
    PvSpec,
    ScalarType,
    TypeConverter,
    cast_exactly,
    exact_array,
    table_of,
    texts_of,
)

from .declared import Declared
from .metadata import display_of
from .refusals import refusing


class Table(TypeConverter):
    """A 1-D structured array, as NTTable with a column for each field."""

    def __init__(self, node: Any, declared: Declared) -> None:
        self.spec = PvSpec(
            NtKind.TABLE,
            ScalarType.String,
            display=display_of(node, ScalarType.String),
            writable=node.mode != "RO",
            columns=declared.columns,
        )
        self._path = node.path
        self._node = node
        assert declared.delivered is not None  # noqa: S101 - a TABLE has its dtype
        self._dtype = declared.delivered
        self._columns = {column.name: column for column in declared.columns}

    def to_pv(self, value: Any) -> dict[str, Any]:
        """Return name -> column.

        :raises ValueError: if the array has another rank or other fields
        """
        return table_of(np.asarray(value), self.spec.columns)

    def to_tree(self, value: Any) -> Any:
        """Return an owned array; columns that are not given are those the tree has."""
        with refusing(self._node):
            if not isinstance(value, Mapping):
                raise TypeError(f"{value!r} is not a table")
            unknown = sorted(set(value) - set(self._columns))
            if unknown:
                raise PutError(
                    f"{self._path}: unknown columns {unknown}; there are {list(self._columns)}"
                )
            given = {name: self._elements(self._columns[name], value[name]) for name in value}
            sizes = {name: len(column) for name, column in given.items()}
            present = None
            if len(given) < len(self._columns):
                present = np.asarray(self._node.value())
                if present.ndim != 1 or present.dtype.names != self._dtype.names:
                    raise PutError(f"{self._path}: its present value has not all columns")
                sizes["others"] = len(present)
            if len(set(sizes.values())) > 1:
                raise PutError(f"{self._path}: the columns differ in length: {sizes}")
            return self._filled(given, present, next(iter(sizes.values())))

    def _elements(self, column: Column, value: Any) -> Any:
        array = np.atleast_1d(exact_array(value))
        if array.ndim != 1:
            raise ValueError(f"column {column.name} has rank {array.ndim} instead of 1")
        target = self._dtype[column.label]
        if column.scalar is not ScalarType.String:
            return cast_exactly(array, target)
        items = [str(item) for item in array]
        if array.size and array.dtype.kind not in "UT":
            raise ValueError(f"elements of type {array.dtype} are no text")
        made = np.array([item.encode("utf-8") for item in items] if target.kind == "S" else items)
        made = made.astype(target)
        for item, kept in zip(items, texts_of(made), strict=True):
            if item != kept:
                raise ValueError(f"{item!r} does not fit {target} of column {column.name}")
        return made

    def _filled(self, given: dict[str, Any], present: Any, size: int) -> Any:
        array = np.zeros(size, self._dtype)
        for name, column in self._columns.items():
            array[column.label] = given[name] if name in given else present[column.label]
        try:
            # PyRogue formats every update: what it cannot format would end its update thread.
            self._node.genDisp(array)
        except Exception as exc:
            raise PutError(f"{self._path}: the table cannot be formatted by the tree") from exc
        return array
