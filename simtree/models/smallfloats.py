"""Floating point numbers below 32 bits; what falls between two of them goes towards zero."""

from __future__ import annotations

import math
import struct
from typing import Any, ClassVar

import numpy as np

from roguebridge.simtree.models.codec import Codec
from roguebridge.simtree.models.floats import FloatModel, Single


class Reduced(Single):
    """A format whose values are 32-bit numbers outside the register.

    :param word: name of the format.
    """

    direct = False

    def __init__(self, word: str) -> None:
        self.word = word

    def accept_numpy(self, value: np.generic, name: str) -> Any:
        """Accept just those scalars that are Python floats too.

        :param value: the scalar.
        :param name: the variable.
        """
        return self.accept(value, name)


class Upper(Reduced):
    """The upper bits of an IEEE 754 number of 32 bits.

    :param word: name of the format.
    :param kept: how many bits.
    :param place: the bit of the 32 where the register begins.
    """

    def __init__(self, word: str, kept: int, place: int) -> None:
        super().__init__(word)
        self._mask = (1 << 32) - (1 << (32 - kept))
        self._place = place

    def encode(self, value: float, name: str) -> int:
        """Encode.

        :param value: the value.
        :param name: the variable.
        """
        return (super().encode(value, name) & self._mask) >> self._place

    def decode(self, raw: int) -> float:
        """Decode.

        :param raw: the bits.
        """
        return super().decode(raw << self._place)


class Small(Reduced):
    """A format of its own; what is too large becomes the largest, if the limits let it through.

    :param word: name of the format.
    :param exponent: bits of the exponent.
    :param mantissa: bits of the mantissa.
    :param largest: code of the largest number.
    :param nan: code of what is not a number.
    """

    def __init__(self, word: str, exponent: int, mantissa: int, largest: int, nan: int) -> None:
        super().__init__(word)
        self._mantissa, self._largest, self._nan = mantissa, largest, nan
        self._lowest = 2 - (1 << (exponent - 1))
        self._sign = 1 << (exponent + mantissa)
        self._beyond = math.ldexp(1.0, (largest >> mantissa) + self._lowest)

    def encode(self, value: float, name: str) -> int:
        """Encode.

        :param value: the value.
        :param name: the variable.
        """
        if math.isnan(value):
            return self._nan
        sign = self._sign if math.copysign(1.0, value) < 0 else 0
        size = abs(value)
        if size >= self._beyond:
            return sign | self._largest
        power = max(math.frexp(size)[1] - 1, self._lowest) if size else self._lowest
        steps = int(math.ldexp(size, self._mantissa - power))
        return sign | (((power - self._lowest) << self._mantissa) + steps)

    def decode(self, raw: int) -> float:
        """Decode; bits above the format's do not count.

        :param raw: the bits.
        """
        code = raw & (self._sign - 1)
        if code == self._nan != self._largest:
            return math.nan
        power, steps = divmod(code, 1 << self._mantissa)
        if power:
            power -= 1
            steps += 1 << self._mantissa
        size = math.ldexp(steps, power + self._lowest - self._mantissa)
        return -size if raw & self._sign else size


class Half(Small):
    """IEEE 754 numbers of 16 bits."""

    families = (np.float16,)
    dtype = np.dtype(np.float16)
    direct = True
    code = "<e"

    def __init__(self) -> None:
        super().__init__("Float16", 5, 10, 0x7BFF, 0x7E00)
        self._largest = 0x7C00  # infinite, as the numbers of 32 bits have it

    accept_numpy = Single.accept_numpy
    decode = Single.decode


class Float16(FloatModel):
    """IEEE 754 number of 16 bits."""

    title = "Float16"
    fstring = "e"
    bits = 16
    limit = 65504.0
    native: ClassVar[Codec] = Half()

    def toBytes(self, value: Any) -> bytearray:
        """Encode, rounding to the nearest as no register does.

        :param value: the value.
        """
        return bytearray(struct.pack(">e" if self.isBigEndian else "<e", value))


class Float8(FloatModel):
    """Number of 8 bits: 4 of exponent, 3 of mantissa, no infinity."""

    title = "Float8"
    bits = 8
    limit = 448.0
    native = Small("Float8", 4, 3, 0x7E, 0x7F)


class Float6(FloatModel):
    """Number of 6 bits in a byte: 3 of exponent, 2 of mantissa; NaN becomes the largest."""

    title = "Float6"
    bits = 8
    limit = 28.0
    native = Small("Float6", 3, 2, 0x1F, 0x1F)


class Float4(FloatModel):
    """Number of 4 bits in a byte: 2 of exponent, 1 of mantissa; NaN becomes the largest."""

    title = "Float4"
    bits = 8
    limit = 6.0
    native = Small("Float4", 2, 1, 0x07, 0x07)


class BFloat16(FloatModel):
    """The upper 16 bits of an IEEE 754 number of 32 bits."""

    title = "BFloat16"
    bits = 16
    limit = 3.3895313892515355e38
    native = Upper("BFloat16", 16, 16)


class TensorFloat32(FloatModel):
    """The upper 19 bits of an IEEE 754 number of 32 bits, in a word of 32."""

    title = "TensorFloat32"
    bits = 32
    limit = 3.4011621342146535e38
    native = Upper("TensorFloat32", 19, 0)


class Float16BE(Float16):
    """Float16 whose highest byte comes first."""

    endianness = "big"
    fstring = "!e"


class Float8BE(Float8):
    """Float8, of one byte as well."""

    endianness = "big"


class Float6BE(Float6):
    """Float6, of one byte as well."""

    endianness = "big"


class Float4BE(Float4):
    """Float4, of one byte as well."""

    endianness = "big"


class BFloat16BE(BFloat16):
    """BFloat16 whose highest byte comes first."""

    endianness = "big"


class TensorFloat32BE(TensorFloat32):
    """TensorFloat32 whose highest byte comes first."""

    endianness = "big"
