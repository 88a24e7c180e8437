"""PVs in memory, with the threads and the life cycle of a network backend."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from roguebridge.core.alarm import Alarm
from roguebridge.core.backend import Backend, BackendOptions, PvOwner, Reading, ServedPv
from roguebridge.core.errors import BackendError
from roguebridge.core.mapping import PvEntry
from roguebridge.core.nt import NtKind, PvSpec, ScalarType

from .loop import Loop

if TYPE_CHECKING:
    from .client import SoftChannel, SoftClient, SoftSubscription


class SoftPv(ServedPv):
    """One PV; its channels and waiting operations belong to the loop's thread."""

    def __init__(self, entry: PvEntry, owner: PvOwner, loop: Loop) -> None:
        self.entry = entry
        self.owner = owner
        self.channels: set[SoftChannel] = set()
        self.spec: PvSpec | None = None
        self.current: Reading | None = None
        self._loop = loop
        self._lock = threading.Lock()
        self._waiting: list[tuple[SoftChannel, Any]] = []

    def open(self, spec: PvSpec, reading: Reading) -> None:
        """Give type and first value; waits for the loop."""
        first = _checked(spec, reading)

        def on_loop() -> None:
            with self._lock:
                self.spec, self.current = spec, first
            waiting, self._waiting = self._waiting, []
            for channel, operation in waiting:
                if channel in self.channels:
                    operation()

        self._loop.call(on_loop)

    def post(self, reading: Reading) -> None:
        """Show a reading to all monitors."""
        with self._lock:
            if self.spec is None:
                raise BackendError(f"{self.entry.pv_name} is closed")
            self.current = reading = _checked(self.spec, reading)
            for channel in list(self.channels):
                channel.deliver(reading)

    def post_alarm(self, alarm: Alarm, time_ns: int) -> None:
        """Show an alarm on the present value."""
        current = self.current
        if current is not None:
            self.post(Reading(current.value, alarm, time_ns))

    # On the loop's thread -----------------------------------------------------------------

    def connect(self, channel: SoftChannel) -> None:
        """A channel appears."""
        self.channels.add(channel)
        if len(self.channels) == 1:
            self.owner.client_arrived(self)

    def disconnect(self, channel: SoftChannel) -> None:
        """A channel goes; with the last one the PV is closed."""
        if channel not in self.channels:
            return
        with self._lock:
            self.channels.discard(channel)
        if not self.channels and self.owner.clients_gone(self):
            self.close()

    def when_open(self, channel: SoftChannel, operation: Any) -> None:
        """Run ``operation`` now, or when the PV has opened."""
        if self.current is not None:
            operation()
        else:
            self._waiting.append((channel, operation))

    def subscribe(self, channel: SoftChannel, subscription: SoftSubscription) -> None:
        """Add a monitor, which gets the present value first and misses none after it."""
        with self._lock:
            channel.subscriptions.add(subscription)
            if self.current is not None:
                channel.deliver(self.current, subscription)

    def close(self) -> None:
        """Forget type and value."""
        with self._lock:
            self.spec = self.current = None


class SoftBackend(Backend):
    """Serves to :class:`SoftClient` in the same process."""

    name = "soft"

    def __init__(self, options: BackendOptions) -> None:
        self._pvs: dict[str, SoftPv] = {}
        self._loop: Loop | None = None
        self._clients: set[SoftClient] = set()
        self._listening = False

    def serve(self, entry: PvEntry, owner: PvOwner) -> SoftPv:
        """Add a PV, closed."""
        if self._loop is None:
            self._loop = Loop()
        if entry.pv_name in self._pvs:
            raise BackendError(f"PV {entry.pv_name} is served already")
        served = SoftPv(entry, owner, self._loop)
        self._pvs[entry.pv_name] = served
        return served

    def start(self) -> None:
        """Let clients connect."""
        if self._loop is None:
            self._loop = Loop()
        self._listening = True

    def flush(self) -> None:
        """Wait until the loop has done what was queued so far."""
        if self._loop is not None:
            self._loop.call(lambda: None)

    def stop(self) -> None:
        """Disconnect the clients, close and forget all PVs.

        :raises BackendError: on the loop's thread, in a monitor, say
        """
        self.check_stop()
        loop, self._loop = self._loop, None
        self._listening = False
        if loop is None:
            return
        clients, self._clients = self._clients, set()
        pvs, self._pvs = self._pvs, {}
        for client in clients:
            loop.call(client.lost)
        for served in pvs.values():
            served.close()
        loop.stop()

    @property
    def on_own_thread(self) -> bool:
        """True on the loop's thread."""
        return self._loop is not None and self._loop.here

    def client(self, user: str = "soft", host: str = "127.0.0.1") -> SoftClient:
        """Return a new client.

        :param user: user name it claims
        :param host: address it has
        """
        from .client import SoftClient

        if self._loop is None or not self._listening:
            raise BackendError("the soft backend is not running")
        client = SoftClient(self._pvs, self._loop, user, host)
        self._clients.add(client)
        return client


def _checked(spec: PvSpec, reading: Reading) -> Reading:
    """Return ``reading`` with its arrays copied and held to the PV's type."""
    value = reading.value
    if spec.kind is NtKind.NDARRAY:
        value = np.array(value)
        if value.dtype.kind not in "biuf":
            raise TypeError(f"an NTNDArray cannot hold elements of type {value.dtype}")
    elif spec.kind is NtKind.TABLE:
        value = _checked_table(spec, value)
    elif spec.kind is NtKind.SCALAR_ARRAY:
        value = _checked_elements(spec.scalar, value)
    elif spec.kind is NtKind.ENUM:
        value = int(value)
    elif spec.scalar.is_integer:
        info = np.iinfo(spec.scalar.dtype)
        value = int(value)
        if not info.min <= value <= info.max:
            raise OverflowError(f"{value} does not fit {spec.scalar.name}")
    elif spec.scalar.is_float:
        value = float(value)
    elif not isinstance(value, (str, bool)):
        raise TypeError(f"{value!r} is neither a str nor a bool")
    return Reading(value, reading.alarm, reading.time_ns)


def _checked_elements(scalar: ScalarType, value: Any) -> Any:
    if scalar is ScalarType.String:
        if not all(isinstance(item, str) for item in value):
            raise TypeError(f"{value!r} is not a list of str")
        return list(value)
    array = np.array(value, scalar.dtype)
    if array.ndim != 1:
        raise TypeError(f"rank {array.ndim} instead of 1")
    return array


def _checked_table(spec: PvSpec, value: Any) -> dict[str, Any]:
    if list(value) != [column.name for column in spec.columns]:
        raise TypeError(f"{list(value)} are not the columns of the table")
    table = {c.name: _checked_elements(c.scalar, value[c.name]) for c in spec.columns}
    if len({len(column) for column in table.values()}) > 1:
        raise ValueError("the columns differ in length")
    return table
