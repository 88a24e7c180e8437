"""The rows of Channel Access: beside the least that caproto can do."""

from __future__ import annotations

from .row import Row, times
from .sizes import Sizes

_FACTOR = 1.3


def rows(sizes: Sizes) -> list[Row]:
    """Return all rows, with the sizes that they are measured with in their titles."""
    small, large = sizes.ca_growth
    most, least = (times(_FACTOR, "caproto"),), (times(round(1 / _FACTOR, 2), "caproto"),)
    start = "CA server started"
    return [
        Row(f"ca-start-{small}", f"ca-start-{small}", f"{start}, {small:,} PVs", "s", most),
        Row(f"ca-start-{large}", f"ca-start-{large}", f"{start}, {large:,} PVs", "s", most),
        Row(
            f"ca-memory-{large}",
            f"ca-start-{large}",
            f"CA memory per PV, unwatched, {large:,} PVs",
            "kB",
            most,
        ),
        Row(
            "ca-memory-monitored",
            "ca-monitored",
            f"CA memory per PV with a monitor on each, {sizes.monitored:,} PVs",
            "kB",
            most,
        ),
        Row(
            "ca-first-values",
            "ca-first-values",
            f"CA {sizes.fresh:,} PVs, one fresh client, all first values",
            "s",
            (times(1.0, "caproto"),),
        ),
        Row(
            "ca-update-cpu",
            "ca-updates",
            f"CA update at {sizes.rate:,.0f}/s, one client, server CPU",
            "us",
            (times(0.7, "caproto"),),
            net=True,
        ),
        Row(
            "ca-update-rate",
            "ca-updates",
            f"CA updates delivered, one client on {sizes.watched:,} PVs",
            "1/s",
            least,
            more_is_better=True,
        ),
        Row("ca-get-cpu", "ca-gets", "CA get, server CPU", "us", (times(1.6, "native"),)),
        Row("ca-put-p50", "ca-puts", "CA put with answer, p50", "us", most),
        Row("ca-put-cpu", "ca-puts", "CA put, server CPU", "us", (times(0.8, "caproto"),)),
    ]
