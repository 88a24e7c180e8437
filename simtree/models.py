"""How a register's bits are read as a value, and which Python values each kind accepts."""

from __future__ import annotations

import ctypes
import struct
from typing import Any, ClassVar

import numpy as np

from roguebridge.simtree.errors import GeneralError

UNSIGNED = (np.uint8, np.uint16, np.uint32, np.uint64)
SIGNED = (np.int8, np.int16, np.int32, np.int64)


def narrowest(kinds: tuple[Any, ...], bits: int) -> np.dtype[Any]:
    """Give the smallest of four integer dtypes with enough bits.

    :param kinds: dtypes of 8, 16, 32 and 64 bits.
    :param bits: bits needed.
    """
    fits = (kind for kind, size in zip(kinds, (8, 16, 32), strict=False) if bits <= size)
    dtype: np.dtype[Any] = np.dtype(next(fits, kinds[3]))
    return dtype


class Model:
    """One kind of register value.

    :param bitSize: bits of one value.
    """

    word: ClassVar[str] = ""
    defaultdisp: ClassVar[Any] = "{}"
    plain: ClassVar[tuple[type, ...]] = ()
    families: ClassVar[tuple[Any, ...]] = ()
    pytype: ClassVar[type | None] = None
    listTooLong: ClassVar[str] = "array"

    def __init__(self, bitSize: int) -> None:
        self.bitSize = bitSize
        self.name = f"{type(self).__name__}{bitSize}"
        self.ndType: np.dtype[Any] | None = None

    def minValue(self) -> Any:
        """Give the lowest value, None if there is none."""
        return None

    def maxValue(self) -> Any:
        """Give the highest value, None if there is none."""
        return None

    def delivered(self) -> np.dtype[Any] | None:
        """Give the dtype of the arrays that get() returns."""
        return self.ndType

    def refuse(self, name: str, text: str = "Failed to extract value for {}.") -> GeneralError:
        """Build the error for a value of a wrong type.

        :param name: the variable.
        :param text: what is wrong, with one place for the name.
        """
        return GeneralError(f"Block::set{self.word}Py", text.format(name))

    def accept(self, value: Any, name: str) -> Any:
        """Turn an accepted plain Python value into the one to store; else raise.

        :param value: not a numpy object, except within a list.
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

    def coerce(self, value: Any) -> Any:
        """Turn a value of an accepted type into the one to store.

        :param value: the value.
        """
        return value

    def to_raw(self, value: Any) -> int:
        """Encode as the bits of a little-endian number.

        :param value: an accepted value.
        """
        raise NotImplementedError

    def from_raw(self, raw: int) -> Any:
        """Decode.

        :param raw: the bits as a little-endian number.
        """
        raise NotImplementedError


class UInt(Model):
    """Unsigned integer."""

    word = "UInt"
    defaultdisp = "{:#x}"
    plain = (int,)
    families: ClassVar[tuple[Any, ...]] = UNSIGNED
    pytype = int
    listTooLong = "list"
    signed: ClassVar[bool] = False

    def __init__(self, bitSize: int) -> None:
        super().__init__(bitSize)
        small, large = (np.int32, np.int64) if self.signed else (np.uint32, np.uint64)
        self.ndType = np.dtype(small if bitSize <= 32 else large)

    def minValue(self) -> int:
        """Give the lowest value."""
        return -(1 << (self.bitSize - 1)) if self.signed else 0

    def maxValue(self) -> int:
        """Give the highest value."""
        return (1 << (self.bitSize - self.signed)) - 1

    def delivered(self) -> np.dtype[Any]:
        """Give the narrowest dtype of the family."""
        return narrowest(self.families, self.bitSize)

    def accept(self, value: Any, name: str) -> Any:
        """Accept ints; above 64 bits whatever has to_bytes.

        :param value: the value.
        :param name: the variable.
        """
        if self.bitSize > 64:
            value.to_bytes((self.bitSize + 7) // 8, "little", signed=self.signed)
            return value
        return super().accept(value, name)

    def coerce(self, value: Any) -> int:
        """Refuse what 64 bits cannot hold.

        :param value: the value.
        """
        if not self.signed and value < 0:
            raise OverflowError("can't convert negative value to unsigned int")
        if not -(1 << 63) <= value < (1 << (63 if self.signed else 64)):
            raise OverflowError("int too big to convert")
        return int(value)

    def to_raw(self, value: int) -> int:
        """Encode as two's complement.

        :param value: the value.
        """
        return value & ((1 << self.bitSize) - 1)

    def from_raw(self, raw: int) -> int:
        """Decode.

        :param raw: the bits.
        """
        return raw - (1 << self.bitSize) if self.signed and raw >> (self.bitSize - 1) else raw


class Int(UInt):
    """Signed integer."""

    word = "Int"
    defaultdisp = "{:d}"
    families = SIGNED
    signed = True


class Bool(Model):
    """One bit; None counts as False."""

    word = "Bool"
    defaultdisp: ClassVar[Any] = {False: "False", True: "True"}
    plain = (int, type(None))
    families = (np.bool_,)
    pytype = bool

    def __init__(self, bitSize: int) -> None:
        super().__init__(bitSize)
        if bitSize != 1:
            raise AssertionError("The bitSize param of Model Bool must be 1")
        self.name = "Bool"
        self.ndType = np.dtype(np.bool_)

    def minValue(self) -> int:
        """Give 0."""
        return 0

    def maxValue(self) -> int:
        """Give 1."""
        return 1

    def coerce(self, value: Any) -> bool:
        """Any number but 0 is True.

        :param value: the value.
        """
        return bool(value)

    def to_raw(self, value: Any) -> int:
        """Encode.

        :param value: the value.
        """
        return int(value)

    def from_raw(self, raw: int) -> bool:
        """Decode.

        :param raw: the bits.
        """
        return bool(raw)


class String(Model):
    """UTF-8 text ended by a zero byte; longer text is cut to one byte less than the register."""

    word = "String"
    plain = (str,)
    pytype = str

    def __init__(self, bitSize: int) -> None:
        super().__init__(bitSize)
        self.name = f"String({bitSize // 8})"

    def accept(self, value: Any, name: str) -> str:
        """Accept text only.

        :param value: the value.
        :param name: the variable.
        """
        if not isinstance(value, str):
            raise self.refuse(name)
        return value

    def accept_numpy(self, value: np.generic, name: str) -> str:
        """Accept numpy text.

        :param value: the scalar.
        :param name: the variable.
        """
        return self.accept(value, name)

    def to_raw(self, value: str) -> int:
        """Encode, cutting silently.

        :param value: the text.
        """
        data = value.encode().split(b"\0")[0][: self.bitSize // 8 - 1]
        return int.from_bytes(data, "little")

    def from_raw(self, raw: int) -> str:
        """Decode; GeneralError if the bytes are not UTF-8.

        :param raw: the bits.
        """
        data = raw.to_bytes(self.bitSize // 8, "little").split(b"\0")[0]
        try:
            return data.decode()
        except UnicodeDecodeError as e:
            raise GeneralError("Block::getStringPy", "Failed to generate String") from e


class Float(Model):
    """IEEE 754 number of 32 bits."""

    word = "Float"
    defaultdisp = "{:f}"
    plain = (float, int)
    families: ClassVar[tuple[Any, ...]] = (np.float32,)
    pytype = float
    bits: ClassVar[int] = 32
    code: ClassVar[str] = "<f"
    limit: ClassVar[float] = 3.4e38

    def __init__(self, bitSize: int) -> None:
        super().__init__(bitSize)
        if bitSize != self.bits:
            raise AssertionError(
                f"The bitSize param of Model {type(self).__name__} must be {self.bits}"
            )
        self.ndType = np.dtype(self.families[0])

    def minValue(self) -> float:
        """Give the lowest value."""
        return -self.limit

    def maxValue(self) -> float:
        """Give the highest value."""
        return self.limit

    def coerce(self, value: Any) -> float:
        """Round to the grid of the format; too large becomes infinite.

        :param value: the value.
        """
        return ctypes.c_float(float(value)).value

    def to_raw(self, value: float) -> int:
        """Encode.

        :param value: the value.
        """
        return int.from_bytes(struct.pack(self.code, value), "little")

    def from_raw(self, raw: int) -> float:
        """Decode.

        :param raw: the bits.
        """
        return float(struct.unpack(self.code, raw.to_bytes(self.bits // 8, "little"))[0])


class Double(Float):
    """IEEE 754 number of 64 bits."""

    word = "Double"
    families = (np.float64,)
    bits = 64
    code = "<d"
    limit = float("inf")

    def coerce(self, value: Any) -> float:
        """Give a float.

        :param value: the value.
        """
        return float(value)
