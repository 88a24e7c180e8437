"""Where the bits of a register lie in its block, and moving values in and out of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from roguebridge.simtree.errors import GeneralError
from roguebridge.simtree.models import Model, byteCount


@dataclass
class Register:
    """The layout of a scalar in one or several pieces, or of an array.

    Bit numbers count from `offset`; `align` moves both together. Limits that are both 0 do not
    hold.
    """

    model: Model
    name: str
    offset: int
    places: list[int]
    sizes: list[int]
    numValues: int
    valueBits: int
    valueStride: int
    limits: tuple[float, float] = (0.0, 0.0)
    grain: int = field(default=1, init=False)

    def __post_init__(self) -> None:
        """Let a scalar be its own only element."""
        if self.numValues == 0:
            self.valueBits = self.valueStride = sum(self.sizes)
        self.codec = self.model.codec(self.valueBits)
        self._size = byteCount(self.valueBits)

    def align(self, shift: int, grain: int) -> None:
        """Count from an earlier byte, and access whole grains.

        :param shift: bytes to go back.
        :param grain: smallest access in bytes.
        """
        self.offset -= shift
        self.places = [p + 8 * shift for p in self.places]
        self.grain = grain

    @property
    def span(self) -> int:
        """Bytes from the offset to the last grain."""
        return self.bytes(-1)[1]

    def pieces(self, index: int) -> list[tuple[int, int]]:
        """Give first bit and length of the pieces of a value.

        :param index: element; ignored for a scalar.
        """
        if self.numValues == 0:
            return list(zip(self.places, self.sizes, strict=True))
        return [(self.places[0] + index * self.valueStride, self.valueBits)]

    def mask(self) -> int:
        """Give a number with all used bits set."""
        mask = 0
        for index in range(max(1, self.numValues)):
            for place, size in self.pieces(index):
                mask |= ((1 << size) - 1) << place
        return mask

    def bytes(self, index: int) -> tuple[int, int]:
        """Give the bytes, in whole grains, of an element or of all.

        :param index: element, or -1.
        """
        if 0 <= index < self.numValues or self.numValues == 0:
            parts = self.pieces(index)
        else:
            parts = [*self.pieces(0), *self.pieces(self.numValues - 1)]
        bits = 8 * self.grain
        low = min(place for place, _ in parts) // bits
        high = -(-max(place + size for place, size in parts) // bits)
        return low * self.grain, high * self.grain

    def accepted(self, value: Any, index: int) -> Iterator[tuple[int, Any]]:
        """Check a value as PyRogue does, element by element so that a bad one comes too late.

        :param value: scalar, list or array.
        :param index: first element.
        :returns: pairs of element and its bits, or of first element and an array.
        """
        codec = self.codec
        if isinstance(value, np.ndarray):
            yield from self._accepted_array(value, index)
        elif isinstance(value, list) and codec.lists:
            self._check_length(len(value), index, codec.listTooLong)
            for i, item in enumerate(value):
                yield self._bits(codec.accept(item, self.name), index + i)
        elif isinstance(value, np.generic):
            yield self._bits(codec.accept_numpy(value, self.name), index)
        else:
            yield self._bits(codec.accept(value, self.name), index)

    def _bits(self, value: Any, index: int) -> tuple[int, int]:
        bits = self.codec.encode(self._in_range(value), self.name)
        self.check_index(index, "set")
        return index, bits

    def check_index(self, index: int, verb: str) -> None:
        """Refuse an element that an array has not; a scalar takes any.

        :param index: the element.
        :param verb: what is tried.
        """
        if self.numValues and not 0 <= index < self.numValues:
            raise GeneralError(
                f"Block::{verb}Bytes", f"Index {index} is out of range for {self.name}"
            )

    def _check_length(self, length: int, index: int, what: str) -> None:
        if index + length > self.numValues:
            raise self.codec.refuse(
                self.name,
                f"Overflow error for passed {what} with length {length} at index {index}. "
                f"Variable length = {self.numValues} for {{}}",
            )

    def _accepted_array(self, value: np.ndarray[Any, Any], index: int) -> Iterator[tuple[int, Any]]:
        codec = self.codec
        if codec.noArrays is not None:
            raise codec.refuse(self.name, codec.noArrays)
        if value.ndim != 1:
            text = f"Invalid number of dimensions ({value.ndim}) for passed ndarray"
            raise codec.refuse(self.name, text + " for {}")
        self._check_length(len(value), index, "array")
        array = codec.accept_array(value, self.name)
        if not self._direct():
            for i, item in enumerate(array.tolist()):
                yield self._bits(item, index + i)
            return
        if len(array) == 0:
            return
        self.check_index(index, "set")
        if codec.ranged and any(self.limits):
            compared = array.astype(np.float64)
            low, high = self.limits
            for i in np.flatnonzero((compared < low) | (compared > high))[:1]:
                if i > 0:
                    yield index, array[:i]
                self._in_range(array[i].item())
        yield index, array

    def _in_range(self, value: Any) -> Any:
        if not self.codec.ranged or not any(self.limits):
            return value
        compared, (low, high) = float(value), self.limits
        if compared < low or compared > high:
            shown = f"{value:f}" if isinstance(value, float) else value
            raise GeneralError(
                f"Block::set{self.codec.word}",
                f"Value range error for {self.name}. Value={shown}, Min={low:f}, Max={high:f}",
            )
        return value

    def _direct(self) -> bool:
        aligned = self.places[0] % 8 == 0 and self.valueStride % 8 == 0
        if self.numValues == 0 or not aligned or not self.codec.direct:
            return False
        dtype = self.codec.dtype
        return dtype is not None and self.valueBits == 8 * dtype.itemsize

    def _window(self, data: bytearray, index: int, count: int) -> np.ndarray[Any, Any]:
        step = self.valueStride // 8
        start = self.places[0] // 8 + index * step
        raw = np.frombuffer(data, np.uint8)
        rows = np.lib.stride_tricks.as_strided(raw[start:], (count, self._size), (step, 1))
        return rows[:, ::-1] if self.model.isBigEndian else rows

    def store(self, data: bytearray, index: int, value: Any) -> None:
        """Put an accepted value, or several from an element on, into a block's bytes.

        :param data: the bytes.
        :param index: element.
        :param value: the bits of a value, or an array.
        """
        if isinstance(value, np.ndarray):
            wanted = np.ascontiguousarray(value.astype(self.codec.dtype)).view(np.uint8)
            self._window(data, index, len(value))[:] = wanted.reshape(len(value), -1)
            return
        raw = self._swapped(value & ((1 << 8 * self._size) - 1))
        for place, size in self.pieces(index):
            first, last = place // 8, (place + size + 7) // 8
            shift, ones = place % 8, (1 << size) - 1
            old = int.from_bytes(data[first:last], "little")
            new = (old & ~(ones << shift)) | ((raw & ones) << shift)
            data[first:last] = new.to_bytes(last - first, "little")
            raw >>= size

    def load(self, data: bytearray, index: int) -> Any:
        """Take a value out of a block's bytes.

        :param data: the bytes.
        :param index: element, or -1 for all of an array.
        """
        if index < 0 and self.numValues:
            if self._direct():
                rows = np.ascontiguousarray(self._window(data, 0, self.numValues))
                dtype: Any = self.codec.dtype
                return rows.view(dtype).reshape(self.numValues).copy()
            return self.codec.array((self._load(data, i) for i in range(self.numValues)), self.name)
        self.check_index(index, "get")
        return self._load(data, index)

    def _load(self, data: bytearray, index: int) -> Any:
        raw = done = 0
        for place, size in self.pieces(index):
            first, last = place // 8, (place + size + 7) // 8
            bits = int.from_bytes(data[first:last], "little") >> (place % 8)
            raw |= (bits & ((1 << size) - 1)) << done
            done += size
        return self.codec.decode(self._swapped(raw))

    def _swapped(self, raw: int) -> int:
        # All bytes of the value change their order, before bits that do not fill one are dropped.
        if not self.model.isBigEndian:
            return raw
        return int.from_bytes(raw.to_bytes(self._size, "little"), "big")
