"""The PVAccess server.

``p4p.server.Server`` is not used. It logs a report of the server, and waits for the server's thread
meanwhile with the interpreter lock held; if a client calls at that moment, that is a deadlock.
The class below it, ``p4p._p4p.Server``, has no report. Its ``start()`` on a running server waits
for the server's thread without the lock, and serves as the barrier in :meth:`PvaBackend.flush`.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping

from p4p._p4p import Server
from p4p.server import StaticProvider

from roguebridge.core.backend import Backend, BackendOptions, PvOwner
from roguebridge.core.concurrency import NetworkLog
from roguebridge.core.errors import BackendError
from roguebridge.core.mapping import PvEntry

from ..addresses import resolved_lists
from .connections import connections_to
from .ports import TCP, UDP, Ports
from .served_pv import PvaPv
from .server_thread import ServerThread

_log = NetworkLog(logging.getLogger("roguebridge.pva"))

_INTERFACES = "EPICS_PVAS_INTF_ADDR_LIST"
_ANY = "0.0.0.0"  # noqa: S104 - what pvxs calls all interfaces
_ISOLATED = {
    "EPICS_PVAS_INTF_ADDR_LIST": "127.0.0.1",
    "EPICS_PVAS_BEACON_ADDR_LIST": "127.0.0.1",
    "EPICS_PVAS_AUTO_BEACON_ADDR_LIST": "NO",
    "EPICS_PVA_ADDR_LIST": "127.0.0.1",
    "EPICS_PVA_AUTO_ADDR_LIST": "NO",
    "EPICS_PVAS_SERVER_PORT": "0",
    "EPICS_PVAS_BROADCAST_PORT": "0",
}


class PvaBackend(Backend):
    """Serves over PVAccess; an isolated server keeps its ports when it is started again.

    :param options: where to listen
    """

    name = "pva"

    def __init__(self, options: BackendOptions) -> None:
        self._isolate = options.isolate
        self._queued, self._max_name = options.queued, options.max_name
        self._given = dict(options.conf or {})
        self._kept: dict[str, str] = {}  # ports of an isolated server, for its next start
        self._served: dict[str, PvaPv] = {}
        self._thread = ServerThread(self._queued, self._max_name)
        self._server: Server | None = None
        self._port = 0
        self._provider: StaticProvider | None = None

    def serve(self, entry: PvEntry, owner: PvOwner) -> PvaPv:
        """Add a PV, closed."""
        served = self._served[entry.pv_name] = PvaPv(entry, owner, self._thread)
        return served

    def _settings(self) -> tuple[dict[str, str], Ports]:
        isolate = self._isolate
        conf = {**_ISOLATED, **self._kept, **self._given} if isolate else self._given
        try:
            conf = {**conf, **resolved_lists(conf, {} if isolate else os.environ)}
        except BackendError as exc:
            raise BackendError(f"the PVAccess server cannot start: {exc}") from exc
        return conf, Ports(self._given, useenv=not isolate)

    def try_ports(self) -> tuple[tuple[str, int], ...]:
        """Bind the ports that the settings name, and free them again."""
        conf, ports = self._settings()
        return ports.try_all(conf.get(_INTERFACES, "").split())

    def start(self) -> None:
        """Begin to listen."""
        provider = StaticProvider()
        for name, served in self._served.items():
            provider.add(name, served.pv)
        provider.add(self._thread.name, self._thread.pv)
        isolate = self._isolate
        conf, ports = self._settings()
        port = ports.common_port(conf.get(_INTERFACES, "").split())
        conf = {**conf, TCP: str(port)} if port else conf
        try:
            server = Server(conf=conf, useenv=not isolate, providers=[(provider, 0)])
            server.start()
        except Exception as exc:
            raise BackendError(ports.why_not(exc)) from exc
        actual = server.conf()
        try:
            ports.check(actual)
        except BackendError:
            server.stop()
            raise
        if isolate:
            self._keep_ports(actual)
        self._port = int(actual[TCP])
        self._server, self._provider = server, provider
        self._thread.start(_own_address(actual))

    def _keep_ports(self, actual: Mapping[str, str]) -> None:
        for key in (TCP, UDP):
            if self._kept.get(key, actual[key]) != actual[key]:
                _log.warning("%s: port %s is taken, using %s", key, self._kept[key], actual[key])
            self._kept[key] = actual[key]

    def where(self) -> str:
        """Return TCP port and interfaces."""
        if self._server is None:
            return ""
        conf = self._server.conf()
        hosts = " ".join(_hosts(conf))
        return f"TCP port {conf[TCP]} on {hosts if hosts != _ANY else 'all interfaces'}"

    def clients(self) -> int:
        """Return the number of connections, without the server's own."""
        return max(-1, connections_to(self._port) - 1) if self._server is not None else 0

    def flush(self) -> None:
        """Return when pvxs has handed the answers given so far to the network."""
        server = self._server
        if server is not None:
            self._thread.refuse_waiting()
            # Each call only waits for the server's thread: one for the answers to be written,
            # the others for its loop to have sent them.
            for _ in range(3):
                server.start()

    def stop(self) -> None:
        """Stop the server, then close and forget all PVs.

        :raises BackendError: on the server's own thread, in a policy's ``decide()``, say
        """
        self.check_stop()
        self.flush()
        server, self._server = self._server, None
        self._provider = None
        self._thread.stop()
        self._thread = ServerThread(self._queued, self._max_name)
        if server is not None:
            server.stop()
            del server  # the ports are freed with the last reference
        served, self._served = self._served, {}
        for pv in served.values():
            pv.close()

    @property
    def on_own_thread(self) -> bool:
        """True on the server's thread, where a stop would have pvxs end the process."""
        return self._thread.here

    def client_conf(self) -> dict[str, str]:
        """Return the ``conf`` of a p4p client context that reaches exactly this server.

        An isolated server is searched for on its own port; any other is named by its TCP
        address, so that no other server of the network can answer.

        :raises BackendError: if the server is not running
        """
        if self._server is None:
            raise BackendError("the PVAccess server is not running: it has no address yet")
        conf: dict[str, str] = self._server.conf()
        if not self._isolate:
            return _own_address(conf)
        return {
            "EPICS_PVA_AUTO_ADDR_LIST": "NO",
            "EPICS_PVA_ADDR_LIST": _host(conf),
            "EPICS_PVA_INTF_ADDR_LIST": _host(conf),
            "EPICS_PVA_SERVER_PORT": conf["EPICS_PVAS_SERVER_PORT"],
            "EPICS_PVA_BROADCAST_PORT": conf["EPICS_PVAS_BROADCAST_PORT"],
        }


def _hosts(conf: Mapping[str, str]) -> list[str]:
    # pvxs adds ports to some of them, and not always the right one.
    hosts = re.split(r"[\s,]+", conf["EPICS_PVAS_INTF_ADDR_LIST"].strip())
    return [host.rpartition(":")[0] if host.count(":") == 1 else host for host in hosts]


def _host(conf: Mapping[str, str]) -> str:
    host = _hosts(conf)[0]  # of several the first
    return "127.0.0.1" if host in ("", _ANY, "[::]", "::") else host


def _own_address(conf: Mapping[str, str]) -> dict[str, str]:
    """Return client settings that name the server by its TCP address and search nowhere else."""
    return {
        "EPICS_PVA_AUTO_ADDR_LIST": "NO",
        "EPICS_PVA_ADDR_LIST": "",
        "EPICS_PVA_INTF_ADDR_LIST": _host(conf),
        "EPICS_PVA_BROADCAST_PORT": conf["EPICS_PVAS_BROADCAST_PORT"],
        "EPICS_PVA_NAME_SERVERS": f"{_host(conf)}:{conf['EPICS_PVAS_SERVER_PORT']}",
    }
