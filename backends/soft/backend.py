"""PVs in memory, with the threads and the life cycle of a network backend."""

from __future__ import annotations

from roguebridge.core.backend import AsyncioBackend, BackendOptions
from roguebridge.core.errors import BackendError

from .client import SoftClient


class SoftBackend(AsyncioBackend):
    """Serves to :class:`SoftClient` in the same process; its network is the loop's thread."""

    name = "soft"

    def __init__(self, options: BackendOptions) -> None:
        super().__init__(options)
        self._clients: set[SoftClient] = set()

    async def listen(self) -> None:
        """Do nothing: clients are in the same process."""

    async def leave(self) -> None:
        """Disconnect the clients."""
        clients, self._clients = self._clients, set()
        for client in clients:
            client.lost()

    def clients(self) -> int:
        """Return the number of clients that are not closed."""
        return sum(client.connected for client in self._clients.copy())

    def client(self, user: str = "soft", host: str = "127.0.0.1") -> SoftClient:
        """Return a new client.

        :param user: user name it claims
        :param host: address it has
        :raises BackendError: if the backend is not running
        """
        if not self.loop.running:
            raise BackendError("the soft backend is not running")
        client = SoftClient(self.pvs, self.loop, user, host, self.options.max_name)
        self._clients.add(client)
        return client
