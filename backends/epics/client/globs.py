"""Names of PVs with wildcards."""

from __future__ import annotations

import re

_INDEX = re.compile(r"\[\d+\]")  # a node of an array: no wildcard
_FIXED = re.compile(r"(?:\[\d+\]|[^*?\[])*")  # up to the first wildcard


def is_glob(name: str) -> bool:
    """Return True if a name has wildcards: ``*``, ``?`` or brackets that are no index."""
    return any(char in _INDEX.sub("", name) for char in "*?[")


def bases_of(name: str) -> list[str]:
    """Return the bases that the server of a name may have, the longest first."""
    fixed = _FIXED.match(name)
    parts = (fixed[0] if fixed else "").split(":")[:-1]
    return [":".join(parts[:count]) for count in range(len(parts), 0, -1) if parts[0]]
