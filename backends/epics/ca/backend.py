"""The Channel Access server."""

from __future__ import annotations

from roguebridge.core.backend import AsyncioBackend, BackendOptions, PvOwner
from roguebridge.core.errors import BackendError
from roguebridge.core.mapping import PvEntry
from roguebridge.core.values import PvSpec

from .limitations import LONGEST_NAME, has_short_name, losses_of
from .network import Network
from .served_pv import CaPv, UpdateBatch
from .settings import check_ports, settings_of


class CaBackend(AsyncioBackend):
    """Serves over Channel Access; an isolated server keeps its port when it is started again.

    :param options: where to listen
    :raises BackendError: for settings that are no port numbers
    """

    name = "ca"
    _starting: Network

    def __init__(self, options: BackendOptions) -> None:
        super().__init__(options)
        self._isolate = options.isolate
        self._conf = dict(options.conf or {})
        check_ports(self._conf, self._isolate)
        self._kept_port = 0  # of this start, for the next one of an isolated server
        self._batch = UpdateBatch(self.loop)
        self._network: Network | None = None

    def make_pv(self, entry: PvEntry, owner: PvOwner) -> CaPv:
        """Return a PV, closed."""
        return CaPv(entry, owner, self._batch)

    def try_ports(self) -> tuple[tuple[str, int], ...]:
        """Bind all sockets of a start, and close them again."""
        network = self._make_network()
        network.try_ports()
        settings = network.settings
        hosts = [""] if settings.everywhere else settings.interfaces
        return tuple((host, settings.port) for host in hosts if settings.own and settings.port)

    def start(self) -> None:
        """Begin to listen."""
        self._starting = self._make_network()  # may wait for a name server
        super().start()

    async def listen(self) -> None:
        """Begin to listen; on the port of the last time, if it is free."""
        await self._starting.start()
        self._network = self._starting
        self._kept_port = self._network.port

    def _make_network(self) -> Network:
        settings = settings_of(self._conf, self._isolate)
        queued, most = self.options.queued, self.options.max_name
        return Network(settings, self.loop, self.pvs.get, queued, most, self._kept_port)

    async def leave(self) -> None:
        """Free the ports."""
        network, self._network = self._network, None
        if network is not None:
            await network.stop()

    def where(self) -> str:
        """Return TCP port and interfaces."""
        network = self._network
        if network is None:
            return ""
        everywhere, hosts = network.settings.everywhere, " ".join(network.settings.interfaces)
        return f"TCP port {network.port} on {'all interfaces' if everywhere else hosts}"

    def clients(self) -> int:
        """Return the number of connections."""
        network = self._network
        return 0 if network is None else len(network.circuits)

    def flush(self) -> None:
        """Return when the answers given so far were handed to the network."""
        network = self._network
        if network is not None:
            self.loop.call(network.flush)

    def stop(self) -> None:
        """Stop the server, then close and forget all PVs.

        :raises BackendError: on the server's own thread, in a policy's ``may()``, say
        """
        super().stop()
        self._batch = UpdateBatch(self.loop)

    def client_conf(self) -> dict[str, str]:
        """Return the environment with which a client reaches this server.

        libca reads it when a process first uses it. An isolated server stands for the repeater
        too, which libca would else start as a process of its own.

        :raises BackendError: if the server is not running
        """
        network = self._network
        if network is None:
            raise BackendError("the Channel Access server is not running: it has no address yet")
        conf = {
            "EPICS_CA_AUTO_ADDR_LIST": "NO",
            "EPICS_CA_ADDR_LIST": network.settings.host,
            "EPICS_CA_SERVER_PORT": str(network.udp_port),
        }
        if self._isolate:
            conf["EPICS_CA_REPEATER_PORT"] = str(network.udp_port)
        return conf

    def problems(self) -> tuple[str, ...]:
        """Return which names are too long for clients, and which values are cut or rounded."""
        texts = [
            f"PV name {name} has {len(name.encode())} bytes: clients of Channel Access that were "
            f"made for IOCs take {LONGEST_NAME}; give short aliases, e.g. by longest in names"
            for name, pv in self.pvs.items()
            if len(name.encode()) > LONGEST_NAME and not has_short_name(pv.entry)
        ]
        losses = dict(self._batch.losses)
        return (*texts, *(f"{name} over Channel Access: {loss}" for name, loss in losses.items()))

    def losses(self, entry: PvEntry, spec: PvSpec | None) -> tuple[str, ...]:
        """Return how clients get the PV's name, value and texts cut, rounded or in another form."""
        return tuple(losses_of(entry, spec))
