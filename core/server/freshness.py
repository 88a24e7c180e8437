"""Within which time the tree must tell what PVs show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Freshness:
    """Within which time what a PV shows must be told by the tree; see :class:`.PvServer`.

    :raises ValueError: for a time that is none
    """

    root: Any
    missed_polls: float | None
    poll_watched: float | None
    stuck_after: float

    def __post_init__(self) -> None:
        if not _is_time(self.stuck_after):
            raise ValueError(f"stuck_after must be a number of seconds, not {self.stuck_after!r}")
        for name in ("missed_polls", "poll_watched"):
            value = getattr(self, name)
            if value not in (None, 0) and not _is_time(value):
                raise ValueError(f"{name} must be a number greater than 0 or None, not {value!r}")


def _is_time(value: Any) -> bool:
    # PyRogue's poll thread ends at intervals beyond its clock's.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e9
