"""Lists of dicts, and dicts of lists, as NTTable."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from roguebridge.core.errors import PluginError
from roguebridge.core.hooks import ConverterRule
from roguebridge.core.values import (
    Column,
    MisfitError,
    NtKind,
    ScalarType,
    TypeConverter,
    cast_exactly,
    exact_array,
    member_names,
    shown,
    texts_of,
    unicode_of,
)

from ..converters.metadata import described
from ..converters.refusals import check_columns, check_lengths, present_value, refusing_all
from .rule import Selector, rule_for


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
        self.spec = described(node, NtKind.TABLE, ScalarType.String, columns=columns)

    def to_pv(self, value: Any) -> dict[str, Any]:
        """Return name -> column.

        :raises MisfitError: for what is no table, or naming the column that does not fit
        """
        columns = self.spec.columns
        if isinstance(value, Mapping):
            missing = sorted({c.label for c in columns} - set(value))
            if missing:
                raise MisfitError(f"there is no column {missing[0]!r}")
            cells = {c.label: value[c.label] for c in columns}
        else:
            _check_rows(value)
            cells = {c.label: [_cell(row, c.label, value) for row in value] for c in columns}
        made = {c.name: _elements(c, cells[c.label]) for c in columns}
        check_lengths(made)
        return made

    @refusing_all
    def to_tree(self, value: Any) -> Any:
        """Return rows or columns as the node has them; what is not given stays as it is.

        :raises PutError: for other columns, or of different length
        """
        columns = self.spec.columns
        check_columns(self._node, value, [column.name for column in columns])
        present = present_value(self._node)
        self._need_no_other_keys(present)
        given = self.to_pv(present) if len(value) < len(columns) else {}
        given |= {c.name: _elements(c, value[c.name]) for c in columns if c.name in value}
        check_lengths(given)
        lists = {c.label: _listed(given[c.name]) for c in columns}
        if isinstance(present, Mapping):
            return lists
        rows = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
        return tuple(rows) if isinstance(present, tuple) else rows

    def _need_no_other_keys(self, present: Any) -> None:
        several = [present] if isinstance(present, Mapping) else present
        _check_rows(several)
        other = {key for row in several for key in row} - {c.label for c in self.spec.columns}
        if other:
            names = shown(sorted(map(str, other)))
            raise MisfitError(f"its keys {names} are not in this table and would be lost")


def _listed(column: Any) -> Any:
    return column if isinstance(column, list) else column.tolist()


def _check_rows(rows: Any) -> None:
    if not isinstance(rows, (list, tuple)) or not all(isinstance(row, Mapping) for row in rows):
        raise MisfitError(f"{shown(rows)} is neither a list of dicts nor a dict of lists")


def _cell(row: Mapping[Any, Any], label: str, rows: Any) -> Any:
    if label not in row:
        raise MisfitError(f"row {rows.index(row)} has no {label!r}")
    return row[label]


def _elements(column: Column, items: Any) -> Any:
    try:
        array = exact_array(items)
        if array.ndim != 1:
            raise MisfitError(f"rank {array.ndim} instead of 1")
        if column.scalar is not ScalarType.String:
            kept = array if array.size else np.zeros(0, column.scalar.dtype)
            return np.array(cast_exactly(kept, column.scalar.dtype))
        if isinstance(items, np.ndarray):
            return texts_of(items)
        for item in items:
            if not isinstance(item, str):
                raise MisfitError(f"{shown(item)} is not text")
        return [unicode_of(item) for item in items]
    except MisfitError as exc:
        raise MisfitError(f"column {column.label!r}: {exc}") from None
