"""The link of a remote tree to its server: while it is down, none of the tree's values is good."""

from __future__ import annotations

import threading
from typing import Any

from ..values.alarm import COMM, Alarm
from .links import with_sources
from .pyrogue import local_attribute
from .source_health import AlarmCause, DerivedPv, show_causes


def client_of(node: Any) -> Any:
    """Return Rogue's client of the remote tree that a node is of; None for other trees.

    :param node: a variable or command
    """
    client = local_attribute(node, "_client")
    return client if hasattr(client, "addLinkMonitor") else None


def without_link(node: Any) -> str | None:
    """Return why a put or call would wait, and be made when nobody expects it any more.

    :param node: a variable or command
    :returns: None if its tree is none without a link, nor that of what it mirrors
    """
    clients = filter(None, map(client_of, with_sources(node)))
    if all(client.linked for client in clients):
        return None
    return f"{node.path}: the link to the server of its tree is down"


class RemoteLink:
    """Hides the alarms of the PVs of one remote tree while Rogue says that its link is down.

    Rogue calls a monitor of a link on its own thread, or on one that makes a request, and may do so
    for two changes at once. So the state is always that of the client, asked with the lock held.

    :param client: Rogue's client of the tree
    """

    __slots__ = ("alarm", "alone", "_client", "_pvs", "_lock")

    def __init__(self, client: Any) -> None:
        #: what hides the alarms of the tree's PVs; None while the link is up
        self.alarm: Alarm | None = None
        self.alone: tuple[AlarmCause, ...] = (self,)
        self._client = client
        self._pvs: list[DerivedPv] = []
        self._lock = threading.Lock()

    def add(self, pv: DerivedPv) -> None:
        """Hide the alarm of a PV of the tree, or of one that is made of such a node."""
        self._pvs.append(pv)
        pv.add_cause(self)

    def listen(self) -> None:
        """Begin to follow the link."""
        self._client.addLinkMonitor(self._on_change)
        self.look()

    def unlisten(self) -> None:
        """No longer follow it."""
        self._client.remLinkMonitor(self._on_change)

    def look(self) -> None:
        """Ask the client, which makes no request for that."""
        with self._lock:
            before, self.alarm = self.alarm, None if self._client.linked else COMM
            changed = before is not self.alarm
        if changed:
            show_causes(self._pvs, "its link")

    def _on_change(self, linked: bool) -> None:
        self.look()
