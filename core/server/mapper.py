"""What a tree would be served as: the PVs of its nodes, those of the server, and the rules."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from os import PathLike
from typing import Any

from ..errors import NotRunningError, PluginError, in_words
from ..hooks.manager import Plugins
from ..hooks.rule_set import RuleSet, ask_for_rules, selectors_of
from ..hooks.rules import first
from ..mapping.extra_nodes import ExtraNode, extra_map
from ..mapping.groups import Groups, OptionalName, group_list, is_optional
from ..mapping.map_file import read_map
from ..mapping.problems import Problem
from ..mapping.pv_map import PvMap, automatic_map, explicit_map
from ..mapping.select import Select
from ..mapping.selectors import Selector, unmatched
from ..tree.declared_types import note_declared
from ..tree.protocols import TreeNode
from ..tree.rogue_version import check_version

_log = logging.getLogger("roguebridge.plugins")


@dataclass(frozen=True, slots=True)
class MappedTree:
    """The PVs that a server has, and the rules of its plugins.

    :param pvs: of the tree
    :param own: of nodes that are in no tree
    :param rules: choose converters, policies and time sources
    """

    pvs: PvMap = field(default_factory=PvMap)
    own: PvMap = field(default_factory=PvMap)
    rules: RuleSet = field(default_factory=RuleSet)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with both mappings."""
        return *self.pvs.problems, *self.own.problems

    def names(self, own: bool) -> dict[str, str]:
        """Return path -> primary PV name.

        :param own: True for those of nodes that are in no tree too
        """
        entries = (*self.pvs.entries, *self.own.entries) if own else self.pvs.entries
        return {entry.path: entry.pv_name for entry in entries}

    def check(self, strict: bool) -> None:
        """Raise an error if nothing can be served.

        :param strict: each problem is an error
        :raises MappingError: with the problems
        """
        self.pvs.check(strict)
        self.own.check(strict)


@dataclass(slots=True)
class Mapper:
    """Maps the tree of one server; see :class:`.PvServer` for its arguments.

    :param base: first part of the PV names in automatic mode
    :param inc_groups: only nodes in one of these groups are served; None for all
    :param exc_groups: no node in one of these groups is; None for ``NoServe``
    :param pv_map: the explicit mapping, or the file it is in; None for the automatic one
    :param selectors: of further arguments of the server
    :param server_nodes: returns the server's own nodes, for the mapping of a tree
    :raises TypeError: for arguments of the wrong type
    """

    base: str
    root: Any
    inc_groups: InitVar[Groups]
    exc_groups: InitVar[Groups]
    pv_map: Mapping[str, str | Sequence[str]] | str | PathLike[str] | None
    plugins: Plugins
    selectors: Sequence[Selector]
    server_nodes: Callable[[PvMap], Sequence[ExtraNode]] = lambda mapped: ()
    include: Sequence[str] = field(init=False)
    exclude: Sequence[str] = field(init=False)

    def __post_init__(self, inc_groups: Groups, exc_groups: Groups) -> None:
        base, given = self.base, self.pv_map
        if not isinstance(base, str):
            raise TypeError(f"base must be a str, not {base!r}")
        if given is not None and not isinstance(given, (Mapping, str, PathLike)):
            raise TypeError(f"pvMap must be a dict path -> PV name or a file name, not {given!r}")
        if isinstance(given, Mapping):  # no later change of the caller's reaches the copy
            self.pv_map = {path: list(n) if isinstance(n, list) else n for path, n in given.items()}
        self.include = group_list(inc_groups, "incGroups")
        self.exclude = ["NoServe"] if exc_groups is None else group_list(exc_groups, "excGroups")

    def check_root(self) -> None:
        """Raise an error unless the tree can be mapped.

        :raises RogueVersionError: if its Rogue is too old
        :raises NotRunningError: if the root is not running
        """
        check_version(self.root)
        if not self.root.running:
            raise NotRunningError(
                f"the root {self.root.name!r} is not running: hand the server to "
                "root.addProtocol() before root.start(), or call server.start() after it"
            )

    def map(self, tolerant: bool = False) -> MappedTree:
        """Map the running tree.

        :param tolerant: a plugin that fails is left out
        :raises MappingError: if a map file cannot be read
        :raises PluginError: for a plugin that fails
        """
        rules = ask_for_rules(self.plugins, self.base, self.root, tolerant)
        nodes = self.root.variableList
        mapped = self._map_tree(nodes, rules)
        given = self.plugins.is_given
        selectors = (
            *self._group_selectors(),
            *self.selectors,
            *rules.selectors(given),
            *selectors_of(self.plugins, given),
        )
        server_nodes = self.server_nodes(mapped)
        brought = (*nodes, *(one.node for one in rules.extra))
        idle = unmatched(selectors, brought, [one.node for one in server_nodes])
        extra = (*rules.extra_by_plugin(), *(("", one) for one in server_nodes))
        own = extra_map(extra, mapped)
        return MappedTree(mapped.with_problems(idle), own, rules)

    def idle_rules(self, rules: RuleSet) -> tuple[str, ...]:
        """Return the rules of installed plugins that select no node: not a problem of this tree."""
        of = self.plugins.is_installed
        selectors = (*rules.selectors(of), *selectors_of(self.plugins, of))
        nodes = (*self.root.variableList, *(one.node for one in rules.extra))
        own = [one.node for one in self.server_nodes(PvMap())]
        return tuple(problem.text for problem in unmatched(selectors, nodes, own))

    def _map_tree(self, nodes: Sequence[TreeNode], rules: RuleSet) -> PvMap:
        note_declared(self.root, nodes)
        pv_map = self.pv_map
        if isinstance(pv_map, (str, PathLike)):
            pv_map = read_map(pv_map)
        if pv_map is not None:
            return explicit_map(nodes, self.root.name, pv_map, self.root.getNode)

        def name(node: TreeNode) -> Any:
            try:
                return first(rules.naming, node)
            except Exception as exc:
                plugin = rules.first_plugin(rules.naming, node)
                text = f"plugin {plugin}: a rule of naming_rules failed: {in_words(exc)}"
                _log.debug("%s: %s", node.path, text, exc_info=exc)
                raise PluginError(text) from exc

        def giver(node: TreeNode) -> str:
            plugin = rules.first_plugin(rules.naming, node)
            built_in = plugin in ("standard_names", "names", "?")  # what was given them is wrong
            return "" if built_in else f"plugin {plugin}: a rule of naming_rules: "

        return automatic_map(nodes, self.include, self.exclude, name, giver)

    def _group_selectors(self) -> list[Selector]:
        """Return what the groups select, to find those that no node is in."""
        found = [
            Selector(
                f"no node is in group {group!r}: nothing is served for it",
                Select(group=group),
                isinstance(group, OptionalName),
            )
            for group in self.include
        ]
        for group in self.exclude:
            text = f"no node is in group {group!r}: nothing is left out for it"
            found.append(Selector(text, Select(group=group), is_optional(group)))
        return found
