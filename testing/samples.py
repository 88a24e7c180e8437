"""Types and values that the contract of backends sends."""

from __future__ import annotations

from typing import Any

import numpy as np

from roguebridge.core.values import (
    NO_ALARM,
    Alarm,
    Column,
    NtKind,
    PvSpec,
    Reading,
    ScalarType,
)

DOUBLE = PvSpec(NtKind.SCALAR, ScalarType.Float64)
T0 = 1_600_000_000_000_000_007


def at(value: Any, n: int = 0, alarm: Alarm = NO_ALARM) -> Reading:
    """Return a reading, the n-th of a PV."""
    return Reading(value, alarm, T0 + n)


INT8 = PvSpec(NtKind.SCALAR, ScalarType.Int8)
TEXT = PvSpec(NtKind.SCALAR, ScalarType.String)
FLAG = PvSpec(NtKind.SCALAR, ScalarType.Bool)
ENUM = PvSpec(NtKind.ENUM, ScalarType.Int32, choices=("Off", "On", "Auto"))
SHORTS = PvSpec(NtKind.SCALAR_ARRAY, ScalarType.Int16)
WORDS = PvSpec(NtKind.SCALAR_ARRAY, ScalarType.String)
IMAGE = PvSpec(NtKind.NDARRAY, ScalarType.UInt16)
TABLE = PvSpec(
    NtKind.TABLE,
    ScalarType.String,
    columns=(
        Column("n", "n", ScalarType.Int16),
        Column("a_b", "a b", ScalarType.String),
        Column("on", "on", ScalarType.Bool),
    ),
)

#: type, a first and a second value, by name
VALUES: dict[str, tuple[PvSpec, Any, Any]] = {
    "int8": (INT8, -128, 127),
    "int64": (PvSpec(NtKind.SCALAR, ScalarType.Int64), -(2**63), 2**63 - 1),
    "uint64": (PvSpec(NtKind.SCALAR, ScalarType.UInt64), 0, 2**64 - 1),
    "float32": (PvSpec(NtKind.SCALAR, ScalarType.Float32), 0.5, -1.25),
    "float64": (DOUBLE, 0.1, -1e300),
    "bool": (FLAG, True, False),
    "text": (TEXT, "größer", ""),
    "enum": (ENUM, 2, 0),
    "array": (SHORTS, np.array([1, -2, 3], np.int16), np.zeros(0, np.int16)),
    "words": (WORDS, ["a", "", "µ"], ["b"]),
    "image": (
        IMAGE,
        np.arange(12, dtype=np.uint16).reshape(3, 4),
        np.ones((2, 2, 2), np.float64),
    ),
    "table": (
        TABLE,
        {"n": np.array([1, -2], np.int16), "a_b": ["x", "µ"], "on": np.array([True, False])},
        {"n": np.zeros(0, np.int16), "a_b": [], "on": np.zeros(0, bool)},
    ),
}


def same(a: Any, b: Any) -> bool:
    """Tell whether two values are equal, arrays and tables too."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)
    return np.array_equal(a, b) and np.shape(a) == np.shape(b)
