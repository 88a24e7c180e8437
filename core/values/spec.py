"""The neutral description of one PV: a backend knows nothing else about the node.

The vocabulary is that of the EPICS Normative Types; the scalar type names are those of pvxs.
"""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass, fields
from enum import Enum
from functools import lru_cache
from typing import Any

import numpy as np


class NtKind(Enum):
    """Which Normative Type a PV has."""

    SCALAR = "NTScalar"
    SCALAR_ARRAY = "NTScalarArray"
    ENUM = "NTEnum"
    NDARRAY = "NTNDArray"
    TABLE = "NTTable"


class ScalarType(Enum):
    """Element type of a PV; the value is the numpy dtype name."""

    Bool = "bool"
    Int8 = "int8"
    Int16 = "int16"
    Int32 = "int32"
    Int64 = "int64"
    UInt8 = "uint8"
    UInt16 = "uint16"
    UInt32 = "uint32"
    UInt64 = "uint64"
    Float32 = "float32"
    Float64 = "float64"
    String = "str"

    def __init__(self, name: Any) -> None:
        #: the numpy dtype of an array of this type, in native byte order
        self.dtype: np.dtype[Any] = np.dtype(name)
        #: True for the signed and unsigned integers, False for Bool
        self.is_integer = name.lstrip("u").startswith("int")
        #: True for Float32 and Float64
        self.is_float = name.startswith("float")
        #: True for integers and floats
        self.is_numeric = self.is_integer or self.is_float

    def no_elements(self) -> Any:
        """Return an empty array of this type; of text, an empty list."""
        return [] if self is ScalarType.String else np.zeros(0, self.dtype)

    @classmethod
    def integer(cls, bits: int, signed: bool) -> ScalarType | None:
        """Return the narrowest integer type of at least ``bits`` bits; None beyond 64."""
        for width in (8, 16, 32, 64):
            if bits <= width:
                return cls(f"{'' if signed else 'u'}int{width}")
        return None


@dataclass(frozen=True, slots=True)
class Display:
    """Text and range for display; the limits are in the PV's own units."""

    description: str = ""
    units: str = ""
    limit_low: Any = None
    limit_high: Any = None
    precision: int = 0
    form: int = 0
    """Index into Default, String, Binary, Decimal, Hex, Exponential, Engineering."""


@dataclass(frozen=True, slots=True)
class Control:
    """Range that a put is held to; None where there is no limit.

    A PV that is the text of an integer beyond 64 bits may have one too.
    """

    limit_low: Any = None
    limit_high: Any = None


@dataclass(frozen=True, slots=True)
class ValueAlarm:
    """Alarm limits; None where a limit is not set."""

    low_alarm: Any = None
    low_warning: Any = None
    high_warning: Any = None
    high_alarm: Any = None

    @property
    def active(self) -> bool:
        """True when any limit is set."""
        limits = self.low_alarm, self.low_warning, self.high_warning, self.high_alarm
        return any(limit is not None for limit in limits)


NO_CONTROL = Control()
NO_VALUE_ALARM = ValueAlarm()


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a TABLE.

    :param name: name of the member; letters, digits and underscores, not a digit first
    :param label: name of the field in the tree, of any characters
    :param scalar: type of the elements
    """

    name: str
    label: str
    scalar: ScalarType


@dataclass(frozen=True, slots=True)
class PvSpec:
    """Type and metadata of one PV, a pure function of the node's declared attributes.

    :param kind: the Normative Type
    :param scalar: type of the value or of its elements; Int32 (the index) for ENUM; for NDARRAY
        the declared dtype, which a frame may differ from; String for TABLE, whose columns have
        types of their own
    :param choices: the labels of an ENUM, in index order
    :param max_length: elements of an array, or bytes of a text, that the declaration or the
        default has room for; a value may be longer where the node has no limit
    :param columns: the columns of a TABLE, in order
    :param is_complex: True for an NDARRAY whose last axis is real and imaginary part
    """

    kind: NtKind
    scalar: ScalarType
    choices: tuple[str, ...] = ()
    display: Display = Display()
    control: Control = NO_CONTROL
    value_alarm: ValueAlarm = NO_VALUE_ALARM
    writable: bool = True
    max_length: int | None = None
    columns: tuple[Column, ...] = ()
    is_complex: bool = False

    def zero(self) -> Any:
        """Return the value a PV of this type shows before any is known."""
        if self.kind is NtKind.SCALAR_ARRAY:
            return self.scalar.no_elements()
        if self.kind is NtKind.NDARRAY:
            return np.zeros((0, 0), self.scalar.dtype)
        if self.kind is NtKind.TABLE:
            return {column.name: column.scalar.no_elements() for column in self.columns}
        if self.kind is NtKind.ENUM:
            return 0
        return "" if self.scalar is ScalarType.String else self.scalar.dtype.type(0).item()


_MEMBER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def shared(spec: PvSpec) -> PvSpec:
    """Return one object for all specs that are equal: most of the PVs of a detector are alike."""
    # Limits of 0 and 0.0 are equal, and are shown as they are.
    limits = (spec.display.limit_low, spec.display.limit_high, *astuple(spec.value_alarm))
    return _shared(spec, tuple(map(type, limits)))


@lru_cache(maxsize=1024)
def _shared(spec: PvSpec, kinds: tuple[type, ...]) -> PvSpec:
    return spec


def problem_of(spec: Any) -> str | None:
    """Return why no PV can be of this type, None if one can.

    :param spec: what a converter has for its ``spec``
    """
    if not isinstance(spec, PvSpec):
        return f"its spec is {spec!r}, no PvSpec"
    if not isinstance(spec.kind, NtKind) or not isinstance(spec.scalar, ScalarType):
        return f"its spec has kind {spec.kind!r} and scalar {spec.scalar!r}"
    labels = all(isinstance(label, str) for label in spec.choices)
    if spec.kind is NtKind.ENUM and not (spec.choices and labels):
        return f"its spec is of an NTEnum with the choices {spec.choices!r}"
    if spec.kind is NtKind.TABLE:
        return _problem_of_columns(spec.columns)
    return None


def _problem_of_columns(columns: Any) -> str | None:
    if not columns or not all(isinstance(column, Column) for column in columns):
        return f"its spec is of an NTTable with the columns {columns!r}"
    names = [column.name for column in columns]
    for name in names:
        if not isinstance(name, str) or not _MEMBER.fullmatch(name):
            return f"its spec has a column {name!r}, which is no name of a member"
        if names.count(name) > 1:
            return f"its spec has two columns {name!r}"
    return None


def changes_of(before: PvSpec, after: Any) -> str:
    """Return in which fields two descriptions of a PV differ, in words; empty if in none."""
    if after is before or after == before:
        return ""
    if not isinstance(after, PvSpec):
        return f"it is {after!r} now"
    pairs = ((f.name, getattr(before, f.name), getattr(after, f.name)) for f in fields(PvSpec))
    return ", ".join(f"{name} was {old!r} and is {new!r}" for name, old, new in pairs if old != new)
