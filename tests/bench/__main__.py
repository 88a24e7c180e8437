"""``python -m bench``: measure, print the table, write JSON, picture and documentation."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import machine, page, report
from .measure import measure, say
from .plot import plot
from .profile import profiles
from .results import results
from .rows import rows
from .scenarios import scenarios
from .sizes import FULL, MINIATURE, QUICK, Sizes

REPOSITORY = Path(__file__).resolve().parents[2]
BUILD = REPOSITORY / "build" / "bench"
PAGE = REPOSITORY / "docs" / "explanation" / "performance.md"
PICTURE = "scaling.png"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; the exit status is 1 if a measurement has failed, 2 for rows that do not exist."""
    options = parse(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sizes = MINIATURE if options.miniature else QUICK if options.quick else FULL
    if options.list:
        print("\n".join(f"{row.key:<20} {row.title}" for row in rows(sizes)))
        return 0
    if options.read:
        found = json.loads(options.read.read_text())
    else:
        wanted = chosen(options.rows, sizes)
        if not wanted:
            say(f"no row is named {options.rows!r}; --list names all")
            return 2
        found = run(sizes, wanted, options)
    report.show(found)
    real = found["machine"]["tree"] != machine.SIMTREE
    if options.docs or (real and sizes is FULL and not options.read and complete(found, sizes)):
        page.refresh(found, PAGE)
        draw(found, PAGE.parent / PICTURE)
    elif complete(found, sizes):
        draw(found, (options.json or BUILD / "x").parent / PICTURE)
    return 1 if found["errors"] else 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="bench", description="What serving a tree costs.")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="three minutes")
    size.add_argument("--miniature", action="store_true", help="seconds: does the rig work?")
    parser.add_argument("--rows", default="", help="only rows whose names contain one of these")
    parser.add_argument("--rounds", type=int, help="how many rounds of each")
    parser.add_argument("--json", type=Path, help="where the JSON goes, else build/bench")
    parser.add_argument("--simtree", action="store_true", help="even where there is PyRogue")
    parser.add_argument("--list", action="store_true", help="name the rows")
    parser.add_argument("--profile", action="store_true", help="profile ours too")
    parser.add_argument("--docs", action="store_true", help="write the figures into the docs")
    parser.add_argument("--read", type=Path, help="a JSON of before, instead of measuring")
    return parser.parse_args(arguments)


def chosen(words: str, sizes: Sizes) -> set[str]:
    """Return the scenarios of the rows whose names contain one of the words; all without words."""
    wanted = words.replace(",", " ").split()
    if not wanted:
        return {scenario.name for scenario in scenarios(sizes)}
    return {row.scenario for row in rows(sizes) if any(word in row.key for word in wanted)}


def run(sizes: Sizes, wanted: set[str], options: argparse.Namespace) -> Mapping[str, Any]:
    """Measure, and write the JSON."""
    if options.simtree:
        os.environ[machine.TREE] = machine.SIMTREE
    about = machine.describe()
    todo = [scenario for scenario in scenarios(sizes) if scenario.name in wanted]
    samples = measure(todo, sizes, machine.missing(), options.rounds)
    found = results(samples, sizes, about)
    if options.profile or (sizes is FULL and len(todo) == len(scenarios(sizes))):
        found["profiles"] = profiles(sizes)
    target = options.json or BUILD / f"{sizes.name}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(found, indent=1) + "\n")
    say(f"written to {target}")
    return found


def complete(found: Mapping[str, Any], sizes: Sizes) -> bool:
    """Tell whether all rows were measured."""
    return len(found["rows"]) == len(rows(sizes))


def draw(found: Mapping[str, Any], target: Path) -> None:
    """Plot, and tell about it."""
    say(f"drawn in {target}" if plot(found, target) else "no picture: matplotlib is not installed")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
