"""The requests of clients, and which part answers each; on the loop."""

from __future__ import annotations

from collections.abc import Callable

from .channel import Channel
from .circuit import Circuit
from .fields import parse
from .puts import put
from .searches import answer_of
from .wire import dbr, messages
from .wire.messages import ProtocolError, Request, message
from .wire.text import text_of


def answer(circuit: Circuit, request: Request, problem: str = "") -> None:
    """Answer a message of a client.

    :param problem: why a put cannot be taken; its payload is not there then
    :raises ProtocolError: if it cannot come from a client of Channel Access
    """
    command = request.command
    if command in _OF_CHANNEL:
        channel = circuit.channels.get(request.one)
        if channel is not None and channel.alive:  # else the client knows by now, or will
            _answer_of(channel, request, problem)
    elif command in _OF_CIRCUIT:
        _OF_CIRCUIT[command](circuit, request)
    elif command not in _IGNORED:
        raise ProtocolError(f"there is no request with the number {command}")


def _answer_of(channel: Channel, request: Request, problem: str) -> None:
    has_type = request.command == messages.CLEAR or dbr.exists(request.type)
    if not has_type:
        problem = f"DBR type {request.type} does not exist"
    handler = _OF_CHANNEL[request.command]
    if handler is put:
        put(channel, request, problem)
    elif has_type:
        handler(channel, request)
    else:
        channel.refuse(request, messages.BAD_TYPE, problem)


def _create(circuit: Circuit, request: Request) -> None:
    name, cid = text_of(request.payload), request.one
    found = parse(name, circuit.host.served)
    if found is None or cid in circuit.channels:
        circuit.send(message(messages.CREATE_FAILED, one=cid))
        return
    pv, field = found
    channel = circuit.channels[cid] = Channel(circuit, cid, name, pv, field)
    pv.connect(channel)


def _search(circuit: Circuit, request: Request) -> None:
    if found := answer_of(request, circuit.host, tells_no=True):
        circuit.send(found)


_IGNORED = (messages.READ_SYNC, messages.REPEATER_REGISTER, messages.BEACON)
_OF_CIRCUIT: dict[int, Callable[[Circuit, Request], None]] = {
    messages.VERSION: Circuit.agree,
    messages.HOST_NAME: Circuit.name_host,
    messages.CLIENT_NAME: Circuit.name_user,
    messages.SEARCH: _search,
    messages.CREATE: _create,
    messages.EVENTS_OFF: Circuit.turn_events_off,
    messages.EVENTS_ON: Circuit.turn_events_on,
    messages.ECHO: Circuit.echo,
}
_OF_CHANNEL: dict[int, Callable[[Channel, Request], None]] = {
    messages.READ: Channel.read,
    messages.READ_NOTIFY: Channel.read,
    messages.WRITE: put,
    messages.WRITE_NOTIFY: put,
    messages.EVENT_ADD: Channel.subscribe,
    messages.EVENT_CANCEL: Channel.cancel,
    messages.CLEAR: Channel.clear,
}
