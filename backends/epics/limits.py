"""Pairs of limits as EPICS clients expect them where one or both are not set."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from roguebridge.core.values import ScalarType


def limit_pair(low: Any, high: Any, scalar: ScalarType) -> tuple[Any, Any]:
    """Return a pair of limits in the PV's type.

    Without limits it is NaN/NaN or 0/0. If only one is set, the other is the end of the type's
    range: with anything else clients drop the whole range.
    """
    if scalar.is_float:
        if low is None and high is None:
            return math.nan, math.nan
        return _float(low, -math.inf), _float(high, math.inf)
    if low is None and high is None:
        return 0, 0
    info = np.iinfo(scalar.dtype)
    # A limit with a fraction means the next integer within.
    low = info.min if low is None else min(max(math.ceil(low), info.min), info.max)
    high = info.max if high is None else min(max(math.floor(high), info.min), info.max)
    return int(low), int(high)


def _float(limit: Any, unset: float) -> float:
    try:
        return unset if limit is None else float(limit)
    except OverflowError:  # an int beyond all floats
        return math.inf if limit > 0 else -math.inf
