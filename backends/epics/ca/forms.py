"""What a PV of each kind is on Channel Access: its type there, and values there and back.

Channel Access has no unsigned numbers but the byte, none of 64 bits, and no tables or shapes.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from operator import index
from typing import Any, NamedTuple

import numpy as np

from roguebridge.core.elements import Flat
from roguebridge.core.exact import cast_exactly
from roguebridge.core.nt import Column, NtKind, PvSpec, ScalarType

from .dbr import CHAR, DOUBLE, ENUM, FLOAT, INT, LONG, STRING, WIRE, Elements, cut

LONGEST = 39  # bytes of a DBR_STRING, without the zero at its end
_STATES = 16
_LABEL = 25  # bytes of a state's name
_EXACT = 2**53
_TYPES = {
    ScalarType.Bool: CHAR,
    ScalarType.Int8: INT,
    ScalarType.Int16: INT,
    ScalarType.Int32: LONG,
    ScalarType.Int64: DOUBLE,
    ScalarType.UInt8: CHAR,
    ScalarType.UInt16: LONG,
    ScalarType.UInt32: DOUBLE,
    ScalarType.UInt64: DOUBLE,
    ScalarType.Float32: FLOAT,
    ScalarType.Float64: DOUBLE,
}


class Native(NamedTuple):
    """A value as Channel Access has it.

    :param type: plain type of the elements
    :param elements: big-endian numbers, or texts
    :param text: the whole of a text, which ``NAME$`` shows; None if it is no text
    :param extra: what a PV beside this one shows: the index of a choice, the shape of an image
    :param loss: what the elements do not show, in words
    """

    type: Any
    elements: Elements
    text: bytes | None = None
    extra: Any = None
    loss: str = ""


class Form(ABC):
    """One kind of PV.

    :param spec: type and metadata of the PV
    """

    __slots__ = ("spec",)

    def __init__(self, spec: PvSpec) -> None:
        self.spec = spec

    @abstractmethod
    def show(self, value: Any) -> Native:
        """Return a copy of a value in the PV's terms.

        :raises Exception: if it does not fit the PV
        """

    @abstractmethod
    def take_numbers(self, numbers: Any) -> Any:
        """Return in the PV's terms the numbers that a client has put, at least one.

        :raises Exception: if they have no place in the PV
        """

    @abstractmethod
    def take_texts(self, texts: list[str]) -> Any:
        """Return in the PV's terms the texts that a client has put, at least one.

        :raises Exception: if they have no place in the PV
        """


class NumberForm(Form):
    """A number."""

    __slots__ = ("_type", "_dtype", "_range")

    def __init__(self, spec: PvSpec) -> None:
        super().__init__(spec)
        self._type = _TYPES[spec.scalar]
        self._dtype = WIRE[self._type]
        info = np.iinfo(spec.scalar.dtype) if spec.scalar.is_integer else None
        self._range = None if info is None else (int(info.min), int(info.max))

    def show(self, value: Any) -> Native:
        """Return one number."""
        if self._range is None:
            if isinstance(value, str):
                raise TypeError(f"{value!r} is no number")
            return Native(self._type, _one(value, self._dtype))
        number = index(value)
        low, high = self._range
        if not low <= number <= high:
            raise OverflowError(f"{number} does not fit {self.spec.scalar.name}")
        loss = ""
        if abs(number) > _EXACT and int(float(number)) != number:
            loss = f"{number} is shown as {float(number):.0f}: doubles are exact up to 2**53"
        return Native(self._type, _one(number, self._dtype), loss=loss)

    def take_numbers(self, numbers: Any) -> Any:
        """Return one number; the largest integer as it is shown stands for itself."""
        number = _single(numbers).item()
        if self._range is None:
            return float(number)
        if isinstance(number, int):
            return number
        if number != number or number != np.floor(number):  # the infinities are whole
            raise ValueError(f"{number} is not an integer")
        high = self._range[1]
        return high if number == float(high) else _whole(number)

    def take_texts(self, texts: list[str]) -> Any:
        """Return the number that the text is."""
        text = _single(texts)
        try:
            return int(text, 0)
        except ValueError:
            number = float(text)
        return number if self._range is None else self.take_numbers(np.array([number]))


class FlagForm(Form):
    """A bool, as an enum of two states."""

    __slots__ = ()

    def show(self, value: Any) -> Native:
        """Return 0 or 1."""
        return Native(ENUM, _one(_flag(value), WIRE[ENUM]))

    def take_numbers(self, numbers: Any) -> Any:
        """Return False or True."""
        number = _single(numbers).item()
        if number not in (0, 1):
            raise ValueError(f"{number} is neither 0 nor 1")
        return bool(number)

    def take_texts(self, texts: list[str]) -> Any:
        """Return False or True."""
        return bool(_choice(_single(texts), FLAGS))


class ChoiceForm(Form):
    """An enum that Channel Access has a place for."""

    __slots__ = ()

    def show(self, value: Any) -> Native:
        """Return the index."""
        return Native(ENUM, _one(self._index(value), WIRE[ENUM]))

    def take_numbers(self, numbers: Any) -> Any:
        """Return the index."""
        return _whole(_single(numbers).item())

    def take_texts(self, texts: list[str]) -> Any:
        """Return the index of a label."""
        return _choice(_single(texts), self.spec.choices)

    def _index(self, value: Any) -> int:
        number = index(value)
        if not 0 <= number < len(self.spec.choices):
            raise ValueError(f"index {number} is outside the choices {list(self.spec.choices)}")
        return number


class LargeChoiceForm(ChoiceForm):
    """An enum that Channel Access has no place for, as text; its index is a PV beside it."""

    __slots__ = ()

    def show(self, value: Any) -> Native:
        """Return the label."""
        number = self._index(value)
        return _text(self.spec.choices[number], _one(number, WIRE[LONG]))


class TextForm(Form):
    """A text."""

    __slots__ = ()

    def show(self, value: Any) -> Native:
        """Return the text and what is left of it in 39 bytes."""
        if not isinstance(value, str):
            raise TypeError(f"{value!r} is no str")
        return _text(value)

    def take_numbers(self, numbers: Any) -> Any:
        """Return the text of a number."""
        return str(_single(numbers).item())

    def take_texts(self, texts: list[str]) -> Any:
        """Return the text."""
        return _single(texts)


class ArrayForm(Form):
    """A 1-D array of numbers."""

    __slots__ = ("_type", "_dtype")

    def __init__(self, spec: PvSpec) -> None:
        super().__init__(spec)
        self._type = _TYPES[spec.scalar]
        self._dtype = WIRE[self._type]

    def show(self, value: Any) -> Native:
        """Return the elements."""
        array = np.asarray(value, self.spec.scalar.dtype)
        if array.ndim != 1:
            raise TypeError(f"rank {array.ndim} instead of 1")
        return Native(self._type, array.astype(self._dtype), loss=_loss(array))

    def take_numbers(self, numbers: Any) -> Any:
        """Return an array of the PV's dtype."""
        return cast_exactly(numbers, self.spec.scalar.dtype)

    def take_texts(self, texts: list[str]) -> Any:
        """Return an array of the numbers that the texts are."""
        return self.take_numbers(np.array([float(text) for text in texts]))


