"""The width and the dimensions of values, as far as a declaration tells."""

from __future__ import annotations

import ast
import re
from typing import Any

import numpy as np

from roguebridge.core.tree import TreeNode
from roguebridge.core.values import ScalarType

from .link_types import shape_now
from .metadata import attribute

_INT32 = (-(2**31), 2**31 - 1)


def dtype_of(declared: Any, text: str) -> np.dtype[Any] | None:
    """Return a dtype from ndType or, where a remote tree has none, from its text."""
    try:
        given = ast.literal_eval(text) if text[:1] in ("[", "{") else text
        found: np.dtype[Any] = np.dtype(given if declared is None else declared)
        return found
    except (TypeError, ValueError, SyntaxError):
        return None


def dimensions_of(node: Any, match: re.Match[str] | None) -> list[int]:
    """Return the dimensions that a typeStr tells, else those of the present value."""
    if match is None:  # the typeStr tells none
        return shape_now(node)
    return [int(n) for n in match.group("shape").split(",") if n.strip()]


def smallest_holding(number: int) -> ScalarType | None:
    """Return the integer type of 64 bits that holds a number; None if none does."""
    if -(2**63) <= number < 2**63:
        return ScalarType.Int64
    return ScalarType.UInt64 if 0 <= number < 2**64 else None


def width_of_int(node: TreeNode) -> ScalarType | None:
    """Return the type of a Python int of a node; None if 64 bits do not hold it."""
    # A Python int has no width: its limits, where both are declared, give it one.
    default = getattr(node, "_default", None)
    if isinstance(default, int) and not -(2**63) <= default < 2**63 and not node.isCommand:
        return None
    low, high = attribute(node, "minimum"), attribute(node, "maximum")
    if isinstance(low, int) and isinstance(high, int):
        if _INT32[0] <= low and high <= _INT32[1]:
            return ScalarType.Int32
        if low >= 0 and 2**63 <= high < 2**64:
            return ScalarType.UInt64
        if low < -(2**63) or high >= 2**63:
            return None
    return ScalarType.Int64
