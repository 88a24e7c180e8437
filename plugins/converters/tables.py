"""The converter of 1-D structured arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from roguebridge.core.errors import PutError
from roguebridge.core.values import (
    Column,
    MisfitError,
    NtKind,
    ScalarType,
    TypeConverter,
    cast_exactly,
    exact_array,
    shown,
    table_of,
    texts_of,
)

from .arrays import check_text, flat_array
from .declared import Declared
from .metadata import described
from .refusals import check_columns, check_format, check_lengths, present_value, refusing


class Table(TypeConverter):
    """A 1-D structured array, as NTTable with a column for each field."""

    def __init__(self, node: Any, declared: Declared) -> None:
        self.spec = described(node, NtKind.TABLE, ScalarType.String, columns=declared.columns)
        self._node = node
        assert declared.delivered is not None  # noqa: S101 - a TABLE has its dtype
        self._dtype = declared.delivered

    def to_pv(self, value: Any) -> dict[str, Any]:
        """Return name -> column.

        :raises MisfitError: if the array has another rank or other fields
        """
        return table_of(exact_array(value), self.spec.columns)

    @refusing
    def to_tree(self, value: Any) -> Any:
        """Return an owned array; columns that are not given are those the tree has."""
        columns = self.spec.columns
        check_columns(self._node, value, [column.name for column in columns])
        made = self._present() if len(value) < len(columns) else {}
        made |= {c.name: self._elements(c, value[c.name]) for c in columns if c.name in value}
        check_lengths(made)
        array = np.zeros(len(made[columns[0].name]), self._dtype)
        for column in columns:
            array[column.label] = made[column.name]
        check_format(self._node, array, "the table")
        return array

    def _present(self) -> dict[str, Any]:
        present = np.asarray(present_value(self._node))
        if present.ndim != 1 or present.dtype.names != self._dtype.names:
            raise PutError(f"{self._node.path}: its present value has not all columns")
        return {column.name: present[column.label] for column in self.spec.columns}

    def _elements(self, column: Column, value: Any) -> Any:
        try:
            array = flat_array(value)
        except MisfitError as exc:
            raise MisfitError(f"column {column.name}: {exc}") from None
        target = self._dtype[column.label]
        if column.scalar is not ScalarType.String:
            return cast_exactly(array, target)
        check_text(array)
        items = [str(item) for item in array]
        made = np.array([item.encode("utf-8") for item in items] if target.kind == "S" else items)
        made = made.astype(target)
        for item, kept in zip(items, texts_of(made), strict=True):
            if item != kept:
                raise MisfitError(f"{shown(item)} does not fit {target} of column {column.name}")
        return made
