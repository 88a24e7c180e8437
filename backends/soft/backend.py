"""PVs in memory, with the threads and the life cycle of a network backend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from roguebridge.core.backend import Backend, BackendOptions, CachedPv, PvOwner
from roguebridge.core.errors import BackendError
from roguebridge.core.mapping import PvEntry

from .loop import Loop

if TYPE_CHECKING:
    from .client import SoftClient


class SoftBackend(Backend):
    """Serves to :class:`SoftClient` in the same process."""

    name = "soft"

    def __init__(self, options: BackendOptions) -> None:
        self._pvs: dict[str, CachedPv] = {}
        self._loop: Loop | None = None
        self._clients: set[SoftClient] = set()
        self._listening = False
        self._max_name = options.max_name

    def serve(self, entry: PvEntry, owner: PvOwner) -> CachedPv:
        """Add a PV, closed."""
        if self._loop is None:
            self._loop = Loop()
        served = self._pvs[entry.pv_name] = CachedPv(entry, owner, self._loop.dispatch)
        return served

    def start(self) -> None:
        """Let clients connect."""
        if self._loop is None:
            self._loop = Loop()
        self._listening = True

    def flush(self) -> None:
        """Wait until the loop has done what was queued so far."""
        if self._loop is not None:
            self._loop.call(lambda: None)

    def stop(self) -> None:
        """Disconnect the clients, close and forget all PVs.

        :raises BackendError: on the loop's thread, in a monitor, say
        """
        self.check_stop()
        loop, self._loop = self._loop, None
        self._listening = False
        if loop is None:
            return
        clients, self._clients = self._clients, set()
        pvs, self._pvs = self._pvs, {}
        for client in clients:
            loop.call(client.lost)
        for served in pvs.values():
            served.close()
        loop.stop()

    @property
    def on_own_thread(self) -> bool:
        """True on the loop's thread."""
        return self._loop is not None and self._loop.here

    def client(self, user: str = "soft", host: str = "127.0.0.1") -> SoftClient:
        """Return a new client.

        :param user: user name it claims
        :param host: address it has
        """
        from .client import SoftClient

        if self._loop is None or not self._listening:
            raise BackendError("the soft backend is not running")
        client = SoftClient(self._pvs, self._loop, user, host, self._max_name)
        self._clients.add(client)
        return client
