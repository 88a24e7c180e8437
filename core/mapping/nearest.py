"""What a name, a path or a glob that stands for nothing was perhaps meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from .node_index import NodeIndex
from .path_globs import path_matcher
from .unknown_paths import nearest_path

_MOST = 5000  # names that one is compared with: each takes microseconds


def nearest_of(name: str, names: Iterable[str]) -> str | None:
    """Return the nearest of some names, whatever the case of letters; None if none is near."""
    folded = {one.lower(): one for one in sorted(names)[:_MOST]}
    match = difflib.get_close_matches(name.lower(), folded, n=1)
    return folded[match[0]] if match else None


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
