"""What the command line says: results on stdout, everything else on stderr.

A terminal that has gone away, or a reader that has seen enough, never stops the tree from being
stopped: a line that nobody can read is dropped.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


def say(text: str) -> None:
    """Print a line for people on stdout."""
    _write(sys.stdout, text)


def complain(text: str) -> None:
    """Print a line for people on stderr."""
    _write(sys.stderr, text)


def _write(stream: TextIO, text: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # gone, or closed
        stream.write(text + "\n")
        stream.flush()


@contextlib.contextmanager
def stdout_for_results() -> Iterator[None]:
    """Send to stderr what the tree and its libraries print, C++ included, while this is entered."""
    sys.stdout.flush()
    with contextlib.ExitStack() as undo:
        undo.enter_context(contextlib.redirect_stdout(sys.stderr))
        with contextlib.suppress(OSError):  # one of them is closed: nothing to keep apart
            saved = os.dup(1)
            undo.callback(os.close, saved)
            undo.callback(os.dup2, saved, 1)
            os.dup2(2, 1)
        yield


class _Tolerant(io.TextIOBase):
    """A stream without its errors: rich writes to a terminal that may have gone away."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()


class Steps:
    """Says on a terminal what is going on and since when; elsewhere nothing."""

    def __init__(self) -> None:
        console = Console(file=cast(TextIO, _Tolerant(sys.stderr)))
        self._shown = console.is_terminal
        self._progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(),
            console=console, transient=True, disable=not self._shown,
        )  # fmt: skip

    @contextlib.contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Show ``text`` and the time since then until the body has ended."""
        if not self._shown:
            yield
            return
        with self._progress:
            task = self._progress.add_task(text, total=None)
            try:
                yield
            finally:
                self._progress.remove_task(task)


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to what is stderr at that moment, and drops what nobody can read."""

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
