"""The Normative Types as QSRV2 sends them, written by hand: what a served PV is held against.

Types are p4p's: (code, id, members) for a structure. An id of ANY is not compared: the
specification has names for these structures, QSRV2 sends none.
"""

from typing import Any

import numpy as np
from p4p import Value

ANY = object()
ALARM = ("S", "alarm_t", [("severity", "i"), ("status", "i"), ("message", "s")])
TIME = ("S", "time_t", [("secondsPastEpoch", "l"), ("nanoseconds", "i"), ("userTag", "i")])
ENUM = ("S", "enum_t", [("index", "i"), ("choices", "as")])
TEXT_DISPLAY = ("S", ANY, [("description", "s"), ("units", "s")])
FORMS = ["Default", "String", "Binary", "Decimal", "Hex", "Exponential", "Engineering"]
NUMBERS = "bhilBHILfd"


def scalar(code: str) -> tuple[str, Any, list[Any]]:
    """Give NTScalar or NTScalarArray, by the code of the value."""
    name = "NTScalarArray" if code.startswith("a") else "NTScalar"
    members = [("value", code), ("alarm", ALARM), ("timeStamp", TIME)]
    t = code[-1]
    if t not in NUMBERS:
        return ("S", f"epics:nt/{name}:1.0", [*members, ("display", TEXT_DISPLAY)])
    display = [
        ("limitLow", t), ("limitHigh", t), ("description", "s"), ("units", "s"),
        ("precision", "i"), ("form", ENUM),
    ]  # fmt: skip
    control = [("limitLow", t), ("limitHigh", t), ("minStep", t)]
    limits = [
        (f"{name}Limit", t) for name in ("lowAlarm", "lowWarning", "highWarning", "highAlarm")
    ]
    severities = [
        (f"{name}Severity", "i") for name in ("lowAlarm", "lowWarning", "highWarning", "highAlarm")
    ]
    value_alarm = [("active", "?"), *limits, *severities, ("hysteresis", "d")]
    members += [
        ("display", ("S", ANY, display)),
        ("control", ("S", ANY, control)),
        ("valueAlarm", ("S", ANY, value_alarm)),
    ]
    return ("S", f"epics:nt/{name}:1.0", members)


NT_ENUM = (
    "S",
    "epics:nt/NTEnum:1.0",
    [
        ("value", ENUM),
        ("alarm", ALARM),
        ("timeStamp", TIME),
        ("display", ("S", ANY, [("description", "s")])),
    ],
)
_UNION = [
    ("booleanValue", "a?"), ("byteValue", "ab"), ("shortValue", "ah"), ("intValue", "ai"),
    ("longValue", "al"), ("ubyteValue", "aB"), ("ushortValue", "aH"), ("uintValue", "aI"),
    ("ulongValue", "aL"), ("floatValue", "af"), ("doubleValue", "ad"),
]  # fmt: skip
_DIMENSION = [
    ("size", "i"), ("offset", "i"), ("fullSize", "i"), ("binning", "i"), ("reverse", "?"),
]  # fmt: skip
_ATTRIBUTE = [
    ("name", "s"), ("value", "v"), ("tags", "as"), ("descriptor", "s"), ("alarm", ALARM),
    ("timeStamp", TIME), ("sourceType", "i"), ("source", "s"),
]  # fmt: skip
# In the order of the specification: QSRV2 and p4p have another
NT_NDARRAY = (
    "S",
    "epics:nt/NTNDArray:1.0",
    [
        ("value", ("U", ANY, _UNION)),
        ("codec", ("S", "codec_t", [("name", "s"), ("parameters", "v")])),
        ("compressedSize", "l"),
        ("uncompressedSize", "l"),
        ("dimension", ("aS", "dimension_t", _DIMENSION)),
        ("uniqueId", "i"),
        ("dataTimeStamp", TIME),
        ("attribute", ("aS", "epics:nt/NTAttribute:1.0", _ATTRIBUTE)),
        ("descriptor", "s"),
        ("alarm", ALARM),
        ("timeStamp", TIME),
        ("display", TEXT_DISPLAY),
    ],
)


def table(columns: list[tuple[str, str]]) -> tuple[str, Any, list[Any]]:
    """Give NTTable, by name and code of each column."""
    return (
        "S",
        "epics:nt/NTTable:1.0",
        [
            ("labels", "as"),
            ("value", ("S", ANY, columns)),
            ("descriptor", "s"),
            ("alarm", ALARM),
            ("timeStamp", TIME),
        ],
    )


def differences(found: Any, wanted: Any, where: str = "") -> list[str]:
    """Tell in which members a type is another one."""
    if isinstance(wanted, str) or isinstance(found, str):
        return [] if found == wanted else [f"{where}: {found} instead of {wanted}"]
    problems = []
    if found[0] != wanted[0] or (wanted[1] is not ANY and found[1] != wanted[1]):
        problems.append(f"{where}: {found[:2]} instead of {wanted[:2]}")
    names, wanted_names = [m[0] for m in found[2]], [m[0] for m in wanted[2]]
    if names != wanted_names:
        return [*problems, f"{where}: members {names} instead of {wanted_names}"]
    for (name, one), (_, other) in zip(found[2], wanted[2], strict=True):
        problems += differences(one, other, f"{where}.{name}")
    return problems


def leaves(spec: Any, prefix: str = "") -> set[str]:
    """Give the names of all that a changed set of a type may have."""
    names = set()
    for name, member in spec[2]:
        if isinstance(member, tuple) and member[0] == "S":
            names |= leaves(member, f"{prefix}{name}.")
        else:
            names.add(prefix + name)
    return names


_MEMBERS = {np.dtype(code[1:].replace("l", "q").replace("L", "Q")): name for name, code in _UNION}


def put_of(first: Any, wire: Any) -> Any:
    """Give a raw put of a value, an index or an image to a PV of which a value is known."""
    put = Value(first.type())
    if first.getID().startswith("epics:nt/NTEnum"):
        put["value.index"] = wire
    elif first.getID().startswith("epics:nt/NTNDArray"):
        put["value"] = (_MEMBERS[wire.dtype], wire.reshape(-1))
        put["dimension"] = [{"size": size} for size in reversed(wire.shape)]
    else:
        put["value"] = wire
    return put


def content_of(value: Any) -> Any:
    """Give what a raw Value shows: a value, an index or an image."""
    if value.getID().startswith("epics:nt/NTEnum"):
        return value["value.index"]
    if value.getID().startswith("epics:nt/NTNDArray"):
        return value["value"].reshape([d["size"] for d in value["dimension"]][::-1])
    return value["value"]


def equal(one: Any, other: Any) -> bool:
    """Tell whether two values are equal, NaN to NaN, arrays in shape and each element."""
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        one, other = np.asarray(one), np.asarray(other)
        nan = one.dtype.kind == other.dtype.kind == "f"
        return np.array_equal(one, other, equal_nan=nan)
    return bool(one == other or (one != one and other != other))  # noqa: PLR0124
