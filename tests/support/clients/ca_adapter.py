"""A Channel Access client as one of a backend whichever it is."""

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from roguebridge.backends.epics.ca.alarms import STATUSES
from roguebridge.core.requests.request import PutRequest
from roguebridge.core.values.alarm import NO_ALARM, Alarm, Status
from roguebridge.core.values.arrays import Flat
from roguebridge.core.values.reading import Reading
from roguebridge.testing import BackendClient, Watch
from support.clients import caimages
from support.clients.caclient import CaClient
from support.clients.carrier import translated


class CaAdapter(BackendClient):
    """A Channel Access client; an image is joined from its elements and its shape.

    A command is run by a put, and what it returns stays where it is. Alarms have a table of words.
    A put that is not one of the value is one of ``.PROC``.
    """

    user, host, protocol = "ops", "127.0.0.1", "ca"
    has_calls = False

    def arguments(self, request: Any) -> dict[str, Any]:
        assert isinstance(request, PutRequest)
        if request.marked:
            return {"arg": request.value}
        assert request.process is True
        return {}

    def returned(self, result: Any) -> None:
        return None

    def alarm(self, alarm: Alarm) -> Alarm:
        known = alarm.message in STATUSES or alarm == NO_ALARM
        return alarm if known else Alarm(alarm.severity, Status.UNDEFINED, "SOFT")

    def image(self, value: Any) -> Any:
        return value.reshape(-1).view(Flat)  # in the shape that there is

    def __init__(self, conf: Mapping[str, str]) -> None:
        self._client = CaClient(conf, self.user)

    def start_get(self, pv_name: str) -> "Future[Reading]":
        return translated(caimages.read(self._client, pv_name))

    def start_put(
        self, pv_name: str, value: Any, block: bool = True, marked: bool = True
    ) -> "Future[None]":
        if not marked:
            return translated(self._client.write(f"{pv_name}.PROC", 1, notify=block))
        return translated(self._client.write(pv_name, value, notify=block))

    def start_rpc(self, pv_name: str, **arguments: Any) -> "Future[Any]":
        if not arguments:  # run, or read
            return translated(self._client.write(f"{pv_name}.PROC", 1))
        (value,) = arguments.values()
        return translated(self._client.write(pv_name, value))

    def monitor(self, pv_name: str) -> Watch:
        watch = Watch()
        watch.close = caimages.Monitor(self._client, pv_name, watch.push).close
        return watch

    def close(self) -> None:
        self._client.close()
