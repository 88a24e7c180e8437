"""Paths that are not in the tree: what they are instead, and what they are near to."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from typing import Any


def why_unknown(path: str, paths: Sequence[str], get_node: Callable[[str], Any]) -> str:
    """Tell what is wrong with a path that stands for no variable and no command.

    :param path: as it was given
    :param paths: those of all variables and commands
    :param get_node: finds a device
    """
    found = get_node(path) if path else None
    if found is not None and getattr(found, "isDevice", False):
        return f"{path} is a device: only variables and commands can be served"
    near = nearest_path(path, paths) if path else None
    hint = f"; the nearest path is {near}" if near else ""
    return f"{path!r} is not in the tree{hint}"


def nearest_path(path: str, paths: Sequence[str]) -> str | None:
    """Return the nearest of some paths; None if there are none."""
    # Comparing with 100,000 paths takes seconds: look among the likely ones first.
    leaf = path.rpartition(".")[2].lower()
    parent = path.rpartition(".")[0].lower()
    lower = path.lower()
    likely = [
        p for p in paths if p.lower().rpartition(".")[2] == leaf or p.lower().startswith(parent)
    ]
    for candidates, cutoff in ((likely[:5000], 0.5), (paths[:5000], 0.0)):
        folded = {p.lower(): p for p in candidates}
        match = difflib.get_close_matches(lower, folded, n=1, cutoff=cutoff)
        if match:
            return folded[match[0]]
    return None
