"""The enable variable of each device: own switch, ancestors, and other variables decide."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from roguebridge.simtree.value import VariableValue
from roguebridge.simtree.variable import BaseVariable

LABELS = {False: "False", True: "True", "parent": "ParentFalse", "deps": "ExtDepFalse"}


class EnableVariable(BaseVariable):
    """True, False, 'parent' (an ancestor is off) or 'deps' (a dependency is off).

    :param enabled: the first value.
    :param deps: variables that must all be true.
    """

    def __init__(self, *, enabled: bool, deps: Iterable[BaseVariable] | None = None) -> None:
        super().__init__(
            name="enable",
            description="Switches the device's access to hardware",
            value=enabled,
            groups="Enable",
            disp=dict(LABELS),
        )
        self._value: Any = enabled
        self._deps = list(deps or ())
        self._depsOff = deps is not None
        for dep in self._deps:
            dep.addListener(self)

    def get(self, read: bool = False, index: int = -1) -> Any:  # type: ignore[override]
        """Give the effective state.

        :param read: ignored.
        :param index: ignored.
        """
        if self._value is False:
            return False
        if self._depsOff:
            return "deps"
        if self._parent is self._root:
            return self._value
        return True if self._parent.parent.enable.value() is True else "parent"

    def set(self, value: Any, write: bool = True, index: int = -1) -> None:  # type: ignore[override]
        """Switch; only the object False disables, 'parent' and 'deps' are ignored.

        :param value: the new state.
        :param write: ignored.
        :param index: ignored.
        """
        if value in ("parent", "deps"):
            return
        old = self.value()
        self._value = value
        if old != value and old not in ("parent", "deps"):
            self._spread(value)
        with self._root.updateGroup():
            self._queueUpdate()

    def _spread(self, value: Any) -> None:
        self._parent._updateBlockEnable()  # noqa: SLF001
        self._parent.enableChanged(value)

    def _doUpdate(self) -> VariableValue:
        if self._deps:
            before = self.value() is True
            self._depsOff = not all(dep.value() for dep in self._deps)
            after = self.value() is True
            if before != after:
                self._spread(after)
        return super()._doUpdate()

    def _rootAttached(self, parent: Any, root: Any) -> None:
        super()._rootAttached(parent, root)
        if parent is not root:
            parent.parent.enable.addListener(self)
