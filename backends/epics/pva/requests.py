"""Puts and calls as p4p hands them over: decoding, credentials, and the one answer."""

from __future__ import annotations

import logging
import time
from functools import partial
from math import prod
from typing import Any

import numpy as np
from p4p import Value

from roguebridge.backends.user_groups import groups_of
from roguebridge.core.backend import PvOwner
from roguebridge.core.concurrency import NetworkLog
from roguebridge.core.errors import words_of
from roguebridge.core.mapping import PvEntry
from roguebridge.core.requests import (
    Credentials,
    PutRequest,
    Reply,
    Request,
    RpcRequest,
    decoded,
    size_of,
)
from roguebridge.core.values import (
    NO_ALARM,
    Flat,
    MisfitError,
    NtKind,
    PvSpec,
    Reading,
    ScalarType,
    Snapshot,
    describe_result,
    unicode_of,
)

from .backlog import Operation
from .encoders import encoder_of
from .server_thread import ServerThread

_log = NetworkLog(logging.getLogger("roguebridge.pva"))

SMALL = (NtKind.SCALAR, NtKind.ENUM)
"""Kinds of PVs whose values never take much memory."""


class OperationReply(Reply):
    """Answers a p4p ``ServerOperation``.

    The answer, and letting go of the operation, block until the server's thread has run: neither
    is done with a lock held that a callback takes too.

    :param op: the operation
    :param thread: of the server
    :param is_small: that thread lets go of the operation, which may be late
    """

    __slots__ = ("_op", "_thread", "_is_small")

    def __init__(self, op: Any, thread: ServerThread, is_small: bool = False) -> None:
        self._op = op
        self._thread = thread
        self._is_small = is_small

    def done(self, result: Any = None) -> None:
        """Report success; a call's result travels as a Normative Type."""
        if result is None:
            self._answer()
            return
        try:
            value = _encoded(result)
        except Exception as exc:
            kind = type(result).__name__
            self._answer(error=f"the result {kind} cannot be sent: {words_of(exc)}")
        else:
            self._answer(value)

    def error(self, text: str) -> None:
        """Report failure."""
        self._answer(error=unicode_of(text))

    def _answer(self, *value: Value, **error: str) -> None:
        op, self._op = self._op, None
        op.done(*value, **error)
        if self._is_small:
            self._thread.spent.append(op)
        self._thread.backlog.answered()


class CallReply(OperationReply):
    """Answers a call: a command that returns nothing still answers with a value, True."""

    __slots__ = ()

    def done(self, result: Any = None) -> None:
        """Report success."""
        super().done(True if result is None else result)


class PvaOperation(Operation):
    """A put or call, with what it takes to make a request of it.

    :param op: p4p's operation
    :param entry: the PV
    :param owner: the engine's side of it
    :param thread: of the server
    """

    __slots__ = ("_owner", "_thread")

    def __init__(self, op: Any, entry: PvEntry, owner: PvOwner, thread: ServerThread) -> None:
        super().__init__(op, entry)
        self._owner = owner
        self._thread = thread

    def hand_on(self, refusal: str = "") -> Request:
        """Give it to the engine; or say that it cannot be read."""
        op, self.op = self.op, None  # which may hold what is called when it is cancelled: this
        request: Request = self._request(op)
        name = self.entry.pv_name
        try:
            self._identify(request, op)
            refusal = refusal or self._read(request, op)
            if not refusal:
                op.onCancel(partial(setattr, request, "cancelled", True))
        except Exception as exc:
            word = "put" if isinstance(request, PutRequest) else "call"
            _log.debug("unreadable %s of %s: %r", word, name, exc)
            refusal = f"{name}: the {word} cannot be read: {words_of(exc)}"
        if refusal:
            self._owner.refuse(request, refusal)
        else:
            getattr(self._owner, request.operation)(request)
        return request

    def _request(self, op: Any) -> Any:
        """Return an empty request with the way back."""
        raise NotImplementedError

    def _read(self, request: Any, op: Any) -> str:
        """Fill the request; returns why it is not to be done."""
        raise NotImplementedError

    def _identify(self, request: Request, op: Any) -> None:
        """Note who asks, from where."""
        request.client = self.client
        request.cancelled = self.cancelled
        host = self.client.rpartition(":")[0].strip("[]")
        host = host.removeprefix("::ffff:")  # IPv4, through a socket that listens on IPv6 too
        try:
            user = op.account()
        except UnicodeDecodeError as exc:  # p4p has no other way to the bytes
            user = decoded(exc.object)
        groups = partial(groups_of, user)
        max_name = self._thread.max_name
        request.credentials = Credentials(user, host, "pva", "", groups, max_name)


