"""The servers that are compared; each has the methods of :class:`Measured`."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ..layouts import Node


class Measured(Protocol):
    """What the host process asks of a server."""

    def build(self, nodes: Sequence[Node]) -> None:
        """Make all that does not belong to the start."""

    def start(self) -> None:
        """Start; this is timed."""

    def count(self) -> int:
        """Return how many PVs there are."""

    def conf(self) -> dict[str, str]:
        """Return the settings of a client that finds exactly this server."""

    def updates(self) -> list[Callable[[Any], Any]]:
        """Return a function for each node that gives it a value."""

    def wait(self) -> None:
        """Return when all updates so far have been delivered to the server."""

    def release(self) -> None:
        """Let the hanging device answer."""


def make(kind: str) -> Measured:
    """Return a server of a kind."""
    module = importlib.import_module(f".{kind}", __name__)
    server: Measured = module.Server()
    return server


def client_conf(server_conf: dict[str, str]) -> dict[str, str]:
    """Return the settings of a client from those of a server that listens on loopback only."""
    return {
        "EPICS_PVA_AUTO_ADDR_LIST": "NO",
        "EPICS_PVA_ADDR_LIST": "127.0.0.1",
        "EPICS_PVA_INTF_ADDR_LIST": "127.0.0.1",
        "EPICS_PVA_SERVER_PORT": server_conf["EPICS_PVAS_SERVER_PORT"],
        "EPICS_PVA_BROADCAST_PORT": server_conf["EPICS_PVAS_BROADCAST_PORT"],
    }
