"""What a variable declares: type, text format, limits, units, mode, alarms."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from roguebridge.simtree.errors import VariableError
from roguebridge.simtree.node import Node


class Declared(Node):
    """The declared half of a variable; the arguments are PyRogue's.

    An enum may be given as `enum`, as a dict or list in `disp`, or by a bool default; unknown
    keywords are kept for getExtraAttribute.
    """

    _logFamily = "Variable"
    value: Any

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
        offset: Any = None,
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
        self._nativeType: type | None = None
        self._ndType: np.dtype[Any] | None = None
        self._extraAttr = kwargs
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
        if type(value) is np.ndarray:  # a subclass counts as any other object
            self._ndType = value.dtype
            self._typeStr = f"{value.dtype}{value.shape}"
        elif self._typeStr == "Unknown":
            self._typeStr = type(value).__name__

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

    def getExtraAttribute(self, name: str) -> Any:
        """Give an unknown constructor keyword, or None.

        :param name: the keyword.
        """
        return self._extraAttr.get(name)

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
