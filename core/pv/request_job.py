"""Jobs of the workers for one PV: opening reads, and puts and calls answered exactly once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from ..concurrency.clock import Timer
from ..concurrency.workers import STOPPING, Job
from ..errors import PutError, words_of
from ..mapping.pv_map import PvEntry
from ..requests.decisions import denied_now
from ..requests.request import PutRequest, Request
from ..tree.pyrogue import disabled

if TYPE_CHECKING:
    from .holder import PvHolder

_log = logging.getLogger("roguebridge.execution")


class OpenJob(Job):
    """Reads the first value of a PV that is being opened."""

    __slots__ = ("_call",)

    def __init__(self, entry: PvEntry, call: Callable[[], object]) -> None:
        super().__init__(entry.path, entry.device)
        self._call = call

    def run(self) -> None:
        """Read and open."""
        self._call()

    def abandon(self, reason: str) -> None:
        """Nobody waits for an answer: the PV opens blind, or its client goes with the server."""


class TypeJob(OpenJob):
    """Finds out the type of a PV, whatever else its device is doing."""

    __slots__ = ()

    def __init__(self, entry: PvEntry, call: Callable[[], object]) -> None:
        super().__init__(entry, call)
        self.lane = self.device = f"type {entry.path}"


class RequestJob(Job):
    """A put or call on a worker."""

    __slots__ = ("holder", "request", "_timer", "_abandoned", "_begun", "_since")

    def __init__(self, holder: PvHolder, request: Request, lane: str, device: str) -> None:
        super().__init__(lane, device)
        self.holder = holder
        self.request = request
        self._timer: Timer | None = None
        self._abandoned = False
        self._begun = False
        self._since = 0.0

    def start_reply_timer(self) -> None:
        """Answer a put that does not block in time; it goes on all the same."""
        self._answer_in_time(self.request.done)

    def _answer_in_time(self, answer: Callable[[], object]) -> None:
        request, services = self.request, self.holder.services
        if services.put_reply_timeout is None or not isinstance(request, PutRequest):
            return
        if self.holder.is_own:  # nothing is slow there, and a switch is turned or it is not
            return
        if not request.block:
            self._timer = services.clock.call_later(services.put_reply_timeout, answer)

    def abandon(self, reason: str) -> None:
        """Answer with ``reason``; if the request was answered before, say so in the log."""
        self._abandoned = True
        self._stop_timer()
        self.ended()
        self.request.error(reason)
        outcome = "dropped"
        if self._begun:  # what it does to the tree cannot be taken back
            outcome, reason = "failed", f"{reason}: it was running and may take effect"
        self.holder.services.record(self.request, outcome, reason)

    def run(self) -> None:
        """Do what is asked, unless nobody wants it any more, and answer."""
        request = self.request
        if self._abandoned:
            return
        if request.cancelled and not request.answered:
            self.abandon("the client has gone")
            return
        self._begun = True
        services = self.holder.services
        if services.pacing is not None:
            self._since = services.clock.monotonic()
        outcome = "failed"
        try:
            reason = disabled(self.holder.node)
            if reason is None:
                reason = denied_now(self.holder.policies, request)
                outcome = "failed" if reason is None else "denied"
            if reason is not None:
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
                # What was refused has changed nothing; what has failed half-way may have.
                self._answer(lambda: request.error(text), not isinstance(exc, PutError))
        else:
            self.ended()
            self._record("done", "")
            self._answer(lambda: request.done(result), True)

    def _answer(self, answer: Callable[[], bool], changed: bool) -> None:
        """Give the answer when what was changed is shown; of the node itself, that is so now."""
        completion = self.holder.services.completion
        if completion is None or not self.holder.changes_others:
            self._answer_now(answer)
        else:  # the reply timer goes on, and may be faster
            path = self.holder.path
            completion.answer(path, partial(self._answer_now, answer), changed, self._since)

    def _answer_now(self, answer: Callable[[], bool]) -> bool:
        self._stop_timer()
        return answer()

    def _record(self, outcome: str, text: str) -> None:
        # Before the answer: records are in the order in which a client asks.
        try:
            self.holder.services.record(self.request, outcome, text)
        except Exception:
            _log.exception("%s: no record of a request", self.holder.path)

    def execute(self) -> Any:
        """Do the work; the result is for the client."""
        raise NotImplementedError  # pragma: no cover - a judgement does not get here

    def failed(self, exc: BaseException, late: bool) -> None:
        """The work has failed; ``late`` if the client has been told that it would not."""

    def ended(self) -> None:
        """The work has ended, or will never begin; its answer follows."""

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()


def abandon_all(jobs: list[Job]) -> None:
    """Answer what is left when the server stops; what runs goes on, but nothing hears of it."""
    for job in jobs:
        job.abandon(STOPPING)
