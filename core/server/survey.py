"""The survey: all that a server would serve, with its type, and all that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..backend.contract import Backend
from ..backend.limitations import losses_of
from ..errors import BackendError, PluginError, in_words
from ..hooks.rule_set import RuleSet
from ..hooks.rules import converter_of, time_source_of
from ..mapping.problems import Problem, grouped
from ..mapping.pv_map import PvEntry
from ..tree.declared_types import type_str
from ..tree.links import has_silent_getter, with_sources
from ..tree.protocols import TreeNode
from ..values.converter import ConversionError, TypeConverter
from ..values.spec import NtKind, PvSpec, ScalarType
from .mapper import MappedTree, Mapper

_WIDE = (ScalarType.Int64, ScalarType.UInt64)
_BUILT_IN = ("LoadConfigProcess", "SaveConfigProcess", "LocalTime")  # in every root


@dataclass(frozen=True, slots=True)
class SurveyedPv:
    """One PV as it would be served.

    :param pv_name: primary name of the PV
    :param path: PyRogue path of the node
    :param kind: ``variable`` or ``command``
    :param type: the node's ``typeStr``
    :param served_as: Normative Type and element type, e.g. ``NTScalar float64``; empty if unknown
    :param mode: ``RW``, ``RO`` or ``WO``
    :param units: as in PyRogue, or empty
    :param groups: the groups the node is in
    :param description: as in PyRogue, or empty
    :param aliases: its further names
    """

    pv_name: str
    path: str
    kind: str
    type: str
    served_as: str
    mode: str
    units: str
    groups: tuple[str, ...]
    description: str
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All names, the primary one first."""
        return (self.pv_name, *self.aliases)


@dataclass(frozen=True, slots=True)
class Survey:
    """What a server would serve.

    :param pvs: those of the tree, in its order
    :param errors: what would be left out or refused, one text each
    :param warnings: what is served all the same, one text each
    :param advice: what is served well, but not well stored by archivers, or not whole over some
        protocol
    :param notes: what need not be wrong: rules of installed plugins that select no node here
    :param ports: address (empty for all) and number of each TCP port that a start takes or fails
    :param own: the PVs of the server itself and of plugins, which are in no tree
    """

    pvs: tuple[SurveyedPv, ...]
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    advice: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    ports: tuple[tuple[str, int], ...] = ()
    own: tuple[SurveyedPv, ...] = ()


def survey(server: Any, mapper: Mapper, mapped: MappedTree, backends: Iterable[Backend]) -> Survey:
    """Survey the nodes of a mapping; every variable is read once, from PyRogue's cache.

    :param server: the :class:`.PvServer`, for hooks; if it runs, its ports are not tried
    :param mapper: has the plugins
    :param mapped: the mapping
    :param backends: tell what they would not show whole
    """
    plugins, pv_map, rules = mapper.plugins, mapped.pvs, mapped.rules
    problems = (*plugins.problems, *(p.text for p in grouped(mapped.own.problems)))
    found = list(pv_map.problems)
    pvs = []
    wide, guessed, silent = [], [], []
    losses: dict[str, list[str]] = {}
    for entry, node in pv_map:
        found += [Problem(entry.path, text) for text in _rule_errors(node, rules)]
        converter, doubt, blame = _read_once(node, rules)
        spec = None if converter is None else converter.spec
        if doubt is not None:
            text = f"{entry.path}: {entry.pv_name} would open INVALID: {doubt}"
            found.append(Problem(entry.path, text, blame is None, pv_name=entry.pv_name))
        built_in = entry.is_command or _is_built_in(entry)
        if spec is not None and spec.scalar in _WIDE and not built_in:
            wide.append(entry.pv_name)
        if converter is not None and not _is_built_in(entry) and converter.is_guessed:
            guessed.append(entry.pv_name)
        if has_silent_getter(node):
            silent.append(entry.pv_name)
        for loss in losses_of(backends, entry, spec):
            losses.setdefault(loss, []).append(entry.pv_name)
        pvs.append(_describe(entry, node, spec))
    lines = grouped(found)
    ports, refusals = try_ports(() if server.running else backends)
    wrong = (one.text for one in lines if not one.warning)
    errors = (*problems, *wrong, *refusals, *plugins.texts("find_refusals", server))
    doubts = (one.text for one in lines if one.warning)
    warnings = (*doubts, *plugins.texts("find_problems", server))
    return Survey(
        tuple(pvs),
        tuple(dict.fromkeys(errors)),
        tuple(text for text in dict.fromkeys(warnings) if text not in errors),
        (
            *_advice(wide, guessed, silent),
            *(f"{loss}: {_some_of(names)}" for loss, names in losses.items()),
        ),
        mapper.idle_rules(rules),
        ports,
        tuple(_describe(entry, node, _spec_of(node, rules)) for entry, node in mapped.own),
    )


