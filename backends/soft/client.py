"""A client of the in-memory backend: get, put, monitor and rpc, from any thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any

from roguebridge.core.backend import CachedPv, ClientChannel
from roguebridge.core.requests import MAX_NAME, Credentials
from roguebridge.core.values import PvSpec, Reading

from .loop import Loop

_TIMEOUT = 30.0
_LATE = 5 * 10**9  # ns
_log = logging.getLogger("roguebridge.soft")


class RemoteError(Exception):
    """The server has answered with an error."""


class Disconnected(Exception):
    """The connection ended before the answer came."""


class SoftSubscription:
    """A monitor; :meth:`close` ends it."""

    def __init__(self, channel: SoftChannel, callback: Callable[[Reading], None]) -> None:
        self._channel = channel
        self._callback = callback
        self._told_ns = 0

    def show(self, reading: Reading) -> None:
        """Call back with a reading, unless it was told already; on the loop."""
        # One that was told already, or is older than that, comes soon after; a time that is much
        # earlier is that of a clock that has gone back.
        if not 0 <= self._told_ns - reading.time_ns <= _LATE:
            self._told_ns = reading.time_ns
            try:
                self._callback(reading)
            except Exception:  # the others must have theirs
                _log.exception("a monitor of %s failed", self._channel.pv.entry.pv_name)

    def close(self) -> None:
        """No more calls come once this has returned."""
        self._channel.loop.call(lambda: self._channel.subscriptions.discard(self))


class SoftChannel(ClientChannel):
    """One client's connection to one PV; used on the loop's thread only."""

    def __init__(self, pv: CachedPv, credentials: Credentials, loop: Loop) -> None:
        super().__init__(pv, credentials)
        self.loop = loop
        self.subscriptions: set[SoftSubscription] = set()
        #: what the client waits for
        self.futures: set[Future[Any]] = set()

    def show(self, reading: Reading) -> None:
        """Hand a reading to all monitors."""
        for subscription in list(self.subscriptions):
            if subscription in self.subscriptions:
                subscription.show(reading)

    def answer(self, asked: Any, result: Any, error: str) -> None:
        """End a future with what became of its put or call."""
        self.futures.discard(asked)
        if not asked.done():
            if error:
                asked.set_exception(RemoteError(error))
            else:
                asked.set_result(result)

    def taken(self, value: Any) -> Any:
        """Return the value: it is in the terms of the tree's process already."""
        return value

    def subscribe(self, subscription: SoftSubscription) -> None:
        """Add a monitor, which gets the present value first."""
        self.subscriptions.add(subscription)
        reading = self.pv.reading
        assert reading is not None  # noqa: S101 - it is open
        subscription.show(reading)

    def gone(self) -> None:
        """The connection ends: nothing that was pending is answered any more."""
        futures, self.futures = self.futures, set()
        self.subscriptions.clear()
        super().gone()
        for future in futures:
            if not future.done():
                future.set_exception(Disconnected(self.pv.entry.pv_name))


class SoftClient:
    """Operates on PVs by name; its channels stay until :meth:`close`."""

    def __init__(
        self,
        pvs: Mapping[str, CachedPv],
        loop: Loop,
        user: str,
        host: str,
        max_name: int = MAX_NAME,
    ) -> None:
        self._pvs = pvs
        self._loop = loop
        self._credentials = Credentials(user, host, "soft", max_name=max_name)
        self._channels: dict[str, SoftChannel] = {}
        self._lock = threading.Lock()
        self._lost = False

    def get(self, pv_name: str, timeout: float = _TIMEOUT) -> Reading:
        """Return what the PV shows."""
        return self._when_open(pv_name, timeout, lambda pv: pv.reading)  # type: ignore[no-any-return]

    def spec(self, pv_name: str, timeout: float = _TIMEOUT) -> PvSpec:
        """Return type and metadata of the PV."""
        return self._when_open(pv_name, timeout, lambda pv: pv.spec)  # type: ignore[no-any-return]

    def put(
        self, pv_name: str, value: Any, *, block: bool = True, timeout: float = _TIMEOUT
    ) -> None:
        """Put ``value``, in the PV's terms.

        :raises RemoteError: with the server's text
        """
        self.start_put(pv_name, value, block=block).result(timeout)

    def start_put(
        self,
        pv_name: str,
        value: Any,
        *,
        block: bool = True,
        marked: bool = True,
        process: bool | None = None,
    ) -> Future[None]:
        """Begin a put; the future ends with it. See :class:`.PutRequest` for the options."""
        future: Future[None] = Future()

        def put(channel: SoftChannel) -> None:
            channel.put(future, value, marked=marked, block=block, process=process)

        self._operate(self._channel(pv_name), future, put)
        return future

    def rpc(self, pv_name: str, timeout: float = _TIMEOUT, **arguments: Any) -> Any:
        """Call a command, or read a variable, and return the result.

        :raises RemoteError: with the server's text
        """
        return self.start_rpc(pv_name, **arguments).result(timeout)

    def start_rpc(self, pv_name: str, **arguments: Any) -> Future[Any]:
        """Begin a call; the future ends with it."""
        future: Future[Any] = Future()

        def call(channel: SoftChannel) -> None:
            channel.rpc(future, arguments)

        self._operate(self._channel(pv_name), future, call)
        return future

    def monitor(self, pv_name: str, callback: Callable[[Reading], None]) -> SoftSubscription:
        """Have ``callback`` called with the present and every later reading, on the loop."""
        channel = self._channel(pv_name)
        subscription = SoftSubscription(channel, callback)
        self._operate(channel, None, lambda c: c.when_open(lambda: c.subscribe(subscription)))
        return subscription

    def close(self) -> None:
        """Disconnect from all PVs."""
        self._loop.call(self.lost)

    def lost(self) -> None:
        """The connection ends for good; on the loop's thread."""
        with self._lock:
            self._lost = True
            channels, self._channels = self._channels, {}
        for channel in channels.values():
            channel.gone()

    def _when_open(self, pv_name: str, timeout: float, result: Callable[[CachedPv], Any]) -> Any:
        future: Future[Any] = Future()

        def answer(channel: SoftChannel) -> None:
            channel.futures.discard(future)
            future.set_result(result(channel.pv))

        self._operate(self._channel(pv_name), future, lambda c: c.when_open(lambda: answer(c)))
        return future.result(timeout)

    def _channel(self, pv_name: str) -> SoftChannel:
        with self._lock:
            channel = self._channels.get(pv_name)
            if channel is None:
                served = self._pvs.get(pv_name)
                if served is None:
                    raise KeyError(f"there is no PV {pv_name}")
                channel = new = SoftChannel(served, self._credentials, self._loop)
                if not self._lost:
                    self._channels[pv_name] = new
                    self._loop.dispatch(partial(self._connect, new))
        return channel

    def _connect(self, channel: SoftChannel) -> None:
        if not self._lost:
            channel.connect()

    def _operate(
        self,
        channel: SoftChannel,
        future: Future[Any] | None,
        operation: Callable[[SoftChannel], None],
    ) -> None:
        def on_loop() -> None:
            if self._lost:
                fail()
                return
            if future is not None:
                channel.futures.add(future)
            operation(channel)

        def fail() -> None:
            if future is not None:
                future.set_exception(Disconnected(channel.pv.entry.pv_name))

        if not self._loop.dispatch(on_loop):
            fail()
