"""The named tree: every root, device, variable and command is a Node with children by name."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from roguebridge.simtree.errors import NodeError
from roguebridge.simtree.groups import Grouped
from roguebridge.simtree.log import logInit
from roguebridge.simtree.lookup import Lookup

if TYPE_CHECKING:
    from roguebridge.simtree.root import Root

T = TypeVar("T")


def expose(item: T) -> T:
    """Mark a method or property as usable from a remote client (here: only returned).

    :param item: the function or property.
    """
    return item


class Node(Grouped, Lookup):
    """One named entry of the tree.

    :param name: the name below the parent.
    :param description: free text.
    :param expand: a hint for user interfaces.
    :param hidden: True puts the node in the group 'Hidden'.
    :param groups: names of groups; a list is kept by reference, a str is one group.
    :param guiGroup: a hint for user interfaces.
    """

    _logFamily = ""
    _absent: frozenset[str] = frozenset()
    _log: logging.Logger

    def __init__(
        self,
        *,
        name: str,
        description: str = "",
        expand: bool = True,
        hidden: bool = False,
        groups: list[str] | str | None = None,
        guiGroup: str | None = None,
    ) -> None:
        self._name = name
        self._description = description
        self._path = name
        self._expand = expand
        self._guiGroup = guiGroup
        self._parent: Any = None
        self._root: Any = None
        self._nodes: dict[str, Node] = {}
        self._anodes: dict[str, dict[int, Any]] = {}
        self._log = logInit(cls=self, name=name)
        if groups is None:
            self._groups: list[str] = []
        else:
            self._groups = groups if isinstance(groups, list) else [groups]
        if hidden is True:
            self.addToGroup("Hidden")

    def __repr__(self) -> str:
        return f"{self.__class__} - {self.path}"

    def __getattr__(self, name: str) -> Any:
        nodes = self.__dict__.get("_nodes", {})
        if name in nodes:
            return nodes[name]
        arrays = self.__dict__.get("_anodes", {})
        if name in arrays:
            return arrays[name]
        path = self.__dict__.get("_path")
        raise AttributeError(f"{self.__class__} - {path} has no attribute {name}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._nodes]

    def __contains__(self, item: object) -> bool:
        return item in self._nodes.values()

    @property
    def name(self) -> str:
        """Name below the parent, array brackets included."""
        return self._name

    @property
    def description(self) -> str:
        """Free text."""
        return self._description

    @property
    def path(self) -> str:
        """Names from the root on, joined by dots; only the name before the root starts."""
        return self._path

    @property
    def expand(self) -> bool:
        """Hint for user interfaces."""
        return self._expand

    @property
    def guiGroup(self) -> str | None:
        """Hint for user interfaces."""
        return self._guiGroup

    @property
    def parent(self) -> Any:
        """The device above; the root is its own parent; None before the root starts."""
        return self._parent

    @property
    def root(self) -> Any:
        """The root; None before it starts."""
        return self._root

    def add(self, node: Node | Iterable[Node]) -> None:
        """Add a child or several; only possible before the root starts.

        :param node: node or iterable of nodes; of a generator nothing is added, as in PyRogue,
            which goes through it once to look and once more to add.
        """
        if not isinstance(node, Node):
            several: Any = node
            if isinstance(several, Iterable) and all(isinstance(n, Node) for n in several):
                for n in several:
                    self.add(n)
                return
            raise AttributeError(f"Cannot add {node!r} to {self.name}: it is not a node.")
        trouble = None
        if not self.isDevice:
            raise NodeError(
                f"Attempting to add node with name {node.name} to non device node {self.name}."
            )
        if self._root is not None:
            trouble = "Tree is already started."
        elif node.parent is not None:
            trouble = "Node is already attached."
        elif self._taken(node.name) or node.name in self._anodes:
            trouble = "Name collision."
        if trouble is not None:
            raise NodeError(f"Error adding node with name {node.name} to {self.name}. {trouble}")
        if re.fullmatch(r"[\w\[\]]+", node.name) is None:
            self._log.warning("Node %s has special characters and may not be found.", node.name)
        self._add_to_array(node)
        self._nodes[node.name] = node

    def _taken(self, name: str) -> bool:
        if name in self._absent or hasattr(type(self), name):
            return True
        return name in self.__dict__ or name in self._nodes

    def _add_to_array(self, node: Node) -> None:
        match = re.match(r"([^\[\]]*)((?:\[[^\[\]]*\])+)", node.name)
        if match is None:
            return
        base, keys = match[1], re.findall(r"\[([^\[\]]*)\]", match[2])
        if not all(k.isdigit() for k in keys):
            self._log.warning("Array node %s has a key that is not a number.", node.name)
            return
        clash = NodeError(
            f"Error adding node with name {node.name} to {self.name}. Name collision."
        )
        if self._taken(base):
            raise clash
        level: Any = self._anodes.setdefault(base, {})
        for key in keys[:-1]:
            level = level.setdefault(int(key), {})
            if isinstance(level, Node):
                raise clash
        if int(keys[-1]) in level:
            raise clash
        level[int(keys[-1])] = node

    def addNode(self, nodeClass: Callable[..., Node], **kwargs: Any) -> None:
        """Build a node and add it.

        :param nodeClass: its class.
        :param kwargs: its arguments.
        """
        self.add(nodeClass(**kwargs))

    def addNodes(
        self, nodeClass: Callable[..., Node], number: int, stride: int, **kwargs: Any
    ) -> None:
        """Build an array of nodes `name[i]` at offsets `offset + i * stride` and add it.

        :param nodeClass: their class.
        :param number: how many.
        :param stride: bytes from one to the next.
        :param kwargs: their arguments, with name and offset.
        """
        name, offset = kwargs.pop("name"), kwargs.pop("offset")
        for i in range(number):
            self.add(nodeClass(name=f"{name}[{i}]", offset=offset + i * stride, **kwargs))

    @property
    def isDevice(self) -> bool:
        """True for devices and the root."""
        return False

    @property
    def isVariable(self) -> bool:
        """True for variables that are not commands."""
        return False

    @property
    def isCommand(self) -> bool:
        """True for commands."""
        return False

    def isinstance(self, typ: type) -> bool:
        """Tell whether the node is of a class.

        :param typ: the class.
        """
        return isinstance(self, typ)

    def _rootAttached(self, parent: Any, root: Root) -> None:
        self._parent = parent
        self._root = root
        self._path = f"{parent.path}.{self.name}"
        self._log = logInit(cls=self, path=self._path)
        for group in parent.groups:
            self.addToGroup(group)

    def _finishInit(self) -> None:
        for node in self._nodes.values():
            node._finishInit()  # noqa: SLF001
