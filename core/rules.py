"""Rules: what build-time hooks return, a selector of nodes and what to do with them.

Rules are asked for once per server; per node only the selectors run, and the first match wins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from typing import Any, Generic, TypeVar

from .access import AccessPolicy
from .converter import TypeConverter
from .declared_types import type_str
from .errors import PluginError
from .globs import path_matcher
from .nt import problem_of
from .tree import TreeNode

Made = TypeVar("Made")
TimeSource = Callable[[Any], int | None]


def _check_flag(owner: str, optional: object) -> None:
    if not isinstance(optional, bool):
        raise TypeError(f"{owner}: optional must be True or False, not {optional!r}")


@dataclass(frozen=True, slots=True)
class Select:
    """Selects nodes; every field that is given must match, ``Select()`` matches all.

    In globs ``*`` stands for any characters and ``?`` for one, and case matters. In that of a path
    ``Adc[3]`` and ``Adc[*]`` are the nodes of an array; other brackets are one character of a set,
    alone or as an index: ``Adc[0-3]`` matches ``Adc2`` and ``Adc[2]``.

    :param path: glob over the node's path, e.g. ``'*.Adc[0].*'``, or a sequence of which one
        must match
    :param group: a group the node is in, or a sequence of which it is in one
    :param type: glob over ``typeStr``
    :param units: the node's units
    :param where: any further test of the node
    :param attribute: name of an extra attribute that the node has, or name and value of it, e.g.
        ``('kind', 'adc')``; the nodes of remote trees have none
    :param optional: True if it may select no node; else a rule that was given to the server and
        selects none is a problem
    :raises TypeError: for a field of another type
    """

    path: str | Sequence[str] | None = None
    group: str | Sequence[str] | None = None
    type: str | None = None
    units: str | None = None
    where: Callable[[TreeNode], bool] | None = None
    attribute: str | tuple[str, Any] | None = None
    optional: bool = False
    _tests: tuple[Callable[[Any], object], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        paths = self._several("path", self.path)
        for name in ("type", "units"):
            given = getattr(self, name)
            if given is not None and not isinstance(given, str):
                raise TypeError(f"Select: {name} must be a str, not {given!r}")
        if self.where is not None and not callable(self.where):
            raise TypeError(f"Select: where must be a function, not {self.where!r}")
        wanted = self.attribute
        if isinstance(wanted, tuple) and len(wanted) == 2:
            wanted = wanted[0]
        if wanted is not None and not isinstance(wanted, str):
            raise TypeError(
                f"Select: attribute must be a name or (name, value), not {self.attribute!r}"
            )
        _check_flag("Select", self.optional)
        object.__setattr__(self, "_tests", tuple(self._make_tests(paths)))

    def _make_tests(self, paths: tuple[str, ...]) -> Iterator[Callable[[Any], object]]:
        """Yield what must be true of a node; what may have to read it comes last."""
        groups = frozenset(self._several("group", self.group))
        if groups:
            yield lambda node: not groups.isdisjoint(node.groups)
        if self.units is not None:
            yield lambda node: node.units == self.units
        if self.path is not None:
            matches = path_matcher(paths)
            yield lambda node: matches(node.path) is not None
        if self.attribute is not None:
            wanted = self.attribute
            yield lambda node: _has_attribute(node, wanted)
        if self.type is not None:
            match = re.compile(translate(self.type)).match
            yield lambda node: match(type_str(node)) is not None
        if self.where is not None:
            yield self.where

    def _several(self, name: str, given: Any) -> tuple[str, ...]:
        """Return one or several as several, which are kept so."""
        if given is None:
            return ()
        if isinstance(given, str):
            return (given,)
        several = tuple(given) if isinstance(given, Iterable) else ()
        if not several or not all(isinstance(each, str) for each in several):
            raise TypeError(f"Select: {name} must be a str or a sequence of str, not {given!r}")
        object.__setattr__(self, name, several)
        return several

    def __call__(self, node: TreeNode) -> bool:
        """Tell whether ``node`` is selected."""
        for test in self._tests:  # noqa: SIM110 - all() costs each node a generator
            if not test(node):
                return False
        return True


def _has_attribute(node: Any, wanted: str | tuple[str, Any]) -> bool:
    look_up = getattr(node, "getExtraAttribute", None)
    if look_up is None:
        return False
    if isinstance(wanted, str):
        return look_up(wanted) is not None
    name, value = wanted
    return bool(look_up(name) == value)


@dataclass(frozen=True, slots=True)
class Rule(Generic[Made]):
    """For the nodes that ``select`` picks, ``make(node)`` gives what the rule is for.

    With ``optional`` it may pick no node; else that is a problem, if the rule was given to the
    server and is not one of an installed plugin.
    """

    make: Callable[[TreeNode], Made]
    select: Callable[[TreeNode], bool] = Select()
    optional: bool = False

    def __post_init__(self) -> None:
        if not callable(self.make) or isinstance(self.make, Select):
            raise TypeError(f"{type(self).__name__}: make must be a function, not {self.make!r}")
        if not callable(self.select):
            raise TypeError(
                f"{type(self).__name__}: select must be a Select or a function, not {self.select!r}"
            )
        _check_flag(type(self).__name__, self.optional)


class NamingRule(Rule[str | Sequence[str]]):
    """``make(node)`` returns the node's PV name, or several: the primary one, then aliases."""


class ConverterRule(Rule[TypeConverter]):
    """``make(node)`` returns the node's converter."""


class PolicyRule(Rule[AccessPolicy]):
    """``make(node)`` returns a policy; every matching policy must allow."""


class TimeSourceRule(Rule[TimeSource]):
    """``make(node)`` returns a function from the tree's value to its time.

    The time is in nanoseconds since the POSIX epoch; None means: the time of delivery.
    """


def first(rules: Sequence[Any], node: TreeNode) -> Any:
    """Return what the first matching rule makes for ``node``, or None."""
    for rule in rules:
        if rule.select(node):
            return rule.make(node)
    return None


def converter_of(rules: Sequence[ConverterRule], node: TreeNode) -> TypeConverter:
    """Return what the first matching rule makes for ``node``.

    :raises PluginError: if no rule matches, or the one that does makes something else, or a
        converter whose spec cannot be served
    """
    made = first(rules, node)
    if not isinstance(made, TypeConverter):
        raise PluginError(f"{node.path}: no converter rule matches, or it made {made!r}")
    problem = problem_of(getattr(made, "spec", None))
    if problem is not None:
        raise PluginError(f"{node.path}: converter {type(made).__qualname__}: {problem}")
    return made


def time_source_of(rules: Sequence[TimeSourceRule], node: TreeNode) -> TimeSource | None:
    """Return what the first matching rule makes for ``node``, or None.

    :raises PluginError: if a rule fails, or makes no function
    """
    try:
        for rule in rules:
            if rule.select(node):
                source: Any = rule.make(node)
                if source is not None and not callable(source):
                    raise TypeError(f"{source!r} is not a function")
                return source  # type: ignore[no-any-return]
    except Exception as exc:
        raise PluginError(f"{node.path}: a time source rule failed: {exc!r}") from exc
    return None
