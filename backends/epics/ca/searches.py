"""Answers clients that search for PVs, in datagrams and over their connections; on the loop."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, Protocol

from .fields import parse
from .served_pv import CaPv
from .settings import Settings
from .wire import messages
from .wire.messages import REVISION, Messages, Request, message
from .wire.text import text_of

_REGISTER = message(messages.REPEATER_REGISTER)  # for which libca sends nothing, in a datagram
_TELL_NO = 10  # a client wants to know that a name is not served
_THIS_HOST = 0xFFFFFFFF  # the server has the address that the answer comes from


class SearchedHost(Protocol):
    """What a search needs of the server."""

    port: int
    settings: Settings

    def served(self, name: str) -> CaPv | None:
        """Return the PV of a name."""


def answer_of(request: Request, host: SearchedHost, tells_no: bool = False) -> bytes:
    """Return the answer to a search, empty if there is none.

    :param tells_no: answer also that the name is not served, if the client asks for that
    """
    cid = request.one
    if parse(text_of(request.payload), host.served) is not None:
        return message(messages.SEARCH, host.port, 0, _THIS_HOST, cid, REVISION.to_bytes(2, "big"))
    if tells_no and request.type == _TELL_NO:
        return message(messages.NOT_FOUND, _TELL_NO, REVISION, cid, cid)
    return b""


class Searches(asyncio.DatagramProtocol):
    """Answers datagrams.

    :param host: the server
    """

    def __init__(self, host: SearchedHost) -> None:
        self._host = host
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """The socket is there."""
        self._transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        """Answer a client; what makes no sense has no answer."""
        host = self._host
        if address[0] in host.settings.ignored:
            return
        arrived = Messages()
        arrived.add(data or _REGISTER)
        version, found, others = message(messages.VERSION, count=REVISION), b"", b""
        while (request := arrived.take()) is not None:
            if request.command == messages.VERSION:
                # With the number of its datagram: else libca takes no answer for one to the last,
                # finds the way crowded, and sends a few names at a time, of thousands.
                version = message(messages.VERSION, request.type, REVISION, request.one)
            elif request.command == messages.SEARCH:
                found += answer_of(request, host)
            elif request.command == messages.REPEATER_REGISTER and not host.settings.shared:
                # To an isolated client the server stands for the repeater, which would be a
                # process that outlives both.
                here = int.from_bytes(socket.inet_aton(host.settings.host), "big")
                others += message(messages.REPEATER_CONFIRM, two=here)
        if answer := (version + found if found else b"") + others:
            self._transport.sendto(answer, address)
