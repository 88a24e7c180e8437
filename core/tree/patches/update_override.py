"""The override of one variable's ``_doUpdate``, for whoever needs one.

PyRogue looks that method up at every update, so an attribute of the variable itself comes before
the method of its class; nothing else is touched.
"""

from __future__ import annotations

import threading
from typing import Any

#: held while an override is put in place, changed or taken back
changing = threading.Lock()


class UpdateOverride:
    """Stands in for ``_doUpdate`` of one variable: one object for all servers.

    The tree calls it, without arguments, and expects the value that it has told.

    :param variable: the variable
    :param below: what stood there before; None for the method of its class
    """

    __slots__ = ("variable", "below", "deliver", "guard")

    def __init__(self, variable: Any, below: Any) -> None:
        self.variable = variable
        self.below = below
        #: called in place of what stood there before; None if there is no need
        self.deliver: Any = None
        #: calls either of them, and catches what it raises; None if there is no need
        self.guard: Any = None

    def __call__(self) -> Any:
        """Deliver an update."""
        deliver, guard = self.deliver or self.original, self.guard
        return deliver() if guard is None else guard(deliver)

    def original(self) -> Any:
        """Deliver an update as it would be without this."""
        if self.below is not None:
            return self.below()
        return type(self.variable)._doUpdate(self.variable)  # noqa: SLF001

    def leave_if_unused(self) -> None:
        """Give the place back if there is no need any more; with :data:`changing` held.

        Under something that is not the bridge's it stays, and does nothing.
        """
        if self.deliver is self.guard is None and vars(self.variable).get("_doUpdate") is self:
            del self.variable._doUpdate  # noqa: SLF001
            if self.below is not None:
                self.variable._doUpdate = self.below  # noqa: SLF001


def override_of(variable: Any) -> UpdateOverride:
    """Return the override of a variable, put in place if it is not on top; ``changing`` held."""
    present = vars(variable).get("_doUpdate")
    if not isinstance(present, UpdateOverride):
        present = variable._doUpdate = UpdateOverride(variable, present)  # noqa: SLF001
    return present
