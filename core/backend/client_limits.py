"""Limits on the load that one client may cause, as the server's arguments set them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

_LEAST_NAME, _MOST_NAME = 16, 65_536


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """Limits of a server; see :class:`.PvServer`.

    :raises TypeError: for what is no number
    :raises ValueError: for a number out of its range
    """

    group_cache: float
    max_name: int

    def __post_init__(self) -> None:
        if not _is_number(self.group_cache):
            raise TypeError(f"group_cache must be a number of seconds, not {self.group_cache!r}")
        if not (0 <= self.group_cache < math.inf):
            raise ValueError(
                f"group_cache must be a number of seconds, 0 or more, not {self.group_cache!r}"
            )
        if not isinstance(self.max_name, int) or isinstance(self.max_name, bool):
            raise TypeError(f"max_name must be an int, not {self.max_name!r}")
        if not _LEAST_NAME <= self.max_name <= _MOST_NAME:
            raise ValueError(
                f"max_name must be from {_LEAST_NAME} to {_MOST_NAME}, not {self.max_name!r}"
            )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
