"""PVAccess types of the Normative Types, built once and shared.

The member order is that of the specification; p4p's own helpers order some members differently and
leave others out.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from p4p import Type

from roguebridge.core.values import Column, NtKind, ScalarType

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
UNION = {
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


@cache
def nt_type(kind: NtKind, scalar: ScalarType, columns: tuple[Column, ...] = ()) -> Type:
    """Return the PVAccess type for a kind of PV.

    :param columns: those of a TABLE
    """
    if kind is NtKind.ENUM:
        return _structure(
            "epics:nt/NTEnum:1.0",
            _ENUM,
            [("display", ("S", None, [("description", "s")]))],
        )
    if kind is NtKind.NDARRAY:
        return _ndarray_type()
    if kind is NtKind.TABLE:
        return _table_type(columns)
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


def _table_type(columns: tuple[Column, ...]) -> Type:
    members = [(column.name, "a" + _CODES[column.scalar]) for column in columns]
    return Type(
        [
            ("labels", "as"),
            ("value", ("S", None, members)),
            ("descriptor", "s"),
            ("alarm", _ALARM),
            ("timeStamp", _TIME),
        ],
        id="epics:nt/NTTable:1.0",
    )


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
            ("dimension", ("aS", "dimension_t", dimension)),
            ("uniqueId", "i"),
            ("dataTimeStamp", _TIME),
            ("attribute", ("aS", "epics:nt/NTAttribute:1.0", attribute)),
            ("descriptor", "s"),
            ("alarm", _ALARM),
            ("timeStamp", _TIME),
            ("display", _TEXT_DISPLAY),
        ],
        id="epics:nt/NTNDArray:1.0",
    )
