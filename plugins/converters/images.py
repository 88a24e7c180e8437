"""The converter of arrays of any rank."""

from __future__ import annotations

from typing import Any

import numpy as np

from roguebridge.core.errors import PutError
from roguebridge.core.values import Flat, NtKind, cast_exactly, exact_array, pixels_of

from .declared import Declared
from .metadata import described
from .node_converter import NodeConverter
from .refusals import present_value, refusing


class Image(NodeConverter):
    """An array of any rank, as NTNDArray; rank and dtype may change with every frame.

    Of complex numbers the PV has the real and imaginary parts, as a last axis of 2.
    """

    def __init__(self, node: Any, declared: Declared) -> None:
        self._dtype, self._rank = declared.delivered, declared.rank
        complexes = self._dtype is not None and self._dtype.kind == "c"
        room = None if declared.room is None else declared.room * (1 + complexes)
        spec = described(
            node, NtKind.NDARRAY, declared.scalar, is_complex=complexes, max_length=room
        )
        super().__init__(node, spec)

    def to_pv(self, value: Any) -> Any:
        """Return a C-contiguous array of a type that NTNDArray has.

        :raises MisfitError: for elements that it has not
        """
        return pixels_of(exact_array(value))

    @refusing
    def to_tree(self, value: Any) -> Any:
        """Return an owned array; a client that gives no dimensions means the present ones."""
        array = np.asarray(value)
        if isinstance(value, Flat) and self._rank is not None:
            array = self._shaped(array)
        if self.spec.is_complex:
            return self._complex(array)
        target = array.dtype if self._dtype is None or self._rank is None else self._dtype
        return cast_exactly(array, target).astype(target.newbyteorder("="), order="C", copy=True)

    def _shaped(self, array: Any) -> Any:
        shape: tuple[int, ...] = np.shape(present_value(self._node))
        if self.spec.is_complex:
            shape += (2,)
        if len(shape) == 1:
            return array
        if int(np.prod(shape)) != array.size:
            raise PutError(f"{self._node.path}: {array.size} elements do not fill {shape}")
        return array.reshape(shape)

    def _complex(self, array: Any) -> Any:
        assert self._dtype is not None  # noqa: S101 - is_complex says so
        target = self._dtype.newbyteorder("=")
        if array.dtype.kind == "c":
            return array.astype(target, order="C", copy=True)
        if array.ndim == 0 or array.shape[-1] != 2:
            raise PutError(f"{self._node.path}: shape {array.shape} has no last axis of 2")
        parts = cast_exactly(array, np.zeros(0, target).real.dtype)
        result = np.empty(array.shape[:-1], target)
        result.real, result.imag = parts[..., 0], parts[..., 1]
        return result.reshape(()).copy() if self._rank == 0 and result.size == 1 else result
