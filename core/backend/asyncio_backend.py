"""A backend with an asyncio loop on its own network thread: all but the protocol."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from ..concurrency.event_loop import EventLoopThread
from ..mapping.pv_map import PvEntry
from .client_channel import CachedPv
from .contract import Backend, BackendOptions, PvOwner


class AsyncioBackend(Backend):
    """Has the PVs and the loop; a protocol adds :meth:`listen` and :meth:`leave`.

    :param options: where to listen
    """

    def __init__(self, options: BackendOptions) -> None:
        self.options = options
        #: PV name -> served PV, between :meth:`serve` and :meth:`stop`
        self.pvs: dict[str, Any] = {}
        self.loop = EventLoopThread(self.name)

    def make_pv(self, entry: PvEntry, owner: PvOwner) -> Any:
        """Return a served PV, closed, with a method ``close()``; here a :class:`.CachedPv`."""
        return CachedPv(entry, owner, self.loop.post)

    @abstractmethod
    async def listen(self) -> None:
        """Begin to listen, on the loop.

        :raises Exception: if that cannot be
        """

    @abstractmethod
    async def leave(self) -> None:
        """Listen no more, on the loop; tasks of it that run then are cancelled by :meth:`stop`."""

    def serve(self, entry: PvEntry, owner: PvOwner) -> Any:
        """Add a PV, closed."""
        served = self.pvs[entry.pv_name] = self.make_pv(entry, owner)
        return served

    def start(self) -> None:
        """Begin to listen."""
        self.loop.start()
        try:
            self.loop.run(self.listen)
        except BaseException:
            self.loop.stop()
            raise

    def flush(self) -> None:
        """Return when the loop has made all calls that were posted so far."""
        if self.loop.running:
            self.loop.call(lambda: None)

    def stop(self) -> None:
        """Listen no more, end the loop, then close and forget all PVs.

        :raises BackendError: on the loop's own thread
        """
        self.check_stop()
        try:
            if self.loop.running:
                self.loop.run(self.leave)
        finally:
            self.loop.stop()
            self.loop = EventLoopThread(self.name)
            pvs, self.pvs = self.pvs, {}
            for pv in pvs.values():
                pv.close()

    @property
    def on_own_thread(self) -> bool:
        """True on the loop's thread."""
        return self.loop.here
