"""PVAccess values: the wire form of :mod:`roguebridge.core.values.spec`."""

from __future__ import annotations

from typing import Any

import numpy as np
from p4p import Value

from roguebridge.core.values import Alarm, NtKind, PvSpec, Reading, ScalarType

from .ndarray import Frames
from .nt_metadata import blank, set_metadata
from .nt_types import nt_type
from .thread_priority import LARGE

_NS = 1_000_000_000


def encoder_of(spec: PvSpec) -> Encoder:
    """Return the encoder of the readings of one open PV.

    :param spec: type and metadata of the PV
    """
    if spec.kind is NtKind.SCALAR:
        return _Integer(spec) if spec.scalar.is_integer else Encoder(spec)
    return _OF_KIND[spec.kind](spec)


class Encoder:
    """Encodes scalars as they are.

    :param spec: type and metadata of the PV
    """

    __slots__ = ("spec", "_type", "_alarm")

    def __init__(self, spec: PvSpec) -> None:
        self.spec = spec
        self._type = nt_type(spec.kind, spec.scalar, spec.columns)
        self._alarm: Alarm | None = None

    def first(self, reading: Reading) -> Value:
        """Return the first value, metadata included, with every leaf marked, and no structure."""
        spec = self.spec
        value = Value(self._type, blank(spec.kind, spec.scalar, spec.columns))
        set_metadata(value, spec)
        self._write(value, reading)
        self._stamp(value, reading)
        return value

    def update(self, reading: Reading) -> Value:
        """Return a value in which value and time are marked, and a changed alarm.

        :raises Exception: if the value does not fit the type
        """
        value = Value(self._type)
        self._write(value, reading)
        self._stamp(value, reading)
        return value

    def again(self, current: Value, reading: Reading) -> Value:
        """Return ``current`` as a new post, with the alarm and time of ``reading``."""
        value = Value(self._type)
        self._repeat(value, current)
        self._stamp(value, reading)
        return value

    def is_large(self, reading: Reading) -> bool:
        """True for a value so large that it is sent before the next one is made."""
        return False

    def _write(self, value: Value, reading: Reading) -> None:
        value["value"] = reading.value

    def _repeat(self, value: Value, current: Value) -> None:
        value["value"] = current["value"]

    def _stamp(self, value: Value, reading: Reading) -> None:
        alarm = reading.alarm
        if alarm is not self._alarm and alarm != self._alarm:
            value["alarm.severity"] = int(alarm.severity)
            value["alarm.status"] = int(alarm.status)
            value["alarm.message"] = alarm.message
            self._alarm = alarm
        seconds, nanoseconds = divmod(reading.time_ns, _NS)
        value["timeStamp.secondsPastEpoch"] = seconds
        value["timeStamp.nanoseconds"] = nanoseconds


class _Integer(Encoder):
    """Encodes integers, which p4p itself would wrap where they do not fit."""

    __slots__ = ("_low", "_high")

    def __init__(self, spec: PvSpec) -> None:
        super().__init__(spec)
        info = np.iinfo(spec.scalar.dtype)
        self._low, self._high = int(info.min), int(info.max)

    def _write(self, value: Value, reading: Reading) -> None:
        number = reading.value
        if not self._low <= number <= self._high:
            raise OverflowError(f"{number} does not fit {self.spec.scalar.name}")
        value["value"] = number


class _Choice(Encoder):
    """Encodes the index of an NTEnum."""

    __slots__ = ()

    def _write(self, value: Value, reading: Reading) -> None:
        value["value.index"] = reading.value

    def _repeat(self, value: Value, current: Value) -> None:
        value["value.index"] = current["value.index"]


class _Large(Encoder):
    """Encodes values that may be large."""

    __slots__ = ()

    def is_large(self, reading: Reading) -> bool:
        """True from a certain size on."""
        return int(getattr(reading.value, "nbytes", 0)) >= LARGE


class _Array(_Large):
    """Encodes 1-D arrays."""

    __slots__ = ()

    def _repeat(self, value: Value, current: Value) -> None:
        value["value"] = _elements(current["value"], self.spec.scalar)


class _Image(_Large):
    """Encodes the frames of an NTNDArray."""

    __slots__ = ("_frames",)

    def __init__(self, spec: PvSpec) -> None:
        super().__init__(spec)
        self._frames = Frames(in_color=not spec.is_complex)

    def _write(self, value: Value, reading: Reading) -> None:
        self._frames.write(value, np.asarray(reading.value), reading.time_ns)

    def _repeat(self, value: Value, current: Value) -> None:
        self._frames.repeat(value, current)


class _Table(Encoder):
    """Encodes the columns of an NTTable."""

    __slots__ = ()

    def _write(self, value: Value, reading: Reading) -> None:
        columns = reading.value
        sizes = {len(column) for column in columns.values()}
        if columns.keys() != {column.name for column in self.spec.columns} or len(sizes) > 1:
            raise ValueError(f"columns {list(columns)} of sizes {sizes} are not those of the table")
        for column in self.spec.columns:
            elements = columns[column.name]
            if column.scalar is not ScalarType.String:
                elements = np.ascontiguousarray(elements, column.scalar.dtype)
            value[f"value.{column.name}"] = elements

    def _repeat(self, value: Value, current: Value) -> None:
        for column in self.spec.columns:
            name = f"value.{column.name}"
            value[name] = _elements(current[name], column.scalar)


_OF_KIND: dict[NtKind, type[Encoder]] = {
    NtKind.SCALAR_ARRAY: _Array,
    NtKind.ENUM: _Choice,
    NtKind.NDARRAY: _Image,
    NtKind.TABLE: _Table,
}


def _elements(value: Any, scalar: ScalarType) -> Any:
    # p4p returns None for an empty array, and does not accept it as a value.
    if value is not None:
        return value
    return [] if scalar is ScalarType.String else np.zeros(0, scalar.dtype)
