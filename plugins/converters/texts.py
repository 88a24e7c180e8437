"""Python objects as text, and back: for each type the text that it is read from again."""

from __future__ import annotations

import ast
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from roguebridge.core.values import MisfitError, parse_literal, shown, text_of

_DURATION = re.compile(
    r"(?:(?P<days>-?\d+) days?,? ?)?"
    r"(?:(?P<hours>\d+):(?P<minutes>\d\d):(?P<seconds>\d\d(?:\.\d{1,6})?))?$"
)
_LARGE = re.compile(r"e[+-]?[\d_]{4}", re.IGNORECASE)
_SPAN = re.compile(r"(?P<count>-?\d+) (?P<unit>[a-z]+)(?: time units)?$")
_UNITS = {
    "years": "Y", "months": "M", "weeks": "W", "days": "D", "hours": "h", "minutes": "m",
    "seconds": "s", "milliseconds": "ms", "microseconds": "us", "nanoseconds": "ns",
    "picoseconds": "ps", "femtoseconds": "fs", "attoseconds": "as", "generic": "generic",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TextForm:
    """How values of one type are written and read.

    :param write: gives the text of a value
    :param read: gives the value of a text, or raises
    """

    write: Callable[[Any], str]
    read: Callable[[str], Any]


def form_of(native: Any, type_str: str) -> TextForm | None:
    """Return the form of a type, None if text cannot be made into it.

    :param native: the type; None of a remote tree
    :param type_str: its name
    """
    if native is None:
        return _BY_NAME.get(type_str)
    if not isinstance(native, type):
        return None
    if native in _FORMS:
        return _FORMS[native]
    if issubclass(native, np.complexfloating):
        return TextForm(lambda value: str(complex(value)), lambda text: native(_complex(text)))
    return None


def _tuple_text(value: Any) -> str:
    # JSON would make lists of the tuples within.
    if any(isinstance(item, tuple) for item in value):
        text = repr(value)
        try:
            if ast.literal_eval(text) == value:
                return text
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            pass
    return text_of(value)


def _bytes(text: str) -> bytes:
    found = ast.literal_eval(text)
    if not isinstance(found, bytes):
        raise ValueError
    return found


def _call(name: str, make: Callable[[Any], Any]) -> Callable[[str], Any]:
    """Read ``name(...)``, or what is in the brackets without it."""

    def read(text: str) -> Any:
        inner = text.strip()
        if inner.startswith(f"{name}(") and inner.endswith(")"):
            return make(inner[len(name) + 1 : -1].strip() or ())
        return make(inner)

    return read


def _items(kind: type) -> Callable[[Any], Any]:
    def make(source: Any) -> Any:
        found = parse_literal(source) if isinstance(source, str) else source
        if not isinstance(found, (set, frozenset, list, tuple)) or len(set(found)) != len(found):
            raise ValueError
        return kind(found)

    return make


def _instance(kind: type, *also: type) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        found = parse_literal(text)
        if not isinstance(found, (kind, *also)):
            raise MisfitError(f"expected a {kind.__name__}, got {shown(text)}")
        return found if isinstance(found, kind) else kind(found)

    return read


def _complex(text: str) -> complex:
    return complex(text.replace(" ", ""))


def _fraction(text: str) -> Fraction:
    if _LARGE.search(text):
        raise ValueError  # Fraction would work out all digits, and fill the memory
    return Fraction(text)


def _timedelta(text: str) -> timedelta:
    match = _DURATION.match(text.strip())
    if match is None or not text.strip():
        raise ValueError
    return timedelta(**{name: float(value) for name, value in match.groupdict("0").items()})


def timedelta64_of(text: str) -> np.timedelta64:
    """Return the duration of numpy that a text stands for.

    :raises Exception: if it is none
    """
    if text.strip() == "NaT":
        return np.timedelta64("NaT")
    match = _SPAN.match(text.strip())
    if match is None:
        raise ValueError
    return np.timedelta64(int(match.group("count")), _UNITS[match.group("unit")])  # type: ignore[call-overload, no-any-return]


_FORMS: dict[type, TextForm] = {
    list: TextForm(text_of, _instance(list)),
    dict: TextForm(text_of, _instance(dict)),
    OrderedDict: TextForm(lambda value: text_of(dict(value)), _instance(OrderedDict, dict)),
    tuple: TextForm(_tuple_text, _instance(tuple, list)),
    set: TextForm(str, _call("set", _items(set))),
    frozenset: TextForm(str, _call("frozenset", _items(frozenset))),
    bytes: TextForm(str, _bytes),
    np.bytes_: TextForm(lambda value: str(bytes(value)), lambda text: np.bytes_(_bytes(text))),
    bytearray: TextForm(str, _call("bytearray", lambda text: bytearray(_bytes(text or "b''")))),
    complex: TextForm(str, _complex),
    Decimal: TextForm(str, Decimal),
    Fraction: TextForm(str, _fraction),
    datetime: TextForm(str, datetime.fromisoformat),
    date: TextForm(str, date.fromisoformat),
    time: TextForm(str, time.fromisoformat),
    timedelta: TextForm(str, _timedelta),
    np.datetime64: TextForm(str, np.datetime64),
    np.timedelta64: TextForm(str, timedelta64_of),
}
_BY_NAME = {kind.__name__: form for kind, form in _FORMS.items()}
