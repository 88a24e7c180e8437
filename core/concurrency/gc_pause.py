"""Puts off the garbage collector: while much is made that stays, or nothing may be freed."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_busy = 0  # how many keep it off; the process has one collector
_was_on = False


@contextmanager
def collecting_later() -> Iterator[None]:
    """Keep the collector from running; if it was off before, it stays off.

    It runs whenever many objects were made, and then looks through those of the whole tree.
    """
    global _busy, _was_on
    with _lock:
        if not _busy:
            _was_on = gc.isenabled()
            gc.disable()
        _busy += 1
    try:
        yield
    finally:
        with _lock:
            _busy -= 1
            if _was_on and not _busy:
                gc.enable()
