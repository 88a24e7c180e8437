"""What may hide the alarms of nodes: ``enable`` of their devices, and links to remote trees."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .device_enable import DeviceEnable, enable_of
from .remote_link import RemoteLink, client_of
from .source_health import DerivedPv


class Gates:
    """The gates of one run of a server: one for each device with ``enable``, and for each link."""

    def __init__(self) -> None:
        self._links: dict[int, RemoteLink] = {}  # by id of Rogue's client
        # By id of a device: its link, if it is in a remote tree, and its enable.
        self._by_device: dict[int, tuple[RemoteLink | None, DeviceEnable | None]] = {}

    def __iter__(self) -> Iterator[DeviceEnable | RemoteLink]:
        yield from self._links.values()
        yield from (gate for _, gate in self._by_device.values() if gate is not None)

    def add(self, pv: DerivedPv, node: Any) -> None:
        """Let the gates of a node hide the alarm of a PV.

        :param pv: of the node, or of one that is worked out from it
        """
        device = id(getattr(node, "parent", None))
        if device not in self._by_device:
            enable = enable_of(node)
            gate = None if enable is None else DeviceEnable(enable)
            self._by_device[device] = self._link(node), gate
        link, gate = self._by_device[device]
        if link is not None and link not in pv.causes:
            link.add(pv)
        if gate is not None and gate.variable is not node and gate not in pv.causes:
            gate.add(pv)

    def _link(self, node: Any) -> RemoteLink | None:
        client = client_of(node)
        if client is None:
            return None
        if id(client) not in self._links:
            self._links[id(client)] = RemoteLink(client)
        return self._links[id(client)]
