"""Overrides of one variable's ``_doUpdate``, which can be taken back in any order.

PyRogue looks that method up at every update, so an attribute of the variable itself comes before
the method of its class; nothing else is touched.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, ClassVar, TypeVar

#: held while something is put in place or taken back
changing = threading.Lock()


_Kind = TypeVar("_Kind", bound="UpdateOverride")


class UpdateOverride:
    """Stands in for ``_doUpdate`` of one variable, on top of what stood there before.

    The tree calls it, without arguments, and expects the value that it has told.

    :param variable: the variable
    """

    #: of two that stand in for the same, the one with the higher rank is on top
    rank: ClassVar[int] = 0

    def __init__(self, variable: Any) -> None:
        self.variable = variable
        self.below: Any = None  # what stood there before; None for the method of its class

    def original(self) -> Any:
        """Deliver an update as it would be without this."""
        if self.below is not None:
            return self.below()
        return type(self.variable)._doUpdate(self.variable)  # noqa: SLF001

    def enter(self) -> None:
        """Take the place, under all of a higher rank; with :data:`changing` held."""
        above = None
        for present in stack_of(self.variable):
            if not isinstance(present, UpdateOverride) or present.rank <= self.rank:
                self.below = present
                break
            above = present
        self._hang(above, self)

    def leave(self) -> None:
        """Give the place back; with :data:`changing` held.

        Under something that is not the bridge's it cannot be taken out.
        """
        above = None
        for present in stack_of(self.variable):
            if present is self:
                self._hang(above, self.below)
                return
            above = present

    def _hang(self, above: UpdateOverride | None, what: Any) -> None:
        if above is not None:
            above.below = what
        elif what is None:
            del self.variable._doUpdate  # noqa: SLF001
        else:
            self.variable._doUpdate = what  # noqa: SLF001


def stack_of(variable: Any) -> Iterator[Any]:
    """Return what stands in for ``_doUpdate`` of a variable, as far down as it can be seen."""
    present = vars(variable).get("_doUpdate")
    while present is not None:
        yield present
        present = present.below if isinstance(present, UpdateOverride) else None


def standing(variable: Any, kind: type[_Kind]) -> _Kind | None:
    """Return what of this class stands in for ``_doUpdate`` of a variable, or None."""
    return next((one for one in stack_of(variable) if isinstance(one, kind)), None)
