"""Converters of 1-D arrays and of lists whose elements have a declared type."""

from __future__ import annotations

from typing import Any

import numpy as np

from roguebridge.core.errors import PutError
from roguebridge.core.tree import local_attribute
from roguebridge.core.values import (
    MisfitError,
    NtKind,
    ScalarType,
    cast_exactly,
    exact_array,
    extremes,
    parse_literal,
    shown,
    texts_of,
)

from .declared import Declared
from .metadata import described
from .node_converter import NodeConverter
from .refusals import check_format, check_range, refusing


class _Elements(NodeConverter):
    """The common part of arrays and lists."""

    def __init__(self, node: Any, declared: Declared) -> None:
        room = _room(node) if declared.room is None else declared.room
        spec = described(node, NtKind.SCALAR_ARRAY, declared.scalar, max_length=room)
        super().__init__(node, spec)
        self._is_text = declared.scalar is ScalarType.String
        self._dtype = declared.scalar.dtype

    def to_pv(self, value: Any) -> Any:
        """Return a 1-D array of the PV's dtype, or a list of str.

        :raises MisfitError: if the array has another rank, or elements that would change
        """
        array = flat_array(value)
        return texts_of(array) if self._is_text else cast_exactly(array, self._dtype)

    def _given(self, value: Any) -> Any:
        """Return the 1-D array that a client's value is."""
        array = flat_array(parse_literal(value) if isinstance(value, str) else value)
        if self._is_text:
            check_text(array)
        return array

    def _numbers(self, array: Any, dtype: np.dtype[Any]) -> Any:
        """Return an array in another dtype, its numbers within the limits."""
        array = cast_exactly(array, dtype)
        low, high = self.spec.control.limit_low, self.spec.control.limit_high
        if array.size and (low is not None or high is not None):
            for end in extremes(array):
                check_range(self._node, end, low, high)
        return array


def flat_array(value: Any) -> Any:
    """Return a value as a 1-D array.

    :raises MisfitError: if it has another rank
    """
    array = np.atleast_1d(exact_array(value))
    if array.ndim != 1:
        raise MisfitError(f"rank {array.ndim} instead of 1")
    return array


def check_text(array: Any) -> None:
    """Refuse elements that are no text.

    :raises MisfitError: naming their type
    """
    if array.size and array.dtype.kind not in "UT":
        raise MisfitError(f"elements of type {array.dtype} are no text")


def _room(node: Any) -> int | None:
    default = local_attribute(node, "_default")
    return len(default) if isinstance(default, (list, tuple)) else None


class Array1D(_Elements):
    """A 1-D array, as NTScalarArray in its own dtype; the length may change."""

    def __init__(self, node: Any, declared: Declared) -> None:
        super().__init__(node, declared)
        self._tree_dtype = self._dtype if declared.delivered is None else declared.delivered
        self._rank = declared.rank
        self._length = 1 if self._rank == 0 else declared.length
        self._bits = declared.bits
        self._takes_nan = declared.takes_nan

    @refusing
    def to_tree(self, value: Any) -> Any:
        """Return an owned array of the node's dtype and full length."""
        array, path = self._given(value), self._node.path
        if self._length is not None and array.size != self._length:
            raise PutError(f"{path}: {array.size} elements instead of {self._length}")
        if self._bits is not None and self._bits > 64:
            raise PutError(f"{path}: elements of {self._bits} bits cannot be written at once")
        if self._is_text:
            return self._text_array([str(item) for item in array])
        array = self._numbers(array, self._tree_dtype)
        if not self._takes_nan and np.isnan(array).any():
            raise MisfitError("nan has no place in this type")
        array = array.astype(self._tree_dtype.newbyteorder("="), order="C", copy=True)
        return array.reshape(()).copy() if self._rank == 0 else array

    def _text_array(self, items: list[str]) -> Any:
        kind = self._tree_dtype.kind
        if kind == "M":
            return np.array(items, self._tree_dtype)
        array = np.array(items, dtype=str)
        if kind == "S":
            array = np.char.encode(array, "utf-8")
        if texts_of(array) != items:  # numpy drops zeros at the end
            raise MisfitError(f"{shown(items)} has text that an array does not keep")
        check_format(self._node, array, shown(items))
        return array


class TypedList(_Elements):
    """A list whose typeStr names the type of its elements, e.g. ``List[float]``."""

    def __init__(self, node: Any, declared: Declared) -> None:
        super().__init__(node, declared)
        self._make = tuple if declared.native is tuple else list

    def to_pv(self, value: Any) -> Any:
        """Return a 1-D array of the declared element type, or a list of str.

        :raises MisfitError: if it is no list, or an element would change
        """
        array = exact_array(value)
        if array.ndim == 0:
            raise MisfitError(f"{shown(value)} is not a list")
        return super().to_pv(array if array.size else np.zeros(0, self._dtype))

    @refusing
    def to_tree(self, value: Any) -> Any:
        """Return a list of Python values."""
        array = self._given(value)
        if self._is_text:
            return self._make(str(item) for item in array)
        return self._make(self._numbers(array, self._dtype).tolist())
