"""What a server is put together from: its backends, its services and the mapping of its tree."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from os import PathLike
from typing import Any

from ..backend.contract import Backend, BackendOptions
from ..concurrency.clock import Clock
from ..concurrency.workers import WorkerPool
from ..errors import BackendError, PluginError, in_words
from ..hooks.manager import Plugins
from ..hooks.rule_set import RuleSet
from ..hooks.rules import first
from ..mapping.groups import OptionalName, is_optional
from ..mapping.map_file import read_map
from ..mapping.pv_map import PvMap, automatic_map, explicit_map
from ..mapping.select import Select
from ..mapping.selectors import Selector
from ..pv.services import Services
from ..requests.audit import AuditTrail
from ..requests.completion import Completion
from ..requests.user_groups import UserGroups
from ..tree.declared_types import note_declared
from ..tree.protocols import TreeNode
from ..tree.update_queue import takes_markers

_log = logging.getLogger("roguebridge.plugins")


def make_backends(
    plugins: Plugins, names: Iterable[str], options: BackendOptions
) -> tuple[Backend, ...]:
    """Return one backend for each name, not started.

    :param plugins: give the backends there are
    :raises BackendError: for a name that no plugin claims, or two do, or no name
    """
    factories = plugins.backends()
    made = []
    for name in dict.fromkeys(names):
        if name not in factories:
            broken = "".join(f"\n  {text}" for text in plugins.problems)
            raise BackendError(f"unknown backend {name!r}; there are {sorted(factories)}{broken}")
        made.append(plugins.make_backend(name, factories[name], options))
    if not made:
        raise BackendError("no backend given")
    return tuple(made)


def make_services(
    root: Any,
    clock: Clock,
    plugins: Plugins,
    completion_timeout: float | None,
    group_cache: float,
    **options: Any,
) -> Services:
    """Return what the holders of one run share; nothing is started.

    :param completion_timeout: seconds; 0 to answer requests as soon as their work has ended
    :param options: further fields of :class:`.Services`
    """
    sinks = plugins.listeners("request_done")
    opened = partial(plugins.event, "holder_opened")
    services = Services(
        clock=clock,
        variables=WorkerPool("roguebridge-variables", clock),
        commands=WorkerPool("roguebridge-commands", clock, per_device=16),
        events=WorkerPool("roguebridge-events", clock, threads=1),
        logs=WorkerPool("roguebridge-logs", clock, threads=1),
        judges=WorkerPool("roguebridge-access", clock),
        own=WorkerPool("roguebridge-own", clock, threads=4),
        rights=WorkerPool("roguebridge-rights", clock, threads=4),
        groups=UserGroups(clock, group_cache),
        start_ns=clock.time_ns(),
        faults=plugins.faults,
        audit=AuditTrail(sinks, clock) if sinks else None,
        on_opened=(lambda holder: opened(holder=holder))
        if plugins.listens("holder_opened")
        else None,
        **options,
    )
    if completion_timeout != 0 and takes_markers(root):
        services.completion = Completion(
            root, clock, completion_timeout, services.unshown, services.log_soon
        )
    return services


def copied(pv_map: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return a copy of an explicit map that no later change of the caller's reaches."""
    return {path: list(n) if isinstance(n, list) else n for path, n in pv_map.items()}


def build_map(
    root: Any,
    nodes: Sequence[TreeNode],
    pv_map: Mapping[str, str | Sequence[str]] | str | PathLike[str] | None,
    include: Sequence[str],
    exclude: Sequence[str],
    rules: RuleSet,
) -> PvMap:
    """Map the nodes of a running tree, explicitly if there is a ``pv_map``; see :class:`.PvServer`.

    :param nodes: all variables and commands of the tree
    :param rules: their naming rules name the nodes; the first that matches counts
    :raises MappingError: if a map file cannot be read
    """
    note_declared(root, nodes)
    if isinstance(pv_map, (str, PathLike)):
        pv_map = read_map(pv_map)
    if pv_map is not None:
        return explicit_map(nodes, root.name, pv_map, root.getNode)

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
        built_in = plugin in ("standard_names", "names", "?")  # what was given to them is wrong
        return "" if built_in else f"plugin {plugin}: a rule of naming_rules: "

    return automatic_map(nodes, include, exclude, name, giver)


def group_selectors(include: Sequence[str], exclude: Sequence[str]) -> list[Selector]:
    """Return what the groups of a server select, to find those that no node is in."""
    found = [
        Selector(
            f"no node is in group {group!r}: nothing is served for it",
            Select(group=group),
            isinstance(group, OptionalName),
        )
        for group in include
    ]
    for group in exclude:
        text = f"no node is in group {group!r}: nothing is left out for it"
        found.append(Selector(text, Select(group=group), is_optional(group)))
    return found
