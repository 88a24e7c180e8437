"""Roguebridge over Channel Access."""

from __future__ import annotations

from typing import Any

from roguebridge.backends.epics import EpicsPvServer

from .running import BASE, GROUP, RunningTree


class Server(RunningTree):
    """A running tree with an ``EpicsPvServer``."""

    def prepare(self, root: Any) -> None:
        """Start another server once, for what is imported late."""
        server = self._make(root, pvMap={self._variables[0].path: f"{BASE}:Other"})
        server.start()
        server.stop()

    def serve(self, root: Any) -> None:
        """Serve it."""
        self._server = self._make(root, incGroups=GROUP)
        self._server.start()

    def _make(self, root: Any, **which: Any) -> EpicsPvServer:
        return EpicsPvServer(base=BASE, root=root, backends=["ca"], isolate=True, **which)

    def count(self) -> int:
        """Return how many PVs are served."""
        return len(self._server.list())

    def conf(self) -> dict[str, str]:
        """Return where it listens."""
        return self._server.client_conf()
