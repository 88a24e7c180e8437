"""The forms of PVs that are arrays, images or tables."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from roguebridge.core.values import (
    Column,
    Flat,
    MisfitError,
    PvSpec,
    ScalarType,
    array_type,
    cast_exactly,
    exact_array,
    fitted,
    parse_literal,
    parse_number,
    shown,
)

from ..wire.dbr import CHAR, LONG, STRING, WIRE, cut
from .form import (
    EXACT,
    LONGEST,
    TYPES,
    CaValue,
    Form,
    bytes_of,
    cut_short,
    dtype_of,
    rounded,
    single,
)


class ArrayForm(Form):
    """A 1-D array of numbers."""

    __slots__ = ("_type", "_dtype")

    def __init__(self, spec: PvSpec) -> None:
        super().__init__(spec)
        self._type = TYPES[spec.scalar]
        self._dtype = dtype_of(spec.scalar)

    def show(self, value: Any) -> CaValue:
        """Return the elements."""
        array = np.asarray(value, self.spec.scalar.dtype)
        if array.ndim != 1:
            raise MisfitError(f"rank {array.ndim} instead of 1")
        return CaValue(self._type, array.astype(self._dtype), loss=_loss(array))

    def take_numbers(self, numbers: Any) -> Any:
        """Return an array of the PV's dtype."""
        return cast_exactly(numbers, self.spec.scalar.dtype)

    def take_texts(self, texts: list[str]) -> Any:
        """Return an array of the numbers that the texts are."""
        numbers = [parse_number(text) for text in texts]
        is_float = self.spec.scalar.is_float  # floats round
        return self.take_numbers(np.array(numbers, float) if is_float else exact_array(numbers))


class WordsForm(Form):
    """A list of texts."""

    __slots__ = ()

    def show(self, value: Any) -> CaValue:
        """Return what is left of each text in 39 bytes."""
        whole = [bytes_of(item) for item in value]
        long = [text for text in whole if len(text) > LONGEST]
        loss = cut_short(long[0].decode()) if long else ""
        return CaValue(STRING, [cut(text, LONGEST) for text in whole], loss=loss)

    def take_numbers(self, numbers: Any) -> Any:
        """Return the texts of the numbers."""
        return [str(number) for number in numbers.tolist()]

    def take_texts(self, texts: list[str]) -> Any:
        """Return the texts."""
        return texts


class FrameForm(ArrayForm):
    """An array of any rank, flattened; its shape is a PV beside it."""

    __slots__ = ()

    def show(self, value: Any) -> CaValue:
        """Return the pixels in the type that they have."""
        frame = np.asarray(value)
        scalar = array_type(frame.dtype)
        if scalar is None or scalar is ScalarType.String:
            raise MisfitError(f"elements of type {frame.dtype} have no place in Channel Access")
        pixels = frame.astype(dtype_of(scalar)).reshape(-1)
        shape = np.array(frame.shape, WIRE[LONG])
        return CaValue(TYPES[scalar], pixels, extra=shape, loss=_loss(frame))

    def take_numbers(self, numbers: Any) -> Any:
        """Return the pixels, without a shape, in the declared dtype if they fit it."""
        try:
            numbers = cast_exactly(numbers, self.spec.scalar.dtype)
        except ValueError:
            numbers = numbers.astype(numbers.dtype.newbyteorder("="))
        return numbers.view(Flat)


class TableForm(Form):
    """A table, as the JSON text of an object with a list for each column."""

    __slots__ = ()

    def show(self, value: Any) -> CaValue:
        """Return the JSON text."""
        columns = fitted(self.spec, value)
        text = json.dumps(columns, ensure_ascii=False, default=np.ndarray.tolist).encode()
        return CaValue(CHAR, np.frombuffer(text, "u1"), text)

    def take_numbers(self, numbers: Any) -> Any:
        """Refuse: a table is no number."""
        raise MisfitError("a table is put as JSON text")

    def take_texts(self, texts: list[str]) -> Any:
        """Return the columns."""
        found = parse_literal(single(texts))
        if not isinstance(found, dict):
            raise MisfitError("a table is put as a JSON object with a list for each column")
        columns = {column.name: column for column in self.spec.columns}
        unknown = [name for name in found if name not in columns]
        if unknown:
            known = shown(list(columns), 400)
            raise MisfitError(f"there is no column {shown(unknown[0])}: there are {known}")
        return {name: _taken_column(columns[name], items) for name, items in found.items()}


def _loss(array: Any) -> str:
    if array.dtype.kind not in "iu" or array.dtype.itemsize < 8 or not array.size:
        return ""
    large = array[(array > EXACT) | (array < -EXACT)]
    return next(filter(None, map(rounded, large.tolist())), "")


def _taken_column(column: Column, items: Any) -> Any:
    if not isinstance(items, list):
        raise MisfitError(f"column {column.name!r} is no list")
    if column.scalar is ScalarType.String:
        return [bytes_of(item).decode() for item in items]
    array = np.array(items, None if items else column.scalar.dtype)
    return cast_exactly(array, column.scalar.dtype)