class Put(PvaOperation):
    """A put.

    :param spec: type of the PV; None while it is closed
    """

    __slots__ = ("_spec",)

    def __init__(
        self, op: Any, entry: PvEntry, owner: PvOwner, thread: ServerThread, spec: PvSpec | None
    ) -> None:
        super().__init__(op, entry, owner, thread)
        self._spec = spec

    def size(self) -> int:
        """Return 0 for a number; for others what it takes."""
        spec = self._spec
        if spec is None or (spec.kind in SMALL and spec.scalar is not ScalarType.String):
            return 0
        return size_of(_put_content(spec, self.op.value())[1])

    def _request(self, op: Any) -> Any:
        is_small = self._spec is not None and self._spec.kind in SMALL
        reply = OperationReply(op, self._thread, is_small)
        return PutRequest(self.entry, Credentials("", "", "pva"), reply, None)

    def _read(self, request: Any, op: Any) -> str:
        if self._spec is None:
            return f"{self.entry.pv_name} is closed"
        request.block, request.process = _put_options(op)
        request.marked, request.value = _put_content(self._spec, op.value())
        return ""


class Call(PvaOperation):
    """A call."""

    __slots__ = ()

    def size(self) -> int:
        """Return what its arguments take."""
        return size_of(_arguments(self.op.value()))

    def _request(self, op: Any) -> Any:
        return RpcRequest(self.entry, Credentials("", "", "pva"), CallReply(op, self._thread), {})

    def _read(self, request: Any, op: Any) -> str:
        request.arguments = _arguments(op.value())
        return ""


def _encoded(result: Any) -> Value:
    """Return the result of a call as NTScalar, NTScalarArray, NTTable or NTNDArray.

    :raises Exception: if it has no such form
    """
    if isinstance(result, Snapshot):
        return encoder_of(result.spec).first(result.reading)
    spec, value = describe_result(result)
    return encoder_of(spec).first(Reading(value, NO_ALARM, time.time_ns()))


def _put_content(spec: PvSpec, value: Value) -> tuple[bool, Any]:
    if spec.kind is NtKind.ENUM:
        return _marked(value, "value.index"), value["value.index"]
    if spec.kind is NtKind.TABLE:
        names = [c.name for c in spec.columns if _marked(value, f"value.{c.name}")]
        return bool(names), {name: value[f"value.{name}"] for name in names}
    if spec.kind is not NtKind.NDARRAY:
        return _marked(value, "value"), value["value"]
    if not _marked(value, "value"):
        return False, None
    if value["codec.name"] and _marked(value, "codec.name"):
        raise MisfitError(f"frames in codec {value['codec.name']!r} are not taken")
    pixels = np.asarray(value["value"])
    if _marked(value, "dimension"):
        shape = tuple(int(d["size"]) for d in value["dimension"])[::-1]
        if prod(shape) != pixels.size or min(shape, default=0) < 0:
            raise MisfitError(f"{pixels.size} elements do not fill {shape}")
        return True, pixels.reshape(shape)
    return True, pixels.view(Flat)


def _marked(value: Value, field: str) -> bool:
    # A client that marks a structure means all that is in it.
    marked = value.changedSet(parents=True, expand=True)
    return field in marked or any(name.startswith(f"{field}.") for name in marked)


_OPTION = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def _put_options(op: Any) -> tuple[bool, bool | None]:
    """Return the client's ``record._options``: block, and process (None for passive).

    Unknown words are answered with a warning and have no effect, as with QSRV.
    """
    record = op.pvRequest().todict().get("record")
    options = record.get("_options", {}) if isinstance(record, dict) else {}
    found: dict[str, bool | None] = {}
    for name, usual in (("block", "false"), ("process", "passive")):
        word = str(options.get(name, usual)).lower()
        found[name] = _OPTION.get(word)
        if word not in _OPTION and word != "passive":
            op.warn(f"{name}={word!r} is not known: true, false or passive")
    if found["process"] is False:  # nothing is waited for
        return False, False
    return bool(found["block"]), found["process"]


def _arguments(value: Value) -> dict[str, Any]:
    # The arguments are in NTURI's query, or in the structure itself.
    names = value.keys()
    if "query" in names:
        value = value["query"]
        return {} if value is None else dict(value.items())
    return {} if value.getID() == "epics:nt/NTURI:1.0" else dict(value.items())
