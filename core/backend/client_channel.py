"""One client's connection to one served PV: the part that most protocols have in common."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..errors import BackendError, words_of
from ..mapping.pv_map import PvEntry
from ..requests.credentials import Credentials
from ..requests.request import PutRequest, Reply, Request, RpcRequest
from ..values.alarm import Alarm
from ..values.coercion import fitted
from ..values.reading import Reading
from ..values.spec import PvSpec
from .contract import PvOwner, ServedPv


class ClientChannel(ABC):
    """One client's connection to one PV, on the network's thread.

    :param pv: the PV
    :param credentials: who the client is
    """

    def __init__(self, pv: CachedPv, credentials: Credentials) -> None:
        self.pv = pv
        self.credentials = credentials
        self._waiting: list[Callable[[], object]] = []
        self._requests: list[Request] = []

    @abstractmethod
    def show(self, reading: Reading) -> None:
        """Take the reading that there is, as soon as there is one, and each later one.

        One may come twice: those of a PV have rising times. Long work is left for later; for a slow
        client only the newest reading need wait.
        """

    @abstractmethod
    def answer(self, asked: Any, result: Any, error: str) -> None:
        """Answer a put or call of the client, once, if it is still there.

        :param asked: as it was given to :meth:`put` or :meth:`rpc`
        :param result: of a call, a :class:`.Snapshot` of a variable; None of a put
        :param error: why it has failed; empty if it has not
        """

    def taken(self, value: Any) -> Any:
        """Return the value of a put in the terms of the PV, which is open.

        :raises Exception: if it does not fit; the client gets its text
        """
        spec = self.pv.spec
        assert spec is not None  # noqa: S101 - it is open
        return fitted(spec, value)

    # For the protocol -------------------------------------------------------------------------

    def connect(self) -> None:
        """The client is there."""
        self.pv.connect(self)
        self.when_open(self._show_present)

    def _show_present(self) -> None:
        reading = self.pv.reading
        assert reading is not None  # noqa: S101 - it is open
        self.show(reading)

    def when_open(self, call: Callable[[], object]) -> None:
        """Make a call now, or when the PV has opened; in order."""
        if self.pv.reading is None or self._waiting:
            self._waiting.append(call)
        else:
            call()

    def go_on(self) -> None:
        """The PV has opened: make the calls that wait."""
        while self._waiting and self.pv.reading is not None:
            self._waiting.pop(0)()

    def put(
        self,
        asked: Any,
        value: Any,
        *,
        marked: bool = True,
        block: bool = False,
        process: bool | None = None,
    ) -> PutRequest:
        """Hand over a put when the PV is open, and return it; see :class:`.PutRequest`.

        :param asked: the protocol's name for it
        """
        reply = _Answer(self, asked)
        request = PutRequest(self.pv.entry, self.credentials, reply, value, marked, block, process)
        self._note(request)
        self.when_open(partial(self._put, request))
        return request

    def _put(self, request: PutRequest) -> None:
        if request.marked:
            try:
                request.value = self.taken(request.value)
            except Exception as exc:
                text = f"{self.pv.entry.pv_name}: the put cannot be read: {words_of(exc)}"
                self.pv.owner.refuse(request, text)
                return
        self.pv.owner.put(request)

    def rpc(self, asked: Any, arguments: Mapping[str, Any]) -> RpcRequest:
        """Hand over a call, at once, and return it.

        :param asked: the protocol's name for it
        """
        request = RpcRequest(self.pv.entry, self.credentials, _Answer(self, asked), arguments)
        self._note(request)
        self.pv.owner.rpc(request)
        return request

    def refuse(self, asked: Any, value: Any, reason: str) -> PutRequest:
        """Have a put refused, with a record in the audit, and return it.

        :param asked: the protocol's name for it
        """
        reply = _Answer(self, asked)
        request = PutRequest(self.pv.entry, self.credentials, reply, value)
        request.denied = True
        self._note(request)
        self.pv.owner.refuse(request, reason)
        return request

    def _note(self, request: Request) -> None:
        self._requests = [one for one in self._requests if not one.answered]
        self._requests.append(request)

    def gone(self) -> None:
        """The client has left, or the server stops: unanswered requests need not be done."""
        self._waiting.clear()
        for request in self._requests:
            request.cancelled = True
        self._requests.clear()
        self.pv.disconnect(self)


@dataclass(slots=True, eq=False, repr=False)
class _Answer(Reply):
    """Brings an answer to the network's thread."""

    _channel: ClientChannel
    _asked: Any

    def done(self, result: Any = None) -> None:
        self._channel.pv.soon(partial(self._tell, result, ""))

    def error(self, text: str) -> None:
        self._channel.pv.soon(partial(self._tell, None, text))

    def _tell(self, result: Any, error: str) -> None:
        if self._channel in self._channel.pv.channels:
            self._channel.answer(self._asked, result, error)


class CachedPv(ServedPv):
    """One PV, closed until its first channel comes.

    :param entry: path and name
    :param owner: gets clients, puts and calls
    :param soon: has a call made on the network's thread, in order, without waiting for it
    """

    def __init__(
        self, entry: PvEntry, owner: PvOwner, soon: Callable[[Callable[[], object]], object]
    ) -> None:
        self.entry = entry
        self.owner = owner
        #: the clients' connections to this PV; on the network's thread only
        self.channels: set[ClientChannel] = set()
        #: type of the PV; None while it is closed
        self.spec: PvSpec | None = None
        #: the present reading, arrays copied; None while it is closed
        self.reading: Reading | None = None
        self.soon = soon
        self._lock = threading.Lock()

    def open(self, spec: PvSpec, reading: Reading) -> None:
        """Give type and first value; the calls that wait in the channels are made soon."""
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

    def connect(self, channel: ClientChannel) -> None:
        """A channel begins; with the first one the PV is to be opened."""
        self.channels.add(channel)
        if len(self.channels) == 1:
            self.owner.client_arrived(self)

    def disconnect(self, channel: ClientChannel) -> None:
        """A channel ends; with the last one the PV is closed."""
        if channel in self.channels:
            self.channels.remove(channel)
            if not self.channels and self.owner.clients_gone(self):
                self.close()
