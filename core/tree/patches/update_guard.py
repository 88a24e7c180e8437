"""A guard around a variable whose updates raise: without it, the tree's update thread ends.

The update thread calls each variable's ``_doUpdate``, which reads the value, formats it, judges its
alarm and tells the listeners. What any of these raises ends the thread.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from typing import Any

from .update_frames import raised_in
from .update_override import UpdateOverride, changing, override_of

_log = logging.getLogger("roguebridge.watchdog")

#: called with a path and an exception, on the tree's update thread
Failed = Callable[[str, BaseException], None]


class Guard:
    """Catches the exceptions of the updates of one variable.

    Root listeners get the value as it was delivered; if there is none, the last good one, or None
    as a value. It is always the tree's own class, so that a remote client can unpickle it.

    :param override: the variable's
    :param blank: any value object of the tree
    """

    def __init__(self, override: UpdateOverride, blank: Any) -> None:
        self.variable = override.variable
        self._override = override
        self._blank = blank
        self._last: Any = None
        self.told: list[Failed] = []

    def __call__(self, deliver: Callable[[], Any]) -> Any:
        """Deliver an update, and return the value object for root listeners."""
        try:
            value = deliver()
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
        """Remove a callback; after the last one the variable has its ``_doUpdate`` back."""
        with changing:
            self.told.remove(failed)
            if not self.told:
                self._override.guard = None
                self._override.leave_if_unused()


def guard(variable: Any, failed: Failed) -> Guard | None:
    """Put a guard around a variable, or join the one that another server has put there.

    :param variable: the variable
    :param failed: called with each failure; it must be short
    :returns: the guard; None if ``failed`` is one of its callbacks already
    """
    # Never read from hardware: the root's own switch is but an attribute.
    blank = variable.root.enable.getVariableValue(read=False)
    with changing:
        override = override_of(variable)
        if override.guard is None:
            override.guard = Guard(override, blank)
        present: Guard = override.guard
        if failed in present.told:
            return None
        present.told.append(failed)
        return present
