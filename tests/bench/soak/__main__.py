"""``python -m bench.soak``: serve, let clients come and go, sample, and judge the slopes."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from bench.rig import BenchError, Child
from bench.soak.trend import Sample, Verdict

PROTOCOLS = ["pva", "ca"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; the exit status is 1 if something grows or fails, 2 for a wrong command line."""
    options = parse(arguments)
    with Child("soak.server") as server, Child("soak.clients") as clients:
        started = server.call(
            "start", tree=options.tree, rate=options.rate, backends=options.backends
        )
        where = ", ".join(options.backends)
        say(f"serving {started['tree']} over {where} for {options.seconds:g} s")
        clients.call("begin", conf=started["conf"], pause=options.pause)
        samples = sample(server.pid, options)
        seen = clients.call("counts")
        done = server.call("counts")
        clients.call("end")
        server.call("stop")
    return judge(samples, options, seen, done)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="soak", description="Does a server grow?")
    add = parser.add_argument
    add("--seconds", type=float, default=3600.0, help="how long (default: an hour)")
    add("--warm-up", type=float, help="seconds that do not count (default: 600, at most a sixth)")
    add("--every", type=float, default=5.0, help="seconds between samples")
    add("--limit", type=float, default=1.0, help="the most MB an hour")
    add("--rate", type=float, default=100.0, help="updates of the tree in a second")
    add("--pause", type=float, default=0.5, help="seconds between two visits, of each protocol")
    add("--tree", default="", choices=["simtree", "pyrogue"], help="else PyRogue if there is one")
    add("--backends", nargs="+", default=PROTOCOLS, choices=PROTOCOLS)
    options = parser.parse_args(arguments)
    if options.warm_up is None:
        options.warm_up = min(600.0, options.seconds / 6)
    return options


def sample(pid: int, options: argparse.Namespace) -> list[Sample]:
    """Sample a process for the time that was asked for, and tell each minute what there is."""
    begin = told = time.monotonic()
    found: list[Sample] = []
    while (now := time.monotonic()) - begin < options.seconds:
        found.append(Sample.of(pid, now - begin))
        if now - told >= 60 or len(found) == 1:
            told = now
            say(describe(found[-1]))
        due = begin + len(found) * options.every
        time.sleep(max(0.0, min(due, begin + options.seconds) - time.monotonic()))
    say(describe(found[-1]))
    return found


def judge(
    samples: Sequence[Sample],
    options: argparse.Namespace,
    seen: dict[str, dict[str, int]],
    done: dict[str, object],
) -> int:
    """Print the slopes, and what is wrong."""
    verdict = Verdict.of(samples, options.warm_up, options.limit)
    work = ", ".join(f"{count} {what}" for what, count in sorted(seen["counts"].items()))
    print(f"{done['updates']} updates of the tree, {work}")
    print(f"memory: {verdict.memory} MB/h")
    print(f"threads: {verdict.threads} /h, {samples[-1].threads} at the end")
    print(f"descriptors: {verdict.files} /h, {samples[-1].files} at the end")
    faults = [*verdict.faults, *(f"{count} times {text}" for text, count in seen["errors"].items())]
    faults += [f"the server reports: {text}" for text in done["report"]]  # type: ignore[attr-defined]
    for text in faults:
        print(f"Problem: {text}")
    return 1 if faults else 0


def describe(one: Sample) -> str:
    """Return a sample in one line."""
    return (
        f"{one.seconds:6.0f} s  {one.resident / 1e6:8.2f} MB  "
        f"{one.threads} threads  {one.files} descriptors"
    )


def say(text: str) -> None:
    """Tell how it goes on."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as exc:
        sys.exit(f"soak: {exc}")
    except KeyboardInterrupt:
        sys.exit(130)
