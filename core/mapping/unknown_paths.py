"""Error texts for paths that are not in the tree, with the nearest path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .nearest import nearest_path


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
