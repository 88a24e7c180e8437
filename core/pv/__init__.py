"""One PV: read, opened, shown, put and called."""

from ..tree.patches.lazy_text import LazyTexts
from .holder import PvHolder

__all__ = [
    "LazyTexts",
    "PvHolder",
]
