"""Puts as Channel Access carries them: their value, credentials, and the one answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import caproto as ca
import numpy as np

from roguebridge.core.requests import PutRequest, Reply
from roguebridge.core.values import MisfitError, integer, misfit_words, parse_number

from .channel import Channel
from .fields import OpenCaPv
from .forms.form import bytes_of, single
from .own_puts import OpenPut
from .wire import dbr
from .wire.messages import NORMAL, PUT_FAILED, WRITE_NOTIFY, Request, error, message

_ANSWER_SIZE = 16_000  # bytes of a text that fit every client's buffer


@dataclass(slots=True, eq=False)
class PutReply(Reply):
    """Answers a put that waits with a status; before it comes a message with the text of an error.

    libca hands on the status alone, and takes it from the first of them; others know the second
    only.
    """

    channel: Channel
    asked: Request
    open: OpenPut
    request: PutRequest | None = None

    def done(self, result: Any = None) -> None:
        """Report success, if the client waits."""
        self.error("")

    def error(self, text: str) -> None:
        """Report failure."""
        self.open.end()
        self.channel.circuit.loop.post(partial(self._answer, text))

    def _answer(self, text: str) -> None:
        channel, circuit = self.channel, self.channel.circuit
        if self.request is not None:
            circuit.pending.pop(self.request, None)
            self.request = None
        try:
            if channel.alive:
                self._send(text)
        finally:
            circuit.own_puts.over(self.open)
            if channel.alive and self.asked.command == WRITE_NOTIFY:
                channel.put_answered()

    def _send(self, text: str) -> None:
        asked, circuit = self.asked, self.channel.circuit
        if text:
            words = dbr.cut(bytes_of(text), _ANSWER_SIZE)
            circuit.send(error(asked.header, self.channel.cid, PUT_FAILED, words))
        if asked.command == WRITE_NOTIFY:
            status = PUT_FAILED if text else NORMAL
            circuit.send(message(WRITE_NOTIFY, asked.type, asked.count, status, asked.two))


def put(channel: Channel, asked: Request, problem: str = "") -> None:
    """Hand over a put; or that it cannot be read.

    :param problem: why it cannot be taken
    """
    pv, circuit = channel.pv, channel.circuit
    waits = asked.command == WRITE_NOTIFY
    # The value is a copy: the answer needs no payload.
    header_only = replace(asked, payload=b"")
    reply = PutReply(channel, header_only, circuit.own_puts.begin(pv))
    request = PutRequest(pv.entry, circuit.credentials(), reply, None, block=waits)
    reply.request = request
    request.client = circuit.intake.client
    if waits:  # a put without an answer is done even if its client leaves at once
        circuit.pending[request] = None
        channel.puts += 1
    if channel.is_process and not problem:
        request.marked, request.process = False, True
    elif not problem and (channel.view is None or not channel.view.takes):
        problem = "a field that cannot be put"
    elif not problem and pv.opened is not None:
        try:
            request.value = _content(pv.opened, channel, asked)
        except Exception as exc:
            words = misfit_words(exc, asked.payload, pv.opened.form.spec)
            problem = f"the put cannot be read: {words}"
    if problem:
        pv.owner.refuse(request, f"{channel.name}: {problem}")
    else:
        pv.owner.put(request)


def _content(opened: OpenCaPv, channel: Channel, asked: Request) -> Any:
    kind, count, size = ca.ChannelType(asked.type), asked.count, len(asked.payload)
    if kind not in ca.native_types:
        raise MisfitError(f"puts of type {kind.name} are not taken")
    # Of the last text libca sends no more than there is.
    least = (count - 1) * dbr.STRING_SIZE if kind is dbr.STRING else count * dbr.WIRE[kind].itemsize
    if size < least:
        raise MisfitError(f"{count} elements in {size} bytes")
    texts: list[str] | None = None
    numbers: Any = None
    if kind is dbr.STRING:
        starts = range(0, count * dbr.STRING_SIZE, dbr.STRING_SIZE)
        texts = [_decoded(asked.payload[at : at + dbr.STRING_SIZE]) for at in starts]
    else:
        numbers = np.frombuffer(asked.payload, dbr.WIRE[kind], count)
    if channel.field == "IDX":  # a label may be a number, too
        return integer(single(numbers).item() if texts is None else parse_number(single(texts)))
    view, is_text = channel.view, opened.reading.value.text is not None
    if is_text and kind is dbr.CHAR and view is not None and view.type is dbr.CHAR:
        texts = [_decoded(numbers.tobytes())]
    if texts is not None:
        return opened.form.take_texts(texts)
    return opened.form.take_numbers(numbers.astype(numbers.dtype.newbyteorder("=")))


def _decoded(raw: bytes) -> str:
    text = raw.partition(b"\0")[0]
    try:
        return text.decode()
    except UnicodeDecodeError:  # of pyepics, and other clients that send bytes
        return text.decode("latin-1")
