"""Values in words: numbers and literals that clients put as text, and values in refusals."""

from __future__ import annotations

import ast
import json
import re
from math import isinf
from reprlib import Repr
from typing import Any

import numpy as np

from .spec import NtKind, PvSpec, ScalarType

LONGEST = 80  # characters of a value in a message
# PyRogue makes decimal text of each value, on its only update thread. Python makes none of an
# integer of more than 4,300 digits, but reads one in hexadecimal.
_MOST_BITS = 14_000
_LARGE = re.compile(r"0[xob][\da-f_]{3500}", re.IGNORECASE)
_BOOLS = {"true": True, "1": True, "false": False, "0": False}
_KINDS = {"U": "text", "S": "bytes", "O": "object", "V": "record", "M": "time", "m": "duration"}

_LITERALS = (str, bytes, bytearray, int, list, tuple, set, frozenset, dict)

_brief = Repr()
_brief.maxlist = _brief.maxtuple = _brief.maxset = _brief.maxfrozenset = _brief.maxdict = 20
_brief.maxlong = _brief.maxstring = _brief.maxother = 2000


class MisfitError(TypeError, ValueError):
    """A value has no place in a type; the text says what was expected, and what came."""


def shown(value: Any, longest: int = LONGEST) -> str:
    """Return a value as a message shows it, cut to ``longest`` characters.

    :param value: as a client or the tree gives it
    """
    if isinstance(value, np.ndarray) and value.ndim:
        return f"an array of {value.size} elements"
    if isinstance(value, np.character):
        value = value.item()
    try:
        text = _brief.repr(value) if isinstance(value, _LITERALS) else str(value)
    except Exception:  # of a tree's own class; and of an int with thousands of digits
        text = hex(value) if isinstance(value, int) else ""
    if not text or " at 0x" in text:
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= longest else f"{text[:longest]}..."


def type_words(spec: PvSpec) -> str:
    """Return the type of a PV as a message shows it.

    :param spec: type of the PV
    """
    if spec.kind is NtKind.ENUM:
        return f"the choices {shown(list(spec.choices), 4 * LONGEST)}"
    if spec.kind is NtKind.TABLE:
        return f"a table of {shown([column.name for column in spec.columns], 4 * LONGEST)}"
    name = "text" if spec.scalar is ScalarType.String else spec.scalar.value
    return name if spec.kind is NtKind.SCALAR else f"an array of {name}"


def misfit_words(exc: Exception, value: Any, spec: PvSpec) -> str:
    """Return why a value has no place in a PV; what a library says is left out.

    :param exc: what was raised
    :param value: the value
    :param spec: type of the PV
    """
    if isinstance(exc, MisfitError):
        return str(exc)
    if spec.kind is NtKind.SCALAR and spec.scalar is ScalarType.String:
        return f"{shown(value)} cannot be taken"  # the text may stand for anything
    return f"{shown(value)} does not fit {type_words(spec)}"


def element_words(dtype: np.dtype[Any]) -> str:
    """Return the type of an array's elements as a message shows it."""
    return _KINDS.get(dtype.kind, dtype.name)


def parse_number(text: str, whole: bool = False) -> int | float:
    """Return the number that text in Python's notation stands for, an int if it looks like one.

    :param whole: whether an integer is meant; a number with a fraction is left to the caller
    :raises MisfitError: if it is none
    """
    number: int | float
    try:
        number = int(text, 0)
    except ValueError:
        try:
            number = float(text)
        except ValueError:
            kind = "an integer" if whole else "a number"
            raise MisfitError(f"{shown(text)} is not {kind}") from None
    endless = isinstance(number, float) and isinf(number) and "inf" not in text.lower()
    if endless or (isinstance(number, int) and number.bit_length() > _MOST_BITS):
        raise MisfitError(f"{shown(text)} has too many digits")
    return number


def parse_bool(text: str) -> bool:
    """Return the bool that text stands for.

    :raises MisfitError: if it is none
    """
    try:
        return _BOOLS[text.strip().lower()]
    except KeyError:
        raise MisfitError(f"{shown(text)} is neither True nor False") from None


def parse_literal(text: str) -> Any:
    """Return what JSON or a Python literal stands for.

    :raises MisfitError: if it is neither
    """
    for parse in (json.loads, ast.literal_eval):
        try:
            found = parse(text)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            continue
        if len(text) > _MOST_BITS / 4 and _LARGE.search(text):
            raise MisfitError(f"{shown(text)} has too many digits")
        return found
    raise MisfitError(f"{shown(text)} is neither JSON nor a Python literal")
