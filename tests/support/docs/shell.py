"""Commands as a page shows them: run in bash, ended with Ctrl-C, their output compared."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from support.docs.pages import Block

LIMIT = 60.0  # seconds a command may take before its page fails

ANY = "..."
# What differs from run to run, which a page shows as it once was.
VARYING = (
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.,]\d{3}",
    r"\d+\.\d s ago",
    r"TCP port \d+ on (?:all interfaces|[\d.]+)",
    r"\b\d+ PVs\b",
    r"\btree by [\w.]+",
    r"not for '[^']+'",
    r"does not grant WRITE to '[^']+'",
    r'"date":"[\d-]+","time":"[\d:.]+"',
    r'"user":"[^"]+"',
)
_VARYING = re.compile(f"({'|'.join(VARYING)})")
GREETING = "Rogue/pyrogue version "  # the real one's first line, which the stand-in has not
_STATUS = re.compile(r"\s+# exit status (\d+)$")
# A process that is started in the background inherits that Ctrl-C is ignored; a reader's is not.
_AS_IN_A_TERMINAL = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
    "os.execvp('bash', ['bash', '-c', sys.argv[1]])"
)


@dataclass(frozen=True)
class Command:
    """One line that begins with ``$``, and what belongs to it.

    :param offset: its line in the block, 1 for the first
    :param status: the exit status that the page says it has
    :param expected: the lines after it, with ``...`` for anything
    """

    offset: int
    text: str
    status: int
    expected: tuple[str, ...]


def commands_of(block: Block) -> list[Command]:
    """Return the commands of a console block.

    :raises SnippetError: if it does not begin with one
    """
    found: list[Command] = []
    lines = list(enumerate(block.lines, 1))
    while lines:
        offset, line = lines.pop(0)
        if not line.startswith("$ "):
            raise block.error(f"a console block begins with '$ ', not with {line!r}", offset)
        text = line[2:]
        while text.endswith("\\") and lines:
            text = text[:-1] + lines.pop(0)[1].removeprefix("> ")
        status = _STATUS.search(text)
        expected = []
        while lines and not lines[0][1].startswith("$ "):
            expected.append(lines.pop(0)[1])
        code = int(status.group(1)) if status else 0
        found.append(Command(offset, _STATUS.sub("", text), code, tuple(expected)))
    if not found:
        raise block.error("a console block without a command")
    return found


def consumed(expected: Sequence[str], got: Sequence[str], whole: bool) -> int | None:
    """Return how many of the lines ``got`` are the ``expected`` ones; None if they are not.

    :param whole: all of them must be; else the fewest that are
    """
    expected, got = _trimmed(expected), [line.rstrip() for line in got]
    if whole:
        got = _trimmed(got)
    pattern = "".join(_pattern(line.rstrip()) for line in expected)
    text = "".join(f"{line}\n" for line in got)
    match = re.fullmatch(pattern, text) if whole else re.match(pattern, text)
    return None if match is None else match.group().count("\n")


def _pattern(line: str) -> str:
    if line.strip() == ANY:
        return r"(?:.*\n)*?"
    return "".join(map(_piece, _VARYING.split(line))) + r"\n"


def _piece(text: str) -> str:
    same = next((kind for kind in VARYING if re.fullmatch(kind, text)), None)
    return same or ".*".join(re.escape(part) for part in text.split(ANY))


def _trimmed(lines: Sequence[str]) -> list[str]:
    left = list(lines)
    while left and not left[-1].strip():
        left.pop()
    return left


def difference(expected: Sequence[str], got: Sequence[str]) -> str:
    """Two texts one below the other, for a message."""

    def indented(lines: Sequence[str]) -> str:
        return "\n".join(f"    {line}" for line in lines) or "    (nothing)"

    return f"expected:\n{indented(_trimmed(expected))}\ngot:\n{indented(_trimmed(got))}"


class Process:
    """A command that runs; what it prints, errors too, is there line by line as it comes."""

    def __init__(self, command: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _AS_IN_A_TERMINAL, command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._changed = threading.Condition()
        self._lines: list[str] = []
        self._ended = False
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                if line.startswith(GREETING):
                    continue
                with self._changed:
                    self._lines.append(line.rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    @property
    def lines(self) -> list[str]:
        """What was printed so far."""
        with self._changed:
            return list(self._lines)

    def wait_for(self, wanted: Callable[[list[str]], bool], limit: float = LIMIT) -> bool:
        """Wait until ``wanted(lines)``, the end of the output, or the limit."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or wanted(self._lines), limit)
            return wanted(self._lines)

    def wait(self, limit: float = LIMIT) -> int | None:
        """Return the exit status; None if it runs still after ``limit`` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._ended, limit):
                return None
        try:
            return self._process.wait(limit)
        except subprocess.TimeoutExpired:
            return None

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """End it, and what it has started, whatever they do."""
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._reader.join(LIMIT)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
