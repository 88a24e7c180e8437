"""What a server is put together from: its backends, and the mapping of its tree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import Any

from .backend import Backend, BackendOptions
from .errors import BackendError
from .mapfile import read_map
from .mapping import PvMap, automatic_map, explicit_map
from .plugin_manager import Plugins
from .rules import first
from .tree import TreeNode


def make_backends(
    plugins: Plugins, names: Iterable[str], options: BackendOptions, broken_plugins: Sequence[str]
) -> tuple[Backend, ...]:
    """Return one backend for each name, not started.

    :param plugins: give the backends there are
    :param broken_plugins: why some may be missing
    :raises BackendError: for an unknown name, or none
    """
    factories = plugins.backends()
    made = []
    for name in dict.fromkeys(names):
        if name not in factories:
            broken = "".join(f"\n  {text}" for text in broken_plugins)
            raise BackendError(f"unknown backend {name!r}; there are {sorted(factories)}{broken}")
        made.append(factories[name](options))
    if not made:
        raise BackendError("no backend given")
    return tuple(made)


def copied(pv_map: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return a copy of an explicit map that no later change of the caller's reaches."""
    return {path: list(n) if isinstance(n, list) else n for path, n in pv_map.items()}


def build_map(
    root: Any,
    base: str,
    pv_map: Mapping[str, str | Sequence[str]] | str | PathLike[str] | None,
    include: Sequence[str],
    exclude: Sequence[str],
    plugins: Plugins,
) -> PvMap:
    """Map the nodes of a running tree, explicitly if there is a ``pv_map``; see :class:`.PvServer`.

    :param plugins: give the naming rules
    :raises MappingError: if a map file cannot be read
    """
    nodes = root.variableList
    if isinstance(pv_map, (str, PathLike)):
        pv_map = read_map(pv_map)
    if pv_map is not None:
        return explicit_map(nodes, root.name, pv_map, root.getNode)
    rules = plugins.naming_rules(base)

    def name(node: TreeNode) -> Any:
        return first(rules, node)

    return automatic_map(nodes, include, exclude, name)
