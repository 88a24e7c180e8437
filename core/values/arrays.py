"""The elements of an array in the types that PVs have."""

from __future__ import annotations

from typing import Any

import numpy as np

from .exact import cast_exactly
from .spec import ScalarType
from .words import MisfitError, element_words


class Flat(np.ndarray[Any, Any]):
    """The elements of an image that a client has put without saying in which shape."""


def array_type(dtype: np.dtype[Any]) -> ScalarType | None:
    """Return the scalar type for elements of ``dtype``, None if there is none.

    It holds every value, but for long floats, which round.
    """
    if dtype.subdtype is not None:
        return None
    if dtype.kind in "UST":
        return ScalarType.String
    if dtype.kind == "f":
        return ScalarType.Float32 if dtype.itemsize <= 4 else ScalarType.Float64
    try:
        return ScalarType(dtype.name)
    except ValueError:
        return None


def unicode_of(text: str) -> str:
    r"""Return text that every protocol can hold: no client could be sent NUL or lone surrogates.

    They are escaped, as ``\x00`` and ``\udcff``; all other characters stay.
    """
    if text.isascii() and "\0" not in text:
        return str(text)
    whole = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return whole.replace("\0", "\\x00")


def texts_of(array: Any) -> list[str]:
    """Return the elements of a 1-D array of text, bytes or times as text; times in ISO 8601.

    :raises MisfitError: for other elements
    """
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8", "backslashreplace")
    elif array.dtype.kind == "M":
        array = np.datetime_as_string(array)
    elif array.dtype.kind == "O" and not all(isinstance(item, str) for item in array):
        raise MisfitError("not all elements are text")
    elif array.dtype.kind not in "UTO" and array.size:
        raise MisfitError(f"elements of type {element_words(array.dtype)} are no text")
    return [unicode_of(str(item)) for item in array]


def pixels_of(array: Any) -> Any:
    """Return an array of any rank in a type that an NTNDArray has, C-contiguous.

    Complex numbers become a last axis of 2, real and imaginary part; rank 0 becomes rank 1.

    :raises MisfitError: for elements that have no such type
    """
    array = np.atleast_1d(array)
    if array.dtype.kind == "c":
        array = np.stack([array.real, array.imag], axis=-1)
    scalar = array_type(array.dtype)
    if scalar is None or scalar is ScalarType.String:
        raise MisfitError(f"elements of type {element_words(array.dtype)} cannot be served")
    return np.ascontiguousarray(cast_exactly(array, scalar.dtype))
