"""The process of one measured server: ``python -m bench.host KIND``."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from . import child, servers
from .layouts import LAYOUTS
from .memory import resident

_QUICK = 0.02  # seconds; an update that takes longer is waited for one by one


class Host:
    """Builds, starts and updates a server at the parent's command, and measures itself."""

    def __init__(self, kind: str) -> None:
        self._server = servers.make(kind)
        self._turn = 0

    def build(self, layout: str, size: int) -> int:
        """Make the nodes of a layout, and a tree of them if the kind has one; return the bytes."""
        nodes = LAYOUTS[layout](size)
        self._server.build(nodes)
        self._pairs = [node.pair for node in nodes]
        return resident()

    def start(self) -> dict[str, Any]:
        """Start; return how long it took, how many PVs there are, and the settings of clients."""
        begin = time.perf_counter()
        self._server.start()
        seconds = time.perf_counter() - begin
        self._setters = self._server.updates()
        return {"seconds": seconds, "pvs": self._server.count(), "conf": self._server.conf()}

    def memory(self) -> int:
        """Return the bytes in use."""
        return resident()

    def cpu(self) -> float:
        """Return the seconds of CPU used so far, by all threads."""
        return time.process_time()

    def flood(self, seconds: float) -> dict[str, float]:
        """Update all nodes as fast as it goes."""
        begin = time.perf_counter()
        self._sweep(1)
        self._server.wait()
        quick = time.perf_counter() - begin < _QUICK * len(self._setters)
        sweeps = max(1, 4 // len(self._setters)) if quick else 1
        return self._measured(lambda: self._sweep(sweeps), seconds)

    def paced(self, seconds: float, rate: float) -> dict[str, float]:
        """Update nodes in turn, so many in a second."""
        begin, updates = time.perf_counter(), 0
        every = itertools.cycle(range(len(self._setters)))
        cpu = time.process_time()
        while (due := updates / rate) < seconds:
            time.sleep(max(0.0, begin + due - time.perf_counter()))
            node = next(every)
            self._turn ^= node == 0
            self._setters[node](self._pairs[node][self._turn])
            updates += 1
        self._server.wait()
        wall = time.perf_counter() - begin
        return {"updates": updates, "wall": wall, "cpu": time.process_time() - cpu}

    def release(self) -> None:
        """Let the hanging device answer."""
        self._server.release()

    def _sweep(self, times: int) -> int:
        for _ in range(times):
            self._turn ^= 1
            for setter, pair in zip(self._setters, self._pairs, strict=True):
                setter(pair[self._turn])
        return times * len(self._setters)

    def _measured(self, step: Callable[[], int], seconds: float) -> dict[str, float]:
        updates = 0
        cpu, begin = time.process_time(), time.perf_counter()
        while time.perf_counter() - begin < seconds:
            updates += step()
            self._server.wait()
        wall = time.perf_counter() - begin
        return {"updates": updates, "wall": wall, "cpu": time.process_time() - cpu}


def commands(kind: str) -> Mapping[str, Callable[..., Any]]:
    """Return what the parent may ask for."""
    host = Host(kind)
    names = ("build", "start", "memory", "cpu", "flood", "paced", "release")
    return {name: getattr(host, name) for name in names}


if __name__ == "__main__":
    child.serve(lambda: commands(sys.argv[1]))
