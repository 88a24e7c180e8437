"""One request of HTTP to a PV: it is opened, read, put or called, and left again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from roguebridge.core.backend import ClientChannel
from roguebridge.core.requests import Credentials, Request
from roguebridge.core.values import PvSpec, Reading

from ..access import Refused
from ..connection import no_user
from ..frames import WebPv
from ..values import taken

_BUSY = re.compile(r"(^|: )busy: ")
_OPENS = 10.0  # seconds until a PV that does not open is given up
STOPPING = "the server stops"


class Visit(ClientChannel):
    """A client's connection to a PV for one request; :meth:`close` ends it.

    :param pv: the PV
    :param credentials: who the client is
    """

    def __init__(self, pv: WebPv, credentials: Credentials) -> None:
        super().__init__(pv, credentials)
        self._request: Request | None = None
        self._asks = False  # for a put or call; else for the reading
        self._ended: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.connect()

    def show(self, reading: Reading) -> None:
        """The PV is open."""
        if not self._asks and not self._ended.done():
            self._ended.set_result(None)

    def taken(self, value: Any) -> Any:
        """Return what the client puts in the terms of the PV."""
        spec = self.pv.spec
        assert spec is not None  # noqa: S101 - it is open
        return taken(spec, value)

    def answer(self, asked: Any, result: Any, error: str) -> None:
        """The put or call has ended."""
        if self._ended.done():
            return
        if not error:
            self._ended.set_result(result)
            return
        request = self._request
        status = 409 if _BUSY.search(error) else 403 if request and request.denied else 422
        self._ended.set_exception(Refused(status, error))

    async def reading(self) -> tuple[PvSpec, Reading]:
        """Return type and present reading.

        :raises Refused: if the PV does not open
        """
        try:
            async with asyncio.timeout(_OPENS):
                await self._ended
        except TimeoutError:
            raise Refused(503, f"{self.pv.entry.pv_name} has no value yet") from None
        pv = self.pv
        if pv.spec is None or pv.reading is None:
            raise Refused(503, STOPPING)
        return pv.spec, pv.reading

    async def put_and_wait(self, value: Any, block: bool) -> None:
        """Put, and wait for the answer.

        :raises Refused: with the reason
        """
        self._begin_request()
        if self.credentials.user:
            self._request = self.put(None, value, block=block)
        else:
            self._request = self.refuse(None, value, no_user(self.pv.entry.pv_name))
        await self._ended

    async def call(self, arguments: Mapping[str, Any]) -> Any:
        """Call, and return the result.

        :raises Refused: with the reason
        """
        self._begin_request()
        if self.credentials.user:
            self._request = self.rpc(None, arguments)
        else:
            self._request = self.refuse(None, arguments, no_user(self.pv.entry.pv_name))
        return await self._ended

    def _begin_request(self) -> None:
        """Wait for the answer of a request, no longer for the PV to open."""
        self._asks = True
        if self._ended.done():
            self._ended = asyncio.get_running_loop().create_future()

    def stop(self) -> None:
        """The server stops: give up what has no answer."""
        if not self._ended.done():
            self._ended.set_exception(Refused(503, STOPPING))

    def close(self) -> None:
        """Leave the PV."""
        if not self._ended.done():
            self._ended.cancel()
        self.gone()
