"""Where and when it was measured."""

from __future__ import annotations

import contextlib
import datetime
import importlib.util
import io
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

SIMTREE = "simtree"
TREE = "ROGUEBRIDGE_BENCH_TREE"  # SIMTREE to have that one although there is PyRogue


def describe() -> dict[str, str]:
    """Return machine, versions, date and revision of the sources."""
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "revision": _revision(),
        "cpu": _cpu(),
        "cores": str(os.cpu_count()),
        "load": f"{os.getloadavg()[0]:.1f}",
        "system": platform.platform(),
        "python": platform.python_version(),
        "p4p": version("p4p"),
        "caproto": version("caproto"),
        "softioc": version("softioc") if _there("softioc") else "",
        "numpy": version("numpy"),
        "tree": tree(),
    }


def tree() -> str:
    """Return which tree is measured: ``rogue VERSION``, or SIMTREE."""
    if os.environ.get(TREE) == SIMTREE or not _there("pyrogue"):
        return SIMTREE
    with contextlib.redirect_stdout(io.StringIO()):
        import rogue

        return f"rogue {rogue.Version.current()}"


def missing() -> set[str]:
    """Return the servers that cannot be measured here."""
    found = set() if _there("epicscorelibs") else {"native"}
    if tree() == SIMTREE:
        return found | {"v4", "v7"}
    return found if _there("softioc") else found | {"v7"}


def _there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _revision() -> str:
    here = Path(__file__).parent
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty"], cwd=here, capture_output=True, text=True
        )
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"


def _cpu() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
