"""The bytes of Channel Access: values in any of its types, with what is said about them."""

from __future__ import annotations

from ctypes import sizeof
from dataclasses import dataclass
from functools import cache
from struct import Struct
from typing import Any

import caproto as ca
import numpy as np

#: elements of a PV: a 1-D array of numbers, or texts of at most 39 bytes each
Elements = Any
CHAR, DOUBLE, ENUM, FLOAT, INT, LONG, STRING = (
    ca.ChannelType[name] for name in ("CHAR", "DOUBLE", "ENUM", "FLOAT", "INT", "LONG", "STRING")
)
WIRE: dict[Any, Any] = {
    CHAR: np.dtype("u1"),
    DOUBLE: np.dtype(">f8"),
    ENUM: np.dtype(">u2"),
    FLOAT: np.dtype(">f4"),
    INT: np.dtype(">i2"),
    LONG: np.dtype(">i4"),
}
NO_NUMBERS: Any = np.zeros(0)
_NUMBERS = frozenset(int(kind) for kind in ca.ChannelType)
_ACKNOWLEDGED = ca.ChannelType.STSACK_STRING
_TAKEN_ONLY = (ca.ChannelType.PUT_ACKT, ca.ChannelType.PUT_ACKS)
STRING_SIZE = 40
_MOST_TEXTS = 50_000  # numbers made into texts for one read or update: each takes about 1 us
_MOST_STATES = 16
_EPOCH = 631_152_000  # CA counts from 1990
_NS = 1_000_000_000
_STAMP = Struct("!HHII")  # alarm status and severity, seconds, nanoseconds
#: bytes before the value in each type that has a time
_STAMPED = {int(kind): sizeof(ca.DBR_TYPES[kind]) for kind in ca.time_types}


class Unreadable(Exception):
    """A value has no form in the type that a client asks for."""


@dataclass(frozen=True, slots=True)
class Meta:
    """What DBR_GR and DBR_CTRL tell; limits as (low, high) in the PV's own numbers."""

    units: str = ""
    precision: int = 0
    display: tuple[Any, Any] = (0, 0)
    control: tuple[Any, Any] = (0, 0)
    warning: tuple[Any, Any] = (0, 0)
    alarm: tuple[Any, Any] = (0, 0)
    states: tuple[str, ...] = ()
    rtyp: str = ""


def cut(text: bytes, most: int) -> bytes:
    """Return UTF-8 text of at most ``most`` bytes, no character in halves."""
    if len(text) <= most:
        return text
    return text[:most].decode("utf-8", "ignore").encode()


def metadata(dbr: int, meta: Meta, severity: int, status: int, time_ns: int) -> bytes:
    """Return what comes before the value in a type of DBR; nothing in a plain one."""
    make, native = _structure(dbr)
    if make is None:
        return b""
    if dbr in _STAMPED:  # most requests: not by the attributes of a structure
        seconds, nanoseconds = divmod(time_ns, _NS)
        seconds = min(max(seconds - _EPOCH, 0), 2**32 - 1)
        return _STAMP.pack(status, severity, seconds, nanoseconds).ljust(_STAMPED[dbr], b"\0")
    made = make()
    if dbr == ca.ChannelType.CLASS_NAME:
        made.value = meta.rtyp.encode()
        return bytes(made)
    made.status = status
    made.severity = severity
    if dbr == _ACKNOWLEDGED:  # in caproto's structure the text belongs to it
        return bytes(made)[:-STRING_SIZE]
    if hasattr(made, "no_str"):
        states = meta.states[:_MOST_STATES]
        made.no_str = len(states)
        for place, label in enumerate(states):
            made.strs[place].value = cut(label.encode(), 25)
    elif hasattr(made, "units"):
        _set_limits(made, native, meta)
    return bytes(made)


def _set_limits(made: Any, native: Any, meta: Meta) -> None:
    made.units = cut(meta.units.encode(), 7)
    if hasattr(made, "precision"):
        made.precision = min(meta.precision, 2**15 - 1)
    pairs = (meta.display, meta.alarm, meta.warning, meta.control)
    for words, limits in zip(("disp", "alarm", "warning", "ctrl"), pairs, strict=True):
        for side, limit in zip(("lower", "upper"), limits, strict=True):
            if hasattr(made, name := f"{side}_{words}_limit"):
                setattr(made, name, _in_type(limit, native))


