"""Roguebridge, by its public door."""

from __future__ import annotations

from typing import Any

from roguebridge.backends.epics import EpicsPvServer

from .tree import TreeServer


class Server(TreeServer):
    """A tree with an ``EpicsPvServer``."""

    def plugins(self) -> list[Any]:
        """Return the plugins of the site."""
        return []

    def add_server(self, root: Any) -> None:
        """Add it as a user does."""
        self._server = EpicsPvServer(base="Bench", root=root, isolate=True, plugins=self.plugins())
        root.addProtocol(self._server)

    def count(self) -> int:
        """Return how many PVs are served."""
        return len(self._server.list())

    def conf(self) -> dict[str, str]:
        """Return where it listens."""
        return self._server.client_conf()
