"""Rules: the results of build-time hooks. Each has a selector of nodes and a function of a node.

Rules are asked for once per server; per node only the selectors run, and the first match wins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ..errors import PluginError, in_words
from ..mapping.select import Select, _check_flag
from ..requests.policy import AccessPolicy
from ..tree.protocols import TreeNode
from ..values.converter import TypeConverter
from ..values.spec import problem_of

Made = TypeVar("Made")
TimeSource = Callable[[Any], int | None]


@dataclass(frozen=True, slots=True)
class Rule(Generic[Made]):
    """For the nodes that ``select`` picks, ``make(node)`` returns a name, converter or policy.

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
    """Return the result of the first rule that selects ``node``, or None."""
    for rule in rules:
        if rule.select(node):
            return rule.make(node)
    return None


def converter_of(rules: Sequence[ConverterRule], node: TreeNode) -> TypeConverter:
    """Return the converter that the first rule makes which selects ``node``.

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
    """Return the time source that the first rule makes which selects ``node``, or None.

    :raises PluginError: if a rule fails, or makes no function
    """
    try:
        source = first(rules, node)
        if source is not None and not callable(source):
            raise TypeError(f"{source!r} is not a function")
    except Exception as exc:
        raise PluginError(
            f"{node.path}: a rule of time_source_rules failed: {in_words(exc)}"
        ) from exc
    return source  # type: ignore[no-any-return]
