"""Which node gets which PV name: a pure function of the tree, frozen once worked out."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .errors import MappingError
from .groups import passes
from .naming import name_error, name_warning
from .tree import TreeNode


@dataclass(frozen=True, slots=True)
class PvEntry:
    """One served node and its PV name.

    :param path: PyRogue path, e.g. ``Top.Dev[3].Gain``
    :param pv_name: name of the PV
    :param is_command: True for a command
    :param mode: ``RW``, ``RO`` or ``WO``
    """

    path: str
    pv_name: str
    is_command: bool
    mode: str

    @property
    def device(self) -> str:
        """Path of the device the node belongs to."""
        return self.path.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a mapping.

    :param path: node path, or what was given for one
    :param text: what is wrong, naming path and PV
    :param warning: True if the entry is served all the same
    :param fatal: True if nothing may be served with it
    """

    path: str
    text: str
    warning: bool = False
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class PvMap:
    """The entries in tree order, the nodes they stand for, and what was wrong."""

    entries: tuple[PvEntry, ...] = ()
    nodes: tuple[TreeNode, ...] = ()
    problems: tuple[Problem, ...] = ()

    def __iter__(self) -> Iterator[tuple[PvEntry, TreeNode]]:
        return zip(self.entries, self.nodes, strict=True)

    def check(self, strict: bool) -> None:
        """Raise for fatal problems, with ``strict`` for every problem that is not a warning.

        :raises MappingError: listing all problems
        """
        if any(p.fatal or (strict and not p.warning) for p in self.problems):
            raise MappingError("the mapping cannot be served:", [p.text for p in self.problems])


@dataclass(slots=True)
class _Builder:
    """Collects entries and problems."""

    entries: list[PvEntry] = field(default_factory=list)
    nodes: list[TreeNode] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    paths: dict[str, str] = field(default_factory=dict)
    """PV name -> path that has it."""

    def claim(self, path: str, pv_name: Any) -> str:
        """Take a name for ``path``; returns the path that has it."""
        return self.paths.setdefault(pv_name, path) if isinstance(pv_name, str) else path

    def add(self, node: TreeNode, path: str, pv_name: Any, explicit: bool) -> None:
        error = name_error(pv_name)
        if error is not None:
            self.problems.append(Problem(path, f"{path}: {error}"))
            return
        other = self.claim(path, pv_name)
        if other != path:
            text = f"{other} and {path} both map to PV {pv_name}"
            self.problems.append(Problem(path, text, fatal=explicit))
            return
        warning = name_warning(pv_name)
        if warning is not None:
            self.problems.append(Problem(path, f"{path}: {warning}", warning=True))
        self.entries.append(PvEntry(path, pv_name, bool(node.isCommand), node.mode))
        self.nodes.append(node)

    def result(self) -> PvMap:
        return PvMap(tuple(self.entries), tuple(self.nodes), tuple(self.problems))


def automatic_map(
    nodes: Sequence[TreeNode],
    include: Sequence[str],
    exclude: Sequence[str],
    name: Callable[[TreeNode], Any],
) -> PvMap:
    """Map every node that passes the group filter.

    :param nodes: all variables and commands, in tree order
    :param include: serve only nodes in one of these groups; empty for all
    :param exclude: never serve nodes in one of these groups
    :param name: gives a node's PV name; if it raises, that node is left out
    """
    builder = _Builder()
    used: set[str] = set()
    for node in nodes:
        path = "?"
        try:
            path = node.path
            groups = node.groups
            if include:
                used.update(groups)
            if not passes(groups, include, exclude):
                continue
            try:
                pv_name = name(node)
            except Exception as exc:
                builder.problems.append(Problem(path, f"{path}: naming rule failed: {exc!r}"))
                continue
            builder.add(node, path, pv_name, explicit=False)
        except Exception as exc:  # an attribute of a class of its own
            builder.problems.append(Problem(path, f"{path}: cannot be served: {exc!r}"))
    for group in include:
        if group not in used:
            text = f"no node is in group {group!r}: nothing is served for it"
            builder.problems.append(Problem("", text, warning=True))
    return builder.result()


def explicit_map(
    nodes: Sequence[TreeNode],
    root_name: str,
    pv_map: Mapping[Any, Any],
    get_node: Callable[[str], Any],
) -> PvMap:
    """Map exactly the paths of ``pv_map``; groups do not apply.

    :param nodes: all variables and commands, in tree order
    :param root_name: name of the root, for which a path may also say ``root``
    :param pv_map: path -> PV name
    :param get_node: finds a device, so that the problem can say so
    """
    by_path = {node.path: node for node in nodes}
    wanted: dict[str, Any] = {}
    builder = _Builder()
    unknown: list[str] = []
    for key, pv_name in pv_map.items():
        if not isinstance(key, str):
            builder.problems.append(Problem(repr(key), f"path {key!r} is not a str"))
            continue
        path = key
        if path not in by_path and path.startswith("root."):
            path = root_name + path[4:]
        if path in wanted:
            builder.problems.append(Problem(key, f"{path} is mapped twice, also as {key}"))
        elif path in by_path:
            wanted[path] = pv_name
        else:
            unknown.append(key)
    for key in unknown:  # nothing tells which of two entries on one name was meant
        other = builder.claim(key, pv_map[key])
        if other != key:
            text = f"{other} and {key} both map to PV {pv_map[key]}"
            builder.problems.append(Problem(key, text, fatal=True))
    for path, node in by_path.items():
        if path in wanted:
            builder.add(node, path, wanted[path], explicit=True)
    builder.problems += unknown_paths(unknown, list(by_path), get_node)
    if not pv_map:
        text = "the explicit map is empty: nothing is served"
        builder.problems.append(Problem("", text, warning=True))
    return builder.result()


def unknown_paths(
    unknown: Sequence[str], paths: Sequence[str], get_node: Callable[[str], Any]
) -> Iterator[Problem]:
    """Say of each path that no node has what it is, or which path is the nearest.

    :param paths: of all nodes
    :param get_node: finds a device, so that the problem can say so
    """
    for path in unknown:
        found = get_node(path) if path else None
        near = _nearest(path, paths) if path else None
        hint = f"; the nearest path is {near}" if near else ""
        if found is not None and getattr(found, "isDevice", False):
            yield Problem(path, f"{path} is a device: only variables and commands can be served")
        else:
            yield Problem(path, f"{path!r} is not in the tree{hint}")


def _nearest(path: str, paths: Sequence[str]) -> str | None:
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
