"""A structured array as the columns of a table."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from .arrays import array_type, texts_of
from .exact import cast_exactly
from .spec import Column, ScalarType
from .words import MisfitError

_UNSAFE = re.compile(r"[^A-Za-z0-9_]")


def columns_of(dtype: np.dtype[Any]) -> tuple[Column, ...] | None:
    """Return the columns of a structured dtype whose fields are all one number, bool or text.

    :returns: None for any other dtype
    """
    if not dtype.names:
        return None
    types = [array_type(dtype[label]) for label in dtype.names]
    columns = zip(member_names(dtype.names), dtype.names, types, strict=True)
    found = tuple(Column(name, label, kind) for name, label, kind in columns if kind is not None)
    return found if len(found) == len(types) else None


def member_names(labels: tuple[str, ...]) -> list[str]:
    """Return a name for each label that a structure's member may have, all different."""
    taken = {label for label in labels if _safe(label) == label}
    names = []
    for label in labels:
        name = _safe(label)
        if name != label:
            number = 1
            while name in taken:
                number += 1
                name = f"{_safe(label)}_{number}"
            taken.add(name)
        names.append(name)
    return names


def table_of(array: Any, columns: tuple[Column, ...]) -> dict[str, Any]:
    """Return name -> column, each a new 1-D array of the column's dtype or a list of str.

    :param array: a 1-D structured array that has at least these fields
    :raises MisfitError: if it has another rank or other fields, or an element would change
    """
    labels = tuple(column.label for column in columns)
    if array.ndim != 1 or array.dtype.names != labels:
        raise MisfitError(f"an array of {array.dtype} and rank {array.ndim} is not this table")
    return {column.name: _column(array[column.label], column.scalar) for column in columns}


def _column(field: Any, scalar: ScalarType) -> Any:
    if scalar is ScalarType.String:
        return texts_of(field)
    return np.array(cast_exactly(field, scalar.dtype), order="C")


def _safe(label: str) -> str:
    name = _UNSAFE.sub("_", label)
    return name if name and not name[0].isdigit() else f"_{name}"