class WordsForm(Form):
    """A list of texts."""

    __slots__ = ()

    def show(self, value: Any) -> Native:
        """Return what is left of each text in 39 bytes."""
        whole = [_bytes(item) for item in value]
        long = [text for text in whole if len(text) > LONGEST]
        loss = _cut_short(long[0].decode()) if long else ""
        return Native(STRING, [cut(text, LONGEST) for text in whole], loss=loss)

    def take_numbers(self, numbers: Any) -> Any:
        """Return the texts of the numbers."""
        return [str(number) for number in numbers.tolist()]

    def take_texts(self, texts: list[str]) -> Any:
        """Return the texts."""
        return texts


class FrameForm(Form):
    """An array of any rank, flattened; its shape is a PV beside it."""

    __slots__ = ()

    def show(self, value: Any) -> Native:
        """Return the pixels in the type that they have."""
        frame = np.asarray(value)
        scalar = _scalar_of(frame.dtype)
        kind = _TYPES[scalar]
        pixels = frame.astype(WIRE[kind]).reshape(-1)
        shape = np.array(frame.shape, WIRE[LONG])
        return Native(kind, pixels, extra=shape, loss=_loss(frame))

    def take_numbers(self, numbers: Any) -> Any:
        """Return the pixels, without a shape, in the declared dtype if they fit it."""
        try:
            numbers = cast_exactly(numbers, self.spec.scalar.dtype)
        except ValueError:
            numbers = numbers.astype(numbers.dtype.newbyteorder("="))
        return numbers.view(Flat)

    def take_texts(self, texts: list[str]) -> Any:
        """Refuse: an image is no text."""
        raise ValueError("an image is no text")


