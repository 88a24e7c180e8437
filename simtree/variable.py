"""What all variables can do: listeners, updates, texts in and out, reading without hardware."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from roguebridge.simtree.declared import Declared
from roguebridge.simtree.errors import VariableError
from roguebridge.simtree.log import logException
from roguebridge.simtree.value import VariableValue

Listener = Callable[[str, VariableValue], Any]


class BaseVariable(Declared):
    """A value in the tree; the subclasses say where it lives.

    :param kwargs: the arguments of Declared.
    """

    def __init__(self, **kwargs: Any) -> None:
        self._block: Any = None
        self._listeners: list[BaseVariable] = []
        self.__functions: list[Listener] = []
        self.__dependencies: list[BaseVariable] = []
        super().__init__(**kwargs)

    @property
    def isVariable(self) -> bool:
        """True, but for commands."""
        return not self.isCommand

    @property
    def lock(self) -> Any:
        """Lock of a local variable; None without a block; AttributeError on registers."""
        return None if self._block is None else self._block._lock  # noqa: SLF001

    @property
    def block(self) -> Any:
        """Where the value is kept; None for link variables and commands."""
        return self._block

    @property
    def dependencies(self) -> list[BaseVariable]:
        """The variables this one is computed from."""
        return self.__dependencies

    def addDependency(self, dep: BaseVariable) -> None:
        """Make updates of another variable update this one.

        :param dep: the other variable.
        """
        if dep not in self.__dependencies:
            self.__dependencies.append(dep)
            dep.addListener(self)

    def addListener(self, listener: BaseVariable | Listener) -> None:
        """Add a function (path, VariableValue) or a dependent variable, once.

        :param listener: the listener.
        """
        known: list[Any] = (
            self._listeners if isinstance(listener, BaseVariable) else self.__functions
        )
        if listener not in known:
            known.append(listener)

    def delListener(self, listener: BaseVariable | Listener) -> None:
        """Remove a listener; unknown ones are ignored.

        :param listener: the listener.
        """
        known: list[Any] = (
            self._listeners if isinstance(listener, BaseVariable) else self.__functions
        )
        if listener in known:
            known.remove(listener)

    @property
    def dependents(self) -> list[BaseVariable]:
        """The variables that are updated after this one."""
        return self._listeners

    @property
    def pollInterval(self) -> float:
        """Seconds between polls, 0 for none."""
        return self._pollInterval

    def setPollInterval(self, interval: float) -> None:
        """Change the poll interval.

        :param interval: seconds; 0 stops polling.
        """
        self._pollInterval = interval
        self._updatePollInterval()

    @property
    def requestedPollInterval(self) -> float:
        """The interval set on this very variable, also if it is a link."""
        return self._pollInterval

    def set(
        self,
        value: Any,
        *,
        index: int = -1,
        write: bool = True,
        verify: bool = True,
        wait: bool | None = None,
        check: bool | None = None,
    ) -> None:
        """Do nothing: plain variables and local commands cannot be set.

        :param value: ignored.
        :param index: ignored.
        :param write: ignored.
        :param verify: ignored.
        :param wait: ignored.
        :param check: ignored.
        """

    def post(self, value: Any, *, index: int = -1) -> None:
        """Do nothing, like set.

        :param value: ignored.
        :param index: ignored.
        """

    def get(
        self,
        *,
        index: int = -1,
        read: bool = True,
        wait: bool | None = None,
        check: bool | None = None,
    ) -> Any:
        """Give None: plain variables have no value.

        :param index: ignored.
        :param read: ignored.
        :param wait: ignored.
        :param check: ignored.
        """
        return None

    def write(
        self, *, verify: bool = True, wait: bool | None = None, check: bool | None = None
    ) -> None:
        """Do nothing: only registers can be written.

        :param verify: ignored.
        :param wait: ignored.
        :param check: ignored.
        """

    def getVariableValue(self, read: bool = True, index: int = -1) -> VariableValue:
        """Give value, text and alarm.

        :param read: True reads the hardware first and sends an update.
        :param index: one element of an array, or -1.
        """
        return VariableValue(self, read=read, index=index)

    def value(self, index: int = -1) -> Any:
        """Give the value without reading hardware.

        :param index: one element of an array, or -1.
        """
        return self.get(read=False, index=index)

    def genDisp(self, value: Any, *, useDisp: str | None = None) -> Any:
        """Format a value as text.

        :param value: the value.
        :param useDisp: format to use instead of the variable's own.
        """
        disp = self.disp if useDisp is None else useDisp
        try:
            if disp == "":
                return ""
            if isinstance(value, np.ndarray):
                return np.array2string(
                    value,
                    separator=", ",
                    formatter={"all": disp.format},
                    threshold=sys.maxsize,
                    max_line_width=1000,
                )
            if disp != "enum":
                return disp.format(value)
            labels = self._enum or {}
            if value in labels:
                return labels[value]
            self._log.warning("Invalid enum value %s in variable '%s'", value, self.path)
            return f"INVALID: {value}"
        except Exception as e:
            logException(self._log, e)
            self._log.error("No text for value %r of type %s in %s", value, type(value), self.path)
            raise

    def getDisp(self, read: bool = True, index: int = -1) -> Any:
        """Give the value as text.

        :param read: True reads the hardware first and sends an update.
        :param index: one element of an array, or -1.
        """
        return self.genDisp(self.get(read=read, index=index))

    def valueDisp(self, index: int = -1) -> Any:
        """Give the value as text without reading hardware.

        :param index: one element of an array, or -1.
        """
        return self.getDisp(read=False, index=index)

    def parseDisp(self, sValue: Any) -> Any:
        """Turn text into a value; anything else passes through. VariableError if impossible.

        :param sValue: the text.
        """
        if not isinstance(sValue, str):
            return sValue
        try:
            if self._nativeType is np.ndarray:
                return np.array(ast.literal_eval(sValue), self._ndType)
            if self._disp == "enum":
                return (self._revEnum or {})[sValue]
            return sValue if self._nativeType is str else ast.literal_eval(sValue)
        except Exception as e:
            text = (
                f"Invalid value {sValue} for variable {self.name} with type {self._nativeType}: {e}"
            )
            self._log.error(text)
            raise VariableError(text) from e

    def setDisp(self, sValue: Any, write: bool = True, index: int = -1) -> None:
        """Set from text.

        :param sValue: the text; non-strings are set as they are.
        :param write: False only stages the value.
        :param index: one element of an array, or -1.
        """
        value = self.parseDisp(sValue)
        if index >= 0 and isinstance(value, np.ndarray) and value.ndim == 0:
            value = value.item()
        self.set(value, write=write, index=index)

    def replaceDefault(self, value: Any) -> None:
        """Override the default, as a device's `defaults` do.

        :param value: the new default.
        """
        self._default = value

    def _setDefault(self) -> None:
        if self._default is not None:
            self.setDisp(self._default, write=False)

    def _updatePollInterval(self) -> None:
        if self._root is not None:
            self._root._pollQueue.updatePollInterval(self)  # noqa: SLF001

    def _finishInit(self) -> None:
        self._setDefault()
        self._updatePollInterval()
        if self._nativeType is None:
            value = self.value()
            self._nativeType = type(value)
            if self._nativeType is np.ndarray:
                self._ndType = value.dtype

    def _queueUpdate(self) -> None:
        self._root._queueUpdates(self)  # noqa: SLF001

    def _doUpdate(self) -> VariableValue:
        value = VariableValue(self)
        for func in self.__functions:
            func(self.path, value)
        return value
