"""What a server tells of itself: names, problems, holders, plugins, and why a node is served."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..backend.contract import Backend
from ..errors import BackendError, NotRunningError
from ..hooks.manager import Plugins
from ..hooks.rule_set import RuleSet, ask_for_rules, selectors_of
from ..hooks.sources import PluginInfo
from ..mapping.extra_nodes import extra_map
from ..mapping.map_file import map_lines
from ..mapping.problems import Problem, grouped
from ..mapping.pv_map import PvMap
from ..mapping.selectors import unmatched
from ..pv.holder import PvHolder
from ..pv.pacing import Pacing
from ..requests.put_limits import PutLimits
from ..tree.rogue_version import check_version
from .build import build_map, group_selectors
from .explain import Explanation, explain
from .run import ServerRun
from .survey import Survey, survey, taken_twice


class Inspection:
    """The half of :class:`.PvServer` that only looks; that one sets the attributes."""

    _base: str
    _root: Any
    _include: Sequence[str]
    _exclude: Sequence[str]
    _pv_map: Mapping[str, str | Sequence[str]] | str | PathLike[str] | None
    _isolated: bool
    _plugins: Plugins
    _backends: tuple[Backend, ...]
    _pacing: Pacing
    _limits: PutLimits

    def __init__(self) -> None:
        self._lifecycle = threading.RLock()
        self._serving: ServerRun | None = None
        self._map = PvMap()
        self._extra = PvMap()
        self._rules = RuleSet()
        self._holders: dict[str, PvHolder] = {}
        self._own_holders: dict[str, PvHolder] = {}

    @property
    def root(self) -> Any:
        """The root of the served tree."""
        return self._root

    @property
    def base(self) -> str:
        """First part of the PV names in automatic mode."""
        return self._base

    @property
    def running(self) -> bool:
        """True between a start and the following stop."""
        return self._serving is not None

    @property
    def holders(self) -> Mapping[str, PvHolder]:
        """The holders by node path, in tree order; empty before the first start."""
        return MappingProxyType(self._holders)

    def list(self) -> dict[str, str]:
        """Return path -> primary PV name of every served node, in tree order."""
        return {entry.path: entry.pv_name for entry in self._map.entries}

    def find(self, pv_name: str) -> PvHolder | None:
        """Return the holder of a PV, one of the server's own too, while the server runs.

        :param pv_name: the PV's name, or one of its aliases
        :returns: None if no PV has that name
        """
        for holder in (*self._holders.values(), *self._own_holders.values()):
            if pv_name in holder.entry.names:
                return holder
        return None

    def dump(self, fname: str | PathLike[str] | None = None) -> None:
        """Print, or write to ``fname``, one ``pv -> path`` line per PV name, in tree order."""
        names = ((name, entry.path) for entry in self._map.entries for name in entry.names)
        text = "".join(f"{line}\n" for line in map_lines(names))
        if fname is None:
            sys.stdout.write(text)
        else:
            Path(fname).write_text(text, encoding="utf-8")

    def report(self) -> tuple[str, ...]:
        """Return every problem there is, one text each.

        Those of the mapping and the plugins; the tree, if it delivers no updates; and each node
        that cannot be shown as it is at present, or not whole over some protocol, as far as
        clients have looked at it: :meth:`survey` looks at all.
        """
        run, plugins = self._serving, self._plugins
        texts = [] if run is None or run.fault is None else [run.fault]
        texts += plugins.problems
        texts += [p.text for p in grouped((*self._map.problems, *self._extra.problems))]
        if run is not None:
            texts += plugins.texts("find_problems", self)
        texts += plugins.faults.problems()
        if run is not None:
            texts += run.problems(holder.node for holder in self._holders.values())
        invalid = []
        for holder in (*self._holders.values(), *self._own_holders.values()):
            if holder.trouble is not None:
                path, pv_name = holder.path, holder.pv_name
                text = f"{path}: {pv_name} is INVALID: {holder.trouble}"
                invalid.append(Problem(path, text, pv_name=pv_name))
        texts += [problem.text for problem in grouped(invalid)]
        return tuple(dict.fromkeys(texts))

    @property
    def plugins(self) -> tuple[PluginInfo, ...]:
        """The plugins, first asked first."""
        return self._plugins.infos()

    @property
    def broken_plugins(self) -> Mapping[str, str]:
        """Name -> what is wrong, of each plugin that cannot be used."""
        return MappingProxyType(self._plugins.broken)

    def survey(self) -> Survey:
        """Work out all that a start would, and read each variable once; nothing is served.

        :returns: every PV with its type, and every problem there is
        :raises NotRunningError: if the root is not running
        :raises MappingError: if the map file cannot be read
        """
        with self._lifecycle:
            self._need_running_root()
            mapped, extra, rules = self._present()
            problems = (*self._plugins.problems, *(p.text for p in grouped(extra.problems)))
            found = survey(mapped, rules, problems, self._backends)
            ports, refusals = self._try_ports()
            refusals = (*refusals, *self._plugins.texts("find_refusals", self))
            errors = dict.fromkeys((*found.errors, *refusals))
            warnings = dict.fromkeys((*found.warnings, *self._plugins.texts("find_problems", self)))
            return replace(
                found,
                errors=tuple(errors),
                warnings=tuple(text for text in warnings if text not in errors),
                notes=self._idle_rules(rules),
                ports=ports,
            )

    def _try_ports(self) -> tuple[tuple[tuple[str, int], ...], Sequence[str]]:
        """Return the ports that the backends would take, and why they would not start."""
        found: tuple[tuple[str, int], ...] = ()
        refusals = []
        for backend in () if self.running else self._backends:
            try:
                ports = backend.try_ports()
            except BackendError as exc:
                refusals.append(str(exc))
            else:
                refusals += [f"{backend.name}: {text}" for text in taken_twice(found, ports)]
                found += ports
        return found, refusals

    def explain(self, path: str) -> Explanation:
        """Tell which rules of which plugins name, convert and guard a node; nothing is served.

        :param path: of the node
        :raises NotRunningError: if the root is not running
        :raises MappingError: if the map file cannot be read
        """
        with self._lifecycle:
            self._need_running_root()
            mapped, extra, rules = self._present()
            explicit = self._pv_map is not None
            return explain(
                path, self._root, mapped, extra, rules, self._include, self._exclude, explicit,
                self._backends,
            )  # fmt: skip

    @property
    def isolated(self) -> bool:
        """True if the server listens on loopback only, on free ports."""
        return self._isolated

    def where(self) -> tuple[tuple[str, str], ...]:
        """Return each backend's name and where it listens, for people."""
        return tuple((backend.name, backend.where()) for backend in self._backends)

    def client_conf(self, backend: str | None = None) -> dict[str, str]:
        """Return the settings with which a client reaches exactly this server.

        :param backend: its name; by default the first one
        :raises BackendError: if that backend is not in use, not running, or has none
        """
        for candidate in self._backends:
            if backend is None or candidate.name == backend:
                return candidate.client_conf()
        raise BackendError(f"backend {backend!r} is not in use")

    # Parts --------------------------------------------------------------------------------

    def _need_running_root(self) -> None:
        check_version(self._root)
        if not self._root.running:
            raise NotRunningError(
                f"the root {self._root.name!r} is not running: hand the server to "
                "root.addProtocol() before root.start(), or call server.start() after it"
            )

    def _idle_rules(self, rules: RuleSet) -> tuple[str, ...]:
        """Return the rules of installed plugins that select no node: not a problem of this tree."""
        of = self._plugins.is_installed
        selectors = (*rules.selectors(of), *selectors_of(self._plugins, of))
        nodes = (*self._root.variableList, *(one.node for one in rules.extra))
        return tuple(problem.text for problem in unmatched(selectors, nodes))

    def _present(self) -> tuple[PvMap, PvMap, RuleSet]:
        if self.running:
            return self._map, self._extra, self._rules
        return self._work_out(tolerant=True)

    def _work_out(self, tolerant: bool = False) -> tuple[PvMap, PvMap, RuleSet]:
        """Return the tree's mapping, that of nodes that are in no tree, and the rules."""
        rules = ask_for_rules(self._plugins, self._base, self._root, tolerant)
        nodes = self._root.variableList
        mapped = build_map(self._root, nodes, self._pv_map, self._include, self._exclude, rules)
        given = self._plugins.is_given
        selectors = (
            *group_selectors(self._include, self._exclude),
            *self._pacing.selectors(),
            *self._limits.selectors(),
            *rules.selectors(given),
            *selectors_of(self._plugins, given),
        )
        idle = unmatched(selectors, (*nodes, *(one.node for one in rules.extra)))
        return mapped.with_problems(idle), extra_map(rules.extra_by_plugin(), mapped), rules
