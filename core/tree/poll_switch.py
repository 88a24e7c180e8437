"""Whether the tree polls at all: PyRogue's ``PollEn`` of the root, off with ``pollEn=False``."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from ..concurrency.network_log import NetworkLog
from .poll_silence import poll_interval, tells_of_polls

_log = NetworkLog(logging.getLogger("roguebridge.staleness"))
_BUILT_IN = ("LoadConfigProcess", "SaveConfigProcess")  # devices of every root, polled at 1 s


class PollSwitch:
    """Hears ``PollEn`` of one root. A remote tree has none that could be asked without waiting.

    Its getter waits for a whole cycle of polls, so that it is only asked when a server starts, and
    when updates may have been lost.

    :param root: the root of the tree
    """

    def __init__(self, root: Any) -> None:
        self._root = root
        #: False while the tree makes no polls because it was told so
        self.on = True
        self._heard = False
        self._variable: Any = None

    def listen(self) -> None:
        """Begin to hear the switch."""
        if "_updateThread" not in getattr(self._root, "__dict__", {}):
            return
        variable: Any = getattr(self._root, "PollEn", None)
        if not hasattr(variable, "addListener"):
            return
        self._variable = variable
        variable.addListener(self._on_update)
        self.look()

    def look(self) -> None:
        """Find out now; on a thread that may wait for a cycle of polls."""
        variable = self._variable
        if variable is None:
            return
        self._heard = False
        try:
            on = bool(variable.value())
        except Exception as exc:
            _log.debug("%s cannot be read: %s", variable.path, exc)
            return
        if not self._heard:  # else that is newer
            self.on = on

    def unlisten(self) -> None:
        """No longer hear the switch."""
        variable, self._variable = self._variable, None
        if variable is not None:
            variable.delListener(self._on_update)
        self.on = True

    def _on_update(self, path: str, value: Any) -> None:
        # On the tree's update thread: nothing is raised into the tree.
        self._heard = True
        self.on = value.value is not False

    def problems(self, nodes: Iterable[Any]) -> list[str]:
        """Say that polls are off, if that concerns anybody.

        :param nodes: those that are served
        """
        if self.on or self._variable is None:
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
            f"polls are off ({self._variable.path} is False): {paths[0]}{more} with a pollInterval "
            "show what was read last"
        ]
