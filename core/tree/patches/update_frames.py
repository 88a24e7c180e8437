"""The frames of the tree's update thread: which variable it delivers, and which function runs."""

from __future__ import annotations

import queue
import threading
import traceback
from collections.abc import Sequence
from types import FrameType, TracebackType
from typing import Any

from ..frames import Place, frames
from .lazy_text import LazyUpdate
from .lazy_value import LazyText

# PyRogue distributes updates in one function, the stand-in tree in three.
_DISPATCH = ("_updateWorker", "_deliver", "_guarded")


def raised_in(tb: TracebackType | None) -> list[Place]:
    """Return the frames of a traceback, outermost first."""
    return list(traceback.walk_tb(tb))


def running_in(thread: threading.Thread) -> list[Place]:
    """Return what an update thread is doing: the frames from its worker on, outermost first.

    :returns: empty if it waits for updates, or is between two deliveries
    """
    found: list[Place] = []
    frame = frames().get(thread.ident or 0)
    for place in traceback.walk_stack(frame) if frame is not None else ():
        found.append(place)
        if place[0].f_code.co_name == _DISPATCH[0]:
            break
    found.reverse()
    below = delivery(found)
    return [] if below is None or below.f_code is queue.Queue.get.__code__ else found


def delivery(places: Sequence[Place]) -> FrameType | None:
    """Return the frame of the delivery: the first that is not the tree's own distribution."""
    return next((f for f, _ in places if f.f_code.co_name not in _DISPATCH), None)


def delivered(places: Sequence[Place]) -> Any:
    """Return the variable that was being delivered, or None."""
    for frame, _ in places:
        if frame.f_code.co_name == "_doUpdate" and "self" in frame.f_locals:
            found = frame.f_locals["self"]
            return found.variable if isinstance(found, LazyUpdate) else found
    for frame, _ in places:  # a root listener that formats a value object of another variable
        if isinstance(text := frame.f_locals.get("self"), LazyText):
            return text.variable
    for frame, _ in places:  # a root listener, or a replaced _doUpdate
        if frame.f_code.co_name in _DISPATCH:
            for name in ("v", "var"):
                if hasattr(frame.f_locals.get(name), "_doUpdate"):
                    return frame.f_locals[name]
    return None


def batch_of(places: Sequence[Place]) -> list[Any]:
    """Return the variables of the batch that was being delivered; empty if it cannot be seen.

    The tree has read all of them, delivered or not.
    """
    found: list[Any] = []
    for frame, _ in places:
        if frame.f_code.co_name in _DISPATCH:
            for local in frame.f_locals.values():
                if isinstance(local, dict) and len(local) > len(found):
                    batch = list(local.values())
                    if all(hasattr(type(one), "_doUpdate") for one in batch):
                        found = batch
    return found
