"""Lists of dicts, and dicts of lists, as NTTable."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from roguebridge.core.errors import PluginError, PutError
from roguebridge.core.hooks import ConverterRule
from roguebridge.core.values import (
    Column,
    NtKind,
    PvSpec,
    ScalarType,
    TypeConverter,
    cast_exactly,
    exact_array,
    member_names,
    texts_of,
    unicode_of,
)

from ..converters.metadata import display_of
from .rule import Selector, refusing, rule_for


def table(select: Selector, columns: Mapping[str, ScalarType | str]) -> ConverterRule:
    """Serve a list of dicts, or a dict of lists, as NTTable; a structured array is one by itself.

    A value without one of the columns, or with an element that the column's type has not, makes the
    PV INVALID. Other keys are not shown; where there are any, the table cannot be put.

    :param select: the nodes
    :param columns: type of each key that is shown, e.g. ``{'name': 'str', 'gain': 'float64'}``
    :raises TypeError: if ``columns`` is no mapping of names to types
    """
    if not isinstance(columns, Mapping) or not columns:
        raise TypeError(f"table: columns must be a dict of name to type, not {columns!r}")
    types = []
    for label, kind in columns.items():
        try:
            types.append(ScalarType(kind))
        except ValueError:
            known = [scalar.value for scalar in ScalarType]
            raise TypeError(f"table: {kind!r} of column {label!r} is none of {known}") from None
        if not isinstance(label, str):
            raise TypeError(f"table: {label!r} is no name of a column")
    labels = tuple(columns)
    made = tuple(map(Column, member_names(labels), labels, types))
    return rule_for("table", select, partial(Rows, columns=made))


class Rows(TypeConverter):
    """A list whose rows are dicts, or a dict whose columns are lists."""

    def __init__(self, node: Any, columns: tuple[Column, ...]) -> None:
        native = getattr(node, "nativeType", None)
        if isinstance(native, type) and not issubclass(native, (list, tuple, dict)):
            raise PluginError(f"{node.path}: table is for lists and dicts, not {node.typeStr}")
        self._node = node
        self._path = node.path
        self._columns = {column.name: column for column in columns}
        self._labels = {column.label for column in columns}
        self.spec = PvSpec(
            NtKind.TABLE,
            ScalarType.String,
            display=display_of(node, ScalarType.String),
            writable=node.mode != "RO",
            columns=columns,
        )

    def to_pv(self, value: Any) -> dict[str, Any]:
        """Return name -> column.

        :raises TypeError: for what is no table
        :raises ValueError: naming the column whose elements do not fit, or are missing
        """
        columns = self.spec.columns
        if isinstance(value, Mapping):
            missing = self._labels - set(value)
            if missing:
                raise ValueError(f"there is no column {sorted(missing)[0]!r}")
            made = {c.name: _elements(c, value[c.label]) for c in columns}
            sizes = {name: len(column) for name, column in made.items()}
            if len(set(sizes.values())) > 1:
                raise ValueError(f"the columns differ in length: {sizes}")
            return made
        _check_rows(value)
        cells = {c: [_cell(row, c.label, value) for row in value] for c in columns}
        return {column.name: _elements(column, items) for column, items in cells.items()}

    def to_tree(self, value: Any) -> Any:
        """Return rows or columns as the node has them; what is not given stays as it is.

        :raises PutError: for other columns, or of different length
        """
        with refusing(self._path):
            if not isinstance(value, Mapping):
                raise TypeError(f"{value!r} is not a table")
            unknown = sorted(set(value) - set(self._columns))
            if unknown:
                raise PutError(
                    f"{self._path}: unknown columns {unknown}; there are {list(self._columns)}"
                )
            present = self._node.value()
            self._need_no_other_keys(present)
            given = self.to_pv(present) if len(value) < len(self._columns) else {}
            given |= {name: _elements(self._columns[name], value[name]) for name in value}
            sizes = {name: len(column) for name, column in given.items()}
            if len(set(sizes.values())) > 1:
                raise PutError(f"{self._path}: the columns differ in length: {sizes}")
            lists = {
                column.label: list(given[name]) if column.scalar is ScalarType.String
                else given[name].tolist()
                for name, column in self._columns.items()
            }  # fmt: skip
            if isinstance(present, Mapping):
                return lists
            rows = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
            return tuple(rows) if isinstance(present, tuple) else rows

    def _need_no_other_keys(self, present: Any) -> None:
        several = [present] if isinstance(present, Mapping) else present
        _check_rows(several)
        other = {key for row in several for key in row} - self._labels
        if other:
            raise PutError(
                f"{self._path}: its keys {sorted(map(str, other))} are not in this table and would "
                "be lost"
            )


def _check_rows(rows: Any) -> None:
    if not isinstance(rows, (list, tuple)) or not all(isinstance(row, Mapping) for row in rows):
        raise TypeError(f"{rows!r} is neither a list of dicts nor a dict of lists")


def _cell(row: Mapping[Any, Any], label: str, rows: Any) -> Any:
    if label not in row:
        raise ValueError(f"row {rows.index(row)} has no {label!r}")
    return row[label]


def _elements(column: Column, items: Any) -> Any:
    try:
        array = exact_array(items)
        if array.ndim != 1:
            raise ValueError(f"rank {array.ndim} instead of 1")
        if column.scalar is not ScalarType.String:
            kept = array if array.size else np.zeros(0, column.scalar.dtype)
            return np.array(cast_exactly(kept, column.scalar.dtype))
        if isinstance(items, np.ndarray):
            return texts_of(items)
        for item in items:
            if not isinstance(item, str):
                raise TypeError(f"{item!r} is not text")
        return [unicode_of(item) for item in items]
    except (TypeError, ValueError) as exc:
        raise ValueError(f"column {column.label!r}: {exc}") from None
