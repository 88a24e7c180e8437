"""A client of the in-memory backend: get, put, monitor and rpc, from any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any

from roguebridge.core.access import Credentials
from roguebridge.core.backend import Reading
from roguebridge.core.nt import PvSpec
from roguebridge.core.request import PutRequest, Reply, Request, RpcRequest

from .backend import SoftPv
from .loop import Loop

_TIMEOUT = 30.0


class RemoteError(Exception):
    """The server has answered with an error."""


class Disconnected(Exception):
    """The connection ended before the answer came."""


class _FutureReply(Reply):
    def __init__(self, future: Future[Any], channel: SoftChannel) -> None:
        self._future = future
        self._channel = channel

    def done(self, result: Any = None) -> None:
        self._settle(lambda: self._future.set_result(result))

    def error(self, text: str) -> None:
        self._settle(lambda: self._future.set_exception(RemoteError(text)))

    def _settle(self, settle: Callable[[], None]) -> None:
        def on_loop() -> None:
            self._channel.pending.pop(self._future, None)
            if not self._future.done():
                settle()

        self._channel.loop.dispatch(on_loop)


class SoftSubscription:
    """A monitor; :meth:`close` ends it."""

    def __init__(self, channel: SoftChannel, callback: Callable[[Reading], None]) -> None:
        self._channel = channel
        self.callback = callback

    def close(self) -> None:
        """No more calls come once this has returned."""
        self._channel.loop.call(lambda: self._channel.subscriptions.discard(self))


class SoftChannel:
    """One client's connection to one PV; used on the loop's thread only."""

    def __init__(self, served: SoftPv, loop: Loop) -> None:
        self.served = served
        self.loop = loop
        self.subscriptions: set[SoftSubscription] = set()
        self.pending: dict[Future[Any], Request | None] = {}

    def deliver(self, reading: Reading, only: SoftSubscription | None = None) -> None:
        """Hand a reading to all monitors or one, in order, without waiting for them."""
        for subscription in list(self.subscriptions) if only is None else (only,):
            self.loop.dispatch(partial(self._call, subscription, reading))

    def _call(self, subscription: SoftSubscription, reading: Reading) -> None:
        if subscription in self.subscriptions:
            subscription.callback(reading)

    def drop(self) -> None:
        """The connection ends: nothing that was pending is answered any more."""
        pending, self.pending = self.pending, {}
        for future, request in pending.items():
            if request is not None:
                request.cancelled = True
            if not future.done():
                future.set_exception(Disconnected(self.served.entry.pv_name))
        self.subscriptions.clear()
        self.served.disconnect(self)


class SoftClient:
    """Operates on PVs by name; its channels stay until :meth:`close`."""

    def __init__(self, pvs: Mapping[str, SoftPv], loop: Loop, user: str, host: str) -> None:
        self._pvs = pvs
        self._loop = loop
        self._user = user
        self._host = host
        self._channels: dict[str, SoftChannel] = {}
        self._lock = threading.Lock()
        self._lost = False

    def get(self, pv_name: str, timeout: float = _TIMEOUT) -> Reading:
        """Return what the PV shows."""
        return self._when_open(pv_name, timeout, lambda pv: pv.current)  # type: ignore[no-any-return]

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
            served = channel.served
            reply = _FutureReply(future, channel)
            request = PutRequest(
                served.entry, self._credentials(), reply, value, marked, block, process
            )
            channel.pending[future] = request
            served.owner.put(request)

        self._operate(self._channel(pv_name), future, put, wait=True)
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
            reply = _FutureReply(future, channel)
            request = RpcRequest(channel.served.entry, self._credentials(), reply, arguments)
            channel.pending[future] = request
            channel.served.owner.rpc(request)

        self._operate(self._channel(pv_name), future, call, wait=False)
        return future

    def monitor(self, pv_name: str, callback: Callable[[Reading], None]) -> SoftSubscription:
        """Have ``callback`` called with the present and every later reading, on the loop."""
        channel = self._channel(pv_name)
        subscription = SoftSubscription(channel, callback)
        self._operate(channel, None, lambda c: c.served.subscribe(c, subscription), wait=True)
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
            channel.drop()

    def _credentials(self) -> Credentials:
        return Credentials(self._user, self._host, "soft")

    def _when_open(self, pv_name: str, timeout: float, result: Callable[[SoftPv], Any]) -> Any:
        future: Future[Any] = Future()

        def answer(channel: SoftChannel) -> None:
            channel.pending.pop(future, None)
            if not future.done():
                future.set_result(result(channel.served))

        self._operate(self._channel(pv_name), future, answer, wait=True)
        return future.result(timeout)

    def _channel(self, pv_name: str) -> SoftChannel:
        with self._lock:
            channel = self._channels.get(pv_name)
            if channel is None:
                served = self._pvs.get(pv_name)
                if served is None:
                    raise KeyError(f"there is no PV {pv_name}")
                channel = new = SoftChannel(served, self._loop)
                if not self._lost:
                    self._channels[pv_name] = new
                    self._loop.dispatch(partial(self._connect, served, new))
        return channel

    def _connect(self, served: SoftPv, channel: SoftChannel) -> None:
        if not self._lost:
            served.connect(channel)

    def _operate(
        self,
        channel: SoftChannel,
        future: Future[Any] | None,
        operation: Callable[[SoftChannel], None],
        wait: bool,
    ) -> None:
        def on_loop() -> None:
            if self._lost:
                fail()
                return
            if future is not None:
                channel.pending[future] = None
            if wait:
                channel.served.when_open(channel, lambda: operation(channel))
            else:
                operation(channel)

        def fail() -> None:
            if future is not None:
                future.set_exception(Disconnected(channel.served.entry.pv_name))

        if not self._loop.dispatch(on_loop):
            fail()
