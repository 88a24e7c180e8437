"""PyRogue's own server of the same tree over Channel Access, as it comes with Rogue; softioc's."""

from __future__ import annotations

import os
from typing import Any

from .ports import ca_conf, free_port
from .running import BASE, GROUP, RunningTree

_PORT = free_port()
# Read when it starts: loopback only; of PVAccess, which it starts too, any free port.
os.environ.update(
    EPICS_CA_SERVER_PORT=str(_PORT),
    EPICS_CAS_INTF_ADDR_LIST="127.0.0.1",
    EPICS_CAS_BEACON_ADDR_LIST="127.0.0.1",
    EPICS_CAS_AUTO_BEACON_ADDR_LIST="NO",
    EPICS_PVAS_INTF_ADDR_LIST="127.0.0.1",
    EPICS_PVAS_BEACON_ADDR_LIST="127.0.0.1",
    EPICS_PVAS_AUTO_BEACON_ADDR_LIST="NO",
    EPICS_PVAS_SERVER_PORT="0",
    EPICS_PVAS_BROADCAST_PORT="0",
)

from pyrogue.protocols.epicsV7 import EpicsPvServer  # noqa: E402


class Server(RunningTree):
    """A running tree with PyRogue's ``EpicsPvServer``; it can be started once in a process."""

    def serve(self, root: Any) -> None:
        """Serve it, as ``root.start()`` would."""
        self._server = EpicsPvServer(base=BASE, root=root, incGroups=[GROUP], excGroups=[])
        self._server._start()

    def count(self) -> int:
        """Return how many PVs are served."""
        return len(self._server.list())

    def conf(self) -> dict[str, str]:
        """Return where it listens."""
        return ca_conf(_PORT)
