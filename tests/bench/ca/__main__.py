"""What serving over Channel Access costs, beside the least that caproto can do.

``python tests/bench/ca [PVs] [rounds]`` starts each server in a process of its own and talks to it
from this one: start-up, memory per PV with nobody watching and with a monitor on each, updates per
second, and the time of a put with its answer. SLAC's PyRogue is used where it can be imported,
and then its own epicsV7 too, if softioc is there.
"""

from __future__ import annotations

import importlib.util
import json
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from support.caclient import CaClient  # noqa: E402 - the path is set above

WATCHED = 100
PUTS = 400
SECONDS = 2.0
RATE = 2000.0
LIMIT = 1.3
NAME = "B:Top:Dev[{}]:V[{}]"


class Server:
    """A server process."""

    def __init__(self, kind: str, count: int) -> None:
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, str(HERE / "server.py"), kind, str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.told: Any = self._answer()

    def ask(self, *words: object) -> Any:
        """Tell the server something and return its answer."""
        self.tell(*words)
        return self._answer()

    def tell(self, *words: object) -> None:
        """Tell the server something."""
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


def measure(kind: str, count: int) -> dict[str, float]:
    """Return what one server costs."""
    few = Server(kind, count // 10)
    few.close()
    server = Server(kind, count)
    more = server.told["memory"] - few.told["memory"]
    found = {
        "start-up, ms": server.told["start"] * 1e3,
        "memory of a closed PV, bytes": more / (count - count // 10),
    }
    client = CaClient(server.told["conf"])
    names = [NAME.format(n // 100, n % 100) for n in range(count)]
    watched = min(count, WATCHED)
    seen = [0]
    last = threading.Event()
    firsts = threading.Semaphore(0)

    def push(channel: Any, update: Any) -> None:
        seen[0] += 1
        if update.data[0] < 0:
            last.set()
        firsts.release()

    before = server.ask("rss")
    begin = time.perf_counter()
    for name in names:
        client.monitor(name, push)
    for _ in names:
        firsts.acquire(timeout=60)
    found["connect and monitor, us per PV"] = (time.perf_counter() - begin) / count * 1e6
    found["memory of a monitored PV, bytes"] = (server.ask("rss") - before) / count
    seen[0] = 0
    begin = time.perf_counter()
    server.ask("load", SECONDS, watched, 0)
    found["updates/s delivered, flood"] = seen[0] / (time.perf_counter() - begin)
    time.sleep(0.5)
    seen[0] = 0
    steady = server.ask("load", SECONDS, watched, RATE)
    found["processor time of an update at a rate, us"] = steady["cpu"] / steady["set"] * 1e6
    times = []
    for n in range(PUTS):
        begin = time.perf_counter()
        client.write(names[n % watched], float(n)).result(60)
        times.append(time.perf_counter() - begin)
    found["put with answer, us"] = statistics.median(times) * 1e6
    client.close()
    server.close()
    return found


def main() -> None:
    """Measure all and print a table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    kinds = ["ours", "minimal"]
    if importlib.util.find_spec("pyrogue") and importlib.util.find_spec("softioc"):
        kinds.append("softioc")
    found: dict[str, list[dict[str, float]]] = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for kind in kinds:
            found[kind].append(measure(kind, count))
    print(f"{count} PVs, {WATCHED} of them set, median of {rounds}")
    print(f"{'':45}" + "".join(f"{kind:>12}" for kind in kinds) + "   ours/minimal")
    for row in found["ours"][0]:
        medians = {kind: statistics.median(one[row] for one in found[kind]) for kind in kinds}
        ratio = medians["ours"] / medians["minimal"]
        line = "".join(f"{medians[kind]:12.1f}" for kind in kinds)
        print(f"{row:45}{line}   {ratio:8.2f}")


main()
