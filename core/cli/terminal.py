"""The output of the command line: results on stdout, everything else on stderr.

A terminal that has gone away, or a reader that has seen enough, never keeps the tree from being
stopped: a notice that nobody can read is dropped.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import logging
import os
import select
import sys
import threading
from collections.abc import Iterator
from typing import Any, TextIO

_LINES = 1  # C's _IOLBF
_FIRST = 1.0  # seconds before a step is worth a line
_NEXT = 10.0  # seconds between that line and each further one


def open_streams() -> None:
    """Make stdin, stdout and stderr usable: what was closed leads nowhere.

    Else a pipe or socket of ours would become the stdout of the tree's C++.
    """
    for descriptor, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(descriptor, mode, closefd=False))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper) and mode == "w":
            stream.reconfigure(errors="backslashreplace")  # rather than nothing at all
    with contextlib.suppress(Exception):  # where there is such a C library
        # What Rogue's C++ prints goes out line by line, not at the end of the process.
        library = ctypes.CDLL(None)
        library.setvbuf(ctypes.c_void_p.in_dll(library, "stdout"), None, _LINES, 0)


def say(text: str, stream: TextIO | None = None) -> None:
    """Print a line for people, or drop it if it would have to wait for a reader.

    :param text: the line
    :param stream: by default stdout
    """
    stream = stream or sys.stdout
    if _writable(stream):
        _write(stream, text)


def complain(text: str) -> None:
    """Print a line for people on stderr."""
    _write(sys.stderr, text)


def _write(stream: TextIO, text: str) -> None:
    with contextlib.suppress(Exception):  # gone, closed, or an object of the tree
        stream.write(text + "\n")
        stream.flush()


def _writable(stream: TextIO) -> bool:
    try:
        poll = select.poll()
        poll.register(stream.fileno(), select.POLLOUT)
        return bool(poll.poll(0))
    except Exception:  # not a file
        return True


def claim_stdout() -> TextIO:
    """Return stdout for the results alone.

    What the tree and its libraries print goes to stderr from now on until the process ends:
    The buffers of C++ are written out only then.
    """
    sys.stdout.flush()
    encoding = sys.stdout.encoding if sys.stdout.isatty() else "utf-8"
    results = open(os.dup(1), "w", encoding=encoding, errors="backslashreplace")  # noqa: SIM115
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return results


@contextlib.contextmanager
def step(text: str) -> Iterator[None]:
    """Say on a terminal what is going on, if the body takes its time.

    :param text: what is going on
    """
    ended = threading.Event()
    if os.isatty(2):
        threading.Thread(target=_report, args=(text, ended), daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _report(text: str, ended: threading.Event) -> None:
    if ended.wait(_FIRST):
        return
    complain(f"{text} ...")
    passed = 0.0
    while not ended.wait(_NEXT):
        passed += _NEXT
        complain(f"{text} ... {passed:.0f} s")


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to the present stderr, and drops records without a reader."""

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, value: Any) -> None:
        """Keep to stderr."""

    def handleError(self, record: logging.LogRecord) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


def set_up_logging(level: str) -> None:
    """Log to stderr; to be called before a tree is built, else PyRogue logs to stdout.

    :param level: the least level shown, e.g. ``WARNING``
    """
    handler = _Stderr()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler])
