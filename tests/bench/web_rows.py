"""The rows of the web: beside a server that somebody writes by hand with aiohttp."""

from __future__ import annotations

from .row import Row, absolute, times
from .sizes import Sizes


def rows(sizes: Sizes) -> list[Row]:
    """Return all rows, with the sizes that they are measured with in their titles."""
    watched = f"web, {sizes.browsers} browsers on {sizes.browsed} PVs each at 10 Hz"
    return [
        Row(
            "web-browsers", "web-browsers", f"{watched}, server CPU", "cores",
            (absolute(1, "cores"),),
        ),
        Row(
            "web-delivered", "web-browsers", f"{watched}, updates delivered", "1/s",
            (times(0.9, "handmade"),), more_is_better=True,
        ),
        Row(
            "web-memory", "web-browsers",
            f"web, memory of a connection with {sizes.browsed} PVs", "kB",
        ),
        Row(
            "web-waveform", "web-waveform",
            f"web, float64[{sizes.arrays[1]:,}] at 10 Hz to 10 browsers, delivered", "1/s",
            (times(0.9, "handmade"),), more_is_better=True,
        ),
        Row(
            "web-search", "web-search", f"web, search among {sizes.searched:,} names", "ms",
            (absolute(50, "ms"),),
        ),
    ]  # fmt: skip
