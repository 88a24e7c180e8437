"""Numbers in another type, for archivers that do not store every type.

The Archiver Appliance stores 64-bit integers as bytes that nobody can plot. A node names
another type with PyRogue's extra attribute ``archive_type``, for example ``'double'``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from roguebridge.core.errors import PluginError
from roguebridge.core.values import NtKind, ScalarType, TypeConverter, cast_exactly, integer, real

_NAMES = {
    "byte": "int8",
    "short": "int16",
    "int": "int32",
    "long": "int64",
    "float": "float32",
    "double": "float64",
}


class Archived(TypeConverter):
    """The numbers of another converter in another type; a number that does not fit is INVALID.

    :param inner: of an NTScalar or NTScalarArray of numbers
    :param scalar: a type of numbers
    """

    def __init__(self, inner: TypeConverter, scalar: ScalarType) -> None:
        self._inner = inner
        self.spec = replace(inner.spec, scalar=scalar)

    @property
    def is_guessed(self) -> bool:
        """As of the other converter."""
        return self._inner.is_guessed

    def to_pv(self, value: Any) -> Any:
        """Return the number or array in the type asked for.

        :raises MisfitError: if a number would change
        """
        found = self._inner.to_pv(value)
        if isinstance(found, np.ndarray):
            return cast_exactly(found, self.spec.scalar.dtype)
        return integer(found) if self.spec.scalar.is_integer else real(found)

    def to_tree(self, value: Any) -> Any:
        """Return the value that the other converter makes of it."""
        return self._inner.to_tree(value)


def as_archived(node: Any, converter: TypeConverter) -> TypeConverter:
    """Return ``converter``, or one for the ``archive_type`` that the node declares.

    :raises PluginError: if it is no type of numbers, or the node does not hold numbers
    """
    look_up = getattr(node, "getExtraAttribute", None)  # remote trees have none
    name = None if look_up is None else look_up("archive_type")
    if name is None:
        return converter
    spec = converter.spec
    try:
        scalar = ScalarType(_NAMES.get(str(name), str(name)))
    except ValueError:
        scalar = ScalarType.String
    if not scalar.is_numeric:
        raise PluginError(f"{node.path}: archive_type {name!r} is none of {sorted(_NAMES)}")
    if spec.kind not in (NtKind.SCALAR, NtKind.SCALAR_ARRAY) or not spec.scalar.is_numeric:
        raise PluginError(f"{node.path}: archive_type is for numbers, not {spec.kind.value}")
    return Archived(converter, scalar)
