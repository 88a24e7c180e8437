"""What the process takes: processor time, memory, files and threads."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import NamedTuple

_STAT = "/proc/self/stat"
_FILES = "/proc/self/fd" if sys.platform == "linux" else "/dev/fd"
_LEAST = 0.5  # seconds; a load of less says nothing
_PAGE = os.sysconf("SC_PAGE_SIZE")


class ProcessNumbers(NamedTuple):
    """What the process takes now.

    :param cpu_load: percent of one processor since the last look
    :param memory: bytes of resident memory; without /proc the most there ever were
    :param files: open file descriptors
    :param threads: threads, of libraries too; without /proc those of Python
    """

    cpu_load: float
    memory: int
    files: int
    threads: int


class ProcessMeter:
    """Looks what the process takes; on one thread."""

    def __init__(self) -> None:
        self._times = time.monotonic(), time.process_time()

    def look(self) -> ProcessNumbers:
        """Return what it takes now."""
        now, used = time.monotonic(), time.process_time()
        before, used_before = self._times
        load = 0.0
        if now - before > _LEAST:
            self._times = now, used
            load = 100 * (used - used_before) / (now - before)
        memory, threads = _memory_and_threads()
        return ProcessNumbers(round(load, 1), memory, _files(), threads)


def _files() -> int:
    try:
        return len(os.listdir(_FILES)) - 1  # the one that lists them
    except OSError:  # pragma: no cover - not a file more is allowed
        return -1


def _memory_and_threads() -> tuple[int, int]:
    try:
        with open(_STAT, encoding="latin-1") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:  # pragma: no cover - no Linux, or not a file more is allowed
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most * (1 if sys.platform == "darwin" else 1024), threading.active_count()
    return int(fields[21]) * _PAGE, int(fields[17])
