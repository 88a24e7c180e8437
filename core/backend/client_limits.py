"""Limits on the load that one client may cause, as the server's arguments set them."""

from __future__ import annotations

import math
from dataclasses import dataclass

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
        cache, most = self.group_cache, self.max_name
        if not isinstance(cache, (int, float)) or isinstance(cache, bool):
            raise TypeError(f"group_cache must be a number of seconds, not {cache!r}")
        if not 0 <= cache < math.inf:
            raise ValueError(f"group_cache must be a number of seconds, 0 or more, not {cache!r}")
        if not isinstance(most, int) or isinstance(most, bool):
            raise TypeError(f"max_name must be an int, not {most!r}")
        if not _LEAST_NAME <= most <= _MOST_NAME:
            raise ValueError(f"max_name must be from {_LEAST_NAME} to {_MOST_NAME}, not {most!r}")
