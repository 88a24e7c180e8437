"""Selectors that select no node: a rule with such a selector guards nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
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


def unmatched(selectors: Iterable[Selector], nodes: Sequence[Any]) -> tuple[Problem, ...]:
    """Return a problem for each selector that selects no node.

    Of several paths or groups in one :class:`.Select`, each must select a node. A search ends at
    the first node, and tries only those that the path or the group leaves.

    :param nodes: all there are, of the tree and of the server
    """
    index = NodeIndex(nodes)
    found: dict[str, None] = {}
    for selector in selectors:
        if not selector.optional and not getattr(selector.select, "optional", False):
            found.update(dict.fromkeys(_problems(selector, index)))
    return tuple(Problem("", text) for text in found)


def _problems(selector: Selector, index: NodeIndex) -> Iterator[str]:
    parts = _parts(selector.select)
    for part in parts:
        search = _Search(part)
        if search.finds_any(index):
            continue
        if search.failed is not None:
            yield f"{selector.problem}: its test failed at {search.failed}"
            continue
        of = f" (of {selects(part)})" if len(parts) > 1 else ""
        yield f"{selector.problem}{of}{_hint(part, index)}"


class _Search:
    """Looks for the first node that is selected."""

    def __init__(self, select: Callable[[Any], object]) -> None:
        self._select = select
        #: the first node whose test raised, and what
        self.failed: str | None = None

    def finds_any(self, index: NodeIndex) -> bool:
        for node in _candidates(self._select, index):
            try:
                if self._select(node):
                    return True
            except (Exception, SystemExit) as exc:
                if self.failed is None:
                    self.failed = f"{getattr(node, 'path', node)}: {in_words(exc)}"
        return False


def _is_plain(select: object) -> bool:
    return isinstance(select, Select) and type(select).__call__ is Select.__call__


def _parts(select: Any) -> list[Callable[[Any], object]]:
    """Return the selector once for each of its paths, or of its groups."""
    if type(select) is not Select:
        return [select]
    for name in ("path", "group"):
        several = getattr(select, name)
        if not isinstance(several, (str, type(None))) and len(several) > 1:
            return [part for one in several for part in _parts(replace(select, **{name: one}))]
    return [select]


def _candidates(select: Any, index: NodeIndex) -> Iterable[Any]:
    """Return the nodes among which those that are selected must be."""
    if not _is_plain(select):
        return index.nodes
    if select.group is not None and index.groups.isdisjoint(_several(select.group)):
        return ()
    if select.path is None:
        return index.nodes
    return index.near(_several(select.path))


def _several(given: Any) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _hint(select: Any, index: NodeIndex) -> str:
    """Name what is nearest to the first field that selects no node, even alone."""
    if not isinstance(select, Select):
        return ""
    for name in ("group", "path", "units", "type"):
        given = getattr(select, name)
        if given is None or _Search(Select(**{name: given})).finds_any(index):
            continue
        wanted = _several(given)[0]
        near = None
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
    given = (
        (field.name, getattr(select, field.name))
        for field in fields(select)
        if field.init and field.name != "optional"
    )
    texts = [
        f"{name}={name_of(value) if callable(value) else repr(value)}"
        for name, value in given
        if value is not None
    ]
    return ", ".join(texts) or "every node"


def name_of(function: Any) -> str:
    """Return the name of a function, or of the class of an object."""
    return str(getattr(function, "__qualname__", None) or type(function).__qualname__)
