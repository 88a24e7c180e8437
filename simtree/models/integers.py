"""Integers of any width: little-endian, big-endian, or with their bits reversed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from roguebridge.simtree.models.codec import Codec, byteCount, reverseBits
from roguebridge.simtree.models.model import Model

UNSIGNED = (np.uint8, np.uint16, np.uint32, np.uint64)
SIGNED = (np.int8, np.int16, np.int32, np.int64)
WIDEST = 64  # above, the model's functions convert


class Unsigned(Codec):
    """Unsigned integers of up to 64 bits.

    :param bits: bits of a value.
    """

    word = "UInt"
    plain = (int,)
    families: ClassVar[tuple[Any, ...]] = UNSIGNED
    listTooLong = "list"

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self.dtype = next(d for d in map(np.dtype, self.families) if bits <= 8 * d.itemsize)
        self.direct = bits == 8 * self.dtype.itemsize

    def coerce(self, value: Any) -> int:
        """Refuse what 64 bits cannot hold.

        :param value: the value.
        """
        if value < 0:
            raise OverflowError("can't convert negative value to unsigned int")
        if value >= 1 << 64:
            raise OverflowError("Python int too large to convert to C unsigned long")
        return int(value)

    def encode(self, value: int, name: str) -> int:
        """Encode.

        :param value: the value.
        :param name: the variable.
        """
        return value

    def decode(self, raw: int) -> int:
        """Decode.

        :param raw: the bits.
        """
        return raw

    def array(self, values: Iterable[Any], name: str) -> np.ndarray[Any, Any]:
        """Give the array, in the narrowest dtype of the family.

        :param values: the elements.
        :param name: the variable.
        """
        return np.array(list(values), self.families[-1]).astype(self.dtype)


class Signed(Unsigned):
    """Integers of up to 64 bits in two's complement."""

    word = "Int"
    families = SIGNED

    def coerce(self, value: Any) -> int:
        """Refuse what 64 bits cannot hold.

        :param value: the value.
        """
        if not -(1 << 63) <= value < 1 << 63:
            raise OverflowError("Python int too large to convert to C long")
        return int(value)

    def decode(self, raw: int) -> int:
        """Decode. With a width of odd bits the reversed bytes of IntBE may be larger.

        :param raw: the bits.
        """
        return raw - (1 << self._bits) if raw >= 1 << (self._bits - 1) else raw


class UInt(Model):
    """Unsigned integer.

    :param bitSize: bits of one value.
    """

    pytype = int
    defaultdisp: ClassVar[Any] = "{:#x}"
    kinds: ClassVar[tuple[Any, Any]] = (np.uint32, np.uint64)
    native: ClassVar[type[Unsigned]] = Unsigned

    def __init__(self, bitSize: int) -> None:
        super().__init__(bitSize)
        self.name = f"{type(self).__name__}{bitSize}"
        self.ndType = np.dtype(self.kinds[bitSize > 32])

    def toBytes(self, value: Any) -> bytes:
        """Encode; anything with to_bytes will do.

        :param value: the value.
        """
        data: bytes = value.to_bytes(byteCount(self.bitSize), self.endianness, signed=self.signed)
        return data

    def fromBytes(self, ba: Any) -> int:
        """Decode.

        :param ba: the bytes.
        """
        return int.from_bytes(ba, self.endianness, signed=self.signed)

    def fromString(self, string: str) -> int:
        """Parse, in the base that a prefix tells.

        :param string: text.
        """
        return int(string, 0)

    def minValue(self) -> int:
        """Give the lowest value."""
        return 0

    def maxValue(self) -> int:
        """Give the highest value."""
        return (1 << self.bitSize) - 1

    def codec(self, bits: int) -> Codec:
        """Give the codec; the model's functions convert more than 64 bits.

        :param bits: bits of a value in the register.
        """
        return super().codec(bits) if bits > WIDEST else self.native(bits)


class Int(UInt):
    """Signed integer.

    :param bitSize: bits of one value.
    """

    defaultdisp = "{:d}"
    signed = True
    kinds = (np.int32, np.int64)
    native = Signed

    def toBytes(self, value: Any) -> bytes:
        """Encode.

        :param value: the value.
        """
        size = byteCount(self.bitSize)
        if value < 0 and self.bitSize < 8 * size:
            value &= (1 << self.bitSize) - 1
            return bytes(value.to_bytes(size, self.endianness))
        return super().toBytes(value)

    def fromBytes(self, ba: Any) -> int:
        """Decode.

        :param ba: the bytes.
        """
        value = int.from_bytes(ba, self.endianness)
        return value - (1 << self.bitSize) if value >= 1 << (self.bitSize - 1) else value

    def fromString(self, string: str) -> int:
        """Parse; a number with the highest bit set is a negative one.

        :param string: text.
        """
        value = int(string, 0)
        return value - (1 << self.bitSize) if value >= 1 << (self.bitSize - 1) else value

    def minValue(self) -> int:
        """Give the lowest value."""
        return -(1 << (self.bitSize - 1))

    def maxValue(self) -> int:
        """Give the highest value."""
        return (1 << (self.bitSize - 1)) - 1


class UIntBE(UInt):
    """Unsigned integer whose highest byte comes first."""

    endianness = "big"


class IntBE(Int):
    """Signed integer whose highest byte comes first."""

    endianness = "big"


class UIntReversed(UInt):
    """Unsigned integer whose highest bit comes first; not range checked, not for arrays."""

    bitReverse = True

    def __init__(self, bitSize: int) -> None:
        super().__init__(bitSize)
        self.ndType = None

    def toBytes(self, value: Any) -> bytes:
        """Encode.

        :param value: the value.
        """
        return super().toBytes(reverseBits(value, self.bitSize))

    def fromBytes(self, ba: Any) -> int:
        """Decode.

        :param ba: the bytes.
        """
        return reverseBits(super().fromBytes(ba), self.bitSize)

    def codec(self, bits: int) -> Codec:
        """Give the codec, by the functions at any width.

        :param bits: bits of a value in the register.
        """
        return Model.codec(self, bits)
