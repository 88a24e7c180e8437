"""A served PV that keeps its newest reading, and knows the channels that clients have to it.

Readings come from any thread; channels live on the one network thread of their backend.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from .alarm import Alarm
from .backend import PvOwner, Reading, ServedPv
from .errors import BackendError
from .fitting import fitted
from .mapping import PvEntry
from .nt import PvSpec

if TYPE_CHECKING:
    from .channel import Channel


class KeptPv(ServedPv):
    """One PV, closed until its first channel comes.

    :param entry: path and name
    :param owner: told of clients, puts and calls
    :param soon: has a call made on the network's thread, in order, without waiting for it
    """

    def __init__(
        self, entry: PvEntry, owner: PvOwner, soon: Callable[[Callable[[], object]], object]
    ) -> None:
        self.entry = entry
        self.owner = owner
        #: the clients' connections to this PV; on the network's thread only
        self.channels: set[Channel] = set()
        #: type of the PV; None while it is closed
        self.spec: PvSpec | None = None
        #: what it shows, arrays copied; None while it is closed
        self.reading: Reading | None = None
        self.soon = soon
        self._lock = threading.Lock()

    def open(self, spec: PvSpec, reading: Reading) -> None:
        """Give type and first value; what waits in the channels goes on soon."""
        first = reading._replace(value=fitted(spec, reading.value))
        with self._lock:
            self.spec, self.reading = spec, first
            self.soon(self._opened)

    def post(self, reading: Reading) -> None:
        """Show a reading."""
        with self._lock:
            if self.spec is None:
                raise BackendError(f"{self.entry.pv_name} is closed")
            self._keep(reading._replace(value=fitted(self.spec, reading.value)))

    def post_alarm(self, alarm: Alarm, time_ns: int) -> None:
        """Show an alarm on the present value."""
        with self._lock:
            if self.reading is not None:
                self._keep(Reading(self.reading.value, alarm, time_ns))

    def _keep(self, reading: Reading) -> None:
        self.reading = reading
        self.soon(partial(self._show, reading))

    def close(self) -> None:
        """Forget type and value."""
        with self._lock:
            self.spec = self.reading = None

    # On the network's thread ------------------------------------------------------------------

    def _opened(self) -> None:
        for channel in list(self.channels):
            channel.go_on()

    def _show(self, reading: Reading) -> None:
        for channel in list(self.channels):
            channel.show(reading)

    def connect(self, channel: Channel) -> None:
        """A channel begins; with the first one the PV is to be opened."""
        self.channels.add(channel)
        if len(self.channels) == 1:
            self.owner.client_arrived(self)

    def disconnect(self, channel: Channel) -> None:
        """A channel ends; with the last one the PV is closed."""
        if channel in self.channels:
            self.channels.remove(channel)
            if not self.channels and self.owner.clients_gone(self):
                self.close()
