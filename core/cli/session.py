"""A tree for the time of a command: started, stopped, and nothing of it left running."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any, NoReturn

import click

from roguebridge.core.cli.failure import Ended, Exit, Failure, in_one_line
from roguebridge.core.cli.terminal import Steps, complain
from roguebridge.core.errors import RoguebridgeError

_GRACE = 5.0  # seconds that threads of the tree may take to end after it was stopped


@contextlib.contextmanager
def running_tree(root: Any, steps: Steps) -> Iterator[None]:
    """Start ``root`` unless it runs, and stop it whatever happens.

    :raises Failure: with SERVER if one of our servers cannot start with it, else with TREE
    """
    try:
        with steps.step(f"starting {root.name}"):
            _start(root)
        yield
    finally:
        with steps.step(f"stopping {root.name}"):
            _stop(root)


def _start(root: Any) -> None:
    if root.running:
        return
    try:
        root.start()
    except (KeyboardInterrupt, Ended, click.ClickException):
        raise
    except RoguebridgeError as exc:
        raise Failure(Exit.SERVER, str(exc)) from exc
    except BaseException as exc:
        raise Failure(Exit.TREE, f"{root.name} cannot start: {in_one_line(exc)}") from exc


def _stop(root: Any) -> None:
    # A root that has failed to start has threads to stop; what it cannot undo is no news then.
    failed = sys.exc_info()[0] is not None
    try:
        root.stop()
    except Exception as exc:
        if not failed:
            complain(f"Warning: stopping {root.name}: {in_one_line(exc)}")


def leave(status: int) -> NoReturn:
    """Exit, also if the tree has left threads behind that never end.

    :param status: the exit status
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # the reader has gone: nothing of this is ever flushed
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    force = threading.Timer(_GRACE, _force, (status,))
    force.daemon = True
    force.start()
    sys.exit(status)


def _force(status: int) -> None:
    left = [
        thread.name
        for thread in threading.enumerate()
        if not thread.daemon and thread is not threading.main_thread()
    ]
    complain(f"Warning: the tree has left threads running: {', '.join(left)}")
    os._exit(status)
