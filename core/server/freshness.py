"""Within which time the tree must tell what PVs show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Freshness:
    """Within which time what a PV shows must be told by the tree; see :class:`.PvServer`."""

    root: Any
    missed_polls: float | None
    poll_watched: float | None
    stuck_after: float
