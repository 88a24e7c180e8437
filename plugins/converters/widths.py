"""The width and the dimensions of values, as far as a declaration tells."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from roguebridge.core.tree import TreeNode
from roguebridge.core.values import ScalarType

from .metadata import attribute


def dtype_of(declared: Any, text: str) -> np.dtype[Any] | None:
    """Return a dtype from ndType or, where a remote tree has none, from its text."""
    try:
        given = ast.literal_eval(text) if text[:1] in ("[", "{") else text
        found: np.dtype[Any] = np.dtype(given if declared is None else declared)
        return found
    except (TypeError, ValueError, SyntaxError):
        return None


def integer_type(*numbers: int) -> ScalarType | None:
    """Return the integer type of 64 bits that holds all numbers; None if none does."""
    low, high = min(numbers), max(numbers)
    if low >= -(2**63) and high < 2**63:
        return ScalarType.Int64
    return ScalarType.UInt64 if low >= 0 and high < 2**64 else None


def width_of_int(node: TreeNode) -> ScalarType | None:
    """Return the type of a Python int of a node; None if 64 bits do not hold it."""
    # A Python int has no width: its limits, where both are declared, give it one.
    default = getattr(node, "_default", None)
    if isinstance(default, int) and not node.isCommand and not -(2**63) <= default < 2**63:
        return None
    low, high = attribute(node, "minimum"), attribute(node, "maximum")
    if not (isinstance(low, int) and isinstance(high, int)):
        return ScalarType.Int64
    is_narrow = low >= -(2**31) and high < 2**31
    return ScalarType.Int32 if is_narrow else integer_type(low, high)
