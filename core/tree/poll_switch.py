"""Whether the tree polls at all: PyRogue's ``PollEn`` of the root, off with ``pollEn=False``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .poll_silence import poll_interval, tells_of_polls
from .server_nodes import ServerVariable
from .switch import Switch

_BUILT_IN = ("LoadConfigProcess", "SaveConfigProcess")  # devices of every root, polled at 1 s


class PollSwitch(Switch):
    """Follows ``PollEn`` of one root; that of a remote tree, which a read waits for, counts as on.

    Its getter waits for a whole cycle of polls. So it is read only when a server starts, and when
    updates may have been lost.

    :param root: the root of the tree
    """

    __slots__ = ("on",)

    def __init__(self, root: Any) -> None:
        local = "_updateThread" in getattr(root, "__dict__", {})
        variable = getattr(root, "PollEn", None) if local else None
        always = ServerVariable("PollEn", True)
        super().__init__(variable if hasattr(variable, "addListener") else always)
        #: False while polls are switched off
        self.on = True

    def turn(self, state: Any) -> bool:
        """Take a state; there is nothing to show."""
        self.on = state is not False
        return False

    def problems(self, nodes: Iterable[Any]) -> list[str]:
        """Say that polls are off, if any of the nodes has a poll interval.

        :param nodes: those that are served
        """
        if self.on:
            return []
        paths = [
            node.path
            for node in nodes
            if node.path.split(".")[1] not in _BUILT_IN
            and tells_of_polls(node)
            and poll_interval(node)
        ]
        if not paths:
            return []
        more = f" and {len(paths) - 1} more" if paths[1:] else ""
        return [
            f"polls are off ({self.variable.path} is False): {paths[0]}{more} with a pollInterval "
            "show the last value read"
        ]
