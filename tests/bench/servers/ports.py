"""Ports for servers that cannot be told to take any."""

from __future__ import annotations

import socket

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Return a port that nobody has, for TCP."""
    with socket.socket() as sock:
        sock.bind((LOOPBACK, 0))
        port: int = sock.getsockname()[1]
        return port


def ca_conf(port: int) -> dict[str, str]:
    """Return the settings of a Channel Access client of the server that has this port."""
    return {"EPICS_CA_ADDR_LIST": LOOPBACK, "EPICS_CA_SERVER_PORT": str(port)}
