"""Selectors that select no node: a rule with such a selector guards nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import product
from typing import Any

from ..errors import in_words
from .nearest import nearest_glob, nearest_of
from .node_index import NodeIndex
from .problems import Problem
from .select import Select


@dataclass(frozen=True, slots=True)
class Selector:
    """One of the things by which nodes are selected: the glob of a setting, an assignment, a rule.

    :param problem: what is said if it selects no node; the nearest name is added to it
    :param select: a :class:`.Select`, or any test of a node
    :param optional: True if it may select no node
    """

    problem: str
    select: Callable[[Any], object]
    optional: bool = False


def unmatched(
    selectors: Iterable[Selector], nodes: Sequence[Any], own: Sequence[Any] = ()
) -> tuple[Problem, ...]:
    """Return a problem for each selector that selects no node.

    Of several paths or groups in one :class:`.Select`, each must select a node. A search ends at
    the first node, and tries only those that the path or the group leaves.

    :param nodes: all there are, of the tree and of plugins
    :param own: those of the server, which only a path means: units that they happen to have do not
        make up for those of the tree
    """
    index, own_index = NodeIndex(nodes), NodeIndex(own)
    found: dict[str, None] = {}
    for selector in selectors:
        if not selector.optional and not getattr(selector.select, "optional", False):
            found.update(dict.fromkeys(_problems(selector, index, own_index)))
    return tuple(Problem("", text) for text in found)


def _problems(selector: Selector, index: NodeIndex, own: NodeIndex) -> Iterator[str]:
    parts = _parts(selector.select)
    for part in parts:
        found, failed = _search(part, index)
        if not found and isinstance(part, Select) and part.path is not None:
            found, _ = _search(part, own)
        if failed and not found:
            yield f"{selector.problem}: its test failed at {failed}"
        elif not found:
            of = f" (of {selects(part)})" if len(parts) > 1 else ""
            yield f"{selector.problem}{of}{_hint(part, index)}"


def _search(select: Callable[[Any], object], index: NodeIndex) -> tuple[bool, str]:
    """Return whether a node is selected, and the first node whose test raised, with what."""
    failed = ""
    for node in _candidates(select, index):
        try:
            if select(node):
                return True, failed
        except (Exception, SystemExit) as exc:
            failed = failed or f"{getattr(node, 'path', node)}: {in_words(exc)}"
    return False, failed


def _parts(select: Any) -> list[Callable[[Any], object]]:
    """Return the selector once for each of its paths and groups."""
    if type(select) is not Select:
        return [select]
    pairs = list(product(_several(select.path), _several(select.group)))
    if len(pairs) == 1:
        return [select]
    return [replace(select, path=path, group=group) for path, group in pairs]


def _candidates(select: Any, index: NodeIndex) -> Iterable[Any]:
    """Return the nodes among which those that are selected must be."""
    if type(select) is not Select:
        return index.nodes
    if select.group is not None and index.groups.isdisjoint(_several(select.group)):
        return ()
    return index.nodes if select.path is None else index.near(_several(select.path))


def _several(given: Any) -> tuple[Any, ...]:
    return (given,) if given is None or isinstance(given, str) else tuple(given)


def _hint(select: Any, index: NodeIndex) -> str:
    """Name what is nearest to the first field that selects no node, even alone."""
    if not isinstance(select, Select):
        return ""
    for name in ("group", "path", "units", "type"):
        given = getattr(select, name)
        if given is None or _search(Select(**{name: given}), index)[0]:
            continue
        wanted = _several(given)[0]
        if name == "path":
            near = nearest_glob(wanted, index)
        elif name == "group":
            near = nearest_of(wanted, index.groups)
        else:
            attribute = "typeStr" if name == "type" else name
            near = nearest_of(wanted, {_text(attribute, node) for node in index.nodes} - {""})
        return f"; the nearest {name} is {near!r}" if near else ""
    return ""


def _text(attribute: str, node: Any) -> str:
    try:
        return str(getattr(node, attribute) or "")
    except Exception:  # only a hint: a type may be found out by a read, which fails
        return ""


def selects(select: Any) -> str:
    """Return in words what a selector selects by."""
    if not isinstance(select, Select):
        return name_of(select)
    texts = [
        f"{one.name}={name_of(value) if callable(value) else repr(value)}"
        for one in fields(select)
        if one.init and one.name != "optional"
        if (value := getattr(select, one.name)) is not None
    ]
    return ", ".join(texts) or "every node"


def name_of(function: Any) -> str:
    """Return the name of a function, or of the class of an object."""
    return str(getattr(function, "__qualname__", None) or type(function).__qualname__)
