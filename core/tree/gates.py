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
        self._by_device: dict[int, DeviceEnable | None] = {}
        self._links: dict[int, RemoteLink] = {}  # by id of Rogue's client

    def __iter__(self) -> Iterator[DeviceEnable | RemoteLink]:
        yield from self._links.values()
        yield from (gate for gate in self._by_device.values() if gate is not None)

    def add(self, pv: DerivedPv, node: Any) -> None:
        """Let the gates of a node hide the alarm of a PV.

        :param pv: of the node, or of one that is worked out from it
        """
        client = client_of(node)
        if client is not None:
            if id(client) not in self._links:
                self._links[id(client)] = RemoteLink(client)
            link = self._links[id(client)]
            if link not in pv.causes:
                link.add(pv)
        device = id(getattr(node, "parent", None))
        if device not in self._by_device:
            enable = enable_of(node)
            self._by_device[device] = None if enable is None else DeviceEnable(enable)
        gate = self._by_device[device]
        if gate is not None and gate.variable is not node and gate not in pv.causes:
            gate.add(pv)
