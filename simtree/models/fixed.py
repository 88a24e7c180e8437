"""Fixed point numbers: integers that count fractions; rounded to the nearest, half away from 0."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from roguebridge.simtree.errors import GeneralError
from roguebridge.simtree.models.codec import Codec, twosComplement
from roguebridge.simtree.models.floats import Wide
from roguebridge.simtree.models.model import Model

LONG = 1 << 63


def rounded(exact: float) -> int:
    """Give the nearest integer, for a half that away from zero; beyond 64 bits if not finite.

    :param exact: the number.
    """
    if not math.isfinite(exact):
        return 2 * LONG
    steps = math.trunc(exact)
    return steps + (abs(exact - steps) >= 0.5) * (1 if exact > 0 else -1)


class Steps(Wide):
    """Signed fixed point numbers.

    :param bits: bits of a value in the register.
    :param binPoint: bits after the binary point.
    """

    word = "Fixed"
    direct = False

    def __init__(self, bits: int, binPoint: int) -> None:
        self._bits, self._scale = bits, 2.0**binPoint

    def encode(self, value: float, name: str) -> int:
        """Encode; GeneralError for what the bits cannot hold and the limits let through.

        :param value: the value.
        :param name: the variable.
        """
        steps = rounded(value * self._scale)
        if not -LONG <= steps < LONG:
            steps = -LONG  # as x86 has it, hence also for the highest value of 64 bits
        limit = 1 << (self._bits - 1)
        if not -limit <= steps < limit:
            low, high = -limit / self._scale, (limit - 1) / self._scale
            text = f"Fixed point overflow for {name}. Value={value:f}, Min={low:f}, Max={high:f}"
            raise GeneralError("Block::setFixed", text)
        return steps

    def decode(self, raw: int) -> float:
        """Decode.

        :param raw: the bits.
        """
        return float(twosComplement(raw, self._bits)) / self._scale


class UnsignedSteps(Steps):
    """Unsigned fixed point numbers.

    :param bits: bits of a value in the register.
    :param binPoint: bits after the binary point.
    """

    word = "UFixed"

    def encode(self, value: float, name: str) -> int:
        """Encode; GeneralError for what the bits cannot hold and the limits let through.

        :param value: the value.
        :param name: the variable.
        """
        if value < 0:
            text = f"Unsigned fixed-point underflow for {name}. Value={value:f}"
            raise GeneralError("Block::setUFixed", text)
        steps, highest = rounded(value * self._scale), (1 << self._bits) - 1
        if steps > highest:
            text = f"Unsigned fixed-point overflow for {name}. Value={value:f}, Min=0, "
            raise GeneralError("Block::setUFixed", text + f"Max={highest / self._scale:f}")
        return steps

    def decode(self, raw: int) -> float:
        """Decode.

        :param raw: the bits.
        """
        return float(raw) / self._scale


class Fixed(Model):
    """Signed fixed point number.

    :param bitSize: bits of one value.
    :param binPoint: bits after the binary point.
    """

    pytype = float
    signed = True
    native: ClassVar[type[Steps]] = Steps

    def __init__(self, bitSize: int, binPoint: int) -> None:
        super().__init__(bitSize, binPoint)
        self.name = f"{type(self).__name__}_{bitSize}_{binPoint}"
        self.ndType = np.dtype(np.float64)

    def minValue(self) -> float:
        """Give the lowest value."""
        return float(-(2 ** (self.bitSize - 1)) / 2**self.binPoint)

    def maxValue(self) -> float:
        """Give the highest value."""
        return float((2 ** (self.bitSize - 1) - 1) / 2**self.binPoint)

    def codec(self, bits: int) -> Codec:
        """Give the codec.

        :param bits: bits of a value in the register.
        """
        return self.native(bits, self.binPoint)


class UFixed(Fixed):
    """Unsigned fixed point number.

    :param bitSize: bits of one value.
    :param binPoint: bits after the binary point.
    """

    signed = False
    native = UnsignedSteps

    def minValue(self) -> float:
        """Give 0."""
        return 0.0

    def maxValue(self) -> float:
        """Give the highest value."""
        return float((2**self.bitSize - 1) / 2**self.binPoint)
