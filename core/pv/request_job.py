"""A put or call on a worker: done once, answered once, recorded once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..concurrency.clock import Timer
from ..concurrency.jobs import Job
from ..concurrency.network_log import NetworkLog
from ..concurrency.workers import STOPPING, WorkerPool
from ..errors import PutError, words_of
from ..requests.decisions import denied_now
from ..requests.policy import AccessPolicy
from ..requests.request import PutRequest, Request, RpcRequest
from ..tree.device_enable import disabled
from ..tree.remote_link import without_link
from ..tree.server_nodes import Answers
from .put_outcome import PutOutcome
from .reader import PvReader

_log = NetworkLog(logging.getLogger("roguebridge.execution"))


@dataclass(slots=True, eq=False, repr=False)
class RequestJob(Job):
    """Common part of puts, reads and calls.

    It begins on a network thread with :meth:`start` and goes on on a worker with :meth:`run`. The
    clock's thread may answer the request in between; the request takes the first answer only.

    :param request: the put or call
    :param reader: of the node
    :param policies: asked again if the request has waited
    """

    request: Request
    _reader: PvReader
    _policies: tuple[AccessPolicy, ...]
    _timer: Timer | None = field(default=None, init=False)
    _abandoned: bool = field(default=False, init=False)
    _begun: bool = field(default=False, init=False)
    _since: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        Job.__init__(self, self._reader.path, self._reader.entry.device)

    @property
    def workers(self) -> WorkerPool:
        """The workers that do it."""
        return self._reader.workers

    # Network thread, or a worker that has asked the policies ------------------------------------

    def start(self) -> None:
        """Queue the work, which the policies allow."""
        self._answer_in_time(self.request.done)
        reason = self.workers.submit(self)
        if reason is not None:
            self.abandon(reason)

    def deny(self, reason: str) -> None:
        """Answer with why it may not be done."""
        self.request.denied = True
        self.request.error(reason)
        self._reader.services.record(self.request, "denied", reason)

    def skip(self) -> None:
        """Answer that there is nothing to do."""
        self.request.done()
        self._reader.services.record(self.request, "done")

    # Any thread ---------------------------------------------------------------------------------

    def abandon(self, reason: str) -> None:
        """Answer with ``reason``; if the request was answered before, say so in the log."""
        self._abandoned = True
        if not self.request.cancelled and not self._reader.is_own:
            reason = self._reader.services.waiting_for_tree(reason)
        self._stop_timer()
        self.ended()
        self.request.error(reason)
        outcome = "dropped"
        if self._begun:  # its effect on the tree cannot be taken back
            outcome, reason = "failed", f"{reason}: it was running and may take effect"
        self._reader.services.record(self.request, outcome, reason)

    # Worker -------------------------------------------------------------------------------------

    def run(self) -> None:
        """Do the work, unless the client has gone, and answer."""
        request, reader = self.request, self._reader
        if self._abandoned:
            return
        if request.cancelled and not request.answered:
            self.abandon("the client has gone")
            return
        self._begun = True
        services = reader.services
        if services.pacing is not None:
            self._since = services.clock.monotonic()
        outcome = "failed"
        try:
            reason = without_link(reader.node) or disabled(reader.node)
            if reason is not None:
                raise PutError(reason)
            reason = denied_now(self._policies, request, services.faults)
            if reason is not None:
                outcome, request.denied = "denied", True
                raise PutError(reason)
            result = self.execute()
            request.returned = services.keep(result)
        except BaseException as exc:  # a command may call sys.exit(): it is answered all the same
            text = words_of(exc)
            self._stop_timer()
            self.ended()
            late = request.answered
            self._answer_in_time(lambda: request.error(text))
            try:  # a get after the answer must not show less than the answer says
                self.failed(exc, late)
            finally:
                self._record(outcome, text)
                # A refused request has changed nothing; one that failed half-way may have.
                self._answer(lambda: request.error(text), not isinstance(exc, PutError))
        else:
            self.ended()
            self._record("done", "")
            self._answer(lambda: request.done(result), True)

    def execute(self) -> Any:
        """Do the work; the result is for the client."""
        raise NotImplementedError  # pragma: no cover - each job has work of its own

    def failed(self, exc: BaseException, late: bool) -> None:
        """Clean up after a failure; ``late`` if the client has an answer already."""

    def ended(self) -> None:
        """Clean up: the work has ended, or will never begin; its answer follows."""

    # Answers ------------------------------------------------------------------------------------

    def _answer_in_time(self, answer: Callable[[], object]) -> None:
        """Answer a put that does not block in time; its work goes on all the same."""
        request, services = self.request, self._reader.services
        if services.put_reply_timeout is None or not isinstance(request, PutRequest):
            return
        if self._reader.is_own:  # nothing is slow there, and a switch is turned or it is not
            return
        if not request.block:
            self._timer = services.clock.call_later(services.put_reply_timeout, answer)

    def _answer(self, answer: Callable[[], bool], changed: bool) -> None:
        """Answer when all changes are shown; that of the node itself is shown now."""
        completion = self._reader.services.completion
        if completion is None or not self._reader.changes_others:
            self._answer_now(answer)
        else:  # the reply timer goes on, and may be faster
            now = partial(self._answer_now, answer)
            completion.answer(self._reader.path, now, changed, self._since)

    def _answer_now(self, answer: Callable[[], bool]) -> bool:
        self._stop_timer()
        return answer()

    def _record(self, outcome: str, text: str) -> None:
        # Before the answer: records are in the order in which a client asks.
        try:
            self._reader.services.record(self.request, outcome, text)
        except Exception:
            _log.exception("%s: no record of a request", self._reader.path)

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()


@dataclass(slots=True, eq=False, repr=False)
class ReadJob(RequestJob):
    """Reads a variable because a client asks for it: by rpc, or by a put that only processes.

    :param outcome: reads and shows
    """

    _outcome: PutOutcome

    def __post_init__(self) -> None:
        RequestJob.__post_init__(self)
        if isinstance(self._reader.node, Answers) and isinstance(self.request, RpcRequest):
            # What is asked with some arguments does not wait for what is asked with others.
            lane = f"{self._reader.path} {' '.join(sorted(self.request.arguments))}"
            Job.__init__(self, lane, self._reader.entry.device)

    def execute(self) -> Any:
        """Read, show, and return the whole PV (a put: None), or what the node answers."""
        request = self.request
        if isinstance(request, RpcRequest):
            wrong = {k: v for k, v in request.arguments.items() if (k, v) != ("op", "read")}
            if wrong and isinstance(self._reader.node, Answers):
                return self._reader.node.answer(request)
            if wrong:
                raise PutError(
                    f"{request.entry.pv_name} is a variable: it can be read with op='read', "
                    f"not called with {wrong}"
                )
        snapshot = self._outcome.refresh(request.entry.pv_name)
        return snapshot if isinstance(request, RpcRequest) else None


def abandon_all(jobs: list[Job]) -> None:
    """Answer the requests that are left when the server stops; running ones go on unnoticed."""
    for job in jobs:
        job.abandon(STOPPING)
