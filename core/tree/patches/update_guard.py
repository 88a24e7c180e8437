"""Which variable ends or holds up the tree's update thread, and a guard around that variable.

The update thread calls each variable's ``_doUpdate``, which reads the value, formats it, judges its
alarm and tells the listeners. What any of these raises ends the thread.
"""

from __future__ import annotations

import copy
import logging
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from types import FrameType, TracebackType
from typing import Any

from ...concurrency.gc_pause import collecting_later
from .lazy_value import LazyText
from .update_override import UpdateOverride, changing, standing

_log = logging.getLogger("roguebridge.watchdog")

#: a frame and its line
Place = tuple[FrameType, int]
#: told of a path and what was raised, on the tree's update thread
Failed = Callable[[str, BaseException], None]

# PyRogue distributes updates in one function, the stand-in tree in three.
_DISPATCH = ("_updateWorker", "_deliver", "_guarded")
_LIBRARY = os.path.dirname(threading.__file__)
_looking = threading.Lock()


def raised_in(tb: TracebackType | None) -> list[Place]:
    """Return the frames of a traceback, outermost first."""
    return list(traceback.walk_tb(tb))


def running_in(thread: threading.Thread) -> list[Place]:
    """Return what an update thread is doing: the frames from its worker on, outermost first.

    :returns: empty if it waits for updates, or is between two deliveries
    """
    found: list[Place] = []
    frame = _frames().get(thread.ident or 0)
    for place in traceback.walk_stack(frame) if frame is not None else ():
        found.append(place)
        if place[0].f_code.co_name == _DISPATCH[0]:
            break
    found.reverse()
    below = delivery(found)
    return [] if below is None or below.f_code is queue.Queue.get.__code__ else found


def _frames() -> dict[int, FrameType]:
    # Python 3.11 holds a lock meanwhile that each new thread needs. Were garbage collected now,
    # what it frees might wait for a thread that is about to start one: all would stand still. An
    # object of p4p's does.
    with _looking, collecting_later():
        return sys._current_frames()  # noqa: SLF001 - the only way


def delivery(places: Sequence[Place]) -> FrameType | None:
    """Return the frame of the delivery: the first that is not the tree's own distribution."""
    return next((f for f, _ in places if f.f_code.co_name not in _DISPATCH), None)


def delivered(places: Sequence[Place]) -> Any:
    """Return the variable that was being delivered, or None."""
    for frame, _ in places:
        if frame.f_code.co_name == "_doUpdate" and "self" in frame.f_locals:
            found = frame.f_locals["self"]
            return found.variable if isinstance(found, UpdateOverride) else found
    for frame, _ in places:  # a root listener that has kept what it was told of another variable
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

    The tree has read all of them, told or not.
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


def whereabouts(places: Sequence[Place]) -> str:
    """Name the innermost function that is not Python's own, as ``in name, file:line``."""
    if not places:
        return ""
    frame, line = next((p for p in reversed(places) if not _of_python(p[0])), places[-1])
    code = frame.f_code
    return f"in {code.co_name}, {os.path.basename(code.co_filename)}:{line}"


def _of_python(frame: FrameType) -> bool:
    name = frame.f_code.co_filename
    return name.startswith((_LIBRARY, "<frozen")) and "-packages" not in name


class Guard(UpdateOverride):
    """Stands in for ``_doUpdate`` of one variable; what that raises goes no further.

    Root listeners get the value as it was delivered; if there is none, the last good one, or None
    as a value. It is always the tree's own class, so that a remote client can unpickle it.

    :param variable: the variable
    :param blank: any value object of the tree
    """

    rank = 1

    def __init__(self, variable: Any, blank: Any) -> None:
        super().__init__(variable)
        self._blank = blank
        self._last: Any = None
        self.told: list[Failed] = []

    def __call__(self) -> Any:
        """Deliver an update; called by the tree in place of ``_doUpdate``."""
        if not self.told:  # left behind under the wrapper of somebody else
            return self.original()
        try:
            value = self.original()
        except BaseException as exc:
            for tell in tuple(self.told):
                try:
                    tell(self.variable.path, exc)
                except BaseException:
                    _log.exception("%s: its failure could not be shown", self.variable.path)
            return self._substitute(exc)
        self._last = value
        return value

    def _substitute(self, exc: BaseException) -> Any:
        kind = type(self._blank)
        for frame, _ in raised_in(exc.__traceback__):
            if frame.f_code.co_name == "_doUpdate":
                for local in frame.f_locals.values():
                    if isinstance(local, kind):  # it was complete, then a listener raised
                        self._last = local
                        return local
        value = copy.copy(self._blank if self._last is None else self._last)
        value.updated = False
        if self._last is None:
            value.value, value.valueDisp = None, ""
            value.status = value.severity = "None"
            value.disp, value.enum = self.variable.disp, self.variable.enum
        return value

    def tell_no_more(self, failed: Failed) -> None:
        """Tell ``failed`` no more; without anybody to tell, the variable has its own back."""
        with changing:
            self.told.remove(failed)
            if not self.told:
                self.leave()


def guard(variable: Any, failed: Failed) -> Guard | None:
    """Put a guard around a variable, or join the one that another server has put there.

    :param variable: the variable
    :param failed: told of each failure; it must be short
    :returns: the guard, to be left in the end; None if it tells ``failed`` already
    """
    # Never read from hardware: the root's own switch is but an attribute.
    blank = variable.root.enable.getVariableValue(read=False)
    with changing:
        present = standing(variable, Guard)
        if present is None:
            present = Guard(variable, blank)
            present.enter()
        elif failed in present.told:
            return None
        present.told.append(failed)
        return present
