"""A client of the in-memory backend: get, put, monitor and rpc, from any thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from roguebridge.core.backend import CachedPv, ClientChannel
from roguebridge.core.concurrency import EventLoopThread
from roguebridge.core.errors import BackendError
from roguebridge.core.requests import MAX_NAME, Credentials
from roguebridge.core.values import PvSpec, Reading

_TIMEOUT = 30.0
_LATE = 5 * 10**9  # ns
_log = logging.getLogger("roguebridge.soft")


class RemoteError(Exception):
    """The server has answered with an error."""


class Disconnected(Exception):
    """The connection ended before the answer came."""


class SoftSubscription:
    """A monitor; :meth:`close` ends it."""

    def __init__(self, client: SoftClient, callback: Callable[[Reading], None]) -> None:
        self._client = client
        self._callback = callback
        self._shown_ns = 0
        self._closed = False
        #: where it is, once its PV is open
        self.channel: SoftChannel | None = None

    def show(self, pv_name: str, reading: Reading) -> None:
        """Call back with a reading, unless it was shown before; on the loop's thread."""
        # A reading that is as old as the one before comes a second time. One that is much older is
        # that of a clock that has gone back.
        if self._closed or 0 <= self._shown_ns - reading.time_ns <= _LATE:
            return
        self._shown_ns = reading.time_ns
        try:
            self._callback(reading)
        except Exception:  # the other monitors get theirs
            _log.exception("a monitor of %s failed", pv_name)

    def close(self) -> None:
        """No more calls come once this has returned."""
        self._client.call(self._end)

    def _end(self) -> None:
        self._closed = True
        if self.channel is not None:
            self.channel.subscriptions.discard(self)


class SoftChannel(ClientChannel):
    """One client's connection to one PV; used on the loop's thread only."""

    def __init__(self, pv: CachedPv, credentials: Credentials) -> None:
        super().__init__(pv, credentials)
        self.subscriptions: set[SoftSubscription] = set()
        #: results of operations that have not ended
        self.futures: set[Future[Any]] = set()

    def show(self, reading: Reading) -> None:
        """Hand a reading to all monitors."""
        for subscription in list(self.subscriptions):
            if subscription in self.subscriptions:
                subscription.show(self.pv.entry.pv_name, reading)

    def answer(self, asked: Any, result: Any, error: str) -> None:
        """End a future with the result of its put or call."""
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
        subscription.channel = self
        reading = self.pv.reading
        assert reading is not None  # noqa: S101 - it is open
        subscription.show(self.pv.entry.pv_name, reading)

    def gone(self) -> None:
        """End the connection: operations that have no answer yet fail."""
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
        loop: EventLoopThread,
        user: str,
        host: str,
        max_name: int = MAX_NAME,
    ) -> None:
        self._pvs = pvs
        self._loop = loop
        self._credentials = Credentials(user, host, "soft", max_name=max_name)
        # On the loop's thread only:
        self._channels: dict[str, SoftChannel] = {}
        self._lost = False

    def get(self, pv_name: str, timeout: float = _TIMEOUT) -> Reading:
        """Return what the PV shows."""
        return self._when_open(pv_name, timeout, lambda pv: pv.reading)  # type: ignore[no-any-return]

    @property
    def connected(self) -> bool:
        """True until the client is closed, or the server has stopped."""
        return not self._lost

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
        options: dict[str, Any] = {"marked": marked, "block": block, "process": process}
        return self._operate(pv_name, lambda channel, end: channel.put(end, value, **options))

    def rpc(self, pv_name: str, timeout: float = _TIMEOUT, **arguments: Any) -> Any:
        """Call a command, or read a variable, and return the result.

        :raises RemoteError: with the server's text
        """
        return self.start_rpc(pv_name, **arguments).result(timeout)

    def start_rpc(self, pv_name: str, **arguments: Any) -> Future[Any]:
        """Begin a call; the future ends with it."""
        return self._operate(pv_name, lambda channel, end: channel.rpc(end, arguments))

    def monitor(self, pv_name: str, callback: Callable[[Reading], None]) -> SoftSubscription:
        """Have ``callback`` called with the present and every later reading, on the loop."""
        subscription = SoftSubscription(self, callback)
        self._operate(
            pv_name,
            lambda channel, _: channel.when_open(lambda: channel.subscribe(subscription)),
        )
        return subscription

    def close(self) -> None:
        """Disconnect from all PVs."""
        self.call(self.lost)

    def call(self, call: Callable[[], object]) -> None:
        """Have a call made on the loop's thread and wait for it, unless the loop has stopped."""
        with suppress(BackendError):
            self._loop.call(call)

    def lost(self) -> None:
        """End the connection for good; on the loop's thread."""
        self._lost = True
        channels, self._channels = self._channels, {}
        for channel in channels.values():
            channel.gone()

    def _when_open(self, pv_name: str, timeout: float, result: Callable[[CachedPv], Any]) -> Any:
        def ask(channel: SoftChannel, end: Future[Any]) -> None:
            channel.when_open(lambda: channel.answer(end, result(channel.pv), ""))

        return self._operate(pv_name, ask).result(timeout)

    def _operate(
        self, pv_name: str, begin: Callable[[SoftChannel, Future[Any]], object]
    ) -> Future[Any]:
        """Begin an operation on the loop's thread; the future ends with it.

        :raises KeyError: if there is no such PV
        """
        if pv_name not in self._pvs:
            raise KeyError(f"there is no PV {pv_name}")
        end: Future[Any] = Future()

        def on_loop() -> None:
            if self._lost:
                end.set_exception(Disconnected(pv_name))
                return
            channel = self._channels.get(pv_name)
            if channel is None:
                channel = SoftChannel(self._pvs[pv_name], self._credentials)
                self._channels[pv_name] = channel
                channel.connect()
            channel.futures.add(end)
            begin(channel, end)

        if not self._loop.post(on_loop):
            end.set_exception(Disconnected(pv_name))
        return end
