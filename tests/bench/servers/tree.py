"""A tree of the nodes of a layout: of SLAC's PyRogue where it can be imported, else of simtree."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from ..layouts import Node
from ..machine import SIMTREE, tree

if tree() == SIMTREE:
    import roguebridge.simtree as pr
else:
    import pyrogue as pr

HANG_LIMIT = 30.0


class TreeServer:
    """The tree alone; subclasses add a server."""

    def __init__(self) -> None:
        self._armed = False  # a root that starts gives all variables their defaults
        self._released = threading.Event()
        self._variables: list[Any] = []

    def build(self, nodes: Sequence[Node]) -> None:
        """Make the tree and the server."""
        self._root = pr.Root(name="Top", pollEn=False)
        for number, group in itertools.groupby(nodes, key=lambda node: node.device):
            device = pr.Device(name=f"Dev[{number}]")
            for node in group:
                variable = pr.LocalVariable(name=node.name, value=node.pair[0], **self._how(node))
                device.add(variable)
                self._variables.append(variable)
            self._root.add(device)
        self.add_server(self._root)

    def _how(self, node: Node) -> dict[str, Any]:
        how: dict[str, Any] = {}
        if not hasattr(node.pair[0], "shape"):
            how["units"] = "V"
        if not node.settable:
            how["mode"] = "RO"
        if node.disp is not None:
            how["disp"] = node.disp
        if node.hangs:
            how["localSet"] = self._hang
        elif node.put_seconds:
            how["localSet"] = self._sleeper(node.put_seconds)
        return how

    def _hang(self, value: Any) -> None:
        if self._armed:
            self._released.wait(HANG_LIMIT)

    def _sleeper(self, seconds: float) -> Callable[..., None]:
        def sleep(value: Any) -> None:
            if self._armed:
                time.sleep(seconds)

        return sleep

    def add_server(self, root: Any) -> None:
        """Add what is measured, if anything."""

    def start(self) -> None:
        """Start the root."""
        self._root.start()
        self._armed = True

    def count(self) -> int:
        """Return how many nodes the tree has."""
        return len(self._root.variableList)

    def conf(self) -> dict[str, str]:
        """Nobody can connect."""
        return {}

    def updates(self) -> list[Callable[[Any], Any]]:
        """Return the ``set`` of each variable."""
        return [variable.set for variable in self._variables]

    def wait(self) -> None:
        """Wait for the tree's update thread."""
        self._root.waitOnUpdate()

    def release(self) -> None:
        """Let the hanging device answer."""
        self._released.set()
