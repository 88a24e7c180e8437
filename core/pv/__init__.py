"""One PV: read, opened, shown, put and called."""

from .holder import PvHolder

__all__ = [
    "PvHolder",
]
