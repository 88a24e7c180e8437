"""Runs the scenarios in interleaved rounds and collects their samples."""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from .rig import BenchError
from .scenario import Scenario
from .sizes import Sizes

AGAIN = "again"


@dataclass
class Samples:
    """What was measured.

    :param values: row -> kind of server -> one figure per round
    :param again: row -> the kind that was measured twice
    :param errors: what failed, in words
    """

    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    again: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def add(self, row: str, kind: str, value: float) -> None:
        """Keep a figure."""
        self.values.setdefault(row, {}).setdefault(kind, []).append(value)


def measure(
    scenarios: Collection[Scenario],
    sizes: Sizes,
    missing: Collection[str],
    rounds: int | None = None,
) -> Samples:
    """Run all.

    :param missing: the servers that there are not
    :param rounds: how many of each; None for what the sizes say
    """
    samples = Samples()
    for scenario in scenarios:
        turns = order(scenario, missing)
        count = rounds or (sizes.heavy_rounds if scenario.heavy else sizes.rounds)
        for number in range(count):
            for label, kind in turns:
                if number and label in scenario.once:
                    continue
                begin = time.perf_counter()
                try:
                    found = scenario.run(kind, sizes)
                except BenchError as exc:
                    samples.errors.append(f"{scenario.name}, {label}: {exc}")
                    found = {}
                for row, value in found.items():
                    samples.add(row, label, value)
                    samples.again[row] = dict(turns)[AGAIN]
                took = time.perf_counter() - begin
                words = ", ".join(f"{row} {value:.4g}" for row, value in found.items())
                words = words or "FAILED"
                say(f"{scenario.name} {number + 1}/{count} {label}: {words}, {took:.1f} s")
    return samples


def order(scenario: Scenario, missing: Collection[str]) -> Sequence[tuple[str, str]]:
    """Return the servers of a round, as (label, kind): the last is one of them again."""
    kinds = [kind for kind in scenario.kinds if kind not in missing]
    again = scenario.again or ("raw" if "v4" in missing else "v4")
    return [*((kind, kind) for kind in kinds), (AGAIN, again)]


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)
