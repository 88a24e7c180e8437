"""``python -m bench``: measure, print the table, write the JSON."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from . import machine, report
from .measure import measure
from .results import results
from .rows import rows
from .scenarios import scenarios
from .sizes import FULL, MINIATURE, QUICK

REPOSITORY = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; the exit status is 1 if a measurement has failed."""
    options = parse(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sizes = MINIATURE if options.miniature else QUICK if options.quick else FULL
    wanted = [name for name in options.rows.replace(",", " ").split() if name]
    chosen = {
        row.scenario for row in rows(sizes) if not wanted or any(w in row.key for w in wanted)
    }
    if not wanted:
        chosen |= {scenario.name for scenario in scenarios(sizes)}
    if options.list:
        print("\n".join(f"{row.key:<20} {row.title}" for row in rows(sizes)))
        return 0
    if not chosen:
        print(f"no row is named {options.rows}; --list names all", file=sys.stderr)
        return 2
    about = machine.describe()
    todo = [scenario for scenario in scenarios(sizes) if scenario.name in chosen]
    samples = measure(todo, sizes, about["tree"] != "simtree", options.rounds)
    found = results(samples, sizes, about)
    target = options.json or REPOSITORY / "build" / "bench" / f"{sizes.name}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(found, indent=1) + "\n")
    report.show(found)
    print(f"written to {target}", file=sys.stderr)
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
    parser.add_argument("--list", action="store_true", help="name the rows")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
