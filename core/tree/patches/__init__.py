"""All that changes a live tree: PyRogue's update thread, guarded and revived."""

from .lazy_text import LazyTexts

__all__ = [
    "LazyTexts",
]
