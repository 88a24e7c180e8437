"""What plugins of a site cost when a server starts.

``python tests/bench/start.py [PVs] [rounds]`` starts the same tree in turn without a server, with
a server, and with a server that has a site plugin of ten rules; it prints medians, and ratios of
each round, since machines are noisy. SLAC's PyRogue is used where it can be imported.
"""

from __future__ import annotations

import contextlib
import gc
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

with contextlib.redirect_stdout(sys.stderr):
    try:
        import pyrogue as pr
    except ImportError:
        import roguebridge.simtree as pr

from roguebridge.backends.epics import EpicsPvServer
from roguebridge.core import (
    ALLOW,
    AccessPolicy,
    ConverterRule,
    NamingRule,
    PolicyRule,
    Select,
    TimeSourceRule,
    hookimpl,
)
from roguebridge.core.naming import standard_name
from roguebridge.plugins.converters import make_converter

LIMIT = 1.3
PER_DEVICE = 100


class Open(AccessPolicy):
    """Allows."""

    quick = True

    def decide(self, request: Any) -> Any:
        """Allow."""
        return ALLOW


class Site:
    """Ten rules, of every kind and with every way to select; each is asked of each node."""

    def __init__(self) -> None:
        self._open = Open()

    @hookimpl
    def naming_rules(self, base: str) -> list[NamingRule]:
        """Three."""
        selects = (Select(path="*.Rare"), Select(group="Rare"), Select(units="furlong"))
        return [
            NamingRule(lambda node: standard_name(base, node.path), select) for select in selects
        ]

    @hookimpl
    def converter_rules(self) -> list[ConverterRule]:
        """Three."""
        selects = (Select(units="counts"), Select(type="Odd*"), Select(path="Top.Dev[[]7].*"))
        return [ConverterRule(make_converter, select) for select in selects]

    @hookimpl
    def policy_rules(self) -> list[PolicyRule]:
        """Three."""
        selects = (Select(path="Top.Dev[[]3].*"), Select(group="Expert"), Select(path="*.V7?"))
        return [PolicyRule(lambda node: self._open, select) for select in selects]

    @hookimpl
    def time_source_rules(self) -> list[TimeSourceRule]:
        """One."""
        return [TimeSourceRule(lambda node: lambda value: None, Select(path="*.Frame"))]


def build(pvs: int) -> Any:
    """Return a root of about so many nodes, not started."""
    root = pr.Root(name="Top", pollEn=False)
    root._doHeartbeat = False  # noqa: SLF001 - its stop would wait for the next second
    for number in range(max(1, pvs // PER_DEVICE)):
        device = pr.Device(name=f"Dev[{number}]")
        for index in range(PER_DEVICE - 3):
            device.add(pr.LocalVariable(name=f"V{index}", value=index, units="V"))
        root.add(device)
    return root


def start(pvs: int, server: Callable[[Any], Any] | None) -> tuple[float, int]:
    """Return the seconds that ``root.start()`` takes, and how many PVs were served."""
    root = build(pvs)
    served = None if server is None else server(root)
    if served is not None:
        root.addProtocol(served)
    gc.collect()
    before = time.perf_counter()
    root.start()
    seconds = time.perf_counter() - before
    count = 0 if served is None else len(served.list())
    root.stop()
    return seconds, count


def plain(root: Any) -> Any:
    """Return a server."""
    return EpicsPvServer(base="Bench", root=root, isolate=True)


def with_site(root: Any) -> Any:
    """Return a server with the site's plugin."""
    return EpicsPvServer(base="Bench", root=root, isolate=True, plugins=[Site()])


def main() -> int:
    """Run; the exit status is 1 if the plugin costs more than it may."""
    pvs = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    kinds = {"none": None, "server": plain, "server, 10 rules": with_site, "server again": plain}
    times: dict[str, list[float]] = {name: [] for name in kinds}
    count = 0
    for _ in range(rounds):
        for name, server in kinds.items():
            seconds, served = start(pvs, server)
            times[name].append(seconds)
            count = max(count, served)
    base = times["server"]
    print(
        f"root.start(), {count} PVs, tree by {pr.__name__}, {rounds} rounds, {os.cpu_count()} cores"
    )
    print(f"{'':<18}{'median s':>10}{'min':>8}{'max':>8}{'x server':>10}")
    ratios = {}
    for name, found in times.items():
        ratios[name] = statistics.median(a / b for a, b in zip(found, base, strict=True))
        middle, low, high = statistics.median(found), min(found), max(found)
        print(f"{name:<18}{middle:>10.3f}{low:>8.3f}{high:>8.3f}{ratios[name]:>10.2f}")
    reached = ratios["server, 10 rules"] <= LIMIT
    print(
        f"a site plugin of ten rules: at most {LIMIT} x: {'reached' if reached else 'NOT reached'}"
    )
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
