"""Floating point numbers of 32 and 64 bits, and what all others share with them."""

from __future__ import annotations

import ctypes
import struct
from typing import Any, ClassVar

import numpy as np

from roguebridge.simtree.models.codec import Codec, byteCount
from roguebridge.simtree.models.model import Model


class Single(Codec):
    """IEEE 754 numbers of 32 bits."""

    word = "Float"
    plain = (float, int)
    families: ClassVar[tuple[Any, ...]] = (np.float32,)
    dtype = np.dtype(np.float32)
    direct = True
    code: ClassVar[str] = "<f"

    def coerce(self, value: Any) -> float:
        """Round to 32 bits; too large becomes infinite.

        :param value: the value.
        """
        return ctypes.c_float(float(value)).value

    def encode(self, value: float, name: str) -> int:
        """Encode.

        :param value: the value.
        :param name: the variable.
        """
        return int.from_bytes(struct.pack(self.code, value), "little")

    def decode(self, raw: int) -> float:
        """Decode.

        :param raw: the bits.
        """
        size = struct.calcsize(self.code)
        return float(struct.unpack(self.code, raw.to_bytes(size, "little"))[0])


class Wide(Single):
    """IEEE 754 numbers of 64 bits."""

    word = "Double"
    families = (np.float64,)
    dtype = np.dtype(np.float64)
    code = "<d"

    def coerce(self, value: Any) -> float:
        """Give a float.

        :param value: the value.
        """
        return float(value)


class FloatModel(Model):
    """A floating point number, whose functions do what its registers do.

    :param bitSize: bits of one value, which the model dictates.
    """

    pytype = float
    defaultdisp = "{:f}"
    title: ClassVar[str]
    bits: ClassVar[int]
    limit: ClassVar[float]
    native: ClassVar[Codec]

    def __init__(self, bitSize: int) -> None:
        if bitSize != self.bits:
            raise AssertionError(
                f"The bitSize param of Model {type(self).__name__} must be {self.bits}"
            )
        super().__init__(bitSize)
        self.name = self.title
        self.ndType = self.native.dtype

    def toBytes(self, value: Any) -> bytearray:
        """Encode.

        :param value: the value.
        """
        raw = self.native.encode(float(value), self.name)
        return bytearray(raw.to_bytes(byteCount(self.bits), self.endianness))

    def fromBytes(self, ba: Any) -> float:
        """Decode.

        :param ba: the bytes.
        """
        return float(self.native.decode(int.from_bytes(ba, self.endianness)))

    def fromString(self, string: str) -> float:
        """Parse.

        :param string: text.
        """
        return float(string)

    def minValue(self) -> float:
        """Give the lowest value."""
        return -self.limit

    def maxValue(self) -> float:
        """Give the highest value."""
        return self.limit

    def codec(self, bits: int) -> Codec:
        """Give the codec.

        :param bits: bits of a value in the register.
        """
        return self.native


class Float(FloatModel):
    """IEEE 754 number of 32 bits."""

    title = ""
    fstring = "f"
    bits = 32
    limit = 3.4e38
    native: ClassVar[Codec] = Single()

    def __init__(self, bitSize: int) -> None:
        super().__init__(bitSize)
        self.name = f"{type(self).__name__}{bitSize}"


class Double(Float):
    """IEEE 754 number of 64 bits."""

    fstring = "d"
    bits = 64
    limit = float("inf")
    native = Wide()


class FloatBE(Float):
    """IEEE 754 number of 32 bits whose highest byte comes first."""

    endianness = "big"
    fstring = "!f"


class DoubleBE(Double):
    """IEEE 754 number of 64 bits whose highest byte comes first."""

    endianness = "big"
    fstring = "!d"
