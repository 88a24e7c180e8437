"""Where the bits of a register lie in its block, and moving values in and out of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from roguebridge.simtree.errors import GeneralError
from roguebridge.simtree.models import Bool, Model


@dataclass
class Register:
    """The layout of a scalar in one or several pieces, or of an array.

    Bit numbers count from `offset`; `align` moves both together.
    """

    model: Model
    name: str
    offset: int
    places: list[int]
    sizes: list[int]
    numValues: int
    valueBits: int
    valueStride: int
    limits: tuple[Any, Any] = (None, None)
    grain: int = field(default=1, init=False)

    def __post_init__(self) -> None:
        """Let a scalar be its own only element."""
        if self.numValues == 0:
            self.valueBits = self.valueStride = sum(self.sizes)

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
        :returns: pairs of element and value, or of first element and an array.
        """
        if isinstance(value, np.ndarray):
            yield from self._accepted_array(value, index)
        elif isinstance(value, list):
            self._check_length(len(value), index, self.model.listTooLong)
            for i, item in enumerate(value):
                yield index + i, self._in_range(self.model.accept(item, self.name))
        elif isinstance(value, np.generic):
            yield index, self._in_range(self.model.accept_numpy(value, self.name))
        else:
            yield index, self._in_range(self.model.accept(value, self.name))

    def _check_length(self, length: int, index: int, what: str) -> None:
        if index + length > self.numValues:
            raise self.model.refuse(
                self.name,
                f"Overflow error for passed {what} with length {length} at index {index}. "
                f"Variable length = {self.numValues} for {{}}",
            )

    def _accepted_array(self, value: np.ndarray[Any, Any], index: int) -> Iterator[tuple[int, Any]]:
        model = self.model
        if value.ndim != 1:
            text = f"Invalid number of dimensions ({value.ndim}) for passed ndarray"
            raise model.refuse(self.name, text + " for {}")
        self._check_length(len(value), index, "array")
        if value.dtype.type not in model.families:
            raise model.refuse(self.name, "Passed nparray is not of an accepted type for {}")
        native = value.view(value.dtype.newbyteorder("="))  # swapped bytes are misread, as there
        low, high = self.limits
        if self._limited() and len(native):
            bad = np.flatnonzero((native < low) | (native > high))
            if len(bad):
                yield index, native[: bad[0]]
                self._in_range(native[bad[0]].item())
        yield index, native

    def _limited(self) -> bool:
        low, high = self.limits
        return not isinstance(self.model, Bool) and low is not None and (low != 0 or high != 0)

    def _in_range(self, value: Any) -> Any:
        low, high = self.limits
        if self._limited() and (value > high or value < low):
            shown = f"{value:f}" if isinstance(value, float) else value
            raise GeneralError(
                f"Block::set{self.model.word}",
                f"Value range error for {self.name}. "
                f"Value={shown}, Min={float(low):f}, Max={float(high):f}",
            )
        return value

    def _direct(self) -> bool:
        whole = self.valueBits in (8, 16, 32, 64) and self.places[0] % 8 == 0
        return self.numValues > 0 and whole and self.valueStride % 8 == 0

    def _window(self, data: bytearray, index: int, count: int) -> np.ndarray[Any, Any]:
        step = self.valueStride // 8
        start = self.places[0] // 8 + index * step
        raw = np.frombuffer(data, np.uint8)
        rows = np.lib.stride_tricks.as_strided(raw[start:], (count, self.valueBits // 8), (step, 1))
        return rows

    def store(self, data: bytearray, index: int, value: Any) -> None:
        """Put an accepted value, or several from an element on, into a block's bytes.

        :param data: the bytes.
        :param index: element.
        :param value: a value or an array.
        """
        if isinstance(value, np.ndarray):
            if self._direct():
                dtype = self.model.delivered()
                wanted = np.ascontiguousarray(value.astype(dtype)).view(np.uint8)
                rows = self._window(data, index, len(value))
                rows[:] = wanted.reshape(len(value), -1)
            else:
                for i, item in enumerate(value.tolist()):
                    self.store(data, index + i, item)
            return
        raw = self.model.to_raw(value)
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
            dtype = self.model.delivered()
            if dtype is not None and self._direct():
                rows = np.ascontiguousarray(self._window(data, 0, self.numValues))
                return rows.view(dtype).reshape(self.numValues).copy()
            return np.array([self.load(data, i) for i in range(self.numValues)], dtype)
        raw = done = 0
        for place, size in self.pieces(max(index, 0)):
            first, last = place // 8, (place + size + 7) // 8
            bits = int.from_bytes(data[first:last], "little") >> (place % 8)
            raw |= (bits & ((1 << size) - 1)) << done
            done += size
        return self.model.from_raw(raw)
