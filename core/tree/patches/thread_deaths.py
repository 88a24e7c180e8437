"""A chain of listeners in ``threading.excepthook`` from which each can be taken out at any time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

_log = logging.getLogger("roguebridge.watchdog")
_chaining = threading.Lock()


class ThreadDeaths:
    """Hears of every exception that ends a thread, SystemExit too, until removed.

    The hook that was there before is called always, and is there again when all are removed.

    :param hear: called on the thread that dies; what it raises is logged
    """

    def __init__(self, hear: Callable[[threading.ExceptHookArgs], None]) -> None:
        self.hear: Callable[[threading.ExceptHookArgs], None] | None = hear
        with _chaining:
            self.previous = threading.excepthook
            threading.excepthook = self

    def __call__(self, args: threading.ExceptHookArgs) -> None:
        """Tell the listener, then the hook before."""
        hear = self.hear
        try:
            if hear is not None:
                hear(args)
        except BaseException:
            _log.exception("the end of a thread could not be noted")
        finally:
            self.previous(args)

    def remove(self) -> None:
        """Hear no more.

        A link with another tool's hook before it in the chain stays there and passes on.
        """
        with _chaining:
            self.hear = None
            hook = threading.excepthook
            while isinstance(hook, ThreadDeaths) and hook.hear is None:
                hook = hook.previous
            threading.excepthook = hook
