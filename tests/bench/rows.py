"""The rows of the table, and what each must reach."""

from __future__ import annotations

from . import ca_rows, web_rows
from .row import Limit, Row, absolute, over_none, times
from .sizes import Sizes


def rows(sizes: Sizes) -> list[Row]:
    """Return all rows, with the sizes that they are measured with in their titles."""
    small, large = sizes.growth[-2:]
    a, b, c = sizes.arrays
    starts = (over_none(1.7), times(0.25, "v4"))
    return [
        Row(f"start-{small}", f"start-{small}", f"root.start(), {small:,} PVs", "s", starts),
        Row(f"start-{large}", f"start-{large}", f"root.start(), {large:,} PVs", "s", starts),
        Row(
            f"memory-{large}",
            f"start-{large}",
            f"memory per PV, unwatched, {large:,} PVs",
            "kB",
            (absolute(2.0, "kB"),),
            net=True,
        ),
        Row(
            "memory-monitored",
            "monitored",
            f"memory per PV with a monitor on each, {sizes.monitored:,} PVs",
            "kB",
            (absolute(6.0, "kB"),),
            net=True,
        ),
        Row(
            "update-unwatched",
            "updates",
            "update nobody watches, CPU",
            "us",
            (times(1.1, "none"),),
        ),
        Row(
            "update-watched",
            "updates",
            f"update, one client on {sizes.watched:,} PVs, server CPU",
            "us",
            (over_none(1.1),),
        ),
        Row(
            "update-rate",
            "updates",
            "updates delivered, the same",
            "1/s",
            (times(0.7, "raw"),),
            more_is_better=True,
        ),
        _delivered("array-small", f"float64[{a:,}] delivered", times(10, "v4")),
        _delivered("array-middle", f"float64[{b:,}] delivered", times(0.8, "raw")),
        _delivered("array-large", f"float64[{c:,}] delivered", times(0.9, "raw")),
        _delivered(
            "image", f"image uint16 {sizes.image} x {sizes.image} delivered", times(0.9, "raw")
        ),
        Row("put-p50", "puts", "put round trip, p50", "us", (times(1.2, "raw"),)),
        Row("put-cpu", "puts", "put, server CPU", "us", (times(1.2, "raw"),)),
        Row(
            "put-clients",
            "put-clients",
            f"{sizes.putters} clients putting, puts in all",
            "1/s",
            (times(0.85, "raw"),),
            more_is_better=True,
        ),
        Row(
            "slow-puts",
            "slow-puts",
            f"{sizes.devices} puts of 0.2 s on {sizes.devices} devices",
            "s",
            (absolute(0.25, "s"),),
        ),
        Row(
            "slow-puts-p99",
            "slow-puts",
            "fast puts meanwhile, p99",
            "ms",
            (absolute(5, "ms"),),
        ),
        Row("slow-puts-worst", "slow-puts", "fast puts meanwhile, worst", "ms"),
        Row(
            "hung-device",
            "hung-device",
            f"{4 * sizes.devices} PVs of a hung device delay a put elsewhere by, worst",
            "ms",
            (absolute(5, "ms"),),
        ),
        Row("hung-device-worst", "hung-device", "the worst put meanwhile", "ms"),
        Row(
            "first-values",
            "first-values",
            f"{sizes.fresh:,} PVs, one fresh client, all first values",
            "s",
            (times(1, "v4"),),
        ),
        Row(
            "frozen-client",
            "frozen-client",
            f"memory behind a frozen client, float64[{sizes.frozen:,}]",
            "MB",
            (times(1.5, "raw"),),
        ),
        Row(
            "site-rules",
            "site-rules",
            f"root.start() with ten rules of a site, {sizes.ruled:,} PVs",
            "s",
            (times(1.3, "plain"),),
        ),
        *ca_rows.rows(sizes),
        *web_rows.rows(sizes),
    ]


def _delivered(key: str, title: str, limit: Limit) -> Row:
    return Row(key, key, title, "1/s", (limit,), more_is_better=True)
