"""PVAccess types of the Normative Types, built once and shared.

The member order is that of the specification; p4p's own helpers order some members differently and
leave others out.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from p4p import Type

from roguebridge.core.values import Column, NtKind, ScalarType

# scalar type: its letter in p4p, and its name in the specification
_SCALARS = {
    ScalarType.Bool: ("?", "boolean"),
    ScalarType.Int8: ("b", "byte"),
    ScalarType.Int16: ("h", "short"),
    ScalarType.Int32: ("i", "int"),
    ScalarType.Int64: ("l", "long"),
    ScalarType.UInt8: ("B", "ubyte"),
    ScalarType.UInt16: ("H", "ushort"),
    ScalarType.UInt32: ("I", "uint"),
    ScalarType.UInt64: ("L", "ulong"),
    ScalarType.Float32: ("f", "float"),
    ScalarType.Float64: ("d", "double"),
    ScalarType.String: ("s", "string"),
}
UNION = {
    scalar.value: f"{name}Value"
    for scalar, (_, name) in _SCALARS.items()
    if scalar is not ScalarType.String
}
"""numpy dtype of pixels -> member of the union that holds them."""

_Members = list[tuple[str, Any]]


def _members(text: str, own: str = "") -> _Members:
    """Return members from ``name:letter`` for each; the letter ``*`` stands for ``own``."""
    pairs = (word.split(":") for word in text.split())
    return [(name, own if letter == "*" else letter) for name, letter in pairs]


_ALARM = ("S", "alarm_t", _members("severity:i status:i message:s"))
_TIME = ("S", "time_t", _members("secondsPastEpoch:l nanoseconds:i userTag:i"))
_STATE: _Members = [("alarm", _ALARM), ("timeStamp", _TIME)]
_ENUM = ("S", "enum_t", _members("index:i choices:as"))
_TEXT_DISPLAY = ("display", ("S", None, _members("description:s units:s")))
_LIMITS = "limitLow:* limitHigh:* "
_VALUE_ALARM = (
    "active:? lowAlarmLimit:* lowWarningLimit:* highWarningLimit:* highAlarmLimit:* "
    "lowAlarmSeverity:i lowWarningSeverity:i highWarningSeverity:i highAlarmSeverity:i hysteresis:d"
)


@cache
def nt_type(kind: NtKind, scalar: ScalarType, columns: tuple[Column, ...] = ()) -> Type:
    """Return the PVAccess type for a kind of PV.

    :param columns: those of a TABLE
    """
    if kind is NtKind.ENUM:
        text = ("S", None, _members("description:s"))
        return _type("NTEnum", [("value", _ENUM), *_STATE, ("display", text)])
    if kind is NtKind.NDARRAY:
        return _type("NTNDArray", _ndarray())
    if kind is NtKind.TABLE:
        value = ("S", None, [(column.name, f"a{_SCALARS[column.scalar][0]}") for column in columns])
        members = [("labels", "as"), ("value", value), ("descriptor", "s"), *_STATE]
        return _type("NTTable", members)
    code, _ = _SCALARS[scalar]
    is_array = kind is NtKind.SCALAR_ARRAY
    members = [("value", f"a{code}" if is_array else code), *_STATE]
    if scalar.is_numeric:
        display = _members(f"{_LIMITS} description:s units:s precision:i", code)
        control = _members(f"{_LIMITS} minStep:*", code)
        members += [
            ("display", ("S", None, [*display, ("form", _ENUM)])),
            ("control", ("S", "control_t", control)),
            ("valueAlarm", ("S", "valueAlarm_t", _members(_VALUE_ALARM, code))),
        ]
    else:
        members.append(_TEXT_DISPLAY)
    return _type("NTScalarArray" if is_array else "NTScalar", members)


def _type(name: str, members: _Members) -> Type:
    return Type(members, id=f"epics:nt/{name}:1.0")


def _ndarray() -> _Members:
    codes = [(UNION[s.value], f"a{code}") for s, (code, _) in _SCALARS.items() if s.value in UNION]
    dimension = _members("size:i offset:i fullSize:i binning:i reverse:?")
    attribute = _members("name:s value:v tags:as descriptor:s")
    attribute += [*_STATE, *_members("sourceType:i source:s")]
    return [
        ("value", ("U", None, codes)),
        ("codec", ("S", "codec_t", _members("name:s parameters:v"))),
        *_members("compressedSize:l uncompressedSize:l"),
        ("dimension", ("aS", "dimension_t", dimension)),
        ("uniqueId", "i"),
        ("dataTimeStamp", _TIME),
        ("attribute", ("aS", "epics:nt/NTAttribute:1.0", attribute)),
        ("descriptor", "s"),
        *_STATE,
        _TEXT_DISPLAY,
    ]
