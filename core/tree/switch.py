"""A variable of the tree that switches something on or off, and its listener."""

from __future__ import annotations

import logging
import threading
from typing import Any

from ..concurrency.network_log import NetworkLog

_log = NetworkLog(logging.getLogger("roguebridge.holder"))


class Switch:
    """Follows one variable: its updates, and its value where updates may have been missed.

    The lock orders the states: an update is newer than a value that was read before it came.

    :param variable: with ``value()`` and listeners
    """

    __slots__ = ("variable", "_lock", "_updates")

    def __init__(self, variable: Any) -> None:
        self.variable = variable
        self._lock = threading.Lock()
        self._updates = 0

    def turn(self, state: Any) -> bool:
        """Take a state, with the lock held; return True if that changes anything."""
        raise NotImplementedError

    def turned(self) -> None:
        """Tell others of the change, without the lock; on any thread."""

    def listen(self) -> None:
        """Begin to take updates, and find out the state."""
        self.variable.addListener(self._on_update)
        self.look()

    def unlisten(self) -> None:
        """Take no more updates."""
        self.variable.delListener(self._on_update)

    def look(self) -> None:
        """Read the variable; on a thread that may call the tree."""
        before = self._updates
        try:
            state = self.variable.value()
        except Exception as exc:
            _log.debug("%s cannot be read: %s", self.variable.path, exc)
            return
        with self._lock:
            turned = self._updates == before and self.turn(state)
        if turned:
            self.turned()

    def _on_update(self, path: str, value: Any) -> None:
        # On the tree's update thread: nothing may be raised.
        try:
            with self._lock:
                self._updates += 1
                turned = self.turn(value.value)
            if turned:
                self.turned()
        except BaseException:
            _log.exception("%s: an update could not be used", path)