class TableForm(Form):
    """A table, as the JSON text of an object with a list for each column."""

    __slots__ = ()

    def show(self, value: Any) -> Native:
        """Return the JSON text."""
        columns = {column.name: _column(column, value[column.name]) for column in self.spec.columns}
        if len(value) > len(columns):
            raise ValueError(f"{list(value)} are not the columns of the table")
        if len({len(column) for column in columns.values()}) > 1:
            raise ValueError("the columns differ in length")
        text = json.dumps(columns, ensure_ascii=False).encode("utf-8", "backslashreplace")
        return Native(CHAR, np.frombuffer(text, "u1"), text)

    def take_numbers(self, numbers: Any) -> Any:
        """Refuse: a table is no number."""
        raise ValueError("a table is put as JSON text")

    def take_texts(self, texts: list[str]) -> Any:
        """Return the columns."""
        found = json.loads(_single(texts))
        if not isinstance(found, dict):
            raise ValueError("a table is put as a JSON object with a list for each column")
        columns = {column.name: column for column in self.spec.columns}
        unknown = [name for name in found if name not in columns]
        if unknown:
            raise ValueError(f"there is no column {unknown[0]!r}: there are {list(columns)}")
        return {name: _taken_column(columns[name], items) for name, items in found.items()}


#: the states of a bool
FLAGS = ("False", "True")


def form_of(spec: PvSpec) -> Form:
    """Return the form of a kind of PV."""
    if spec.kind is NtKind.ENUM:
        return (ChoiceForm if fits_enum(spec) else LargeChoiceForm)(spec)
    if spec.kind is NtKind.SCALAR:
        make: Callable[[PvSpec], Form] = NumberForm
        if spec.scalar is ScalarType.Bool:
            make = FlagForm
        elif spec.scalar is ScalarType.String:
            make = TextForm
        return make(spec)
    if spec.kind is NtKind.SCALAR_ARRAY:
        return (WordsForm if spec.scalar is ScalarType.String else ArrayForm)(spec)
    return (FrameForm if spec.kind is NtKind.NDARRAY else TableForm)(spec)


def fits_enum(spec: PvSpec) -> bool:
    """Tell whether the choices are few and short enough for an enum of Channel Access."""
    labels = [label.encode("utf-8", "backslashreplace") for label in spec.choices]
    return len(labels) <= _STATES and all(len(label) <= _LABEL for label in labels)


def _one(number: Any, dtype: Any) -> Any:
    with np.errstate(over="ignore"):
        return np.array([number], dtype)


def _single(items: Any) -> Any:
    if len(items) != 1:
        raise ValueError(f"{len(items)} elements instead of 1")
    return items[0]


def _whole(number: Any) -> int:
    whole = int(number)
    if whole != number:
        raise ValueError(f"{number} is not an integer")
    return whole


def _flag(value: Any) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{value!r} is no bool")
    return bool(value)


def _bytes(text: Any) -> bytes:
    if not isinstance(text, str):
        raise TypeError(f"{text!r} is no str")
    return text.encode("utf-8", "backslashreplace")


def _text(text: str, extra: Any = None) -> Native:
    whole = _bytes(text)
    loss = _cut_short(text) if len(whole) > LONGEST else ""
    return Native(STRING, [cut(whole, LONGEST)], whole, extra, loss)


def _cut_short(text: str) -> str:
    return f"a text of {len(text)} characters is cut after 39 bytes: {text[:20]!r}..."


def _choice(text: str, choices: tuple[str, ...]) -> int:
    """Return the index of a label, which may be cut as clients are shown it."""
    if text in choices:
        return choices.index(text)
    whole = [cut(label.encode("utf-8", "backslashreplace"), LONGEST) for label in choices]
    short = text.encode()
    if whole.count(short) == 1:
        return whole.index(short)
    if whole.count(short) > 1:
        raise ValueError(f"{text!r} begins several choices: put the index")
    if text.strip().isdecimal():
        return int(text)
    raise ValueError(f"{text!r} is none of {list(choices)}")


def _loss(array: Any) -> str:
    if array.dtype.kind not in "iu" or array.dtype.itemsize < 8 or not array.size:
        return ""
    large = (
        array[(array > _EXACT) | (array < -_EXACT)]
        if array.dtype.kind == "i"
        else (array[array > _EXACT])
    )
    for number in large.tolist():
        if int(float(number)) != number:
            return f"{number} is shown as {float(number):.0f}: doubles are exact up to 2**53"
    return ""


def _scalar_of(dtype: Any) -> ScalarType:
    try:
        scalar = ScalarType(dtype.name)
    except ValueError:
        raise TypeError(f"elements of type {dtype} have no place in Channel Access") from None
    if scalar is ScalarType.String:
        raise TypeError("an image of texts has no place in Channel Access")
    return scalar


def _column(column: Column, items: Any) -> list[Any]:
    if column.scalar is ScalarType.String:
        return [_bytes(item).decode() for item in items]
    return np.asarray(items, column.scalar.dtype).tolist()  # type: ignore[no-any-return]


def _taken_column(column: Column, items: Any) -> Any:
    if not isinstance(items, list):
        raise ValueError(f"column {column.name!r} is no list")
    if column.scalar is ScalarType.String:
        return [_bytes(item).decode() for item in items]
    array = np.array(items, None if items else column.scalar.dtype)
    return cast_exactly(array, column.scalar.dtype)
