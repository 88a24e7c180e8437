"""Which nodes a rule is for: by path, group, type, units or attribute."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from typing import Any

from ..tree.declared_types import type_str
from ..tree.protocols import TreeNode
from .path_globs import path_matcher


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
    # One test for each field that is given, the type last: it may have to be read.
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

    def _make_tests(self, paths: Sequence[str]) -> Iterator[Callable[[Any], object]]:
        groups = frozenset(self._several("group", self.group))
        if groups:
            yield lambda node: not groups.isdisjoint(node.groups)
        units, attribute = self.units, self.attribute
        if units is not None:
            yield lambda node: node.units == units
        if paths:
            matches = path_matcher(paths)
            yield lambda node: matches(node.path)
        if attribute is not None:
            yield lambda node: _has_attribute(node, attribute)
        if self.type is not None:
            of_type = re.compile(translate(self.type)).match
            yield lambda node: of_type(type_str(node))
        if self.where is not None:
            yield self.where

    def _several(self, name: str, given: Any) -> tuple[str, ...]:
        """Return one or several as a tuple; the field has several as a tuple, too."""
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
        for test in self._tests:  # noqa: SIM110 - a generator would cost more than the tests
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
