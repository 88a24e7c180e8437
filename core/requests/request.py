"""Puts and calls on their way to the tree; each is answered exactly once."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from .credentials import Credentials

if TYPE_CHECKING:
    from ..mapping.pv_map import PvEntry


class Reply(ABC):
    """How a backend carries an answer to its client; neither method blocks or raises."""

    __slots__ = ()

    @abstractmethod
    def done(self, result: Any = None) -> None:
        """Report success; ``result`` is what a command returned."""

    @abstractmethod
    def error(self, text: str) -> None:
        """Report failure; ``text`` is never empty."""


@dataclass(slots=True, eq=False)
class Request:
    """Common part of puts and calls: PV, credentials, and an answer given exactly once.

    :param entry: the PV asked for
    :param credentials: who asks
    :param _reply: the way back; released with the answer
    """

    operation: ClassVar[str] = "request"
    entry: PvEntry
    credentials: Credentials
    _reply: Reply | None
    client: Hashable = field(default=None, init=False)
    """what all requests of one connection have in common; None for the client's host"""
    queued: tuple[Hashable, int] | None = field(default=None, init=False)
    """whose bytes are counted for it, and how many; see :class:`.QueuedBytes`"""
    cancelled: bool = field(default=False, init=False)
    """the client has gone; a queued request is then dropped"""
    outcome: str | None = field(default=None, init=False)
    """None until answered, then '' for success or the error text"""
    trap: bool = field(default=False, init=False)
    """a policy that allows it asks for an audit record"""
    granted: bool = field(default=False, init=False)
    """all policies have allowed it to change something"""
    denied: bool = field(default=False, init=False)
    """a policy has denied it"""
    kept: Any = field(default=None, init=False)
    """for the audit: what is asked"""
    old: Any = field(default=None, init=False)
    """for the audit: what there was before"""
    returned: Any = field(default=None, init=False)
    """for the audit: what a call returned"""
    written: Any = field(default=None, init=False)
    """what was written in place of what was put; None for the same"""
    begun: float = field(default=0.0, init=False)
    """monotonic time at which it came; 0 if it did not get that far"""
    _once: threading.Lock = field(default_factory=threading.Lock, init=False)
    _recorded: threading.Lock = field(default_factory=threading.Lock, init=False)

    @property
    def asked(self) -> Any:
        """The value put, None if none was marked; the arguments of a call."""
        raise NotImplementedError  # pragma: no cover - there are puts and calls only

    @property
    def answered(self) -> bool:
        """True once an answer was given."""
        return self.outcome is not None

    def done(self, result: Any = None) -> bool:
        """Answer with success; returns False, and does nothing, if already answered."""
        reply = self._take("")
        if reply is None:
            return False
        reply.done(result)
        return True

    def error(self, text: str) -> bool:
        """Answer with an error; returns False, and does nothing, if already answered."""
        text = text or "unknown error"
        reply = self._take(text)
        if reply is None:
            return False
        reply.error(text)
        return True

    def begin_record(self) -> bool:
        """Return True once: what became of a request is told one time."""
        return self._recorded.acquire(blocking=False)

    def _take(self, outcome: str) -> Reply | None:
        if not self._once.acquire(blocking=False):
            return None
        reply, self._reply = self._reply, None
        self.outcome = outcome
        self.credentials.release()
        return reply


@dataclass(slots=True, eq=False)
class PutRequest(Request):
    """A client wants a new value.

    :param value: the value in the PV's terms (see :class:`.TypeConverter`); arrays may be views
        of a buffer that is only valid until the answer
    :param marked: False if the client marked other fields only: nothing is to be written
    :param block: the client wants the answer after the write has ended
    :param process: False to store the value in the tree without a write; True to act even if
        nothing is marked: a variable is read, a command run; None as usual
    """

    operation: ClassVar[str] = "put"
    value: Any
    marked: bool = True
    block: bool = False
    process: bool | None = None

    @property
    def asked(self) -> Any:
        """The value put, None if none was marked."""
        return self.value if self.marked else None


@dataclass(slots=True, eq=False)
class RpcRequest(Request):
    """A client wants a command run, or a variable read.

    :param arguments: the named arguments as the client sent them
    """

    operation: ClassVar[str] = "rpc"
    arguments: Mapping[str, Any]

    @property
    def asked(self) -> Any:
        """The arguments."""
        return self.arguments


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """The outcome of a put or call, for audit plugins; one record for each request.

    Its values are in the PV's terms: an enum is its index. They do not change any more: small
    arrays are copies, large ones an :class:`ArraySummary`, and so is what is in a list or dict.

    :param value: the value put, None if the client marked none or it cannot be read; the
        arguments of a call
    :param result: ``'done'``, ``'denied'``, ``'failed'``, or ``'dropped'``: it never ran, or still
        did when the server stopped
    :param error: the text the client got, or the later failure; '' on success
    :param time_ns: when it ended, nanoseconds since the POSIX epoch
    :param old: what the tree had before the put; if it did not get that far, what the PV showed;
        None where that is not known
    :param trap: a policy that allowed it asked for a record (:class:`Allow`)
    :param returned: what a call returned
    :param written: what was written in place of the value, which was outside the limits; None if it
        was written as it is
    :param granted: False if it was refused, or changes nothing: such records are limited in number
    :param count: how many requests it stands for: this one, and such of the same client before it
        as were refused, or changed nothing, too fast to have records of their own
    :param lost: how many records before this one did not reach this plugin, which was too slow
    """

    entry: PvEntry
    operation: str
    credentials: Credentials
    value: Any
    result: str
    error: str
    time_ns: int
    old: Any = None
    trap: bool = False
    returned: Any = None
    lost: int = 0
    written: Any = None
    count: int = 1
    granted: bool = True
