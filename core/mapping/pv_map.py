"""Which node gets which PV name: a pure function of the tree, frozen once worked out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import MappingError, PluginError, without_cpp
from ..tree.protocols import TreeNode
from .groups import passes
from .nearest import why_unknown
from .problems import Problem, grouped
from .pv_names import name_error, name_warning, names_of


@dataclass(frozen=True, slots=True)
class PvEntry:
    """One served node and its PV name.

    :param path: PyRogue path, e.g. ``Top.Dev[3].Gain``
    :param pv_name: name of the PV; of a request the one that the client has used
    :param is_command: True for a command
    :param mode: ``RW``, ``RO`` or ``WO``
    :param aliases: further names that serve the same; none in the entry of such a name
    """

    path: str
    pv_name: str
    is_command: bool
    mode: str
    aliases: tuple[str, ...] = ()

    @property
    def device(self) -> str:
        """Path of the device the node belongs to."""
        return self.path.rpartition(".")[0]

    @property
    def names(self) -> tuple[str, ...]:
        """All names, the primary one first."""
        return (self.pv_name, *self.aliases)

    def by_name(self) -> tuple[PvEntry, ...]:
        """Return an entry for each of the names, this one first."""
        if not self.aliases:
            return (self,)
        return (self, *(replace(self, pv_name=name, aliases=()) for name in self.aliases))


@dataclass(frozen=True, slots=True)
class PvMap:
    """The entries in tree order, the nodes they stand for, and what was wrong."""

    entries: tuple[PvEntry, ...] = ()
    nodes: tuple[TreeNode, ...] = ()
    problems: tuple[Problem, ...] = ()

    def __iter__(self) -> Iterator[tuple[PvEntry, TreeNode]]:
        return zip(self.entries, self.nodes, strict=True)

    def with_problems(self, problems: Iterable[Problem]) -> PvMap:
        """Return the same map with further problems."""
        return replace(self, problems=(*self.problems, *problems))

    def check(self, strict: bool) -> None:
        """Raise for fatal problems, with ``strict`` for every problem that is not a warning.

        :raises MappingError: listing all problems
        """
        if any(p.fatal or (strict and not p.warning) for p in self.problems):
            raise MappingError(
                "the mapping cannot be served:", [p.text for p in grouped(self.problems)]
            )


@dataclass(slots=True)
class _Builder:
    """Collects entries and problems; a name that is given twice is fatal if ``explicit``."""

    explicit: bool
    entries: list[PvEntry] = field(default_factory=list)
    nodes: list[TreeNode] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    paths: dict[str, str] = field(default_factory=dict)
    """PV name -> path that has it."""
    further: dict[int, tuple[object, ...]] = field(default_factory=dict)
    """Place of an entry -> the names given for aliases of it."""
    giver: Callable[[Any], str] = field(default=lambda node: "")
    """Returns who gave the names of a node, with a colon; empty for the caller."""

    def claim(self, path: str, pv_name: object, node: Any = None) -> bool:
        """Take a name for ``path``, unless it is none or another path has it: that is a problem."""
        error = name_error(pv_name)
        if error is None:
            assert isinstance(pv_name, str)  # noqa: S101 - else there is an error
            other = self.paths.setdefault(pv_name, path)
            if other == path:
                return True
            text = f"{other} and {path} both map to PV {pv_name}"
        else:
            text = f"{path}: {self.giver(node)}{error}"
        fatal = error is None and self.explicit
        self.problems.append(Problem(path, text, fatal=fatal, pv_name=str(pv_name)))
        return False

    def warn(self, path: str, pv_name: str) -> None:
        warning = name_warning(pv_name)
        if warning is not None:
            self.problems.append(Problem(path, f"{path}: {warning}", True, pv_name=pv_name))

    def add(self, node: TreeNode, path: str, given: object) -> None:
        names = self.names(path, given, node)
        if not names or not self.claim(path, names[0], node):
            return
        pv_name = str(names[0])
        self.warn(path, pv_name)
        entry = PvEntry(path, pv_name, bool(node.isCommand), node.mode)
        if len(names) > 1:
            self.further[len(self.entries)] = names[1:]
        self.entries.append(entry)
        self.nodes.append(node)

    def names(self, path: str, given: object, node: Any = None) -> tuple[object, ...]:
        """Return the names given for ``path``; none if that fails, which is a problem."""
        try:
            return names_of(given)
        except Exception as exc:  # a sequence of the caller's own may raise anything
            text = str(exc)
            if type(exc) is not ValueError:
                text = f"its PV names cannot be read: {without_cpp(repr(exc))}"
            self.problems.append(Problem(path, f"{path}: {self.giver(node)}{text}"))
            return ()

    def result(self) -> PvMap:
        # Not before all primary names are taken: an alias must not keep another node out.
        for place, given in self.further.items():
            entry, node = self.entries[place], self.nodes[place]
            claimed = dict.fromkeys(str(one) for one in given if self.claim(entry.path, one, node))
            claimed.pop(entry.pv_name, None)
            for name in claimed:
                self.warn(entry.path, name)
            self.entries[place] = replace(entry, aliases=tuple(claimed))
        return PvMap(tuple(self.entries), tuple(self.nodes), tuple(self.problems))


def automatic_map(
    nodes: Sequence[TreeNode],
    include: Sequence[str],
    exclude: Sequence[str],
    name: Callable[[TreeNode], Any],
    giver: Callable[[Any], str] = lambda node: "",
) -> PvMap:
    """Map every node that passes the group filter.

    :param nodes: all variables and commands, in tree order
    :param include: serve only nodes in one of these groups; empty for all
    :param exclude: never serve nodes in one of these groups
    :param name: gives a node's PV name, or a sequence of them, the primary one first; if it
        raises, that node is left out
    :param giver: returns who gave the names of a node, with a colon, for problems
    """
    builder = _Builder(explicit=False, giver=giver)
    for node in nodes:
        path = "?"
        try:
            path = node.path
            if not passes(node.groups, include, exclude):
                continue
            try:
                given = name(node)
            except Exception as exc:
                named = str(exc)
                if not isinstance(exc, PluginError):
                    named = f"naming rule failed: {without_cpp(repr(exc))}"
                builder.problems.append(Problem(path, f"{path}: {named}"))
                continue
            builder.add(node, path, given)
        except Exception as exc:  # an attribute of a class of its own
            text = f"{path}: cannot be served: {without_cpp(repr(exc))}"
            builder.problems.append(Problem(path, text))
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
    :param pv_map: path -> PV name, or a sequence of them, the primary one first
    :param get_node: finds a device, so that the problem can say so
    """
    by_path = {node.path: node for node in nodes}
    wanted: dict[str, Any] = {}
    builder = _Builder(explicit=True)
    unknown: list[str] = []
    for key, given in pv_map.items():
        if not isinstance(key, str):
            builder.problems.append(Problem(repr(key), f"path {key!r} is not a str"))
            continue
        path = key
        if path not in by_path and path.startswith("root."):
            path = root_name + path[4:]
        if path in wanted:
            builder.problems.append(Problem(key, f"{path} is mapped twice, also as {key}"))
        elif path in by_path:
            wanted[path] = given
        else:
            unknown.append(key)
    for key in unknown:  # nothing tells which of two entries on one name was meant
        for pv_name in builder.names(key, pv_map[key]):
            builder.claim(key, pv_name)
    for path, node in by_path.items():
        if path in wanted:
            builder.add(node, path, wanted[path])
    paths = list(by_path)
    builder.problems += [Problem(key, why_unknown(key, paths, get_node)) for key in unknown]
    if not pv_map:
        text = "the explicit map is empty: nothing is served"
        builder.problems.append(Problem("", text, warning=True))
    return builder.result()
