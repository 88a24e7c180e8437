"""What a kind of register value declares, and its bits as converted by Python functions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from roguebridge.simtree.models.codec import Codec, byteCount


class ModelMeta(type):
    """Gives the same object for the same model and arguments."""

    def __init__(cls, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cls._made: dict[str, Any] = {}

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Give the model, made at the first call.

        :param args: arguments of the model.
        :param kwargs: the same.
        """
        key = repr((args, kwargs))
        if key not in cls._made:
            cls._made[key] = super().__call__(*args, **kwargs)
        return cls._made[key]


class Model(metaclass=ModelMeta):
    """One kind of register value; a subclass of one's own overrides toBytes and fromBytes.

    :param bitSize: bits of one value.
    :param binPoint: bits after the binary point.
    """

    fstring: ClassVar[str | None] = None
    encoding: ClassVar[str | None] = None
    pytype: ClassVar[type | None] = None
    defaultdisp: ClassVar[Any] = "{}"
    signed: ClassVar[bool] = False
    endianness: ClassVar[Any] = "little"
    bitReverse: ClassVar[bool] = False

    def __init__(self, bitSize: int, binPoint: int = 0) -> None:
        self.binPoint = binPoint
        self.bitSize = bitSize
        self.name = type(self).__name__
        self.ndType: np.dtype[Any] | None = None

    @property
    def isBigEndian(self) -> bool:
        """True if the bytes of a register are read backwards."""
        return bool(self.endianness == "big")

    def toBytes(self, value: Any) -> Any:
        """Encode.

        :param value: the value.
        :returns: bytes, None here.
        """
        return None

    def fromBytes(self, ba: Any) -> Any:
        """Decode.

        :param ba: the register's bytes.
        :returns: the value, None here.
        """
        return None

    def fromString(self, string: str) -> Any:
        """Parse.

        :param string: text.
        :returns: the value, None here.
        """
        return None

    def minValue(self) -> Any:
        """Give the lowest value, None if there is none."""
        return None

    def maxValue(self) -> Any:
        """Give the highest value, None if there is none."""
        return None

    def codec(self, bits: int) -> Codec:
        """Give what moves values of this kind between Python and a register.

        :param bits: bits of a value in the register.
        """
        return ByFunctions(self, bits)


class ByFunctions(Codec):
    """Values that the model's own functions convert; nothing is checked, arrays have no reading.

    :param model: the model.
    :param bits: bits of a value.
    """

    word = "PyFunc"
    suffix = ""
    ranged = False
    noArrays = "Passing ndarray not supported for {}"

    def __init__(self, model: Model, bits: int) -> None:
        self._model = model
        self._size = byteCount(bits)

    def accept(self, value: Any, name: str) -> Any:
        """Accept everything.

        :param value: the value.
        :param name: the variable.
        """
        return value

    accept_numpy = accept

    def encode(self, value: Any, name: str) -> int:
        """Call toBytes.

        :param value: the value.
        :param name: the variable.
        """
        data = self._model.toBytes(value)
        try:
            data = bytes(memoryview(data))
        except TypeError as e:
            raise self.refuse(name, "Failed to extract byte array for {}") from e
        return int.from_bytes(data[: self._size], "little")

    def decode(self, raw: int) -> Any:
        """Call fromBytes.

        :param raw: the bits.
        """
        return self._model.fromBytes(raw.to_bytes(self._size, "little"))

    def array(self, values: Iterable[Any], name: str) -> np.ndarray[Any, Any]:
        """Refuse.

        :param values: the elements.
        :param name: the variable.
        """
        raise self.refuse(name, "Accessing unindexed value not support for {}", "get")
