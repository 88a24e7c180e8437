"""Finding the nodes below a node: by kind, by class, by attributes, by names with indices."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from typing import Any

GroupArg = str | list[str] | None


class Lookup:
    """The half of a node that finds others; the children are kept by name and, arrays, by index."""

    _nodes: dict[str, Any]
    _anodes: dict[str, dict[int, Any]]

    @property
    def nodes(self) -> dict[str, Any]:
        """Children by name, in order of adding."""
        return self._nodes

    @property
    def nodeList(self) -> list[Any]:
        """Everything below, depth-first."""
        return [n for child in self._nodes.values() for n in (child, *child.nodeList)]

    def node(self, name: str) -> Any:
        """Give a direct child by its full name, or None.

        :param name: for an array node with its brackets.
        """
        return self._nodes.get(name)

    def getNodes(
        self,
        typ: type,
        excTyp: type | None = None,
        incGroups: GroupArg = None,
        excGroups: GroupArg = None,
    ) -> dict[str, Any]:
        """Give the direct children of a class.

        :param typ: wanted class.
        :param excTyp: unwanted class.
        :param incGroups: group filter.
        :param excGroups: group filter.
        """
        return {
            name: node
            for name, node in self._nodes.items()
            if node.isinstance(typ)
            and not (excTyp is not None and node.isinstance(excTyp))
            and node.filterByGroup(incGroups, excGroups)
        }

    def _children(self, kind: str, incGroups: GroupArg, excGroups: GroupArg) -> dict[str, Any]:
        return {
            name: node
            for name, node in self._nodes.items()
            if getattr(node, kind) and node.filterByGroup(incGroups, excGroups)
        }

    @property
    def variables(self) -> dict[str, Any]:
        """Direct variables, without commands."""
        return self.variablesByGroup()

    def variablesByGroup(
        self, incGroups: GroupArg = None, excGroups: GroupArg = None
    ) -> dict[str, Any]:
        """Direct variables that pass a group filter.

        :param incGroups: group filter.
        :param excGroups: group filter.
        """
        return self._children("isVariable", incGroups, excGroups)

    @property
    def commands(self) -> dict[str, Any]:
        """Direct commands."""
        return self.commandsByGroup()

    def commandsByGroup(
        self, incGroups: GroupArg = None, excGroups: GroupArg = None
    ) -> dict[str, Any]:
        """Direct commands that pass a group filter.

        :param incGroups: group filter.
        :param excGroups: group filter.
        """
        return self._children("isCommand", incGroups, excGroups)

    @property
    def devices(self) -> dict[str, Any]:
        """Direct devices."""
        return self.devicesByGroup()

    def devicesByGroup(
        self, incGroups: GroupArg = None, excGroups: GroupArg = None
    ) -> dict[str, Any]:
        """Direct devices that pass a group filter.

        :param incGroups: group filter.
        :param excGroups: group filter.
        """
        return self._children("isDevice", incGroups, excGroups)

    @property
    def variableList(self) -> list[Any]:
        """All variables and commands below, depth-first in order of adding."""
        return [n for n in self.nodeList if n.isVariable or n.isCommand]

    @property
    def deviceList(self) -> list[Any]:
        """All devices below, depth-first."""
        return [n for n in self.nodeList if n.isDevice]

    def find(self, *, recurse: bool = True, typ: type | None = None, **kwargs: Any) -> list[Any]:
        """Give the nodes below whose attributes have the given values.

        A str is a regular expression for the beginning of the attribute, which then must be a
        str, too (TypeError for None). A method is called without arguments.

        :param recurse: False looks at the direct children only.
        :param typ: only nodes of this class.
        :param kwargs: wanted values by attribute.
        """

        def has(node: Any, name: str, wanted: Any) -> bool:
            if not hasattr(node, name):
                return False
            value = getattr(node, name)
            if isinstance(wanted, str):
                return re.match(wanted, value) is not None
            return bool((value() if inspect.ismethod(value) else value) == wanted)

        pool = self.nodeList if recurse else self._nodes.values()
        return [
            node
            for node in pool
            if (typ is None or node.isinstance(typ))
            and all(has(node, name, wanted) for name, wanted in kwargs.items())
        ]

    def nodeMatch(self, name: str) -> tuple[list[Any], list[str] | None]:
        """Give the direct children that a name with indices means.

        :param name: for array nodes an index is a number, a slice, '*' or ':'.
        :returns: the nodes and None, or a node without indices in its own name and the indices:
            they are then meant for its value.
        """
        if name in self._nodes:
            return [self._nodes[name]], None
        base, keys = name.split("[")[0], re.findall(r"\[([^\[\]]*)\]", name)
        if base in self._nodes:
            return [self._nodes[base]], keys
        if base not in self._anodes or not keys:
            return [], None
        level: list[Any] = [self._anodes[base]]
        for key in keys:
            level = [n for d in level if isinstance(d, dict) for n in _select(d, key)]
        return [n for n in level if not isinstance(n, dict)], None

    def callRecursive(
        self, func: str, nodeTypes: Iterable[type] | None = None, **kwargs: Any
    ) -> None:
        """Call a method of this node and of those below.

        :param func: name of the method.
        :param nodeTypes: go on only to nodes of these classes.
        :param kwargs: arguments of the method.
        """
        getattr(self, func)(**kwargs)
        types = None if nodeTypes is None else tuple(nodeTypes)
        for node in self._nodes.values():
            if types is None or isinstance(node, types):
                node.callRecursive(func, types, **kwargs)

    def makeRecursive(
        self, func: str, nodeTypes: Iterable[type] | None = None
    ) -> Callable[..., None]:
        """Give a function that does callRecursive.

        :param func: name of the method.
        :param nodeTypes: go on only to nodes of these classes.
        """
        return lambda **kwargs: self.callRecursive(func, nodeTypes, **kwargs)


def _select(nodes: dict[int, Any], key: str) -> list[Any]:
    if key in ("*", ":"):
        return list(nodes.values())
    if key.isdigit():
        return [nodes[int(key)]] if int(key) in nodes else []
    if re.fullmatch(r"(-?\d+)?(:(-?\d+)?){1,2}", key) is None:
        return []
    row = range(max(nodes) + 1)[slice(*(int(k) if k else None for k in key.split(":")))]
    return [nodes[i] for i in row if i in nodes]
