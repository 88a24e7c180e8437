"""PVAccess values: the wire form of :mod:`roguebridge.core.nt`."""

from __future__ import annotations

from typing import Any

import numpy as np
from p4p import Value

from roguebridge.core.alarm import Alarm
from roguebridge.core.backend import Reading
from roguebridge.core.nt import NtKind, PvSpec, ScalarType

from .images import Frames
from .metadata import set_metadata
from .types import nt_type

_NS = 1_000_000_000


class Encoder:
    """Turns the readings of one open PV into PVAccess values.

    :param spec: type and metadata of the PV
    """

    __slots__ = ("spec", "_type", "_frames", "_alarm", "_low", "_high")

    def __init__(self, spec: PvSpec) -> None:
        self.spec = spec
        self._type = nt_type(spec.kind, spec.scalar, spec.columns)
        self._frames = Frames(in_color=not spec.is_complex)
        self._alarm: Alarm | None = None
        self._low = self._high = 0
        if spec.kind is NtKind.SCALAR and spec.scalar.is_integer:
            info = np.iinfo(spec.scalar.dtype)
            self._low, self._high = int(info.min), int(info.max)

    def first(self, reading: Reading) -> Value:
        """Return the first value, metadata included, with every field marked."""
        value = self.update(reading)
        set_metadata(value, self.spec)
        value.mark()
        return value

    def update(self, reading: Reading) -> Value:
        """Return a value in which value and time are marked, and a changed alarm.

        :raises Exception: if the value does not fit the type
        """
        value = Value(self._type)
        kind = self.spec.kind
        if kind is NtKind.ENUM:
            value["value.index"] = reading.value
        elif kind is NtKind.NDARRAY:
            self._frames.write(value, np.asarray(reading.value), reading.time_ns)
        elif kind is NtKind.TABLE:
            self._set_columns(value, reading.value)
        elif kind is NtKind.SCALAR:
            number = reading.value
            # p4p itself would wrap an integer that does not fit
            if self._high and not self._low <= number <= self._high:
                raise OverflowError(f"{number} does not fit {self.spec.scalar.name}")
            value["value"] = number
        else:
            value["value"] = reading.value
        self._set_alarm_and_time(value, reading)
        return value

    def again(self, current: Value, reading: Reading) -> Value:
        """Return ``current`` as a new post, with the alarm and time of ``reading``."""
        value = Value(self._type)
        kind = self.spec.kind
        if kind is NtKind.ENUM:
            value["value.index"] = current["value.index"]
        elif kind is NtKind.NDARRAY:
            self._frames.repeat(value, current)
        elif kind is NtKind.TABLE:
            for column in self.spec.columns:
                name = f"value.{column.name}"
                value[name] = _elements(current[name], column.scalar)
        elif kind is NtKind.SCALAR_ARRAY:
            value["value"] = _elements(current["value"], self.spec.scalar)
        else:
            value["value"] = current["value"]
        self._set_alarm_and_time(value, reading)
        return value

    def _set_columns(self, value: Value, columns: dict[str, Any]) -> None:
        sizes = {len(column) for column in columns.values()}
        if columns.keys() != {column.name for column in self.spec.columns} or len(sizes) > 1:
            raise ValueError(f"columns {list(columns)} of sizes {sizes} are not those of the table")
        for column in self.spec.columns:
            elements = columns[column.name]
            if column.scalar is not ScalarType.String:
                elements = np.ascontiguousarray(elements, column.scalar.dtype)
            value[f"value.{column.name}"] = elements

    def _set_alarm_and_time(self, value: Value, reading: Reading) -> None:
        alarm = reading.alarm
        if alarm != self._alarm:
            value["alarm.severity"] = int(alarm.severity)
            value["alarm.status"] = int(alarm.status)
            value["alarm.message"] = alarm.message
            self._alarm = alarm
        seconds, nanoseconds = divmod(reading.time_ns, _NS)
        value["timeStamp.secondsPastEpoch"] = seconds
        value["timeStamp.nanoseconds"] = nanoseconds


def _elements(value: Any, scalar: ScalarType) -> Any:
    # What p4p gives for no elements, it does not take back.
    if value is not None:
        return value
    return [] if scalar is ScalarType.String else np.zeros(0, scalar.dtype)
