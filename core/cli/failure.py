"""Exit statuses, and errors that end a command with one line."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import IO, Any

import click

from roguebridge.core.cli.signals import Ended
from roguebridge.core.cli.terminal import complain
from roguebridge.core.errors import RoguebridgeError, without_cpp


class Exit(IntEnum):
    """The exit statuses of ``roguebridge``; 128 + a signal's number when that ended it."""

    OK = 0
    """Done; for ``serve`` also: stopped by a signal, as asked."""
    PROBLEMS = 1
    """``check`` has found problems, ``demo`` has failed, or a result cannot be written."""
    USAGE = 2
    """The command line is wrong, or names what is not there."""
    TREE = 3
    """The tree cannot be imported, built or started."""
    SERVER = 4
    """The tree runs but cannot be served."""


class Failure(click.ClickException):
    """Ends the command with one line on stderr.

    :param status: the exit status
    :param message: what is wrong, naming the culprit
    """

    def __init__(self, status: Exit, message: str) -> None:
        super().__init__(message)
        self.status = status
        context = click.get_current_context(silent=True)
        self._debug = context is not None and DEBUG in context.find_root().meta
        self._shown = False

    @property
    def exit_code(self) -> int:  # type: ignore[override]
        """The status, where click looks for it."""
        return int(self.status)

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the line once, after the traceback if ``--debug`` was given."""
        if self._shown:
            return
        self._shown = True
        if self._debug:
            complain("".join(traceback.format_exception(self)).rstrip())
        complain(f"Error: {self.message}")


#: set in the context's ``meta`` by ``--debug``
DEBUG = "roguebridge.debug"


def in_one_line(exc: BaseException) -> str:
    """Return type and text of an exception in one line."""
    try:
        text = " ".join(without_cpp(str(exc)).split())
    except Exception as error:  # code of the user's too
        text = f"its text cannot be made, {type(error).__name__}"
    return f"{type(exc).__name__}: {text}" if text else type(exc).__name__


@contextlib.contextmanager
def failing(
    status: Exit,
    what: str,
    where: Callable[[BaseException], str] = lambda exc: "",
    ours: Exit | None = None,
) -> Iterator[None]:
    """End the command with one line if the body raises, which runs code of the user.

    :param status: the exit status then
    :param what: begins the line
    :param where: ends the line
    :param ours: the exit status for errors of Roguebridge, whose texts need no beginning
    """
    try:
        yield
    except (Ended, click.ClickException):
        raise
    except SystemExit as exc:
        raise Failure(status, f"{what}: it ended itself with status {exc.code!r}") from exc
    except BaseException as exc:
        if ours is not None and isinstance(exc, RoguebridgeError):
            raise Failure(ours, str(exc)) from exc
        raise Failure(status, f"{what}: {in_one_line(exc)}{where(exc)}") from exc
