"""The soft client as one of a backend whichever it is."""

from concurrent.futures import Future
from typing import Any

from roguebridge.backends.soft import SoftBackend
from roguebridge.core.values.reading import Reading
from roguebridge.testing import LIMIT, BackendClient, Watch, in_thread
from support.clients.carrier import translated


class SoftAdapter(BackendClient):
    """A client of the in-memory backend."""

    user, host, protocol = "ops", "127.0.0.1", "soft"

    def __init__(self, backend: SoftBackend) -> None:
        self._client = backend.client(user=self.user)

    def start_get(self, pv_name: str) -> "Future[Reading]":
        return in_thread(lambda: self._client.get(pv_name, LIMIT))

    def start_put(
        self, pv_name: str, value: Any, block: bool = True, marked: bool = True
    ) -> "Future[None]":
        return translated(self._client.start_put(pv_name, value, block=block, marked=marked))

    def start_rpc(self, pv_name: str, **arguments: Any) -> "Future[Any]":
        return translated(self._client.start_rpc(pv_name, **arguments))

    def monitor(self, pv_name: str) -> Watch:
        watch = Watch()
        watch.close = self._client.monitor(pv_name, watch.push).close
        return watch

    def close(self) -> None:
        self._client.close()
