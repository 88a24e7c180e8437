"""One PVAccess PV: closed until watched.

pvxs calls back on the server's one thread: the callbacks must not block. The PV is closed inside
the callback that says that its last client has left, and nowhere else while the server runs. A
later close would hit the next client and make its pending put run twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from p4p._p4p import SharedPV

from roguebridge.core.backend import PvOwner, ServedPv
from roguebridge.core.errors import BackendError
from roguebridge.core.mapping import PvEntry
from roguebridge.core.values import Alarm, PvSpec, Reading

from .encoders import Encoder, encoder_of
from .requests import SMALL, Call, Put
from .server_thread import ServerThread


class PvaPv(ServedPv):
    """A p4p ``SharedPV`` and its handler in one.

    p4p's own Python class only adds decorators and wrapping per PV; the class beneath it takes
    the handler directly.
    """

    __slots__ = ("pv", "_entry", "_owner", "_encoder", "_thread", "_visited")

    def __init__(self, entry: PvEntry, owner: PvOwner, thread: ServerThread) -> None:
        self._entry = entry
        self._owner = owner
        self._thread = thread
        self._encoder: Encoder | None = None
        self._visited = False  # a client is connected; on the server's thread only
        self.pv = SharedPV(self)

    def open(self, spec: PvSpec, reading: Reading) -> None:
        """Give type and first value; blocks until the server's thread has done it."""
        self._thread.call(self._opener(spec, reading))

    def open_soon(
        self, spec: PvSpec, reading: Reading, opened: Callable[[Exception | None], None]
    ) -> None:
        """Give type and first value on the server's thread."""
        try:
            call = self._opener(spec, reading)
        except Exception as exc:
            opened(exc)
        else:
            self._thread.call_soon(call, opened)

    def _opener(self, spec: PvSpec, reading: Reading) -> Callable[[], None]:
        encoder = encoder_of(spec)
        # A large value is encoded here: the tree may change an array before the call is made, and
        # the copy takes long. A small one is encoded on the server's thread, for its memory's sake.
        first = None if spec.kind in SMALL else encoder.first(reading)

        def open_now() -> None:
            if not self._visited:  # the client left before this call: the next one reads anew
                raise BackendError(f"{self._entry.pv_name}: its client has left")
            value = encoder.first(reading) if first is None else first
            self._encoder = encoder
            self.pv.open(value)

        return open_now

    def post(self, reading: Reading) -> None:
        """Show a reading; pvxs queues it per monitor and squashes what a client is slow to take."""
        encoder = self._encoder
        if encoder is None:
            return
        priority, is_large = self._thread.priority, encoder.is_large(reading)
        if priority.waits is is_large:
            priority.wait(not is_large)
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
        self._visited = True
        self._owner.client_arrived(self)

    def onLastDisconnect(self) -> None:
        """The last client has left."""
        self._visited = False
        if self._owner.clients_gone(self):
            self.close()

    def put(self, op: Any) -> None:
        """A client puts."""
        thread, encoder = self._thread, self._encoder
        thread.spent.clear()  # this is the thread to let go of them
        spec = None if encoder is None else encoder.spec
        thread.take(Put(op, self._entry, self._owner, thread, spec))

    def rpc(self, op: Any) -> None:
        """A client calls."""
        self._thread.take(Call(op, self._entry, self._owner, self._thread))
