"""Samples of a process, and the line through them."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Sample:
    """A process at one moment.

    :param seconds: since the load began
    :param resident: bytes of memory in use
    :param threads: how many threads it has
    :param files: how many open file descriptors
    """

    seconds: float
    resident: int
    threads: int
    files: int

    @classmethod
    def of(cls, pid: int, seconds: float) -> Self:
        """Return the present sample of a process.

        :raises OSError: where there is no /proc, or the process has ended
        """
        proc = Path("/proc") / str(pid)
        resident = int((proc / "statm").read_text().split()[1]) * PAGE
        threads = len(os.listdir(proc / "task"))
        return cls(seconds, resident, threads, len(os.listdir(proc / "fd")))


@dataclass(frozen=True, slots=True)
class Trend:
    """The least squares line through values over time.

    :param slope: in units of the values per hour
    :param error: twice the standard error of the slope: 95 % of all slopes are as near to the true
        one. Neighbouring samples are alike, and count for less than independent ones.
    """

    slope: float
    error: float

    @classmethod
    def of(cls, seconds: Sequence[float], values: Sequence[float]) -> Self:
        """Fit the line.

        :raises ValueError: for less than three samples, or all at one time
        """
        count = len(seconds)
        if count < 3 or len(set(seconds)) < 2:
            raise ValueError(f"{count} samples are not enough for a slope")
        middle, mean = sum(seconds) / count, sum(values) / count
        spread = sum((t - middle) ** 2 for t in seconds)
        pairs = list(zip(seconds, values, strict=True))
        slope = sum((t - middle) * (v - mean) for t, v in pairs) / spread
        rest = [v - mean - slope * (t - middle) for t, v in pairs]
        squares = sum(r * r for r in rest)
        beside = sum(a * b for a, b in zip(rest, rest[1:], strict=False))
        alike = min(max(beside / squares if squares else 0.0, 0.0), 0.99)
        wider = (1 + alike) / (1 - alike)  # variance of the slope, for autocorrelated samples
        error = math.sqrt(squares / (count - 2) / spread * wider)
        return cls(slope * 3600, 2 * error * 3600)

    def __str__(self) -> str:
        return f"{self.slope:+.2f} ± {self.error:.2f}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the samples of a soak say.

    :param memory: in MB an hour
    :param threads: in threads an hour
    :param files: in descriptors an hour
    :param limit: the most MB an hour
    :param hours: how long it was sampled
    """

    memory: Trend
    threads: Trend
    files: Trend
    limit: float
    hours: float

    @classmethod
    def of(cls, samples: Sequence[Sample], warm_up: float, limit: float) -> Self:
        """Judge the samples after ``warm_up`` seconds.

        :raises ValueError: if there are less than three of them
        """
        late = [sample for sample in samples if sample.seconds >= warm_up]
        seconds = [sample.seconds for sample in late]
        memory = Trend.of(seconds, [sample.resident / 1e6 for sample in late])
        threads = Trend.of(seconds, [sample.threads for sample in late])
        files = Trend.of(seconds, [sample.files for sample in late])
        return cls(memory, threads, files, limit, (seconds[-1] - seconds[0]) / 3600)

    @property
    def faults(self) -> list[str]:
        """What has grown, one text each."""
        found = []
        if self.memory.slope > self.limit:
            found.append(f"memory grows by {self.memory} MB an hour, more than {self.limit:g}")
        for name, trend in (("threads", self.threads), ("descriptors", self.files)):
            # One more in all that time, beyond what clients make by their coming and going.
            if (trend.slope - trend.error) * self.hours > 1:
                found.append(f"{name} grow by {trend} an hour")
        return found
