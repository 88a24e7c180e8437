"""Puts as Channel Access carries them: their value, credentials, and the one answer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import caproto as ca

from roguebridge.core.requests import PutRequest, Reply
from roguebridge.core.values import NtKind, PvSpec, ScalarType

from .channel import Channel
from .forms.form import Form, bytes_of, number_of, single, whole
from .wire import dbr

if TYPE_CHECKING:
    from .circuit import Circuit

_WRITE = 19  # CA_PROTO_WRITE_NOTIFY
_NORMAL, _FAILED = 1, 160  # ECA_NORMAL, ECA_PUTFAIL
_ANSWER_SIZE = 16_000  # bytes of a text that fit every client's buffer


class PutReply(Reply):
    """Answers a put that waits with a status; before it comes a message with the text of an error.

    libca hands on the status alone, and takes it from the first of them; others know the second
    only.
    """

    __slots__ = ("_circuit", "_channel", "_command", "_open", "request")

    def __init__(self, circuit: Circuit, channel: Channel, command: Any) -> None:
        self._circuit = circuit
        self._channel = channel
        self._command = command
        self._open = circuit.own_puts.begin(channel.pv)
        self.request: PutRequest | None = None

    def done(self, result: Any = None) -> None:
        """Report success, if the client waits."""
        self._open.end()
        self._circuit.loop.post(partial(self._answer, ""))

    def error(self, text: str) -> None:
        """Report failure."""
        self._open.end()
        self._circuit.loop.post(partial(self._answer, text))

    def _answer(self, text: str) -> None:
        channel, circuit = self._channel, self._circuit
        if self.request is not None:
            circuit.pending.pop(self.request, None)
            self.request = None
        try:
            if channel.alive:
                self._send(text)
        finally:
            circuit.own_puts.over(self._open)
            if channel.alive and isinstance(self._command, ca.WriteNotifyRequest):
                channel.put_answered()

    def _send(self, text: str) -> None:
        channel, command, circuit = self._channel, self._command, self._circuit
        if text:
            words = dbr.cut(bytes_of(text), _ANSWER_SIZE)
            circuit.tell(
                ca.ErrorResponse(command, channel.wire.cid, ca.CAStatus.ECA_PUTFAIL, words)
            )
        if isinstance(command, ca.WriteNotifyRequest):
            status = _FAILED if text else _NORMAL
            # Not by caproto, which knows no answer to a type that does not exist.
            header = command.header
            circuit.answer(
                command,
                dbr.message(_WRITE, header.data_type, header.data_count, status, command.ioid, b""),
            )


def put(circuit: Circuit, channel: Channel, command: Any, problem: str = "") -> None:
    """Hand over a put; or that it cannot be read.

    :param problem: why it cannot be taken
    """
    pv = channel.pv
    waits = isinstance(command, ca.WriteNotifyRequest)
    reply = PutReply(circuit, channel, command)
    request = PutRequest(pv.entry, circuit.credentials(), reply, None, block=waits)
    reply.request = request
    request.client = circuit.intake.client
    if waits:  # else the client may leave at once: what it put is put all the same
        circuit.pending[request] = None
        channel.puts += 1
    if channel.is_process and not problem:
        request.marked, request.process = False, True
        pv.owner.put(request)
        return
    problem = problem or _problem(channel)
    if not problem and pv.opened is not None:
        try:
            request.value = _content(pv.opened.form, channel, command)
        except Exception as exc:
            problem = f"the put cannot be read: {exc}"
    command.buffers = ()  # the value is a copy: of the message only the header is needed
    if problem:
        pv.owner.refuse(request, f"{channel.name}: {problem}")
    else:
        pv.owner.put(request)


def _problem(channel: Channel) -> str:
    if channel.view is None or not channel.view.takes:
        return "a field that cannot be put"
    return ""


def _content(form: Form, channel: Channel, command: Any) -> Any:
    kind = dbr.plain(command.data_type)
    if kind is None or command.data_type not in ca.native_types:
        raise ValueError(f"puts of type {command.data_type.name} are not taken")
    view = channel.view
    count, size = command.data_count, command.header.payload_size
    # Of the last text libca sends no more than there is.
    least = (count - 1) * dbr.STRING_SIZE if kind is dbr.STRING else count * dbr.WIRE[kind].itemsize
    if size < least:
        raise ValueError(f"{count} elements in {size} bytes")
    if kind is dbr.STRING:
        texts = [_decoded(text) for text in command.data]
        if channel.field == "IDX":  # a label may be a number, too
            return whole(number_of(single(texts)))
        return form.take_texts(texts)
    numbers = command.data[: command.data_count]
    is_text = view is not None and view.type is dbr.CHAR and view.room > 1
    if kind is dbr.CHAR and is_text and _is_text(form.spec):
        return form.take_texts([_decoded(numbers.tobytes())])
    if channel.field == "IDX":
        return whole(single(numbers).item())
    return form.take_numbers(numbers.astype(numbers.dtype.newbyteorder("=")))


def _is_text(spec: PvSpec) -> bool:
    """Tell whether an array of characters stands for one text."""
    if spec.kind is NtKind.ENUM:
        return True
    return spec.scalar is ScalarType.String and spec.kind is not NtKind.SCALAR_ARRAY


def _decoded(raw: bytes) -> str:
    text = bytes(raw).partition(b"\0")[0]
    try:
        return text.decode()
    except UnicodeDecodeError:  # pyepics, and whoever else thinks in bytes
        return text.decode("latin-1")
