"""Why a node is served as it is, or is not: which rule of which plugin has decided what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..backend.contract import Backend
from ..backend.limitations import losses_of
from ..errors import without_cpp
from ..hooks.rule_set import RuleSet
from ..hooks.rules import Rule, converter_of
from ..mapping.nearest import why_unknown
from ..mapping.selectors import name_of, selects
from ..requests.policy import AccessPolicy
from ..tree.links import with_sources
from ..values.converter import TypeConverter
from ..values.spec import PvSpec
from .mapper import MappedTree, Mapper
from .survey import served_as


@dataclass(frozen=True, slots=True)
class RuleUse:
    """A rule that applies to a node.

    :param plugin: name of the plugin that brings it
    :param selects: what it selects by
    :param made: what it has made for the node, or why it has failed
    """

    plugin: str
    selects: str
    made: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that was decided about one node.

    :param path: as it was asked for
    :param kind: ``variable``, ``command``, or empty if it is neither
    :param pv_names: names of its PVs, the primary one first; empty if it is not served
    :param why: why it is served, or is not
    :param name: the rule that names it; None with an explicit map
    :param converter: the rule that converts it
    :param served_as: Normative Type and element type; empty if unknown
    :param time_source: the rule that takes the time from its values; None for the time of delivery
    :param policies: the rules that guard it, each of which must allow
    :param losses: what clients of some protocol would not get whole
    """

    path: str
    kind: str
    pv_names: tuple[str, ...]
    why: str
    name: RuleUse | None = None
    converter: RuleUse | None = None
    served_as: str = ""
    time_source: RuleUse | None = None
    policies: tuple[RuleUse, ...] = ()
    losses: tuple[str, ...] = ()

    @property
    def served(self) -> bool:
        """True if clients find a PV of it."""
        return bool(self.pv_names)


def explain(
    path: str, mapper: Mapper, mapped: MappedTree, backends: Sequence[Backend]
) -> Explanation:
    """Explain one node of a tree, or of the server's own.

    :param path: of the node; ``root.`` may stand for the root's name
    :param mapper: knows what the server was asked to serve
    :param mapped: what it serves
    :param backends: tell what they would not show whole
    """
    root, rules, explicit = mapper.root, mapped.rules, mapper.pv_map is not None
    nodes = {node.path: node for node in (*root.variableList, *mapped.own.nodes)}
    wanted = root.name + path[4:] if path.startswith("root.") and path not in nodes else path
    node = nodes.get(wanted)
    if node is None:
        return Explanation(path, "", (), why_unknown(path, list(nodes), root.getNode))
    entries = {entry.path: entry for entry in (*mapped.own.entries, *mapped.pvs.entries)}
    entry = entries.get(wanted)
    problems = [p.text for p in mapped.problems if p.path == wanted]
    of_tree = wanted not in {entry.path for entry in mapped.own.entries}
    names = () if entry is None else entry.names
    if problems:
        why = "; ".join(problems)
    elif explicit and of_tree:
        why = f"the explicit map lists {wanted}" if entry else f"the explicit map has no {wanted}"
    else:
        why = (
            _by_groups(node, mapper.include, mapper.exclude)
            if of_tree
            else "it is one of the server's own"
        )
    named = None if explicit or not of_tree else _first(rules, rules.naming, node)
    spec: PvSpec | None = None
    converter = _first(rules, rules.converters, node)
    try:
        spec = converter_of(rules.converters, node).spec
    except Exception as exc:  # as said of the rule itself, but for what it should have made
        if converter is not None and not converter.made.startswith("failed"):
            converter = RuleUse(converter.plugin, converter.selects, f"failed: {exc}")
    return Explanation(
        path,
        "command" if node.isCommand else "variable",
        names,
        why,
        named,
        converter,
        "" if spec is None else served_as(spec),
        _first(rules, rules.time_sources, node),
        tuple(dict.fromkeys(_policies(rules, node))),
        () if entry is None else tuple(losses_of(backends, entry, spec)),
    )


def _policies(rules: RuleSet, node: Any) -> Iterator[RuleUse]:
    for source in with_sources(node):
        yield from _matching(rules, rules.policies, source)


def _by_groups(node: Any, include: Sequence[str], exclude: Sequence[str]) -> str:
    groups = list(node.groups)
    for group in exclude:
        if group in groups:
            return f"it is in group {group!r}, which is excluded"
    if include and not set(include) & set(groups):
        return f"it is in none of the included groups {list(include)}"
    passed = f"included are {list(include) or 'all'}, excluded {list(exclude) or 'none'}"
    return f"its groups {groups} pass: {passed}"


def _first(rules: RuleSet, of_kind: Sequence[Rule[Any]], node: Any) -> RuleUse | None:
    return next(_matching(rules, of_kind, node), None)


def _matching(rules: RuleSet, of_kind: Sequence[Rule[Any]], node: Any) -> Iterator[RuleUse]:
    for rule in of_kind:
        try:
            if not rule.select(node):
                continue
            made = _text_of(rule.make(node))
        except Exception as exc:
            made = f"failed: {without_cpp(repr(exc))}"
        yield RuleUse(rules.plugin_of(rule), selects(rule.select), made)


def _text_of(made: Any) -> str:
    if isinstance(made, (str, TypeConverter)):
        return made if isinstance(made, str) else type(made).__qualname__
    if isinstance(made, (list, tuple)):
        return ", ".join(map(str, made))
    if isinstance(made, AccessPolicy):
        says = type(made).__repr__ is not object.__repr__
        return repr(made) if says else type(made).__qualname__
    return name_of(made)
