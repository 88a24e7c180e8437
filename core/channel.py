"""One client's connection to one served PV: what most protocols need beneath their own messages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from .access import Credentials
from .backend import Reading
from .errors import words_of
from .fitting import fitted
from .kept import KeptPv
from .request import PutRequest, Reply, Request, RpcRequest


class Channel(ABC):
    """One client's connection to one PV, on the network's thread.

    :param pv: the PV
    :param credentials: who the client is
    """

    def __init__(self, pv: KeptPv, credentials: Credentials) -> None:
        self.pv = pv
        self.credentials = credentials
        self._waiting: list[Callable[[], object]] = []
        self._requests: list[Request] = []

    @abstractmethod
    def show(self, reading: Reading) -> None:
        """Take the reading that there is, as soon as there is one, and each later one.

        One may come twice: those of a PV have rising times. What takes long is left for later; of
        what waits for a slow client the newest will do.
        """

    @abstractmethod
    def answer(self, asked: Any, result: Any, error: str) -> None:
        """Tell the client what became of a put or call, once, if it is still there.

        :param asked: as it was given to :meth:`put` or :meth:`rpc`
        :param result: what a call returned, a :class:`.Snapshot` of a variable; None of a put
        :param error: why it has failed; empty if it has not
        """

    def taken(self, value: Any) -> Any:
        """Return what the client has put in the terms of the PV, which is open.

        :raises Exception: if it has no place there; the client is told
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
        """The PV has opened: what waits is done."""
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
    ) -> None:
        """Hand over a put when the PV is open; see :class:`.PutRequest`.

        :param asked: what the protocol knows it by
        """
        reply = _Answer(self, asked)
        request = PutRequest(self.pv.entry, self.credentials, reply, value, marked, block, process)
        self._note(request)
        self.when_open(partial(self._put, request))

    def _put(self, request: PutRequest) -> None:
        if request.marked:
            try:
                request.value = self.taken(request.value)
            except Exception as exc:
                text = f"{self.pv.entry.pv_name}: the put cannot be read: {words_of(exc)}"
                self.pv.owner.refuse(request, text)
                return
        self.pv.owner.put(request)

    def rpc(self, asked: Any, arguments: Mapping[str, Any]) -> None:
        """Hand over a call, at once.

        :param asked: what the protocol knows it by
        """
        reply = _Answer(self, asked)
        request = RpcRequest(self.pv.entry, self.credentials, reply, arguments)
        self._note(request)
        self.pv.owner.rpc(request)

    def _note(self, request: Request) -> None:
        self._requests = [one for one in self._requests if not one.answered]
        self._requests.append(request)

    def gone(self) -> None:
        """The client has left, or the server stops: what is not answered need not be done."""
        self._waiting.clear()
        for request in self._requests:
            request.cancelled = True
        self._requests.clear()
        self.pv.disconnect(self)


class _Answer(Reply):
    """Brings an answer to the network's thread."""

    __slots__ = ("_channel", "_asked")

    def __init__(self, channel: Channel, asked: Any) -> None:
        self._channel = channel
        self._asked = asked

    def done(self, result: Any = None) -> None:
        self._channel.pv.soon(partial(self._tell, result, ""))

    def error(self, text: str) -> None:
        self._channel.pv.soon(partial(self._tell, None, text))

    def _tell(self, result: Any, error: str) -> None:
        if self._channel in self._channel.pv.channels:
            self._channel.answer(self._asked, result, error)
