"""Rules: what build-time hooks return, a selector of nodes and what to do with them.

Rules are asked for once per server; per node only the selectors run, and the first match wins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Generic, TypeVar

from .access import AccessPolicy
from .converter import TypeConverter
from .errors import PluginError
from .tree import TreeNode

Made = TypeVar("Made")
TimeSource = Callable[[Any], int | None]


@dataclass(frozen=True, slots=True)
class Select:
    """Selects nodes; every field that is given must match, ``Select()`` matches all.

    :param path: glob over the node's path, e.g. ``'*.Adc[[]0].*'``; case matters
    :param group: a group the node is in
    :param type: glob over ``typeStr``
    :param units: the node's units
    :param where: any further test of the node
    """

    path: str | None = None
    group: str | None = None
    type: str | None = None
    units: str | None = None
    where: Callable[[TreeNode], bool] | None = None

    def __call__(self, node: TreeNode) -> bool:
        """Tell whether ``node`` is selected."""
        return (
            (self.path is None or fnmatchcase(node.path, self.path))
            and (self.group is None or self.group in node.groups)
            and (self.units is None or node.units == self.units)
            and (self.type is None or fnmatchcase(str(node.typeStr), self.type))
            and (self.where is None or self.where(node))
        )


@dataclass(frozen=True, slots=True)
class Rule(Generic[Made]):
    """For the nodes that ``select`` picks, ``make(node)`` gives what the rule is for."""

    make: Callable[[TreeNode], Made]
    select: Callable[[TreeNode], bool] = Select()


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

    :raises PluginError: if no rule matches, or the one that does makes something else
    """
    made = first(rules, node)
    if not isinstance(made, TypeConverter):
        raise PluginError(f"{node.path}: no converter rule matches, or it made {made!r}")
    return made


def policies_of(rules: Sequence[PolicyRule], node: TreeNode) -> tuple[AccessPolicy, ...]:
    """Return what every matching rule makes for ``node``.

    :raises PluginError: for anything wrong, because serving without a policy would open what it
        guards
    """
    try:
        policies = tuple(rule.make(node) for rule in rules if rule.select(node))
    except Exception as exc:
        raise PluginError(f"{node.path}: a policy rule failed: {exc!r}") from exc
    for policy in policies:
        if not isinstance(policy, AccessPolicy):
            raise PluginError(f"{node.path}: a policy rule made {policy!r}, no AccessPolicy")
    return policies


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