def try_ports(backends: Iterable[Backend]) -> tuple[tuple[tuple[str, int], ...], Sequence[str]]:
    """Return the ports that backends would take, and why they would not start."""
    found: tuple[tuple[str, int], ...] = ()
    refusals = []
    for backend in backends:
        try:
            ports = backend.try_ports()
        except BackendError as exc:
            refusals.append(str(exc))
        else:
            refusals += [f"{backend.name}: {text}" for text in taken_twice(found, ports)]
            found += ports
    return found, refusals


def taken_twice(
    taken: Iterable[tuple[str, int]], wanted: Iterable[tuple[str, int]]
) -> Iterator[str]:
    """Return a text for each port that is taken already, each with its address; empty for all."""
    for host, port in wanted:
        if any(port == other and (not host or at in ("", host)) for at, other in taken):
            yield f"TCP port {port} is taken by another protocol or server of this root"


def _is_built_in(entry: PvEntry) -> bool:
    return entry.path.split(".")[1] in _BUILT_IN


def _advice(wide: Sequence[str], guessed: Sequence[str], silent: Sequence[str]) -> Iterator[str]:
    if silent:
        yield (
            "getters without dependencies, which do not follow the alarms of what they read: "
            f"{_some_of(silent)}; name it in dependencies=[...] of a LinkVariable"
        )
    if guessed:
        yield (
            "types guessed from a first value, as nothing declares them: "
            f"{_some_of(guessed, 20)}; declare typeStr, or a disp such as '{{:.3f}}' or '{{:d}}'"
        )
    if wide:
        yield (
            "64-bit integers, which the Archiver Appliance does not store as numbers: "
            f"{_some_of(wide)}; declare minimum and maximum, or archive_type='double'"
        )


def _some_of(names: Sequence[str], most: int = 3) -> str:
    some = ", ".join(names[:most]) + (", ..." if len(names) > most else "")
    return f"{some} ({len(names)} in all)"


def _rule_errors(node: TreeNode, rules: RuleSet) -> Iterator[str]:
    try:
        rules.policies_of(with_sources(node))
    except PluginError as exc:
        yield str(exc)
    try:
        time_source_of(rules.time_sources, node)
    except PluginError as exc:
        yield f"plugin {rules.first_plugin(rules.time_sources, node)}: {exc}"


def _read_once(
    node: TreeNode, rules: RuleSet
) -> tuple[TypeConverter | None, str | None, str | None]:
    """Return the PV's converter, why it would open INVALID, and the plugin to blame for that.

    Any of them may be None. Nobody is to blame for a variable that cannot be read, a converter
    that says by a :class:`.ConversionError` that a value has no place, and the built-in ones.
    """
    converter = None
    try:
        converter = converter_of(rules.converters, node)
    except Exception as exc:
        plugin = rules.first_plugin(rules.converters, node)
        return None, f"plugin {plugin}: {in_words(exc)}", plugin
    if node.isCommand:
        return converter, None, None
    try:
        value = node.value()
    except Exception as exc:
        return converter, in_words(exc), None
    try:
        converter.to_pv(value)
    except Exception as exc:
        plugin = rules.first_plugin(rules.converters, node)
        if isinstance(exc, ConversionError) or plugin == "converters":
            return converter, in_words(exc), None
        return converter, f"plugin {plugin}: to_pv failed: {in_words(exc)}", plugin
    return converter, None, None


def _spec_of(node: TreeNode, rules: RuleSet) -> PvSpec | None:
    try:
        return converter_of(rules.converters, node).spec
    except Exception:  # it is reported when the server runs
        return None


def _describe(entry: PvEntry, node: TreeNode, spec: PvSpec | None) -> SurveyedPv:
    try:
        found = type_str(node)
    except Exception:  # it may be found out by a read, which fails
        found = ""
    return SurveyedPv(
        pv_name=entry.pv_name,
        path=entry.path,
        kind="command" if entry.is_command else "variable",
        type=found,
        served_as="" if spec is None else served_as(spec),
        mode=entry.mode,
        units=str(node.units or ""),
        groups=tuple(map(str, node.groups)),
        description=str(node.description or ""),
        aliases=entry.aliases,
    )


def served_as(spec: PvSpec) -> str:
    """Return Normative Type and element type of a PV in a few words."""
    if spec.kind is NtKind.ENUM:
        return str(spec.kind.value)
    return f"{spec.kind.value} {spec.scalar.value}"
