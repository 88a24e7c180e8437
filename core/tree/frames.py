"""What threads are doing: the functions they are in, and the command that one of them runs."""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Sequence
from types import FrameType

from ..concurrency.gc_pause import collecting_later

#: a frame and its line
Place = tuple[FrameType, int]

_LIBRARY = os.path.dirname(threading.__file__)
_RUNS = {"_doFunc": "", "call_directly": "", "loadYaml": ".loadYaml"}  # functions of a node

_looking = threading.Lock()


def frames() -> dict[int, FrameType]:
    """Return the innermost frame of each thread, by the thread's ident."""
    # Python 3.11 holds a lock meanwhile that each new thread needs. Were garbage collected now,
    # what it frees might wait for a thread that is about to start one: all would stand still. An
    # object of p4p does so.
    with _looking, collecting_later():
        return sys._current_frames()  # noqa: SLF001 - the only way


def places_of(thread: threading.Thread) -> list[Place]:
    """Return the frames of a thread, outermost first; empty if it does not run."""
    frame = frames().get(thread.ident or 0)
    found = [] if frame is None else list(traceback.walk_stack(frame))
    found.reverse()
    return found


def whereabouts(places: Sequence[Place]) -> str:
    """Name the innermost function that is not Python's own, as ``in name, file:line``."""
    if not places:
        return ""
    frame, line = next((p for p in reversed(places) if not _of_python(p[0])), places[-1])
    code = frame.f_code
    return f"in {code.co_name}, {os.path.basename(code.co_filename)}:{line}"


def waits_for_hardware(places: Sequence[Place]) -> bool:
    """Tell whether frames are those of a transaction: PyRogue has the word in their names."""
    return any("Transaction" in frame.f_code.co_name for frame, _ in places)


def running_command(apart: int | None) -> str:
    """Return the path of a command, or of a ``loadYaml()``, that some thread runs; else nothing.

    :param apart: ident of a thread that is not looked at
    """
    for ident, innermost in frames().items():
        if ident == apart:
            continue
        found = ""
        for frame, _ in traceback.walk_stack(innermost):  # the outermost one counts
            ending = _RUNS.get(frame.f_code.co_name)
            if ending is not None:
                node = frame.f_locals.get("self") or frame.f_locals.get("command")
                path = getattr(node, "path", None)
                found = f"{path}{ending}" if isinstance(path, str) else found
        if found:
            return found
    return ""


def _of_python(frame: FrameType) -> bool:
    name = frame.f_code.co_filename
    return name.startswith((_LIBRARY, "<frozen")) and "-packages" not in name
