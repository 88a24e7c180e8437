"""A tree for the time of a command: started, then stopped with all its threads."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from types import TracebackType
from typing import Any, NoReturn

from roguebridge.core.cli.failure import Exit, Failure, failing, in_one_line
from roguebridge.core.cli.signals import Ended
from roguebridge.core.cli.terminal import complain, say, step

_GRACE = 5.0  # seconds that threads of the tree may take to end after it was stopped


class Session:
    """While entered, a root may run; it is stopped at the end, also after an error.

    :param root: the root, started or not
    """

    def __init__(self, root: Any) -> None:
        self._root = root
        self._tried = False

    def __enter__(self) -> Session:
        return self

    def start(self) -> None:
        """Start the root unless it runs.

        :raises Failure: with SERVER if one of our servers cannot start with it, else with TREE
        """
        root = self._root
        if root.running:
            return
        self._tried = True
        with (
            step(f"starting {root.name}"),
            failing(Exit.TREE, f"{root.name} cannot start", ours=Exit.SERVER),
        ):
            root.start()

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        root = self._root
        if isinstance(exc, Failure):
            exc.show()  # the stop may hang
        if not (self._tried or root.running):
            return
        try:
            with step(f"stopping {root.name}"):
                root.stop()
        except Ended:
            raise
        except BaseException as error:
            # A root that has failed to start has threads to stop; what it cannot undo is no news.
            if exc is None:
                complain(f"Warning: stopping {root.name}: {in_one_line(error)}")


def leave(status: int) -> NoReturn:
    """Exit, also if the tree has left threads behind that never end.

    :param status: the exit status
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # nothing is left to be stopped in order
    force = threading.Timer(_GRACE, _force, (status,))
    force.daemon = True
    force.start()
    for name in ("stdout", "stderr"):
        try:
            getattr(sys, name).flush()
        except Exception:  # the reader has gone: nothing of this is ever flushed
            with contextlib.suppress(Exception):
                os.dup2(os.open(os.devnull, os.O_WRONLY), getattr(sys, name).fileno())
            setattr(sys, name, None)
    sys.exit(status)


def _force(status: int) -> None:
    left = [
        thread.name
        for thread in threading.enumerate()
        if not thread.daemon and thread is not threading.main_thread()
    ]
    what = f"threads running: {', '.join(left)}" if left else "something that does not end"
    say(f"Warning: the tree has left {what}", sys.stderr)
    os._exit(status)
