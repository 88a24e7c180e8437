"""PV names: PyRogue's standard spelling, how many a node may have, what makes a name legal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from reprlib import Repr

# epics-base rejects blanks, quotes and $ in names, and control characters only bring trouble.
# '.' means a record field to some clients and '/' a structure field to others.
_ILLEGAL = re.compile(r"[\s\x00-\x1f\x7f-\x9f\"'`$]")
_ODD_FIRST = "-+[{"
_USUAL = re.compile(r"[A-Za-z0-9_:][A-Za-z0-9_:\-\[\]]*", re.ASCII)  # nothing is wrong with it
_DOUBTFUL = re.compile(r"[./]")

#: names that one node may have
MOST_NAMES = 64

_brief = Repr()  # what stands for a name may be of any size, or contain itself
_brief.maxstring = _brief.maxother = 80


def standard_name(base: str, path: str) -> str:
    """Return ``<base>:<path>`` with ':' for '.', the spelling of ``epicsV4``."""
    return f"{base}:{path.replace('.', ':')}"


def names_of(given: object) -> tuple[object, ...]:
    """Return the names that stand for a node, not yet checked: the primary one, then aliases.

    :param given: one name, or a sequence of names; only that many are ever taken from it
    :raises ValueError: if there is none, if there are too many, or if they have no order
    """
    if isinstance(given, (str, bytes, bytearray)) or not isinstance(given, Iterable):
        return (given,)
    if not isinstance(given, Sequence):
        raise ValueError(f"PV names {_brief.repr(given)} are neither a str nor a list of str")
    names = tuple(islice(given, MOST_NAMES + 1))
    if not names:
        raise ValueError("the list of its PV names is empty")
    if len(names) > MOST_NAMES:
        raise ValueError(f"more than {MOST_NAMES} PV names: {_brief.repr(names)}")
    return names


def illegal_in(text: str) -> str | None:
    """Return the first character of ``text`` that no PV name may have, or None."""
    bad = _ILLEGAL.search(text)
    if bad is not None:
        return bad.group()
    return None if text.isprintable() else next(c for c in text if not c.isprintable())


def name_error(name: object) -> str | None:
    """Return why ``name`` cannot be a PV name, or None if it can."""
    if type(name) is str and _USUAL.fullmatch(name):
        return None
    if not isinstance(name, str):
        return f"PV name {_brief.repr(name)} is not a str"
    if not name:
        return "PV name is empty"
    bad = illegal_in(name)
    if bad is not None:
        return f"PV name {name!r} contains {bad!r}"
    if name.startswith("#"):  # a comment in a map file
        return f"PV name {name!r} begins with '#'"
    return None


def name_warning(name: str) -> str | None:
    """Return what clients may trip over in the legal ``name``, or None."""
    if _USUAL.fullmatch(name):
        return None
    bad = _DOUBTFUL.search(name)
    if bad is not None:
        return f"PV name {name!r} contains {bad.group()!r}, which some clients read as a field"
    if name[0] in _ODD_FIRST:
        return f"PV name {name!r} begins with {name[0]!r}, which epics-base warns of"
    return None
