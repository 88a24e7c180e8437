"""PV names: PyRogue's standard spelling and what makes a name legal."""

from __future__ import annotations

import re

# epics-base rejects blanks, quotes and $ in names, and control characters only bring trouble.
# '.' means a record field to some clients and '/' a structure field to others.
_ILLEGAL = re.compile(r"[\s\x00-\x1f\x7f-\x9f\"'`$]")
_DOUBTFUL = re.compile(r"[./]")


def standard_name(base: str, path: str) -> str:
    """Return ``<base>:<path>`` with ':' for '.', the spelling of ``epicsV4``."""
    return f"{base}:{path.replace('.', ':')}"


def name_error(name: object) -> str | None:
    """Return why ``name`` cannot be a PV name, or None if it can."""
    if not isinstance(name, str):
        return f"PV name {name!r} is not a str"
    if not name:
        return "PV name is empty"
    bad = _ILLEGAL.search(name)
    if bad is not None:
        return f"PV name {name!r} contains {bad.group()!r}"
    hidden = next((char for char in name if not char.isprintable()), None)
    if hidden is not None:
        return f"PV name {name!r} contains {hidden!r}"
    if name.startswith("#"):  # a comment in a map file
        return f"PV name {name!r} begins with '#'"
    return None


def name_warning(name: str) -> str | None:
    """Return what clients may trip over in the legal ``name``, or None."""
    bad = _DOUBTFUL.search(name)
    if bad is not None:
        return f"PV name {name!r} contains {bad.group()!r}, which some clients read as a field"
    return None
