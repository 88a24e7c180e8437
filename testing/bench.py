"""A backend with scripted owners, and its clients; all are closed at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from roguebridge.core.backend import Backend, BackendOptions
from roguebridge.core.mapping import PvEntry
from roguebridge.core.values import PvSpec, Reading

from .client import BackendClient
from .owner import ScriptedOwner
from .samples import DOUBLE, at


class BackendBench:
    """One backend under test, not started, on loopback only.

    :param make_backend: makes it of its options
    :param make_client: makes a client of the backend, which runs then
    """

    def __init__(
        self,
        make_backend: Callable[[BackendOptions], Backend],
        make_client: Callable[[Any], BackendClient],
    ) -> None:
        self.backend: Any = make_backend(BackendOptions(isolate=True))
        self._make_client = make_client
        self._clients: list[BackendClient] = []

    def serve(
        self,
        spec: PvSpec = DOUBLE,
        first: Reading | None = None,
        name: str = "pv",
        is_command: bool = False,
    ) -> ScriptedOwner:
        """Serve a PV, before the start.

        :param first: what it opens with; None for a PV that the test opens
        """
        owner = ScriptedOwner(PvEntry(f"Top.{name}", name, is_command, "RW"), spec, first)
        owner.served = self.backend.serve(owner.entry, owner)
        return owner

    def open_pv(self, spec: PvSpec, first: Reading) -> tuple[ScriptedOwner, BackendClient]:
        """Start the backend with one PV that opens at once, and return a client of it."""
        owner = self.serve(spec, first)
        self.backend.start()
        return owner, self.client()

    def call(self, spec: PvSpec = DOUBLE, **arguments: Any) -> tuple[BackendClient, Any, Any]:
        """Call a command whose PV is closed.

        :returns: the client, the future it waits for, and the request
        """
        owner = self.serve(spec, is_command=True)
        self.backend.start()
        client = self.client()
        pending = client.start_rpc("pv", **arguments)
        if not client.has_calls:  # a put waits for the PV to open
            owner.arrived()
            assert owner.requests.empty() and not pending.done()
            owner.open(at(spec.zero()))
        return client, pending, owner.request()

    def client(self) -> BackendClient:
        """Return one more client."""
        client = self._make_client(self.backend)
        self._clients.append(client)
        return client

    def close(self) -> None:
        """Close the clients and stop the backend."""
        for client in self._clients:
            client.close()
        self.backend.stop()
