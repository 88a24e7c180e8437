"""Flags and text."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from roguebridge.simtree.errors import GeneralError
from roguebridge.simtree.models.codec import Codec, byteCount
from roguebridge.simtree.models.model import Model


class Flag(Codec):
    """One bit. Any int is taken, and None counts as False."""

    word = "Bool"
    plain = (int, type(None))
    families = (np.bool_,)
    ranged = False
    dtype = np.dtype(np.bool_)

    def coerce(self, value: Any) -> bool:
        """Any number but 0 is True.

        :param value: the value.
        """
        return bool(value)

    def encode(self, value: Any, name: str) -> int:
        """Encode.

        :param value: the value.
        :param name: the variable.
        """
        return int(value)

    def decode(self, raw: int) -> bool:
        """Decode.

        :param raw: the bits.
        """
        return bool(raw)


class Text(Codec):
    """UTF-8 text ended by a zero byte; longer text is cut to one byte less than the register.

    :param bits: bits of the register.
    """

    word = "String"
    plain = (str,)
    ranged = False
    lists = False
    noArrays = ""

    def __init__(self, bits: int) -> None:
        self._size = byteCount(bits)

    def accept(self, value: Any, name: str) -> Any:
        """Accept text that is Unicode.

        :param value: the value.
        :param name: the variable.
        """
        try:
            return super().accept(value, name).encode()
        except UnicodeEncodeError as e:
            raise self.refuse(name) from e

    def accept_numpy(self, value: np.generic, name: str) -> Any:
        """Accept numpy text.

        :param value: the scalar.
        :param name: the variable.
        """
        return self.accept(value, name)

    def encode(self, value: bytes, name: str) -> int:
        """Encode, cutting silently.

        :param value: the text's bytes.
        :param name: the variable.
        """
        return int.from_bytes(value.split(b"\0")[0][: self._size - 1], "little")

    def decode(self, raw: int) -> str:
        """Decode; GeneralError if the bytes are not UTF-8.

        :param raw: the bits.
        """
        data = raw.to_bytes(self._size, "little").split(b"\0")[0]
        try:
            return data.decode()
        except UnicodeDecodeError as e:
            raise GeneralError("Block::getStringPy", "Failed to generate String") from e


class Bool(Model):
    """One bit.

    :param bitSize: 1.
    """

    pytype = bool
    defaultdisp: ClassVar[Any] = {False: "False", True: "True"}

    def __init__(self, bitSize: int) -> None:
        if bitSize != 1:
            raise AssertionError("The bitSize param of Model Bool must be 1")
        super().__init__(bitSize)
        self.ndType = np.dtype(np.bool_)

    def toBytes(self, value: Any) -> bytes:
        """Encode.

        :param value: the value.
        """
        return bytes(value.to_bytes(1, "little"))

    def fromBytes(self, ba: Any) -> bool:
        """Decode.

        :param ba: the byte.
        """
        return any(ba)

    def fromString(self, string: str) -> bool:
        """Parse.

        :param string: 'true' in any case, anything else is False.
        """
        return string.lower() == "true"

    def minValue(self) -> int:
        """Give 0."""
        return 0

    def maxValue(self) -> int:
        """Give 1."""
        return 1

    def codec(self, bits: int) -> Codec:
        """Give the codec.

        :param bits: bits of a value in the register.
        """
        return Flag()


class String(Model):
    """Text; not for arrays.

    :param bitSize: bits of the register.
    """

    encoding = "utf-8"
    pytype = str

    def __init__(self, bitSize: int) -> None:
        super().__init__(bitSize)
        self.name = f"{type(self).__name__}({bitSize // 8})"

    def toBytes(self, value: Any) -> bytearray:
        """Encode, with a zero byte at the end.

        :param value: the text.
        """
        return bytearray(value, "utf-8") + b"\0"

    def fromBytes(self, ba: Any) -> str:
        """Decode.

        :param ba: the bytes.
        """
        return str(bytes(ba).rstrip(b"\0").decode())

    def fromString(self, string: str) -> str:
        """Give the text.

        :param string: text.
        """
        return string

    def codec(self, bits: int) -> Codec:
        """Give the codec.

        :param bits: bits of a value in the register.
        """
        return Text(bits)
