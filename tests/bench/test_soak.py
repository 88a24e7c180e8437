"""The soak in miniature: its line through samples, and that all of it runs and ends."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from support.trees import TREES

from bench.rig import ABOVE
from bench.soak.trend import Sample, Trend, Verdict

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")


def samples(hours, rise=0.0, threads=lambda n: 9, files=lambda n: 20, noise=0.0, count=120):
    """Samples of a process that grows by ``rise`` MB an hour."""
    chance = random.Random(1)  # noqa: S311
    return [
        Sample(n * 3600 * hours / count,
               int(6e7 + rise * 1e6 * hours * n / count + noise * chance.gauss(0, 1e6)),
               threads(n), files(n))
        for n in range(count)
    ]  # fmt: skip


def test_the_slope_of_a_line_is_that_of_the_line():
    trend = Trend.of([0, 10, 20, 30], [1.0, 2.0, 3.0, 4.0])
    assert trend.slope == pytest.approx(360.0)
    assert trend.error == pytest.approx(0.0, abs=1e-6)
    assert str(Trend(1.0, 0.25)) == "+1.00 ± 0.25"


def test_the_true_slope_is_within_the_error():
    verdict = Verdict.of(samples(1, rise=5.0, noise=0.2), 0, 1.0)
    assert 0 < verdict.memory.error < 1
    assert abs(verdict.memory.slope - 5.0) < 1.5 * verdict.memory.error


def test_neighbours_that_are_alike_count_for_less():
    times = list(range(100))
    apart = Trend.of(times, [(-1.0) ** n for n in times])
    alike = Trend.of(times, [(-1.0) ** (n // 10) for n in times])
    assert alike.error > 2 * apart.error


@pytest.mark.parametrize("seconds", [[], [1, 2], [5, 5, 5]])
def test_too_few_samples_have_no_slope(seconds):
    with pytest.raises(ValueError, match="not enough for a slope"):
        Trend.of(seconds, [1.0] * len(seconds))


@pytest.mark.parametrize(
    ("grown", "fault"),
    [
        ({"rise": 0.9}, None),
        ({"rise": -30.0}, None),
        ({"rise": 1.2}, "memory grows by +1.20 ± 0.00 MB an hour, more than 1"),
        ({"threads": lambda n: 9 + n // 40}, "threads grow by"),
        ({"files": lambda n: 20 + n // 10}, "descriptors grow by"),
        ({"files": lambda n: 20 + n % 3}, None),  # clients that come and go
    ],
)
def test_what_grows_is_a_fault(grown, fault):
    faults = Verdict.of(samples(1, **grown), 0, 1.0).faults
    assert [fault in text for text in faults] == ([] if fault is None else [True])


def test_the_first_minutes_do_not_count():
    start = [Sample(n, 10**8 * n, n, n) for n in range(600)]
    later = [Sample(600 + n, 6 * 10**10, 9, 20) for n in range(100)]
    assert Verdict.of([*start, *later], 600, 1.0).faults == []
    assert Verdict.of([*start, *later], 0, 1.0).faults != []


@linux
def test_a_process_is_sampled():
    before = Sample.of(os.getpid(), 3.0)
    with open(os.devnull) as _:
        during = Sample.of(os.getpid(), 4.0)
    assert (before.seconds, during.files - before.files) == (3.0, 1)
    assert before.threads >= 1
    assert before.resident > 10**6
    with pytest.raises(OSError, match="proc"):
        Sample.of(2**22 + 1, 0.0)


def soak(*arguments, cwd):
    path = os.pathsep.join(filter(None, (str(ABOVE), os.environ.get("PYTHONPATH"))))
    return subprocess.run(
        [sys.executable, "-m", "bench.soak", *arguments],
        cwd=cwd, env={**os.environ, "PYTHONPATH": path},
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip


@linux
@pytest.mark.parametrize("tree", [tree.name for tree in TREES])
@pytest.mark.parametrize(("limit", "status"), [("1e9", 0), ("-1e9", 1)])
def test_clients_come_and_go_and_the_slope_is_printed(tmp_path, tree, limit, status):
    done = soak(
        "--tree", tree, "--seconds", "8", "--warm-up", "0.5", "--every", "0.1", f"--limit={limit}",
        "--pause", "0", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    assert f"serving {tree}" in done.stderr
    work, memory, threads, files, *faults = done.stdout.splitlines()
    words = work.replace(",", "").split()
    for what in ("ca updates", "ca visits", "pva updates", "pva visits"):
        one, two = what.split()
        (count,) = [words[n - 1] for n in range(len(words) - 1) if words[n : n + 2] == [one, two]]
        assert int(count) > 0
    assert memory.startswith("memory: ")
    assert memory.endswith(" MB/h")
    assert threads.startswith("threads: ")
    assert files.startswith("descriptors: ")
    assert [text for text in faults if "memory grows" not in text and "grow by" not in text] == []
    assert any("memory grows" in text for text in faults) == bool(status)


@linux
def test_a_wrong_word_is_refused(tmp_path):
    assert soak("--backends", "web", cwd=tmp_path).returncode == 2
    assert not list(Path(tmp_path).iterdir())
