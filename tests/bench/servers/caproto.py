"""A minimal caproto server of the tree: nothing but the library between tree and clients.

It is what somebody writes who knows caproto and serves nothing but these numbers: its public
asyncio server, channels of the types of the values; no metadata, no alarms, no access control.
Updates reach its loop in batches, the newest of each node, and no more than the clients are sent;
else they would wait behind each other. A put is done where it arrives and answered when the tree
has it. What is sent goes at once: asyncio does not see to that with the sockets that caproto makes.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from typing import Any

import caproto as ca
from caproto.asyncio.server import Context, VirtualCircuit

from .ports import LOOPBACK, ca_conf, free_port
from .running import BASE, RunningTree

_PAUSE = 0.001  # seconds between two looks whether all was sent


class Shown:
    """What a channel has to do with its node."""

    def __init__(self, node: Any, updates: Updates) -> None:
        super().__init__(value=node.value())
        self._node = node
        self._updates = updates
        node.addListener(self._on_update)

    def _on_update(self, path: str, value: Any) -> None:
        self._updates.add(self, value.value)

    async def verify_value(self, value: Any) -> Any:
        """A client puts; what is shown comes from the tree."""
        self._node.set(value)
        raise ca.SkipWrite


class Double(Shown, ca.ChannelDouble):
    """A float."""


class Integer(Shown, ca.ChannelInteger):
    """An int."""


_CHANNELS = {float: Double, int: Integer}


class Updates:
    """The updates that clients have not been sent yet."""

    def __init__(self, context: Context) -> None:
        self._circuits = context.circuits
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._new: dict[Any, Any] = {}
        self._there = asyncio.Event()

    def add(self, channel: Any, value: Any) -> None:
        """Leave an update, on the tree's thread."""
        with self._lock:
            first = not self._new
            self._new[channel] = value
        if first:
            self._loop.call_soon_threadsafe(self._there.set)

    async def show(self) -> None:
        """Show updates as they come, on the loop."""
        while True:
            await self._there.wait()
            self._there.clear()
            with self._lock:
                new, self._new = self._new, {}
            for channel, value in new.items():
                await channel.write(value, verify_value=False)
            while not all(circuit.subscription_queue.empty() for circuit in self._circuits):
                await asyncio.sleep(_PAUSE)


class Eager(VirtualCircuit):
    """Takes what waits to be sent without a turn of the loop for each."""

    async def get_from_sub_queue(self, timeout: float | None = None) -> Any:
        """Return the next update."""
        queue = self.subscription_queue
        return queue.get_nowait() if queue.qsize() else await super().get_from_sub_queue(timeout)


class Quick(Context):
    """Sends at once, and tells nobody of itself."""

    CircuitClass = Eager

    async def tcp_handler(self, client: Any, addr: Any) -> None:
        """A client has connected."""
        sock = client.writer.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await super().tcp_handler(client, addr)

    async def broadcast_beacon_loop(self) -> None:
        """Clients are told where it is."""


class Server(RunningTree):
    """A running tree with caproto's server, in a thread of its own."""

    def serve(self, root: Any) -> None:
        """Serve it."""
        os.environ["EPICS_CA_SERVER_PORT"] = str(free_port())  # it takes no 0
        listening = threading.Event()
        threading.Thread(target=asyncio.run, args=(self._run(listening),), daemon=True).start()
        listening.wait()

    async def _run(self, listening: threading.Event) -> None:
        channels: dict[str, Shown] = {}
        self._context = Quick(channels, [LOOPBACK])
        updates = Updates(self._context)
        for node in self._variables:
            name = f"{BASE}:{node.path.replace('.', ':')}"
            channels[name] = _CHANNELS[type(node.value())](node, updates)

        async def started(library: Any) -> None:
            listening.set()
            await updates.show()

        await self._context.run(startup_hook=started)

    def conf(self) -> dict[str, str]:
        """Return where it listens."""
        return ca_conf(self._context.port)
