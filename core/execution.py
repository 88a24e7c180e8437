"""From a request to the tree and back: policies, workers, ``set()`` or call, one answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .access import Allow, Deny
from .clock import Timer
from .errors import PutError
from .mapping import PvEntry
from .request import PutRequest, Request, RpcRequest
from .rogue import disabled, refused_by_tree
from .workers import STOPPING, Job

if TYPE_CHECKING:
    from .holder import PvHolder

_log = logging.getLogger("roguebridge.execution")

NOT_PERMITTED = "Put not permitted"


def admit(holder: PvHolder, request: Request) -> None:
    """Take a request over from a network thread: judge it, then queue it for the tree."""
    if isinstance(request, PutRequest) and not request.marked:
        request.done()  # other fields than the value: nothing to do
    elif isinstance(request, RpcRequest) and not holder.entry.is_command:
        _refuse(holder, request, f"{request.entry.pv_name} is a variable: it cannot be called")
    elif all(policy.quick for policy in holder.policies):
        _judge(holder, request)
    else:
        # A lane and a device of its own: the judgement must not wait for slow hardware.
        lane = f"access {holder.path}"
        _submit(holder, request, _JudgeJob(holder, request, lane, lane))


def _judge(holder: PvHolder, request: Request) -> None:
    for policy in holder.policies:
        try:
            decision: Any = policy.decide(request)  # type: ignore[arg-type]
        except BaseException as exc:
            _log.exception("%s: policy %r failed", request.entry.pv_name, policy)
            decision = Deny(
                f"{NOT_PERMITTED}: {request.entry.pv_name}: access policy failed: {exc}"
            )
        if not isinstance(decision, Allow):
            reason = decision.reason if isinstance(decision, Deny) else NOT_PERMITTED
            _refuse(holder, request, reason)
            return
    if isinstance(request, RpcRequest) or holder.entry.is_command:
        _submit(holder, request, CallJob(holder, request))
    else:
        assert isinstance(request, PutRequest)  # noqa: S101 - there are no others
        _submit(holder, request, PutJob(holder, request))


def _refuse(holder: PvHolder, request: Request, reason: str) -> None:
    request.error(reason)
    holder.services.record(request, _asked(request), "denied", reason)


def _submit(holder: PvHolder, request: Request, job: RequestJob) -> None:
    services = holder.services
    pool = services.commands if isinstance(job, CallJob) else services.variables
    job.start_reply_timer()
    reason = pool.submit(job)
    if reason is not None:
        job.abandon(reason)


def _asked(request: Request) -> Any:
    if isinstance(request, PutRequest):
        return request.value
    return request.arguments if isinstance(request, RpcRequest) else None


class OpenJob(Job):
    """Reads the first value of a PV that is being opened."""

    __slots__ = ("_call",)

    def __init__(self, entry: PvEntry, call: Callable[[], None]) -> None:
        super().__init__(entry.path, entry.device)
        self._call = call

    def run(self) -> None:
        """Read and open."""
        self._call()

    def abandon(self, reason: str) -> None:
        """Nobody waits for an answer: the PV opens blind, or its client goes with the server."""


class RequestJob(Job):
    """A put or call on a worker."""

    __slots__ = ("holder", "request", "_timer", "_abandoned")

    def __init__(self, holder: PvHolder, request: Request, lane: str, device: str) -> None:
        super().__init__(lane, device)
        self.holder = holder
        self.request = request
        self._timer: Timer | None = None
        self._abandoned = False

    def start_reply_timer(self) -> None:
        """Answer a put that does not block in time; it goes on all the same."""
        request, services = self.request, self.holder.services
        if services.put_reply_timeout is None or not isinstance(request, PutRequest):
            return
        if not request.block:
            self._timer = services.clock.call_later(services.put_reply_timeout, request.done)

    def abandon(self, reason: str) -> None:
        """Answer with ``reason``; if the request was answered before, say so in the log."""
        self._abandoned = True
        self._stop_timer()
        value = _asked(self.request)
        self.request.error(reason)
        self.holder.services.record(self.request, value, "dropped", reason)

    def run(self) -> None:
        """Do what is asked, unless nobody wants it any more, and answer."""
        request = self.request
        if self._abandoned:
            return
        if request.cancelled and not request.answered:
            self.abandon("the client has gone")
            return
        value = _asked(request)
        try:
            reason = disabled(self.holder.node)
            if reason is not None:
                raise PutError(reason)
            result = self.execute()
        except BaseException as exc:  # a command may call sys.exit(): it is answered all the same
            text = str(exc) or type(exc).__name__
            self._stop_timer()
            late = not request.error(text)
            self.failed(exc, late)
            self.holder.services.record(request, value, "failed", text)
        else:
            self._stop_timer()
            request.done(result)
            self.holder.services.record(request, value, "done")

    def execute(self) -> Any:
        """Do the work; the result is for the client."""
        raise NotImplementedError  # pragma: no cover - a judgement does not get here

    def failed(self, exc: BaseException, late: bool) -> None:
        """The work has failed and the client knows it, unless ``late``."""

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()


class _JudgeJob(RequestJob):
    """Asks policies that may block."""

    __slots__ = ()

    def start_reply_timer(self) -> None:
        """An undecided put is not accepted: it is answered by the decision or by its work."""

    def run(self) -> None:
        """Judge, then queue the work itself."""
        if self._abandoned:
            return
        if self.request.cancelled:
            self.abandon("the client has gone")
            return
        _judge(self.holder, self.request)


class PutJob(RequestJob):
    """Sets a variable."""

    __slots__ = ()

    def __init__(self, holder: PvHolder, request: PutRequest) -> None:
        super().__init__(holder, request, holder.entry.path, holder.entry.device)

    def execute(self) -> None:
        """Convert, set, and show the value before the answer says that it is there."""
        holder = self.holder
        converter = holder.converter
        if converter is None:  # its client has left, and the type was never found out
            raise PutError(f"{holder.pv_name} is closed")
        assert isinstance(self.request, PutRequest)  # noqa: S101 - see __init__
        try:
            value = converter.to_tree(self.request.value)
        except PutError:
            raise
        except Exception as exc:
            raise PutError(f"{holder.pv_name}: {exc or type(exc).__name__}") from exc
        holder.node.set(value)
        holder.show_after_put()

    def failed(self, exc: BaseException, late: bool) -> None:
        """After a failed write show the true value; a refused value changed nothing."""
        if isinstance(exc, PutError) or refused_by_tree(exc, self.holder.is_hardware):
            if late:
                self.holder.show_failed_put()
        else:
            self.holder.show_failed_put()


class CallJob(RequestJob):
    """Runs a command, called by rpc or triggered by a put."""

    __slots__ = ()

    def __init__(self, holder: PvHolder, request: Request) -> None:
        super().__init__(holder, request, holder.entry.path, holder.entry.device)

    def execute(self) -> Any:
        """Find the argument, call, and return what the command returned (a put: None)."""
        holder, request = self.holder, self.request
        node = holder.node
        if isinstance(request, RpcRequest):
            given, argument = _rpc_argument(holder, request)
        else:
            assert isinstance(request, PutRequest)  # noqa: S101 - there are no others
            converter = holder.converter
            if converter is None:
                raise PutError(f"{holder.pv_name} is closed")
            argument = converter.to_tree(request.value)
            if not node.arg and not argument:
                return None  # putting 0 does not run it
            given = bool(node.arg)
        if node.arg:
            result = node(argument) if given else node()
            holder.show_after_put()
        else:
            holder.show_running(True)
            try:
                result = node(argument) if given else node()
            finally:
                holder.show_running(False)
        return result if isinstance(request, RpcRequest) else None


def _rpc_argument(holder: PvHolder, request: RpcRequest) -> tuple[bool, Any]:
    names = set(request.arguments)
    if not names:
        if holder.node.arg:
            raise PutError(f"{request.entry.pv_name}: the argument 'arg' is missing")
        return False, None
    if len(names) > 1 or not names <= {"arg", "value"}:
        raise PutError(
            f"{request.entry.pv_name}: unknown arguments {sorted(names)}; 'arg' is allowed"
        )
    argument = next(iter(request.arguments.values()))
    return True, holder.command_argument(argument)


def abandon_all(jobs: list[Job]) -> None:
    """Answer what is left when the server stops; what runs goes on, but nothing hears of it."""
    for job in jobs:
        job.abandon(STOPPING)
