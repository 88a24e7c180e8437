"""PyRogue's own server of the same tree, as it comes with Rogue."""

from __future__ import annotations

import os
from typing import Any

# Read when it makes its p4p server: loopback only, any free port.
os.environ.update(
    EPICS_PVAS_INTF_ADDR_LIST="127.0.0.1",
    EPICS_PVAS_BEACON_ADDR_LIST="127.0.0.1",
    EPICS_PVAS_AUTO_BEACON_ADDR_LIST="NO",
    EPICS_PVAS_SERVER_PORT="0",
    EPICS_PVAS_BROADCAST_PORT="0",
    EPICS_PVA_ADDR_LIST="127.0.0.1",
    EPICS_PVA_AUTO_ADDR_LIST="NO",
    EPICS_PVA_BROADCAST_PORT="0",
)

from pyrogue.protocols.epicsV4 import EpicsPvServer  # noqa: E402

from . import client_conf  # noqa: E402
from .tree import TreeServer  # noqa: E402


class Server(TreeServer):
    """A tree with PyRogue's ``EpicsPvServer``."""

    def add_server(self, root: Any) -> None:
        """Add it as a user does."""
        self._server = EpicsPvServer(base="Bench", root=root)
        root.addProtocol(self._server)

    def count(self) -> int:
        """Return how many PVs are served."""
        return len(self._server.list())

    def conf(self) -> dict[str, str]:
        """Return where it listens; there is no public way to know."""
        return client_conf(self._server._server.conf())
