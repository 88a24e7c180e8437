"""Assignments of nodes to access security groups and levels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from roguebridge.core.errors import PluginError
from roguebridge.core.mapping import Select, Selector, selects
from roguebridge.core.tree import TreeNode

from .rules import DEFAULT, Rules

_KEYS = ("asg", "path", "group", "level", "optional")


class Place(NamedTuple):
    """The group and level of a node."""

    asg: str = DEFAULT
    level: int = 0


class Assignments:
    """Assigns nodes to groups: the first assignment that matches counts, all else is in DEFAULT.

    :param given: mappings with ``asg``, ``path`` (a glob) or ``group`` or both, ``level`` (0 or 1),
        ``optional`` (True if no node may match)
    :raises TypeError: if they are no list of mappings
    :raises ValueError: for a key or value that is wrong
    """

    def __init__(self, given: Any) -> None:
        if isinstance(given, (str, Mapping)) or not isinstance(given, Iterable):
            raise TypeError(f"acf: assign must be a list of mappings, not {given!r}")
        self._all: Sequence[tuple[Select, Place]] = [_assignment(one) for one in given]

    def place(self, node: TreeNode) -> Place:
        """Return the group and level of a node."""
        return next((place for select, place in self._all if select(node)), Place())

    @property
    def selectors(self) -> list[Selector]:
        """The nodes of each assignment, even if an earlier assignment has them too."""
        return [
            Selector(f"acf: no node is assigned by {selects(select)} to ASG({place.asg})", select)
            for select, place in self._all
        ]

    def check(self, rules: Rules, file: str) -> None:
        """See to it that all groups exist: else nodes would be judged by other rules.

        :raises PluginError: if one does not
        """
        for _, place in self._all:
            if place.asg not in rules.asgs:
                raise PluginError(
                    f"{file}: nodes are assigned to ASG({place.asg}), which is not there; "
                    f"there are {sorted(rules.asgs)}"
                )


def _assignment(given: Any) -> tuple[Select, Place]:
    if not isinstance(given, Mapping):
        raise TypeError(f"acf: assign has {given!r}, which is no mapping")
    unknown = [key for key in given if key not in _KEYS]
    if unknown:
        raise ValueError(f"acf: assign has no {unknown[0]!r}; there are {list(_KEYS)}")
    for key in ("asg", "path", "group"):
        text = given.get(key)
        if text is not None and (not isinstance(text, str) or not text):
            raise ValueError(f"acf: assign: {key} must be a text, not {text!r}")
    asg, path, group = (given.get(key) for key in ("asg", "path", "group"))
    level, optional = given.get("level", 0), given.get("optional", False)
    if asg is None or (path is None and group is None):
        raise ValueError(f"acf: assign needs asg, and path or group: {dict(given)!r}")
    if isinstance(level, bool) or level not in (0, 1):
        raise ValueError(f"acf: assign: level must be 0 or 1, not {level!r}")
    if not isinstance(optional, bool):
        raise ValueError(f"acf: assign: optional must be true or false, not {optional!r}")
    return Select(path=path, group=group, optional=optional), Place(asg, level)
