"""Variables that live in hardware registers: scalars, bit fields and arrays."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from roguebridge.simtree.block import Block
from roguebridge.simtree.call import resolve_wait
from roguebridge.simtree.errors import VariableError
from roguebridge.simtree.log import logException
from roguebridge.simtree.memory import POST
from roguebridge.simtree.models import Model, UInt
from roguebridge.simtree.registers import Register
from roguebridge.simtree.variable import BaseVariable


def aslist(value: int | Iterable[int]) -> list[int]:
    """Give a list of one or several numbers.

    :param value: a number or several.
    """
    return list(value) if isinstance(value, Iterable) else [value]


class RemoteVariable(BaseVariable):
    """A register, or with numValues an array of equal ones.

    :param base: the kind of value, a Model or a Model class.
    :param offset: bytes from the device's address; several for a value in pieces.
    :param numValues: elements of an array, 0 for a scalar.
    :param valueBits: bits of an element.
    :param valueStride: bits from one element to the next.
    :param bitSize: bits of a scalar.
    :param bitOffset: bits from the offset.
    :param overlapEn: True allows other registers to share the bits.
    :param verify: False does not read back after a write.
    :param retryCount: further attempts after a failed transaction.
    """

    def __init__(
        self,
        *,
        name: str,
        offset: int | list[int],
        base: Model | Callable[[int], Model] = UInt,
        numValues: int = 0,
        valueBits: int = 0,
        valueStride: int = 0,
        bitSize: int | list[int] = 32,
        bitOffset: int | list[int] = 0,
        disp: Any = None,
        minimum: Any = None,
        maximum: Any = None,
        overlapEn: bool = False,
        verify: bool = True,
        retryCount: int = 0,
        **kwargs: Any,
    ) -> None:
        offsets, places, sizes = aslist(offset), aslist(bitOffset), aslist(bitSize)
        pieces = max(len(offsets), len(places), len(sizes))
        offsets, places, sizes = (
            x * pieces if len(x) == 1 else x for x in (offsets, places, sizes)
        )
        if not len(offsets) == len(places) == len(sizes):
            raise VariableError(f"Lengths of {offsets}, {places}, {sizes} must match")
        if 0 in sizes:
            raise VariableError("BitSize of 0 is invalid")
        bits = valueBits if numValues else sum(sizes)
        model = base if isinstance(base, Model) else base(bits)
        first = min(offsets)
        self.register = Register(
            model=model,
            name=name,
            offset=first,
            places=[p + 8 * (o - first) for p, o in zip(places, offsets, strict=True)],
            sizes=[numValues * valueBits] if numValues else sizes,
            numValues=numValues,
            valueBits=valueBits,
            valueStride=valueStride,
        )
        low, high = model.minValue(), model.maxValue()
        minimum = low if minimum is None or (low is not None and minimum < low) else minimum
        maximum = high if maximum is None or (high is not None and maximum > high) else maximum
        self.register.limits = (float(minimum or 0), float(maximum or 0))
        self._verify, self._overlapEn, self._retryCount = verify, overlapEn, retryCount
        self.staleBytes: tuple[int, int] | None = None
        super().__init__(
            name=name,
            disp=model.defaultdisp if disp is None else disp,
            minimum=minimum,
            maximum=maximum,
            **kwargs,
        )
        if numValues == 0:
            self._typeStr = model.name
            return
        if len(sizes) != 1:
            raise VariableError("BitSize must be a single number when numValues > 0")
        if valueBits > valueStride:
            raise VariableError(f"ValueBits {valueBits} is greater than valueStride {valueStride}")
        if model.ndType is None:
            raise VariableError(f"Invalid base type {model} with numValues = {numValues}")
        self._nativeType = np.ndarray
        self._ndType = model.ndType
        self._typeStr = f"{model.ndType}({numValues},)"

    @property
    def base(self) -> Model:
        """The kind of value."""
        return self.register.model

    @property
    def numValues(self) -> int:
        """Elements of an array, 0 for a scalar."""
        return self.register.numValues

    @property
    def valueBits(self) -> int:
        """Bits of a value."""
        return self.register.valueBits

    @property
    def valueStride(self) -> int:
        """Bits from one element to the next."""
        return self.register.valueStride

    @property
    def bitSize(self) -> list[int]:
        """Bits of each piece."""
        return self.register.sizes

    @property
    def bitOffset(self) -> list[int]:
        """Bits from the offset to each piece."""
        return self.register.places

    @property
    def varBytes(self) -> int:
        """Bytes that must be accessed for the whole register."""
        return self.register.span

    @property
    def offset(self) -> int:
        """Bytes from the device's address, aligned once the root has started."""
        return self.register.offset

    @property
    def address(self) -> int:
        """Address of the register's block."""
        return int(self.attached().address)

    @property
    def verifyEn(self) -> bool:
        """True if writes are read back."""
        return self._verify

    @property
    def overlapEn(self) -> bool:
        """True if other registers may share the bits."""
        return self._overlapEn

    @property
    def retryCount(self) -> int:
        """Further attempts after a failed transaction."""
        return self._retryCount

    @property
    def bulkEn(self) -> bool:
        """True if ReadAll and WriteAll include the register."""
        return self._bulkOpEn

    def attach(self, block: Block) -> None:
        """Join a block.

        :param block: the block.
        """
        self._block = block

    def bitMask(self) -> int:
        """Give the bits used, counted from the block's first byte."""
        return self.register.mask()

    def byteRange(self, index: int = -1) -> tuple[int, int]:
        """Give the bytes to access for the register or one element.

        :param index: element, or -1.
        """
        return self.register.bytes(index)

    def attached(self) -> Block:
        """Give the block; before the root starts PyRogue would crash, here it is an error."""
        if self._block is None:
            raise VariableError(f"Register {self.path} has no value before its root is started")
        return self._block  # type: ignore[no-any-return]

    def _set(self, value: Any, index: int) -> None:
        block, register = self.attached(), self.register
        for place, item in register.accepted(value, 0 if index == -1 else index):
            with block.mutex:
                register.store(block.data, place, item)
                count = len(item) if isinstance(item, np.ndarray) else 1
                low = register.bytes(place)[0]
                high = register.bytes(place + count - 1)[1]
                block.mark_stale(self, low, high)

    def _get(self, index: int) -> Any:
        block = self.attached()
        with block.mutex:
            return self.register.load(block.data, index)

    def set(
        self,
        value: Any,
        *,
        index: int = -1,
        write: bool = True,
        verify: bool = True,
        wait: bool | None = None,
        check: bool | None = None,
    ) -> None:
        """Store in the cache, write, read back and compare, in the caller's thread.

        :param value: the value.
        :param index: element, or -1.
        :param write: False only stages the value.
        :param verify: False does not read back.
        :param wait: False does not wait for the end.
        :param check: deprecated spelling of wait.
        """
        try:
            waits = resolve_wait(wait, check)
            place = operator.index(index)
            self._set(value, place)
            if write:
                self._write(verify, waits, place)
        except Exception as e:
            logException(self._log, e)
            self._log.error("Cannot set %s of type %s to %r: %s", self.path, self.typeStr, value, e)
            raise

    def _write(self, verify: bool, wait: bool, index: int = -1) -> None:
        self.parent.writeBlocks(force=True, recurse=False, variable=self, index=index)
        if verify:
            self.parent.verifyBlocks(recurse=False, variable=self)
        if wait:
            self.parent.waitBlocks(recurse=False, variable=self)

    def write(
        self, *, verify: bool = True, wait: bool | None = None, check: bool | None = None
    ) -> None:
        """Write what was staged.

        :param verify: False does not read back.
        :param wait: False does not wait for the end.
        :param check: deprecated spelling of wait.
        """
        try:
            self._write(verify, resolve_wait(wait, check))
        except Exception as e:
            logException(self._log, e)
            raise

    def post(self, value: Any, *, index: int = -1) -> None:
        """Store and write without reading back.

        :param value: the value.
        :param index: element, or -1.
        """
        try:
            place = operator.index(index)
            self._set(value, place)
            self._block.start(POST, wait=True, var=self, index=place)
        except Exception as e:
            logException(self._log, e)
            self._log.error("Cannot post %r to %s of type %s", value, self.path, self.typeStr)
            raise

    def get(
        self,
        *,
        index: int = -1,
        read: bool = True,
        wait: bool | None = None,
        check: bool | None = None,
    ) -> Any:
        """Give the value, by default from hardware.

        :param index: element, or -1.
        :param read: False gives the cache.
        :param wait: False does not wait for the end of the read.
        :param check: deprecated spelling of wait.
        """
        try:
            waits = resolve_wait(wait, check)
            place = operator.index(index)
            if read:
                self.attached()
                self.parent.readBlocks(recurse=False, variable=self, index=place)
                if waits:
                    self.parent.waitBlocks(recurse=False, variable=self)
            return self._get(place)
        except Exception as e:
            logException(self._log, e)
            self._log.error("Cannot read %s", self.path)
            raise
