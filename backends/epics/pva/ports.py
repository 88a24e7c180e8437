"""The ports of a PVAccess server: those that were asked for, and those that pvxs uses.

pvxs takes another TCP port without a word when the one in its settings is in use, and its default
for a setting that it cannot read. That is welcome for a default port. A port that was given to this
server is in firewall rules and name server lists: the server uses it or does not start.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Mapping, Sequence

from roguebridge.core.concurrency import NetworkLog
from roguebridge.core.errors import BackendError, words_of

_log = NetworkLog(logging.getLogger("roguebridge.pva"))

_TRIES = 50  # ports that may be free on one interface and in use on another
TCP = "EPICS_PVAS_SERVER_PORT"
UDP = "EPICS_PVAS_BROADCAST_PORT"
_SHARED = {TCP: ("EPICS_PVA_SERVER_PORT", "5075"), UDP: ("EPICS_PVA_BROADCAST_PORT", "5076")}
"""Settings that all clients and servers of a host share, where the server's own is not given."""


class Ports:
    """The ports somebody asked for.

    :param conf: settings given to this server
    :param useenv: whether those of the environment count too
    :raises BackendError: for a setting that is no port number
    """

    def __init__(self, conf: Mapping[str, str], useenv: bool) -> None:
        environ: Mapping[str, str] = os.environ if useenv else {}
        for source in (conf, environ):
            for name, (shared, _) in _SHARED.items():
                _check(name, source.get(name, ""))
                _check(shared, source.get(shared, ""))
        self._own = int(conf.get(TCP) or environ.get(TCP) or 0)
        self._wanted = {}  # 0 for any
        for name, (shared, usual) in _SHARED.items():
            port = conf.get(name) or environ.get(name)
            if not port:
                port = environ.get(shared, usual) if useenv else ""
            self._wanted[name] = int(port or 0)

    def why_not(self, exc: Exception) -> str:
        """Say why the server could not start.

        :param exc: what pvxs has raised; about a port that is in use only for UDP, and without it
        """
        if "in use" not in str(exc):
            return f"the PVAccess server cannot start: {words_of(exc)}"
        return f"{UDP}: UDP port {self._wanted[UDP]} is in use"

    def common_port(self, interfaces: Sequence[str]) -> int:
        """Return the TCP port for several interfaces that pvxs must be given; 0 for none.

        pvxs itself leaves a port that is in use on one of them alone, and keeps the others on it.

        :param interfaces: addresses, with or without a port
        :raises BackendError: if the port that somebody gave this server is in use on one
        """
        hosts = [address.partition(":")[0] for address in interfaces]
        wanted = self._wanted[TCP]
        if len(hosts) < 2 or (wanted and _bound(hosts, wanted)):
            return 0
        if self._own:
            raise BackendError(f"{TCP}: port {self._own} is in use")
        return next((port for port in (_bound(hosts, 0) for _ in range(_TRIES)) if port), 0)

    def try_all(self, interfaces: Sequence[str]) -> tuple[tuple[str, int], ...]:
        """Look whether the ports are free; pvxs is not asked.

        :param interfaces: addresses, with or without a port
        :returns: address, empty for all, and number of the TCP port that somebody gave this server
        :raises BackendError: if a port is in use that a start could not do without
        """
        hosts = [address.partition(":")[0] for address in interfaces if address[0] != "["]
        if not hosts or "0.0.0.0" in hosts:  # noqa: S104 - what pvxs calls all interfaces
            hosts = [""]
        if self._own and not _bound(hosts, self._own):
            raise BackendError(f"{TCP}: port {self._own} is in use")
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            for option in ("SO_REUSEADDR", "SO_REUSEPORT"):  # as pvxs
                if hasattr(socket, option):  # pragma: no branch - not all on Windows
                    sock.setsockopt(socket.SOL_SOCKET, getattr(socket, option), 1)
            try:
                sock.bind(("", self._wanted[UDP]))
            except OSError as exc:
                text = f"{UDP}: UDP port {self._wanted[UDP]} is in use"
                raise BackendError(text) from exc
        return tuple((host, self._own) for host in hosts if self._own)

    def check(self, actual: Mapping[str, str]) -> None:
        """Compare with what the running server has.

        :param actual: the running server's settings
        :raises BackendError: if this server's own port is not the one that was asked for
        """
        port, wanted = int(actual[TCP]), self._wanted[TCP]
        if self._own not in (0, port):
            raise BackendError(f"{TCP}: port {self._own} is in use")
        if wanted not in (0, port):
            _log.warning("port %s is in use: serving on port %s instead", wanted, port)


def _bound(hosts: Sequence[str], port: int) -> int:
    """Return the TCP port that all of some addresses could be bound to, 0 if there is none.

    :param port: 0 for any that is free
    """
    with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
        for host in hosts:
            sock = stack.enter_context(socket.socket())
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as pvxs
            sock.bind((host, port))
            port = sock.getsockname()[1]
        return port
    return 0


def _check(name: str, value: str) -> None:
    if value and not (value.strip().isdecimal() and int(value) < 65536):
        raise BackendError(f"{name}: {value!r} is no port number")
