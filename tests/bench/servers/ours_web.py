"""Roguebridge over the web."""

from __future__ import annotations

from typing import Any

from roguebridge.backends.epics import EpicsPvServer

from .running import BASE, GROUP, RunningTree

_MANY = 10_000


class Server(RunningTree):
    """A running tree with an ``EpicsPvServer``."""

    def serve(self, root: Any) -> None:
        """Serve it, to as many clients as come."""
        options = {"max_clients": _MANY, "max_clients_per_host": _MANY}
        self._server = EpicsPvServer(
            base=BASE, root=root, backends=["web"], isolate=True, incGroups=GROUP, web=options
        )
        self._server.start()

    def count(self) -> int:
        """Return how many PVs are served."""
        return len(self._server.list())

    def conf(self) -> dict[str, str]:
        """Return where it listens."""
        return self._server.client_conf()
