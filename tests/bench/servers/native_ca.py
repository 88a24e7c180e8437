"""An IOC of EPICS base itself over Channel Access, RSRV: the limit of the protocol.

A record for each node, without device support: nothing is behind its value.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

from ..layouts import Node
from .ports import LOOPBACK, ca_conf, free_port

_PORT = free_port()
# Read when it starts.
os.environ.update(
    EPICS_CA_SERVER_PORT=str(_PORT),
    EPICS_CAS_INTF_ADDR_LIST=LOOPBACK,
    EPICS_CAS_BEACON_ADDR_LIST=LOOPBACK,
    EPICS_CAS_AUTO_BEACON_ADDR_LIST="NO",
)

from epicscorelibs import ioc  # noqa: E402

_TYPES = {float: "ao", int: "longout"}


class Server:
    """An IOC; it can be started once in a process."""

    def build(self, nodes: Sequence[Node]) -> None:
        """Load the records."""
        ioc.dbLoadDatabase(b"base.dbd", ioc.DEFAULT_DBD_PATH.encode(), None)
        ioc.registerRecordDeviceDriver(ioc.pdbbase)
        with tempfile.NamedTemporaryFile("w", suffix=".db") as file:
            for node in nodes:
                first = node.pair[0]
                fields = f'field(VAL, "{first}") field(PINI, "YES") field(EGU, "V")'
                file.write(f'record({_TYPES[type(first)]}, "{node.pv_name}") {{ {fields} }}\n')
            file.flush()
            if ioc.dbLoadRecords(file.name.encode(), None):
                raise RuntimeError("the records cannot be loaded")
        self._count = len(nodes)

    def start(self) -> None:
        """Start the IOC."""
        if ioc.iocInit():
            raise RuntimeError("the IOC does not start")

    def count(self) -> int:
        """Return how many records there are."""
        return self._count

    def conf(self) -> dict[str, str]:
        """Return where it listens."""
        return ca_conf(_PORT)

    def updates(self) -> list[Callable[[Any], Any]]:
        """Nothing: records are put by clients."""
        return []

    def wait(self) -> None:
        """Nothing to wait for."""

    def release(self) -> None:
        """No device hangs."""
