"""The form of a PV on Channel Access: the interface of all kinds, and their common functions.

Channel Access has no unsigned numbers but the byte, none of 64 bits, and no tables or shapes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import numpy as np

from roguebridge.core.values import MisfitError, PvSpec, ScalarType, shown, unicode_of

from ..wire.dbr import CHAR, DOUBLE, FLOAT, INT, LONG, STRING, WIRE, Elements, cut

LONGEST = 39  # bytes of a DBR_STRING, without the zero at its end
EXACT = 2**53
_SINGLE = WIRE[FLOAT]  # what does not fit is infinite
TYPES = {
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


class CaValue(NamedTuple):
    """A value as Channel Access has it.

    :param type: plain type of the elements
    :param elements: numbers, or texts; integers that travel as doubles are integers here
    :param text: the whole of a text, which ``NAME$`` shows; None if it is no text
    :param extra: the value of the PV beside: the index of a choice, the shape of an image
    :param loss: why the elements are cut or rounded, empty if they are not
    """

    type: Any
    elements: Elements
    text: bytes | None = None
    extra: Any = None
    loss: str = ""

    @property
    def size(self) -> int:
        """Number of elements, or of bytes of the whole text."""
        return len(self.elements if self.text is None else self.text)


class Form(ABC):
    """One kind of PV.

    :param spec: type and metadata of the PV
    """

    __slots__ = ("spec",)

    def __init__(self, spec: PvSpec) -> None:
        self.spec = spec

    @abstractmethod
    def show(self, value: Any) -> CaValue:
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


def dtype_of(scalar: ScalarType) -> Any:
    """Return the dtype in which elements wait to be sent: that of the wire.

    Integers that travel as doubles stay what they are, for as text they travel whole.
    """
    kind = TYPES[scalar]
    return scalar.dtype if kind is DOUBLE and scalar.is_integer else WIRE[kind]


def one(number: Any, dtype: Any) -> Any:
    """Return one number as an array for the wire."""
    if dtype is not _SINGLE:
        return np.array([number], dtype)
    with np.errstate(over="ignore"):
        return np.array([number], dtype)


def single(items: Any) -> Any:
    """Return the only one of what a client has put."""
    if len(items) != 1:
        raise MisfitError(f"{len(items)} elements instead of 1")
    return items[0]


def bytes_of(text: Any) -> bytes:
    """Return the bytes of a text; NUL, which would end it, and what is no Unicode are escaped."""
    if not isinstance(text, str):
        raise MisfitError(f"{shown(text)} is no str")
    return unicode_of(text).encode()


def text_value(text: Any, extra: Any = None) -> CaValue:
    """Return a text: whole, and cut after 39 bytes."""
    whole = bytes_of(text)
    loss = cut_short(text) if len(whole) > LONGEST else ""
    return CaValue(STRING, [cut(whole, LONGEST)], whole, extra, loss)


def cut_short(text: str) -> str:
    """Say that a text is not shown whole."""
    return f"a text of {len(text)} characters is cut after 39 bytes: {text[:20]!r}..."


def rounded(number: int) -> str:
    """Say that an integer is not shown exactly; empty if it is."""
    if abs(number) <= EXACT or int(float(number)) == number:
        return ""
    return f"{number} is shown as {float(number):.0f}: doubles are exact up to 2**53"
