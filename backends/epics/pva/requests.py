"""Puts and calls as p4p hands them over: decoding, credentials, and the one answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from p4p import Value

from roguebridge.backends.epics.user_groups import groups_of
from roguebridge.core.backend import PvOwner
from roguebridge.core.concurrency import NetworkLog
from roguebridge.core.errors import words_of
from roguebridge.core.mapping import PvEntry
from roguebridge.core.requests import (
    MAX_NAME,
    Credentials,
    PutRequest,
    Reply,
    Request,
    RpcRequest,
    decoded,
)
from roguebridge.core.values import Flat, NtKind, PvSpec, unicode_of

from .results import encode_result

_log = NetworkLog(logging.getLogger("roguebridge.pva"))

SMALL = (NtKind.SCALAR, NtKind.ENUM)
"""Kinds of PVs whose values never take much memory."""


class OperationReply(Reply):
    """Answers a p4p ``ServerOperation``.

    The answer, and letting go of the operation, block until the server's thread has run: neither
    is done with a lock held that a callback takes too.

    :param op: the operation
    :param spent: where it is left when it is answered, for the server's thread to let go of; None
        for what may be large, as that thread may not come for long
    """

    __slots__ = ("_op", "_spent")

    def __init__(self, op: Any, spent: list[Any] | None = None) -> None:
        self._op = op
        self._spent = spent

    def done(self, result: Any = None) -> None:
        """Report success; a call's result travels as a Normative Type."""
        if result is None:
            self._answer()
            return
        try:
            value = encode_result(result)
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
        if self._spent is not None:
            self._spent.append(op)


class CallReply(OperationReply):
    """Answers a call: a command that returns nothing still answers with a value, True."""

    __slots__ = ()

    def done(self, result: Any = None) -> None:
        """Report success."""
        super().done(True if result is None else result)


def put(
    entry: PvEntry,
    spec: PvSpec | None,
    op: Any,
    owner: PvOwner,
    spent: list[Any],
    max_name: int = MAX_NAME,
) -> None:
    """Hand over the put that ``op`` stands for; or that it cannot be read.

    :param spec: type of the PV; None while it is closed
    :param spent: operations that have been answered; this is the thread to let go of them
    """
    spent.clear()
    is_small = spec is not None and spec.kind in SMALL
    reply = OperationReply(op, spent if is_small else None)
    request = PutRequest(entry, Credentials("", "", "pva"), reply, None)
    try:
        _identify(request, op, max_name)
        if spec is not None:
            request.marked, request.value = _put_content(spec, op.value())
            request.block, request.process = _put_options(op)
            op.onCancel(_canceller(request))
    except Exception as exc:
        _log.debug("unreadable put to %s: %r", entry.pv_name, exc)
        request.value = None
        owner.refuse(request, f"{entry.pv_name}: the put cannot be read: {words_of(exc)}")
        return
    if spec is None:
        owner.refuse(request, f"{entry.pv_name} is closed")
    else:
        owner.put(request)


def rpc(entry: PvEntry, op: Any, owner: PvOwner, max_name: int = MAX_NAME) -> None:
    """Hand over the call that ``op`` stands for; or that it cannot be read."""
    request = RpcRequest(entry, Credentials("", "", "pva"), CallReply(op), {})
    try:
        _identify(request, op, max_name)
        request.arguments = _arguments(op.value())
        op.onCancel(_canceller(request))
    except Exception as exc:
        _log.debug("unreadable call of %s: %r", entry.pv_name, exc)
        owner.refuse(request, f"{entry.pv_name}: the call cannot be read: {words_of(exc)}")
        return
    owner.rpc(request)


def _canceller(request: Request) -> Callable[[], None]:
    def cancelled() -> None:
        request.cancelled = True

    return cancelled


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
        raise ValueError(f"frames in codec {value['codec.name']!r} are not taken")
    pixels = np.asarray(value["value"])
    if _marked(value, "dimension"):
        return True, pixels.reshape([int(d["size"]) for d in value["dimension"]][::-1])
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


def _identify(request: Request, op: Any, max_name: int) -> None:
    """Note who asks, from where."""
    request.client = peer = op.peer()
    host = peer.rpartition(":")[0].strip("[]")
    try:
        user = op.account()
    except UnicodeDecodeError as exc:  # p4p has no other way to the bytes
        user = decoded(exc.object)
    groups = partial(groups_of, user)
    request.credentials = Credentials(user, host, "pva", "", groups, max_name)
