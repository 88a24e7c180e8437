"""From samples to figures: medians, ratios, the noise, and what was reached."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from .measure import AGAIN, Samples
from .rows import Row, rows
from .sizes import Sizes

REACHED, MISSED, NOISE, FAILED = "reached", "not reached", "below noise", "failed"


def results(samples: Samples, sizes: Sizes, machine: Mapping[str, str]) -> dict[str, Any]:
    """Return all that the JSON says."""

    def of(key: str) -> Mapping[str, Sequence[float]]:
        return samples.values.get(key, {})

    return {
        "machine": dict(machine),
        "sizes": asdict(sizes),
        "rows": [
            row_results(row, samples.values[row.key], samples.again[row.key])
            for row in rows(sizes)
            if row.key in samples.values
        ],
        "growth": {
            "start": {size: medians(of(f"start-{size}")) for size in sizes.growth},
            "memory": {size: medians(net(of(f"memory-{size}"), AGAIN)) for size in sizes.growth},
        },
        "profiles": {},
        "errors": samples.errors,
    }


def row_results(row: Row, values: Mapping[str, Sequence[float]], again: str) -> dict[str, Any]:
    """Return the figures of a row."""
    if row.net:
        values = net(values, again)
    middle = medians(values)
    fixed = [limit.bound({}) for limit in row.limits if not limit.needs]
    scale = fixed[0] if fixed else None  # a limit in ms is far from figures in us
    noise = noise_of(values.get(again, ()), values.get(AGAIN, ()), scale)
    ours = middle.get("ours")
    found = {
        "key": row.key,
        "title": row.title,
        "unit": row.unit,
        "better": "more" if row.more_is_better else "less",
        "rounds": len(values.get("ours", ())),
        "ratios": {
            kind: ours / other
            for kind, other in middle.items()
            if ours is not None and kind not in ("ours", AGAIN) and other > 0
        },
        "medians": middle,
        "samples": {kind: list(found) for kind, found in values.items()},
        "spread": {kind: [min(found), max(found)] for kind, found in values.items()},
        "noise": noise,
        "again": again,
        "limits": [],
    }
    if ours is None:
        return {**found, "verdict": FAILED}
    for limit in row.limits:
        if all(kind in middle for kind in limit.needs):
            bound = limit.bound(middle)
            ratio = bound / ours if row.more_is_better else ours / bound
            found["limits"].append({"text": limit.text, "bound": bound, "ratio": ratio})
    return {**found, "verdict": verdict([limit["ratio"] for limit in found["limits"]], noise)}


def verdict(ratios: Sequence[float], noise: float | None) -> str:
    """Judge the worst ratio of ours to a limit: above one it is missed."""
    if not ratios:
        return ""
    worst = max(ratios)
    if noise is not None and abs(worst - 1) < noise:
        return NOISE
    return REACHED if worst <= 1 else MISSED


def noise_of(
    first: Sequence[float], second: Sequence[float], scale: float | None = None
) -> float | None:
    """Return by what fraction medians of one server, measured twice, differ or may differ.

    :param scale: of what it is a fraction; None for the figures themselves
    """
    if not first or len(first) != len(second):
        return None
    pairs = list(zip(first, second, strict=True))
    if scale is not None:
        differences = [(b - a) / scale for a, b in pairs]
    elif min(*first, *second) > 0:
        differences = [math.log(b / a) for a, b in pairs]
    else:
        return None
    middle = statistics.median(differences)
    scatter = statistics.median(abs(difference - middle) for difference in differences)
    return max(abs(middle), scatter / math.sqrt(len(pairs)))


def net(values: Mapping[str, Sequence[float]], again: str) -> dict[str, list[float]]:
    """Take the tree's own part off what has a tree, round by round.

    :param again: the kind that was measured twice
    """
    tree = values.get("none", ())
    without = {"none", "raw"} | ({AGAIN} if again == "raw" else set())
    return {
        kind: list(found) if kind in without else [a - b for a, b in zip(found, tree, strict=False)]
        for kind, found in values.items()
    }


def medians(values: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return the medians of each server."""
    return {kind: statistics.median(found) for kind, found in values.items() if found}
