"""Moving values between Python and a register's bits, and what is accepted on the way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from roguebridge.simtree.errors import GeneralError


def wordCount(bits: int, wordSize: int) -> int:
    """Give the words needed for some bits, at least one.

    :param bits: the bits.
    :param wordSize: bits of a word.
    """
    return max(1, -(-bits // wordSize))


def byteCount(bits: int) -> int:
    """Give the bytes needed for some bits, at least one.

    :param bits: the bits.
    """
    return wordCount(bits, 8)


def reverseBits(value: int, bitSize: int) -> int:
    """Mirror the lowest bits of an integer.

    :param value: the integer.
    :param bitSize: how many bits.
    """
    result = 0
    for _ in range(bitSize):
        result = (result << 1) | (value & 1)
        value >>= 1
    return result


def twosComplement(value: int, bitSize: int) -> int:
    """Read an unsigned integer as a signed one.

    :param value: the integer.
    :param bitSize: its bits.
    """
    return value - (1 << bitSize) if value & (1 << (bitSize - 1)) else value


class Codec(ABC):
    """What the registers of one kind and width accept and deliver.

    `plain` are the Python types taken, `families` the dtypes of numpy scalars and arrays.
    """

    word = ""
    suffix: ClassVar[str] = "Py"
    plain: ClassVar[tuple[type, ...]] = ()
    families: ClassVar[tuple[Any, ...]] = ()
    ranged: ClassVar[bool] = True
    lists: ClassVar[bool] = True
    noArrays: ClassVar[str | None] = None
    """Why arrays are refused, with a place for the name."""
    listTooLong: ClassVar[str] = "array"
    dtype: np.dtype[Any] | None = None
    """Dtype of the arrays delivered."""
    direct = False
    """True if a register holds just the bytes of that dtype."""

    def refuse(self, name: str, text: str = "", verb: str = "set") -> GeneralError:
        """Build the error for a value of a wrong type.

        :param name: the variable.
        :param text: what is wrong, with one place for the name.
        :param verb: what was tried.
        """
        text = text or "Failed to extract value for {}."
        return GeneralError(f"Block::{verb}{self.word}{self.suffix}", text.format(name))

    def accept(self, value: Any, name: str) -> Any:
        """Turn a plain Python value, or any element of a list, into the one to store; or raise.

        :param value: the value.
        :param name: the variable.
        """
        if not isinstance(value, self.plain):
            raise self.refuse(name)
        return self.coerce(value)

    def accept_numpy(self, value: np.generic, name: str) -> Any:
        """The same for a numpy scalar: just the dtypes of the family.

        :param value: the scalar.
        :param name: the variable.
        """
        if type(value) not in self.families:
            raise self.refuse(name)
        return value.item()

    def accept_array(self, value: np.ndarray[Any, Any], name: str) -> np.ndarray[Any, Any]:
        """The same for an array. Swapped bytes are misread, and so are odd strides, as there.

        :param value: 1-D array.
        :param name: the variable.
        """
        if value.dtype.type not in self.families:
            raise self.refuse(name, "Passed nparray is not of an accepted type for {}")
        native: np.ndarray[Any, Any] = value.view(value.dtype.newbyteorder("="))
        step = native.strides[0] // native.itemsize * native.itemsize
        if step == native.strides[0]:
            return native
        return np.lib.stride_tricks.as_strided(native, strides=(step,), writeable=False)

    def coerce(self, value: Any) -> Any:
        """Turn a value of an accepted type into the one to store.

        :param value: the value.
        """
        return value

    @abstractmethod
    def encode(self, value: Any, name: str) -> int:
        """Give the bits as a little-endian number; bits above the register's are dropped.

        :param value: an accepted value.
        :param name: the variable.
        """

    @abstractmethod
    def decode(self, raw: int) -> Any:
        """Give the value.

        :param raw: the bits as a little-endian number.
        """

    def array(self, values: Iterable[Any], name: str) -> np.ndarray[Any, Any]:
        """Give decoded elements as the array to deliver.

        :param values: the elements.
        :param name: the variable.
        """
        return np.array(list(values)).astype(self.dtype)
