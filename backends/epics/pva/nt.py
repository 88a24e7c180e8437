"""PVAccess types and values: the wire form of :mod:`roguebridge.core.nt`.

Types are built once and shared. The member order is that of the Normative Types specification
as QSRV serves it; p4p's own helpers order some members differently and leave others out.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from p4p import Type, Value

from roguebridge.core.alarm import Alarm
from roguebridge.core.backend import Reading
from roguebridge.core.nt import NtKind, PvSpec, ScalarType

FORMS = ("Default", "String", "Binary", "Decimal", "Hex", "Exponential", "Engineering")

_CODES = {
    ScalarType.Bool: "?",
    ScalarType.Int8: "b",
    ScalarType.Int16: "h",
    ScalarType.Int32: "i",
    ScalarType.Int64: "l",
    ScalarType.UInt8: "B",
    ScalarType.UInt16: "H",
    ScalarType.UInt32: "I",
    ScalarType.UInt64: "L",
    ScalarType.Float32: "f",
    ScalarType.Float64: "d",
    ScalarType.String: "s",
}
_UNION = {
    "bool": "booleanValue",
    "int8": "byteValue",
    "int16": "shortValue",
    "int32": "intValue",
    "int64": "longValue",
    "uint8": "ubyteValue",
    "uint16": "ushortValue",
    "uint32": "uintValue",
    "uint64": "ulongValue",
    "float32": "floatValue",
    "float64": "doubleValue",
}
_UNION_CODES = {
    "booleanValue": "a?",
    "byteValue": "ab",
    "shortValue": "ah",
    "intValue": "ai",
    "longValue": "al",
    "ubyteValue": "aB",
    "ushortValue": "aH",
    "uintValue": "aI",
    "ulongValue": "aL",
    "floatValue": "af",
    "doubleValue": "ad",
}
_ALARM = (
    "S",
    "alarm_t",
    [("severity", "i"), ("status", "i"), ("message", "s")],
)
_TIME = (
    "S",
    "time_t",
    [("secondsPastEpoch", "l"), ("nanoseconds", "i"), ("userTag", "i")],
)
_ENUM = ("S", "enum_t", [("index", "i"), ("choices", "as")])
_TEXT_DISPLAY = ("S", None, [("description", "s"), ("units", "s")])
_NS = 1_000_000_000


@cache
def nt_type(kind: NtKind, scalar: ScalarType) -> Type:
    """Return the PVAccess type for a kind of PV."""
    if kind is NtKind.ENUM:
        return _structure(
            "epics:nt/NTEnum:1.0",
            _ENUM,
            [("display", ("S", None, [("description", "s")]))],
        )
    if kind is NtKind.NDARRAY:
        return _ndarray_type()
    code = _CODES[scalar]
    value = code if kind is NtKind.SCALAR else "a" + code
    name = "epics:nt/NTScalar:1.0" if kind is NtKind.SCALAR else "epics:nt/NTScalarArray:1.0"
    if not scalar.is_numeric:
        return _structure(name, value, [("display", _TEXT_DISPLAY)])
    display = [
        ("limitLow", code),
        ("limitHigh", code),
        ("description", "s"),
        ("units", "s"),
        ("precision", "i"),
        ("form", _ENUM),
    ]
    control = [("limitLow", code), ("limitHigh", code), ("minStep", code)]
    value_alarm = [
        ("active", "?"),
        ("lowAlarmLimit", code),
        ("lowWarningLimit", code),
        ("highWarningLimit", code),
        ("highAlarmLimit", code),
        ("lowAlarmSeverity", "i"),
        ("lowWarningSeverity", "i"),
        ("highWarningSeverity", "i"),
        ("highAlarmSeverity", "i"),
        ("hysteresis", "d"),
    ]
    return _structure(
        name,
        value,
        [
            ("display", ("S", None, display)),
            ("control", ("S", "control_t", control)),
            ("valueAlarm", ("S", "valueAlarm_t", value_alarm)),
        ],
    )


def _structure(name: str, value: Any, extra: list[tuple[str, Any]]) -> Type:
    return Type([("value", value), ("alarm", _ALARM), ("timeStamp", _TIME), *extra], id=name)


def _ndarray_type() -> Type:
    dimension = [
        ("size", "i"),
        ("offset", "i"),
        ("fullSize", "i"),
        ("binning", "i"),
        ("reverse", "?"),
    ]
    attribute = [
        ("name", "s"),
        ("value", "v"),
        ("tags", "as"),
        ("descriptor", "s"),
        ("alarm", _ALARM),
        ("timeStamp", _TIME),
        ("sourceType", "i"),
        ("source", "s"),
    ]
    return Type(
        [
            ("value", ("U", None, list(_UNION_CODES.items()))),
            ("codec", ("S", "codec_t", [("name", "s"), ("parameters", "v")])),
            ("compressedSize", "l"),
            ("uncompressedSize", "l"),
            ("uniqueId", "i"),
            ("dataTimeStamp", _TIME),
            ("alarm", _ALARM),
            ("timeStamp", _TIME),
            ("dimension", ("aS", "dimension_t", dimension)),
            ("attribute", ("aS", "epics:nt/NTAttribute:1.0", attribute)),
            ("descriptor", "s"),
            ("display", _TEXT_DISPLAY),
        ],
        id="epics:nt/NTNDArray:1.0",
    )


class Encoder:
    """Turns the readings of one open PV into PVAccess values.

    :param spec: type and metadata of the PV
    """

    __slots__ = ("spec", "_type", "_unique_id", "_alarm", "_low", "_high")

    def __init__(self, spec: PvSpec) -> None:
        self.spec = spec
        self._type = nt_type(spec.kind, spec.scalar)
        self._unique_id = 0
        self._alarm: Alarm | None = None
        self._low = self._high = 0
        if spec.kind is NtKind.SCALAR and spec.scalar.is_integer:
            info = np.iinfo(spec.scalar.dtype)
            self._low, self._high = int(info.min), int(info.max)

    def first(self, reading: Reading) -> Value:
        """Return the first value, metadata included, with every field marked."""
        value = self.update(reading)
        self._set_metadata(value)
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
            self._set_image(value, np.asarray(reading.value), reading.time_ns)
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
            shape = [int(d["size"]) for d in current["dimension"]][::-1]
            pixels = current["value"]
            image = np.zeros(shape, np.uint8) if pixels is None else pixels.reshape(shape)
            self._set_image(value, image, reading.time_ns)
        else:
            value["value"] = current["value"]
        self._set_alarm_and_time(value, reading)
        return value

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

    def _set_image(self, value: Value, image: np.ndarray[Any, Any], time_ns: int) -> None:
        member = _UNION.get(image.dtype.name)
        if member is None:
            raise TypeError(f"an NTNDArray cannot hold elements of type {image.dtype}")
        self._unique_id = (self._unique_id + 1) & 0x7FFFFFFF
        value["value"] = (member, np.ascontiguousarray(image).reshape(-1))
        value["dimension"] = [
            {"size": size, "offset": 0, "fullSize": size, "binning": 1, "reverse": False}
            for size in reversed(image.shape)
        ]
        value["compressedSize"] = value["uncompressedSize"] = image.nbytes
        value["uniqueId"] = self._unique_id
        value["codec.name"] = ""
        value["attribute"] = [
            {
                "name": "ColorMode",
                "value": 0,
                "descriptor": "mono",
                "sourceType": 0,
                "source": "",
            }
        ]
        seconds, nanoseconds = divmod(time_ns, _NS)
        value["dataTimeStamp.secondsPastEpoch"] = seconds
        value["dataTimeStamp.nanoseconds"] = nanoseconds

    def _set_metadata(self, value: Value) -> None:
        spec = self.spec
        display = spec.display
        value["display.description"] = display.description
        if spec.kind is NtKind.ENUM:
            value["value.choices"] = list(spec.choices)
            return
        value["display.units"] = display.units
        if spec.kind is NtKind.NDARRAY or not spec.scalar.is_numeric:
            return
        scalar = spec.scalar
        value["display.precision"] = display.precision
        value["display.form.index"] = display.form
        value["display.form.choices"] = list(FORMS)
        for field, low, high in (
            ("display", display.limit_low, display.limit_high),
            ("control", spec.control.limit_low, spec.control.limit_high),
        ):
            value[f"{field}.limitLow"], value[f"{field}.limitHigh"] = _range(low, high, scalar)
        alarm = spec.value_alarm
        value["valueAlarm.active"] = alarm.active
        low, high = _range(alarm.low_alarm, alarm.high_alarm, scalar)
        value["valueAlarm.lowAlarmLimit"], value["valueAlarm.highAlarmLimit"] = low, high
        low, high = _range(alarm.low_warning, alarm.high_warning, scalar)
        value["valueAlarm.lowWarningLimit"], value["valueAlarm.highWarningLimit"] = low, high
        for side, severity in (("Alarm", 2), ("Warning", 1)):
            for end in ("low", "high"):
                value[f"valueAlarm.{end}{side}Severity"] = severity if alarm.active else 0


def _range(low: Any, high: Any, scalar: ScalarType) -> tuple[Any, Any]:
    """Return a pair of limits as clients expect it where one or both are not set.

    No limit at all is NaN/NaN or 0/0; a side that is not set beside one that is, is the end of
    the type's range: anything else makes clients drop the whole range.
    """
    if scalar.is_float:
        if low is None and high is None:
            return float("nan"), float("nan")
        return (
            float("-inf") if low is None else float(low),
            float("inf") if high is None else float(high),
        )
    if low is None and high is None:
        return 0, 0
    info = np.iinfo(scalar.dtype)
    ends = int(info.min), int(info.max)
    return tuple(  # type: ignore[return-value]
        end if limit is None else min(max(int(limit), ends[0]), ends[1])
        for limit, end in zip((low, high), ends, strict=True)
    )
