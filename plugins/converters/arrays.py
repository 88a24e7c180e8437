"""Converters of 1-D arrays and of lists whose elements have a declared type."""

from __future__ import annotations

from typing import Any

import numpy as np

from roguebridge.core.errors import PutError
from roguebridge.core.tree import local_attribute
from roguebridge.core.values import (
    NtKind,
    PvSpec,
    ScalarType,
    TypeConverter,
    cast_exactly,
    exact_array,
    extremes,
    texts_of,
)

from .declared import Declared, Guessing
from .metadata import control_of, display_of, value_alarm_of
from .refusals import refusing
from .scalars import takes_nan
from .texts import parse_literal


def _array_spec(node: Any, declared: Declared) -> PvSpec:
    scalar = declared.scalar
    return PvSpec(
        NtKind.SCALAR_ARRAY,
        scalar,
        display=display_of(node, scalar),
        control=control_of(node, scalar),
        value_alarm=value_alarm_of(node, scalar),
        writable=node.mode != "RO",
        max_length=_room(node) if declared.room is None else declared.room,
    )


def _room(node: Any) -> int | None:
    default = local_attribute(node, "_default")
    return len(default) if isinstance(default, (list, tuple)) else None


class _Elements(Guessing, TypeConverter):
    """What arrays and lists have in common."""

    def __init__(self, node: Any, declared: Declared) -> None:
        self.spec = _array_spec(node, declared)
        self._path = node.path
        self._node = node
        self._is_text = declared.scalar is ScalarType.String
        self._dtype = declared.scalar.dtype

    def to_pv(self, value: Any) -> Any:
        """Return a 1-D array of the PV's dtype, or a list of str.

        :raises ValueError: if the array has another rank, or elements that would change
        """
        array = np.atleast_1d(exact_array(value))
        if array.ndim != 1:
            raise ValueError(f"rank {array.ndim} instead of 1")
        return texts_of(array) if self._is_text else cast_exactly(array, self._dtype)

    def _given(self, value: Any) -> Any:
        """Return the 1-D array that a client's value is."""
        if isinstance(value, str):
            value = parse_literal(value)
        array = np.atleast_1d(exact_array(value))
        if array.ndim != 1:
            raise ValueError(f"rank {array.ndim} instead of 1")
        if self._is_text and array.size and array.dtype.kind not in "UT":
            raise ValueError(f"elements of type {array.dtype} are no text")
        return array

    def _check_range(self, array: Any) -> None:
        low, high = self.spec.control.limit_low, self.spec.control.limit_high
        if array.size == 0 or (low is None and high is None):
            return
        for end in extremes(array):
            if (low is not None and end < low) or (high is not None and end > high):
                raise PutError(f"{self._path}: {end} is outside {low} .. {high}")


class Array1D(_Elements):
    """A 1-D array, as NTScalarArray in its own dtype; the length may change."""

    def __init__(self, node: Any, declared: Declared) -> None:
        super().__init__(node, declared)
        self._tree_dtype = self._dtype if declared.delivered is None else declared.delivered
        self._rank = declared.rank
        self._length = declared.length
        self._too_wide = declared.bits if declared.bits and declared.bits > 64 else None
        self._takes_nan = takes_nan(declared.source_model)

    def to_tree(self, value: Any) -> Any:
        """Return an owned array of the node's dtype and full length."""
        with refusing(self._node):
            array = self._given(value)
            length = 1 if self._rank == 0 else self._length
            if length is not None and array.size != length:
                raise PutError(f"{self._path}: {array.size} elements instead of {length}")
            if self._too_wide is not None:
                raise PutError(
                    f"{self._path}: elements of {self._too_wide} bits cannot be written at once"
                )
            if self._is_text:
                return self._text_array([str(item) for item in array])
            target = self._tree_dtype
            array = cast_exactly(array, target)
            self._check_range(array)
            if not self._takes_nan and np.isnan(array).any():
                raise ValueError("nan has no place in this type")
            array = array.astype(target.newbyteorder("="), order="C", copy=True)
            return array.reshape(()).copy() if self._rank == 0 else array

    def _text_array(self, items: list[str]) -> Any:
        kind = self._tree_dtype.kind
        if kind == "M":
            return np.array(items, self._tree_dtype)
        array = np.array(items, dtype=str)
        if kind == "S":
            array = np.char.encode(array, "utf-8")
        if texts_of(array) != items:  # numpy drops zeros at the end
            raise ValueError(f"{items} has text that an array does not keep")
        try:
            # PyRogue formats every update: what numpy cannot format (text without a character)
            # would end the tree's only update thread.
            self._node.genDisp(array)
        except Exception as exc:
            raise PutError(f"{self._path}: {items} cannot be formatted by the tree") from exc
        return array


class TypedList(_Elements):
    """A list whose typeStr names the type of its elements, e.g. ``List[float]``."""

    def __init__(self, node: Any, declared: Declared) -> None:
        super().__init__(node, declared)
        self._make = tuple if declared.native is tuple else list

    def to_pv(self, value: Any) -> Any:
        """Return a 1-D array of the declared element type, or a list of str.

        :raises ValueError: if an element would change
        """
        if isinstance(value, str) or not hasattr(value, "__len__"):
            raise TypeError(f"{value!r} is not a list")
        return super().to_pv(value if len(value) else np.zeros(0, self._dtype))

    def to_tree(self, value: Any) -> Any:
        """Return a list of Python values."""
        with refusing(self._node):
            array = self._given(value)
            if self._is_text:
                return self._make(str(item) for item in array)
            array = cast_exactly(array, self._dtype)
            self._check_range(array)
            return self._make(array.tolist())
