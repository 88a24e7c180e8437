"""What all variables share: declared attributes, listeners, texts and alarms."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from roguebridge.simtree.errors import VariableError
from roguebridge.simtree.log import logException
from roguebridge.simtree.node import Node
from roguebridge.simtree.value import VariableValue

Listener = Callable[[str, VariableValue], Any]


class BaseVariable(Node):
    """A value in the tree; the subclasses say where it lives.

    The arguments are PyRogue's. An enum may be given as `enum`, as a dict or list in `disp`, or by
    a bool default; unknown keywords are kept for getExtraAttribute.
    """

    logFamily = "Variable"

    def __init__(
        self,
        *,
        name: str,
        description: str = "",
        mode: str = "RW",
        value: Any = None,
        disp: Any = "{}",
        enum: dict[Any, Any] | None = None,
        units: str | None = None,
        hidden: bool = False,
        groups: list[str] | str | None = None,
        minimum: Any = None,
        maximum: Any = None,
        lowWarning: Any = None,
        lowAlarm: Any = None,
        highWarning: Any = None,
        highAlarm: Any = None,
        pollInterval: float = 0,
        updateNotify: bool = True,
        typeStr: str = "Unknown",
        typeCheck: bool = True,
        bulkOpEn: bool = True,
        guiGroup: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._mode = mode
        self._units = units
        self._minimum, self._maximum = minimum, maximum
        self._lowWarning, self._highWarning = lowWarning, highWarning
        self._lowAlarm, self._highAlarm = lowAlarm, highAlarm
        self._pollInterval = pollInterval
        self._updateNotify = updateNotify
        self._typeStr = typeStr
        self._typeCheck = typeCheck
        self._bulkOpEn = bulkOpEn
        self._default = value
        self._block: Any = None
        self._nativeType: type | None = None
        self._ndType: np.dtype[Any] | None = None
        self._extraAttr = kwargs
        self._listeners: list[BaseVariable] = []
        self.__functions: list[Listener] = []
        self.__dependencies: list[BaseVariable] = []
        self._disp: Any = disp
        self._enum: dict[Any, Any] | None = enum
        if isinstance(disp, dict):
            self._enum = disp
        elif isinstance(disp, list):
            self._enum = {item: str(item) for item in disp}
        elif isinstance(value, bool) and enum is None:
            self._enum = {False: "False", True: "True"}
        self._revEnum: dict[Any, Any] | None = None
        if self._enum is not None:
            self._disp = "enum"
            self._revEnum = {label: key for key, label in self._enum.items()}
        if value is not None:
            self._learn_type(value)
        if mode not in ("RW", "RO", "WO"):
            raise VariableError(f"Invalid variable mode {mode}. Supported: RW, RO, WO")
        super().__init__(
            name=name, description=description, hidden=hidden, groups=groups, guiGroup=guiGroup
        )

    def _learn_type(self, value: Any) -> None:
        self._nativeType = type(value)
        if self._enum is not None and self._nativeType in (np.ndarray, list, dict):
            raise VariableError(f"Invalid use of enum with value of type {self._nativeType}")
        if isinstance(value, np.ndarray):
            self._ndType = value.dtype
            self._typeStr = f"{value.dtype}{value.shape}"
        elif self._typeStr == "Unknown":
            self._typeStr = type(value).__name__

    @property
    def isVariable(self) -> bool:
        """True, but for commands."""
        return not self.isCommand

    @property
    def enum(self) -> dict[Any, Any] | None:
        """Labels by value."""
        return self._enum

    @property
    def revEnum(self) -> dict[Any, Any] | None:
        """Values by label."""
        return self._revEnum

    @property
    def typeStr(self) -> str:
        """Name of the type; worked out from the present value if not declared."""
        if self._typeStr == "Unknown":
            value = self.value()
            if self._nativeType is np.ndarray:
                self._typeStr = f"{value.dtype}{value.shape}"
            else:
                self._typeStr = type(value).__name__
        return self._typeStr

    @property
    def disp(self) -> Any:
        """Format of the text: a format string, '' for none, or 'enum'."""
        return self._disp

    @property
    def precision(self) -> int:
        """Digits after the point of a float or array, from disp or 8; 0 for other types."""
        if self._nativeType is not float and self._nativeType is not np.ndarray:
            return 0
        match = re.search(r":[0-9]\.([0-9]+)f", str(self._disp))
        return 8 if match is None else int(match[1])

    @property
    def mode(self) -> str:
        """'RW', 'RO' or 'WO'; set() does not enforce it."""
        return self._mode

    @property
    def units(self) -> str | None:
        """Engineering units."""
        return self._units

    @property
    def minimum(self) -> Any:
        """Lowest value accepted."""
        return self._minimum

    @property
    def maximum(self) -> Any:
        """Highest value accepted."""
        return self._maximum

    @property
    def lowWarning(self) -> Any:
        """Values below give a minor alarm."""
        return self._lowWarning

    @property
    def lowAlarm(self) -> Any:
        """Values below give a major alarm."""
        return self._lowAlarm

    @property
    def highWarning(self) -> Any:
        """Values above give a minor alarm."""
        return self._highWarning

    @property
    def highAlarm(self) -> Any:
        """Values above give a major alarm."""
        return self._highAlarm

    @property
    def hasAlarm(self) -> bool:
        """True if any alarm limit is set."""
        limits = (self._lowWarning, self._lowAlarm, self._highWarning, self._highAlarm)
        return any(limit is not None for limit in limits)

    @property
    def alarmStatus(self) -> str:
        """Alarm status of the present value."""
        return self._alarmState(self.value())[0]

    @property
    def alarmSeverity(self) -> str:
        """Alarm severity of the present value."""
        return self._alarmState(self.value())[1]

    @property
    def nativeType(self) -> type | None:
        """Python type of the default, else of the value at start."""
        return self._nativeType

    @property
    def ndType(self) -> np.dtype[Any] | None:
        """Declared dtype of an array."""
        return self._ndType

    @property
    def ndTypeStr(self) -> str:
        """The declared dtype as text."""
        return str(self.ndType)

    @property
    def updateNotify(self) -> bool:
        """False suppresses updates."""
        return self._updateNotify

    @property
    def typeCheck(self) -> bool:
        """False lets a local variable change its Python type."""
        return self._typeCheck

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

    def getExtraAttribute(self, name: str) -> Any:
        """Give an unknown constructor keyword, or None.

        :param name: the keyword.
        """
        return self._extraAttr.get(name)

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

    def set(self, value: Any, *, index: int = -1, write: bool = True) -> None:
        """Do nothing: plain variables and local commands cannot be set.

        :param value: ignored.
        :param index: ignored.
        :param write: ignored.
        """

    def post(self, value: Any, *, index: int = -1) -> None:
        """Do nothing, like set.

        :param value: ignored.
        :param index: ignored.
        """

    def get(self, *, index: int = -1, read: bool = True) -> Any:
        """Give None: plain variables have no value.

        :param index: ignored.
        :param read: ignored.
        """
        return None

    def write(self, *, verify: bool = True, wait: bool | None = None) -> None:
        """Do nothing: only registers can be written.

        :param verify: ignored.
        :param wait: ignored.
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
            self._root.pollQueue.updatePollInterval(self)

    def _finishInit(self) -> None:
        self._setDefault()
        self._updatePollInterval()
        if self._nativeType is None:
            value = self.value()
            self._nativeType = type(value)
            if isinstance(value, np.ndarray):
                self._ndType = value.dtype

    def _queueUpdate(self) -> None:
        self._root._queueUpdates(self)  # noqa: SLF001

    def _doUpdate(self) -> VariableValue:
        value = VariableValue(self)
        for func in self.__functions:
            func(self.path, value)
        return value

    def _alarmState(self, value: Any) -> tuple[str, str]:
        if isinstance(value, list | dict) or not self.hasAlarm:
            return "None", "None"
        if self._lowAlarm is not None and value < self._lowAlarm:
            return "AlarmLoLo", "AlarmMajor"
        if self._highAlarm is not None and value > self._highAlarm:
            return "AlarmHiHi", "AlarmMajor"
        if self._lowWarning is not None and value < self._lowWarning:
            return "AlarmLow", "AlarmMinor"
        if self._highWarning is not None and value > self._highWarning:
            return "AlarmHigh", "AlarmMinor"
        return "Good", "Good"
