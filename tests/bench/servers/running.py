"""A tree that runs when its server is made: what is timed is the server alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..layouts import Node
from .tree import TreeServer

BASE = "Bench"
GROUP = "Served"  # the nodes of the layout, and none of those that each device brings along


class RunningTree(TreeServer):
    """Starts the tree first; subclasses serve it."""

    def build(self, nodes: Sequence[Node]) -> None:
        """Start the tree, and import what its server is made of."""
        super().build(nodes)
        super().start()
        self.wait()
        self.prepare(self._root)

    def _how(self, node: Node) -> dict[str, Any]:
        return {**super()._how(node), "groups": [GROUP]}

    def start(self) -> None:
        """Make the server and start it."""
        self.serve(self._root)

    def prepare(self, root: Any) -> None:
        """Import what would else be imported in the start."""

    def serve(self, root: Any) -> None:
        """Make the server and start it; this is timed."""
        raise NotImplementedError

    def count(self) -> int:
        """Return how many PVs are served."""
        return len(self._variables)
