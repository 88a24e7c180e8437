"""The type a node declares: typeStr, nativeType, ndType and register width, never its value."""

from __future__ import annotations

import re
from enum import Enum
from typing import Any

import numpy as np

from roguebridge.core.nt import ScalarType
from roguebridge.core.result import array_type
from roguebridge.core.tree import TreeNode

_MODEL = re.compile(r"(?P<family>UInt|Int)(?:BE|Reversed)?(?P<bits>\d+)$")
_ARRAY = re.compile(r"(?P<dtype>[<>|=]?[A-Za-z]+\d*)\((?P<shape>[\d, ]*)\)$")
# Formats that a float32 holds exactly, and those that need a float64
_FLOAT32 = re.compile(
    r"(Float(BE)?32|Float16(BE)?|Float8|Float6|Float4|BFloat16(BE)?|TensorFloat32(BE)?)$"
)
_FLOAT64 = re.compile(r"(Double(BE)?64|U?Fixed(BE)?_\d+_\d+|float)$")
_INT32 = (-(2**31), 2**31 - 1)


class Family(Enum):
    """What kind of value a node has."""

    INTEGER = 1
    BIG_INTEGER = 2
    """More than 64 bits."""
    FLOAT = 3
    BOOL = 4
    TEXT = 5
    ARRAY = 6
    OTHER = 7


class Declared:
    """The declared type of a node.

    :param node: a variable or command of a running tree
    """

    __slots__ = ("family", "scalar", "rank", "length", "native", "is_register", "delivered")

    def __init__(self, node: TreeNode) -> None:
        type_str = str(node.typeStr)
        #: Python type of the values, where the tree tells (remote trees do not)
        self.native: Any = getattr(node, "nativeType", None)
        #: True for a value in a register
        self.is_register = getattr(node, "numValues", None) is not None
        #: rank of an array; None if any rank may come
        self.rank: int | None = 0
        #: number of elements of a 1-D array
        self.length: int | None = None
        #: dtype to give an array of the tree
        self.delivered: np.dtype[Any] | None = None
        self.scalar = ScalarType.String
        self.family = self._array(node, type_str) or self._scalar(node, type_str)

    def _array(self, node: Any, type_str: str) -> Family | None:
        match = _ARRAY.match(type_str)
        nd_type = getattr(node, "ndType", None)
        is_array = self.native is np.ndarray or (self.native is None and match is not None)
        if not is_array or type_str.startswith("String("):
            return None
        if nd_type is None and match is not None:
            try:
                nd_type = np.dtype(match.group("dtype"))
            except TypeError:
                return Family.OTHER
        if nd_type is None:
            return Family.OTHER
        dtype = np.dtype(nd_type)
        shape = [int(n) for n in match.group("shape").split(",") if n.strip()] if match else []
        if self.is_register:
            dtype, shape = self._register_array(node, dtype)
        scalar = array_type(dtype)
        if scalar is None or (scalar is ScalarType.String and len(shape) != 1):
            return Family.OTHER
        self.scalar, self.delivered = scalar, dtype
        self.rank = max(1, len(shape))
        if getattr(node, "_typeCheck", True) is False:
            self.rank = None
        if self.rank == 1 and self.is_register:
            self.length = shape[0]
        return Family.ARRAY

    @staticmethod
    def _register_array(node: Any, dtype: np.dtype[Any]) -> tuple[np.dtype[Any], list[int]]:
        # PyRogue declares 32 bits for every narrow integer and delivers 8 or 16.
        if dtype.kind in "iu":
            narrow = ScalarType.integer(int(node.valueBits), dtype.kind == "i")
            dtype = narrow.dtype if narrow is not None else dtype
        return dtype, [int(node.numValues)]

    def _scalar(self, node: TreeNode, type_str: str) -> Family:
        match = _MODEL.match(type_str)
        if match is not None:
            signed = match.group("family") == "Int"
            return self._integer(ScalarType.integer(int(match.group("bits")), signed))
        if type_str == "int":
            return self._integer(_python_int(node))
        if type_str in ("bool", "Bool", "bool_"):
            self.scalar = ScalarType.Bool
            return Family.BOOL
        if _FLOAT32.match(type_str):
            self.scalar = ScalarType.Float32
            return Family.FLOAT
        if _FLOAT64.match(type_str):
            self.scalar = ScalarType.Float64
            return Family.FLOAT
        if type_str in ("str", "str_") or type_str.startswith("String("):
            return Family.TEXT
        try:
            scalar = array_type(np.dtype(type_str))
        except TypeError:
            return Family.OTHER
        if scalar is None or not scalar.is_numeric:
            return Family.OTHER
        self.scalar = scalar
        return Family.INTEGER if scalar.is_integer else Family.FLOAT

    def _integer(self, scalar: ScalarType | None) -> Family:
        if scalar is None:
            return Family.BIG_INTEGER
        self.scalar = scalar
        return Family.INTEGER


def _python_int(node: TreeNode) -> ScalarType | None:
    # A Python int has no width: its limits, where both are declared, give it one.
    default = getattr(node, "_default", None)
    if isinstance(default, int) and not -(2**63) <= default < 2**63 and not node.isCommand:
        return None
    low, high = node.minimum, node.maximum
    if isinstance(low, int) and isinstance(high, int):
        if _INT32[0] <= low and high <= _INT32[1]:
            return ScalarType.Int32
        if low >= 0 and 2**63 <= high < 2**64:
            return ScalarType.UInt64
        if low < -(2**63) or high >= 2**63:
            return None
    return ScalarType.Int64