def _in_type(limit: Any, native: Any) -> Any:
    dtype = WIRE[native]
    if dtype.kind == "f":
        return float(limit)
    info = np.iinfo(dtype)
    whole = 0 if limit != limit else int(min(max(limit, info.min), info.max))
    return bytes([whole]) if native is CHAR else whole  # caproto's form of a byte


@cache
def _structure(dbr: int) -> tuple[Any, Any]:
    """Return the structure before the value in a type of DBR, and the plain type of that."""
    kind = ca.ChannelType(dbr)
    if kind in _TAKEN_ONLY:
        raise Unreadable(f"{kind.name} is a type of puts")
    if kind in ca.native_types:
        return None, kind
    if kind.name in ("GR_STRING", "CTRL_STRING"):  # of text there is nothing more to tell
        kind = ca.ChannelType.STS_STRING
    others = {ca.ChannelType.CLASS_NAME: None, _ACKNOWLEDGED: STRING}
    return ca.DBR_TYPES[kind], others[kind] if kind in others else ca.native_type(kind)


def exists(dbr: int) -> bool:
    """Tell whether there is a type of DBR with this number."""
    return dbr in _NUMBERS


def nothing(dbr: int) -> bytes:
    """Return what a type of DBR has of no elements of which nothing is known: zeros."""
    if dbr in ca.native_types or not exists(dbr):
        return b""
    return bytes(sizeof(ca.DBR_TYPES[ca.ChannelType(dbr)]))


def plain(dbr: int) -> Any:
    """Return the type of the value in any type of DBR; None in those that have none."""
    return _structure(dbr)[1]


def data(elements: Elements, native: Any, wanted: Any, meta: Meta, count: int) -> tuple[int, bytes]:
    """Return elements of one plain type in another.

    :param count: how many the client wants, zeros behind those there are; 0 for all there are
    :returns: how many, and their bytes
    :raises Unreadable: for text that is no number, and more numbers than can be made into texts
    """
    if wanted is None:  # of CLASS_NAME all is in the metadata
        return 1, b""
    if wanted is STRING:
        if native is not STRING and min(count or len(elements), len(elements)) > _MOST_TEXTS:
            raise Unreadable(f"{len(elements)} numbers are too many for texts")
        texts = elements if native is STRING else _texts(elements[: count or None], native, meta)
        count = count or len(texts)
        raw = b"".join(text.ljust(STRING_SIZE, b"\0") for text in texts[:count])
        return count, raw.ljust(count * STRING_SIZE, b"\0")
    numbers = _numbers(elements) if native is STRING else elements
    dtype = WIRE[wanted]
    if count:
        numbers = numbers[:count]
    if numbers.dtype != dtype:
        numbers = _cast(numbers, dtype)
    count = count or len(numbers)
    return count, numbers.tobytes().ljust(count * dtype.itemsize, b"\0")


def _texts(numbers: Any, native: Any, meta: Meta) -> list[bytes]:
    if native is ENUM:
        states = dict(enumerate(meta.states))
        return [cut(states.get(n, str(n)).encode(), STRING_SIZE - 1) for n in numbers.tolist()]
    if numbers.dtype.kind == "f":
        return [_digits(number, meta.precision) for number in numbers.tolist()]
    return [str(number).encode() for number in numbers.tolist()]


def _digits(number: float, precision: int) -> bytes:
    if 0 < precision <= 15:
        text = f"{number:.{precision}f}"
        if len(text) < 24:
            return text.encode()
    return f"{number:.15g}".encode()


def _numbers(texts: Any) -> Any:
    try:
        return np.array([float(text) for text in texts])
    except ValueError:
        raise Unreadable("the text is no number") from None


def _cast(numbers: Any, dtype: Any) -> Any:
    if dtype.kind == "f" and numbers.dtype.kind != "f":
        return numbers.astype(dtype)
    if dtype.kind != "f":
        low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
        if numbers.dtype.kind == "f":  # of 64 bits: those of 32 have no 2**31 - 1
            numbers = np.trunc(numbers.astype("f8"))
            numbers = np.nan_to_num(numbers, posinf=high, neginf=low)
        else:
            own = np.iinfo(numbers.dtype)
            low, high = max(low, own.min), min(high, own.max)
        numbers = np.clip(numbers, low, high)
    with np.errstate(over="ignore", invalid="ignore"):
        return numbers.astype(dtype)
