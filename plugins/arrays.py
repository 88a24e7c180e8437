"""Converters of numpy arrays."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from roguebridge.core.alarm import extremes
from roguebridge.core.converter import TypeConverter
from roguebridge.core.errors import PutError
from roguebridge.core.nt import NtKind, PvSpec, ScalarType
from roguebridge.core.result import array_type

from .declared import Declared
from .metadata import control_of, display_of, value_alarm_of
from .scalars import unicode_of


class Array1D(TypeConverter):
    """A 1-D array, as NTScalarArray in its own dtype; the length may change."""

    def __init__(self, node: Any, declared: Declared) -> None:
        scalar = declared.scalar
        self.spec = PvSpec(
            NtKind.SCALAR_ARRAY,
            scalar,
            display=display_of(node, scalar),
            control=control_of(node, scalar),
            value_alarm=value_alarm_of(node, scalar),
            writable=node.mode != "RO",
            max_length=declared.length,
        )
        self._path = node.path
        self._node = node
        self._is_text = scalar is ScalarType.String
        self._dtype = scalar.dtype
        self._tree_dtype = scalar.dtype if declared.delivered is None else declared.delivered
        self._length = declared.length

    def to_pv(self, value: Any) -> Any:
        """Return a 1-D array of the PV's dtype, or a list of str.

        :raises ValueError: if the array has another rank, or elements that would change
        """
        array = np.atleast_1d(np.asarray(value))
        if array.ndim != 1:
            raise ValueError(f"{self._path}: rank {array.ndim} instead of 1")
        if self._is_text:
            if array.dtype.kind == "S":
                array = np.char.decode(array, "utf-8", "backslashreplace")
            return [unicode_of(str(item)) for item in array]
        return cast_exactly(array, self._dtype)

    def to_tree(self, value: Any) -> Any:
        """Return an owned array of the node's dtype and full length."""
        if isinstance(value, str):
            value = _parse_list(value)
        array = np.atleast_1d(_exact_array(value))
        if array.ndim != 1:
            raise PutError(f"{self._path}: rank {array.ndim} instead of 1")
        if self._length is not None and array.size != self._length:
            raise PutError(f"{self._path}: {array.size} elements instead of {self._length}")
        if self._is_text:
            return self._text_array([str(item) for item in array])
        target = self._tree_dtype
        array = cast_exactly(array, target)
        self._check_range(array)
        return array.astype(target.newbyteorder("="), order="C", copy=True)

    def _text_array(self, items: list[str]) -> Any:
        array = np.array(items, dtype=str)
        if self._tree_dtype.kind == "S":
            array = np.char.encode(array, "utf-8")
        try:
            # PyRogue formats every update: what numpy cannot format (text without a character)
            # would end the tree's only update thread.
            self._node.genDisp(array)
        except Exception as exc:
            raise PutError(f"{self._path}: {items} cannot be formatted by the tree") from exc
        return array

    def _check_range(self, array: Any) -> None:
        low, high = self.spec.control.limit_low, self.spec.control.limit_high
        if array.size == 0 or (low is None and high is None):
            return
        for end in extremes(array):
            if (low is not None and end < low) or (high is not None and end > high):
                raise PutError(f"{self._path}: {end} is outside {low} .. {high}")


class Image(TypeConverter):
    """An array of any rank, as NTNDArray; rank and dtype may change with every frame."""

    def __init__(self, node: Any, declared: Declared) -> None:
        self.spec = PvSpec(
            NtKind.NDARRAY,
            declared.scalar,
            display=display_of(node, ScalarType.String),
            writable=node.mode != "RO",
        )
        self._path = node.path
        self._node = node
        self._dtype = declared.delivered
        self._any_rank = declared.rank is None

    def to_pv(self, value: Any) -> Any:
        """Return a C-contiguous array of a type that NTNDArray has.

        :raises TypeError: for elements that it has not
        """
        array = np.atleast_1d(np.asarray(value))
        scalar = array_type(array.dtype)
        if scalar is None or scalar is ScalarType.String:
            raise TypeError(f"{self._path}: elements of type {array.dtype} cannot be served")
        return np.ascontiguousarray(array, scalar.dtype)

    def to_tree(self, value: Any) -> Any:
        """Return an owned array; a client that gives no dimensions means the present ones."""
        array = np.asarray(value)
        if array.ndim == 1 and not self._any_rank:
            shape = np.shape(self._node.value())
            if len(shape) != 1 and int(np.prod(shape)) != array.size:
                raise PutError(f"{self._path}: {array.size} elements do not fill {shape}")
            array = array.reshape(shape)
        target = array.dtype if self._dtype is None or self._any_rank else self._dtype
        return cast_exactly(array, target).astype(target.newbyteorder("="), order="C", copy=True)


def cast_exactly(array: Any, dtype: np.dtype[Any]) -> Any:
    """Return ``array`` as ``dtype``; floats may round, nothing else may change.

    :raises ValueError: if an element would change
    """
    if array.dtype == dtype:
        return array
    if array.dtype.kind not in "biuf":
        raise ValueError(f"elements of type {array.dtype} do not fit {dtype}")
    with np.errstate(invalid="ignore", over="ignore"):
        cast = array.astype(dtype)
    if np.can_cast(array.dtype, dtype, "same_kind") and dtype.kind == "f":
        fits = np.array_equal(np.isinf(cast), np.isinf(array))
    else:
        fits = np.array_equal(cast, array)
    if not fits:
        raise ValueError(f"elements of type {array.dtype} do not fit {dtype}")
    return cast


def _exact_array(value: Any) -> Any:
    # numpy makes floats of a list in which one int needs 63 bits and another 64.
    array = np.asarray(value)
    if array.dtype.kind != "f" or array.ndim != 1 or isinstance(value, np.ndarray):
        return array
    whole = array.size > 0 and all(isinstance(item, int) for item in value)
    return np.array(value, np.uint64) if whole and min(value) >= 0 else array


def _parse_list(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise ValueError(f"{text!r} is not a list of numbers") from None
