"""The snapshot of a variable that listeners receive, and waiting for such snapshots."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any


class VariableValue:
    """Value, text and alarm of a variable at one moment; it carries no time.

    :param var: the variable.
    :param read: True reads the hardware first.
    :param index: one element of an array, or -1.
    """

    def __init__(self, var: Any, read: bool = False, index: int = -1) -> None:
        self.value = var.get(read=read, index=index)
        self.valueDisp = var.genDisp(self.value)
        self.disp = var.disp
        self.enum = var.enum
        self.updated = False
        self.status, self.severity = var._alarmState(self.value)  # noqa: SLF001

    def __repr__(self) -> str:
        return f"{self.__class__}({self.__dict__})"


class VariableWaitClass:
    """Waits until all of some variables were updated, or until a test on them succeeds.

    :param varList: a variable or a list of variables.
    :param testFunction: gets the list of values, returns True to end the wait.
    :param timeout: seconds; 0 waits for ever.
    """

    def __init__(
        self,
        varList: Any,
        testFunction: Callable[[list[VariableValue]], bool] | None = None,
        timeout: float = 0,
    ) -> None:
        self._variables = varList if isinstance(varList, list) else [varList]
        self._test = testFunction
        self._timeout = timeout
        self._values: dict[str, VariableValue] = {}
        self._changed = threading.Condition()
        self.arm()

    def arm(self) -> None:
        """Start to collect updates."""
        with self._changed:
            for var in self._variables:
                var.addListener(self._on_update)
                self._values[var.path] = var.getVariableValue(read=False)

    def wait(self) -> bool:
        """Wait; False when the time is over."""
        end = time.monotonic() + self._timeout
        with self._changed:
            while not (ready := self._ready()):
                left = end - time.monotonic()
                if self._timeout != 0 and left <= 0:
                    break
                self._changed.wait(None if self._timeout == 0 else left)
        for var in self._variables:
            var.delListener(self._on_update)
        return ready

    def get_values(self) -> dict[Any, VariableValue]:
        """Give the latest value of each variable."""
        return {var: self._values[var.path] for var in self._variables}

    def _on_update(self, path: str, varValue: VariableValue) -> None:
        with self._changed:
            varValue.updated = True
            self._values[path] = varValue
            self._changed.notify_all()

    def _ready(self) -> bool:
        values = list(self._values.values())
        return all(v.updated for v in values) if self._test is None else self._test(values)


def VariableWait(
    varList: Any,
    testFunction: Callable[[list[VariableValue]], bool] | None = None,
    timeout: float = 0,
) -> bool:
    """Wait for updates, see VariableWaitClass.

    :param varList: a variable or a list of variables.
    :param testFunction: gets the list of values, returns True to end the wait.
    :param timeout: seconds; 0 waits for ever.
    """
    return VariableWaitClass(varList, testFunction, timeout).wait()
