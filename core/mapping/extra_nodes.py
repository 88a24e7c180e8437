"""Nodes that are served though no tree has them: of the server itself and of plugins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..tree.protocols import TreeNode
from .problems import Problem
from .pv_map import PvEntry, PvMap
from .pv_names import name_error


@dataclass(frozen=True, slots=True)
class ExtraNode:
    """A node and the name it is served under.

    :param pv_name: name of the PV; those of the server itself begin with ``<base>:RB:``
    :param node: with the attributes of a variable or command that a
        :class:`~roguebridge.core.tree.protocols.TreeNode` has, its path different from all others:
        :class:`.ServerVariable` and :class:`.ServerCommand` are ready ones
    """

    pv_name: str
    node: TreeNode


def extra_map(extra: Iterable[tuple[str, ExtraNode]], mapped: PvMap) -> PvMap:
    """Return the entries of extra nodes; what the tree's mapping has already keeps its name.

    :param extra: name of the plugin that brings the node, empty for the server, and the node
    :param mapped: the tree's
    """
    taken: dict[str, str] = {}
    for entry in mapped.entries:
        taken.update(dict.fromkeys(entry.names, entry.path))
    paths = {entry.path for entry in mapped.entries}
    entries: list[PvEntry] = []
    nodes: list[Any] = []
    problems: list[Problem] = []
    for plugin, one in extra:
        path = one.node.path
        error = name_error(one.pv_name)
        if error is None and one.pv_name in taken:
            error = f"PV name {one.pv_name!r} is that of {taken[one.pv_name]}"
        if error is None and path in paths:
            error = f"there is another node of this path for PV name {one.pv_name!r}"
        if error is not None:
            giver = f"plugin {plugin}" if plugin else "the server"
            problems.append(Problem(path, f"{path} of {giver} is not served: {error}"))
            continue
        taken[one.pv_name] = path
        paths.add(path)
        entries.append(PvEntry(path, one.pv_name, bool(one.node.isCommand), one.node.mode))
        nodes.append(one.node)
    return PvMap(tuple(entries), tuple(nodes), tuple(problems))
