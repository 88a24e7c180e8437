"""One PVAccess PV: closed until watched.

pvxs calls back on the server's one thread; the callbacks note and enqueue, no more. The PV is
closed inside the callback that its last client has left and nowhere else while the server runs:
a close that comes later would hit the next client and make its pending put run twice.
"""

from __future__ import annotations

from typing import Any

from p4p._p4p import SharedPV

from roguebridge.core.alarm import Alarm
from roguebridge.core.backend import PvOwner, Reading, ServedPv
from roguebridge.core.mapping import PvEntry
from roguebridge.core.nt import PvSpec

from . import operations
from .doorbell import Doorbell
from .nt import Encoder


class PvaPv(ServedPv):
    """A p4p ``SharedPV`` and its handler in one.

    p4p's own Python class only adds decorators and wrapping per PV; the class beneath it takes
    the handler directly.
    """

    __slots__ = ("pv", "_entry", "_owner", "_encoder", "_doorbell")

    def __init__(self, entry: PvEntry, owner: PvOwner, doorbell: Doorbell) -> None:
        self._entry = entry
        self._owner = owner
        self._doorbell = doorbell
        self._encoder: Encoder | None = None
        self.pv = SharedPV(self)

    def open(self, spec: PvSpec, reading: Reading) -> None:
        """Give type and first value; blocks until the server's thread has done it."""
        encoder = Encoder(spec)
        first = encoder.first(reading)
        self._encoder = encoder
        self._doorbell.call(lambda: self.pv.open(first))

    def post(self, reading: Reading) -> None:
        """Show a reading; pvxs queues it per monitor and squashes what a client is slow to take."""
        encoder = self._encoder
        if encoder is not None:
            self.pv.post(encoder.update(reading))

    def post_alarm(self, alarm: Alarm, time_ns: int) -> None:
        """Show an alarm on the value the PV has."""
        encoder = self._encoder
        if encoder is not None:
            reading = Reading(None, alarm, time_ns)
            self.pv.post(encoder.again(self.pv.current(), reading))

    def close(self) -> None:
        """Forget type and value; only when no client is connected or the server has stopped."""
        self._encoder = None
        self.pv.close()

    # Called by p4p on the server's thread -------------------------------------------------

    def onFirstConnect(self) -> None:
        """A first client has connected."""
        self._owner.client_arrived(self)

    def onLastDisconnect(self) -> None:
        """The last client has left."""
        if self._owner.clients_gone(self):
            self.close()

    def put(self, op: Any) -> None:
        """A client puts."""
        encoder = self._encoder
        spec = None if encoder is None else encoder.spec
        operations.put(self._entry, spec, op, self._owner)

    def rpc(self, op: Any) -> None:
        """A client calls."""
        operations.rpc(self._entry, op, self._owner)
