"""Where the time of our server goes: py-spy looks at its process, C++ included, while it works."""

from __future__ import annotations

import collections
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .measure import say
from .rig import Server, clients, serving
from .scenario import names
from .sizes import Sizes

Line = tuple[str, str, float]  # whose code, which function, share of all samples
Used = dict[int, float]  # seconds of CPU by thread

_RATE = 100  # a second; each look at the stacks of C++ takes milliseconds
_LONGER = 4  # times as long as a measurement
_LINES = 6  # of a profile
_FRAME = re.compile(r"(?P<function>.*) \((?P<file>[^()]*?)(?::\d+)?\)")
_OWNERS = {
    "core": "Roguebridge",
    "backends": "Roguebridge",
    "plugins": "Roguebridge",
    "pyrogue": "the tree",
    "simtree": "the tree",
    "p4p": "p4p and pvxs",
    "caproto": "caproto",
    "bench": "who sets the values",
}
_NATIVE = re.compile(r"_p4p|pvxs|libevent|epicscorelibs")
_IDLE = re.compile(r"_listen \(|(lock_)?PyThread_acquire_lock|time_sleep|epicsEventWait|epoll_wait")
_NETWORK = ("p4p and pvxs", "network threads")
_START = re.compile(r"Thread\._bootstrap |_run_module_as_main ")
_GIL = "pthread_cond_timedwait (libc.so.6)"


def profiles(sizes: Sizes) -> dict[str, list[Line]]:
    """Return what takes the time of each work; {} without py-spy."""
    works: dict[str, Callable[[Sizes, Path], Used]] = {
        "start": _start,
        "update": _update,
        "array": _array,
        "put": _put,
        "ca": _ca,
    }
    if _py_spy() is None:
        say("no profile: py-spy is not installed")
        return {}
    found = {}
    with tempfile.TemporaryDirectory(prefix="roguebridge-bench-") as folder:
        for name, work in works.items():
            target = Path(folder) / name
            used = work(sizes, target)
            if target.exists():
                found[name] = summary(target.read_text().splitlines(), used)
            say(f"profile of {name}: {'done' if name in found else 'py-spy could not'}")
    return found


def _start(sizes: Sizes, target: Path) -> Used:
    with Server("ours") as server:
        server.build("tree_of", sizes.growth[-1])
        with watched(server, target) as used:
            server.start()
    return used


def _update(sizes: Sizes, target: Path) -> Used:
    return _flood("ours", "scalars", sizes.watched, sizes, target)


def _array(sizes: Sizes, target: Path) -> Used:
    return _flood("ours", "array", sizes.arrays[1], sizes, target)


def _ca(sizes: Sizes, target: Path) -> Used:
    return _flood("ours_ca", "readings", sizes.watched, sizes, target)


def _flood(kind: str, layout: str, size: int, sizes: Sizes, target: Path) -> Used:
    with serving(kind, layout, size) as server, clients(server) as (client,):
        client.call("monitor", names=names(layout, size))
        with watched(server, target) as used:
            server.call("flood", seconds=_LONGER * sizes.seconds)
    return used


def _put(sizes: Sizes, target: Path) -> Used:
    count = sizes.putters
    with (
        serving("ours", "putters", count) as server,
        clients(server, count) as putting,
        watched(server, target) as used,
    ):
        for client, name in zip(putting, names("putters", count), strict=True):
            client.send("put_loop", name=name, seconds=_LONGER * sizes.seconds)
        for client in putting:
            client.result()
    return used


@contextmanager
def watched(server: Server, target: Path) -> Iterator[Used]:
    """Have py-spy watch a server; it writes folded stacks to ``target``.

    :returns: at the end, the CPU that its threads have used meanwhile
    """
    command: list[Any] = [_py_spy(), "record", "--native", "--threads", "--format", "raw"]
    command += ["--rate", _RATE, "--pid", server.pid, "--output", target, "--duration", 600]
    used: Used = {}
    with subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as spy:
        try:
            assert spy.stdout is not None
            spy.stdout.readline()  # it has begun, or says why not
            before = _used(server.pid)
            yield used
            after = _used(server.pid)
            used |= {thread: after[thread] - before.get(thread, 0.0) for thread in after}
        finally:
            spy.send_signal(signal.SIGINT)  # it writes what it has
            spy.communicate(timeout=60)


def _used(pid: int) -> Used:
    tick = os.sysconf("SC_CLK_TCK")
    found = {}
    for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
        fields = stat.read_text().rpartition(")")[2].split()
        found[int(stat.parent.name)] = (int(fields[11]) + int(fields[12])) / tick
    return found


def _py_spy() -> str | None:
    return shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which("py-spy")


def summary(stacks: Iterable[str], used: Used) -> list[Line]:
    """Return the functions that took most.

    :param stacks: folded, each with its count
    :param used: CPU by thread; py-spy sees those of the network only while they run Python
    """
    counts: collections.Counter[tuple[str, str]] = collections.Counter()
    running: collections.Counter[int] = collections.Counter()  # samples by thread
    ours = set()  # threads of Python
    for stack in stacks:
        text, _, count = stack.rpartition(" ")
        frames = text.split(";")
        if any(map(_IDLE.match, frames)):  # falling asleep, or just woken
            continue
        thread = int(frames[0].partition("(")[2].partition(")")[0])
        counts[blame(frames)] += int(count)
        if any(map(_START.match, frames)):
            ours.add(thread)
        if _GIL not in frames[-3:]:
            running[thread] += int(count)
    others = used.keys() - ours
    looked = sum(running[thread] for thread in ours)
    rate = looked / (sum(used.get(thread, 0.0) for thread in ours) or 1.0)
    missed = sum(used[thread] for thread in others) * rate - sum(running[t] for t in others)
    counts[_NETWORK] += max(0, round(missed))
    total = sum(counts.values())
    return [
        (owner, function, count / total)
        for (owner, function), count in counts.most_common(_LINES)
        if count
    ]


def blame(frames: list[str]) -> tuple[str, str]:
    """Return whose code a stack was in, and which function of whose had called it.

    :param frames: outermost first; the first names the thread
    """
    native = False
    for frame in reversed(frames[1:]):
        found = _FRAME.fullmatch(frame)
        if found is None:
            continue
        folder, _, file = found["file"].rpartition("/")
        owner = _OWNERS.get(folder.split("/")[0])
        if not file.endswith(".py"):
            native = native or bool(_NATIVE.search(found["file"]))
        elif owner is not None:
            if _GIL in frames[-3:]:
                owner = "waiting for the interpreter lock"
            elif native:
                owner = "p4p and pvxs"
            return owner, f"{found['function']} ({file})"
    return _NETWORK if native else ("others", "")
