"""The nearest match for an unknown name, path or glob, and error texts with it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .node_index import NodeIndex
from .path_globs import path_matcher

_MOST = 5000  # names that one is compared with: each takes microseconds


def nearest_of(name: str, names: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the name most like another, upper and lower case alike; None if none is near.

    :param cutoff: from 0, where any name is near, to 1
    """
    folded = {one.lower(): one for one in sorted(names)[:_MOST]}
    match = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=cutoff)
    return folded[match[0]] if match else None


def nearest_path(path: str, paths: Sequence[str]) -> str | None:
    """Return the nearest of some paths; None if there are none."""
    # Comparing with 100,000 paths takes seconds: look among the likely ones first.
    parent, _, leaf = path.lower().rpartition(".")
    likely = [
        p for p in paths if p.lower().rpartition(".")[2] == leaf or p.lower().startswith(parent)
    ]
    return nearest_of(path, likely[:_MOST], 0.5) or nearest_of(path, paths[:_MOST], 0.0)


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


def nearest_glob(glob: str, index: NodeIndex) -> str | None:
    """Return a glob, or a path, near to one that no node matches."""
    for candidate in (f"{glob}.*", _corrected(glob, index)):
        matches = path_matcher([candidate])
        if candidate != glob and any(matches(node.path) for node in index.near([candidate])):
            return candidate
    return nearest_path(glob, index.paths)


def _corrected(glob: str, index: NodeIndex) -> str:
    """Return the glob with names that are in the tree for those that are not."""
    parts = glob.split(".")
    for place, part in enumerate(parts):
        if part not in index.parts and not any(char in part for char in "*?["):
            parts[place] = nearest_of(part, index.parts) or part
    return ".".join(parts)
