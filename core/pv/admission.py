"""From a request to the tree and back: policies, workers, ``set()``, read or call, one answer."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ..concurrency.network_log import NetworkLog
from ..concurrency.workers import WorkerPool
from ..errors import PutError, words_of
from ..requests.decisions import decision_of, is_quick
from ..requests.policy import Deny, changes
from ..requests.request import PutRequest, Request, RpcRequest
from ..tree.pyrogue import refused_by_tree
from ..values.reading import Snapshot
from .command_job import CallJob
from .request_job import RequestJob

if TYPE_CHECKING:
    from .holder import PvHolder

_log = NetworkLog(logging.getLogger("roguebridge.execution"))


def admit(holder: PvHolder, request: Request) -> None:
    """Take a request over from a network thread: judge it, then queue it for the tree."""
    no_room = holder.services.queued.admit(request)
    if no_room is not None:
        refuse(holder, request, f"{request.entry.pv_name}: {no_room}")
        return
    note(holder, request)
    groups = holder.services.groups
    if groups is not None and request.credentials.look_up is not None:
        request.credentials = request.credentials.kept_by(groups)
    if isinstance(request, PutRequest) and not request.marked and request.process is not True:
        request.done()  # other fields than the value: nothing to do
        holder.services.record(request, "done")
    elif all(map(is_quick, holder.policies)):
        _judge(holder, request)
    else:
        # A lane and a device of its own: the judgement must not wait for slow hardware.
        lane = f"access {holder.path}"
        _submit(holder, request, _JudgeJob(holder, request, lane, lane))


def refuse(holder: PvHolder, request: Request, reason: str) -> None:
    """Answer a request that the backend cannot hand over; on a network thread."""
    note(holder, request)
    request.error(reason)
    holder.services.record(request, "failed", reason)


def note(holder: PvHolder, request: Request) -> None:
    """Keep for the audit what is asked: once it is answered, its buffer may be gone."""
    request.kept = holder.services.keep(request.asked)
    if isinstance(request, PutRequest):
        request.old = holder.services.keep(holder.last_shown)


def _judge(holder: PvHolder, request: Request) -> None:
    for policy in holder.policies:
        decision = decision_of(policy, request)
        if isinstance(decision, Deny):
            _deny(holder, request, decision.reason)
            return
        request.trap = request.trap or decision.trap
    request.granted = changes(request)  # type: ignore[arg-type]
    if holder.entry.is_command:
        _admit_call(holder, request)
    elif isinstance(request, PutRequest) and request.marked:
        _submit(holder, request, PutJob(holder, request))
    else:
        _submit(holder, request, ReadJob(holder, request))


def _admit_call(holder: PvHolder, request: Request) -> None:
    node = holder.node
    if isinstance(request, PutRequest) and request.marked and not node.arg and not request.value:
        request.done()  # putting 0 does not run it
        holder.services.record(request, "done")
    elif holder.call_begins():
        _submit(holder, request, CallJob(holder, request))
    else:
        _deny(holder, request, f"{request.entry.pv_name}: busy: the command is running")


def _deny(holder: PvHolder, request: Request, reason: str) -> None:
    request.error(reason)
    holder.services.record(request, "denied", reason)


def _submit(holder: PvHolder, request: Request, job: RequestJob) -> None:
    services = holder.services
    if isinstance(job, _JudgeJob):
        # It may want to know the user's groups, which may take long: not on a thread.
        judges, groups = services.judges, services.groups
        who = job.request.credentials
        reason = judges.submit(job) if groups is None else groups.submit(job, judges, who)
        if reason is not None:
            job.abandon(reason)
        return
    pool = services.commands if isinstance(job, CallJob) else services.variables
    pool = services.own if holder.is_own else pool
    if isinstance(job, PutJob) and job.run_at_once(pool):
        return
    job.start_reply_timer()
    reason = pool.submit(job)
    if reason is not None:
        job.abandon(reason)


class _JudgeJob(RequestJob):
    """Asks policies that may block."""

    __slots__ = ()

    # An undecided put is not accepted: no timer answers it, but the decision or its work.

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

    def run_at_once(self, pool: WorkerPool) -> bool:
        """Run on this network thread, if nothing can block it there; else False."""
        if not self.holder.puts_at_once:
            return False
        lock = self.holder.node.lock  # which the tree itself may hold
        if not lock.acquire(blocking=False):
            return False
        try:
            return pool.run_here(self, lambda: self.holder.puts_at_once)
        finally:
            lock.release()

    def execute(self) -> None:
        """Convert, set, and show the value before the answer says that it is there."""
        holder = self.holder
        converter = holder.converter
        if converter is None:  # its client has left, and the type was never found out
            raise PutError(f"{self.request.entry.pv_name} is closed")
        assert isinstance(self.request, PutRequest)  # noqa: S101 - see __init__
        services = holder.services
        try:
            given = services.limits.held(holder.node, converter.spec, self.request.value)
            if given is not self.request.value:
                self.request.written = services.keep(given)
            value = converter.to_tree(given)
        except PutError:
            raise
        except Exception as exc:
            raise PutError(f"{self.request.entry.pv_name}: {words_of(exc)}") from exc
        if holder.services.audit is not None:
            self.request.old = holder.services.keep(holder.value_in_tree())
        if self.request.process is False:
            holder.node.set(value, write=False)
        else:
            holder.begin_put()
            holder.node.set(value)
        holder.show_after_put()

    def failed(self, exc: BaseException, late: bool) -> None:
        """After a failed write show the true value; a refused value changed nothing."""
        holder = self.holder
        refused = isinstance(exc, PutError) or refused_by_tree(exc, holder.is_hardware)
        try:
            if late or not refused:
                holder.show_failed_put()
        finally:
            holder.end_put()


class ReadJob(RequestJob):
    """Reads a variable because a client asks for it: by rpc, or by a put that only processes."""

    __slots__ = ()

    def __init__(self, holder: PvHolder, request: Request) -> None:
        super().__init__(holder, request, holder.entry.path, holder.entry.device)

    def execute(self) -> Snapshot | None:
        """Read, show, and return the whole PV (a put: None)."""
        request = self.request
        if isinstance(request, RpcRequest):
            wrong = {k: v for k, v in request.arguments.items() if (k, v) != ("op", "read")}
            if wrong:
                raise PutError(
                    f"{request.entry.pv_name} is a variable: it can be read with op='read', "
                    f"not called with {wrong}"
                )
        snapshot = self.holder.refresh(request.entry.pv_name)
        return snapshot if isinstance(request, RpcRequest) else None
