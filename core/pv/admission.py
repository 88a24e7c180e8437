"""Takes puts and calls over from the network threads: the policies decide, then the work starts."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..concurrency.jobs import Job
from ..requests.decisions import all_quick, decision_of
from ..requests.policy import AccessPolicy, Deny, changes
from ..requests.request import PutRequest
from .request_job import RequestJob
from .services import Services


@dataclass(slots=True, eq=False, repr=False)
class Admission(Job):
    """Has the policies judge one request, and starts its work or denies it.

    Policies that may block are asked on separate workers, in a separate lane: a judgement must not
    wait for slow hardware. The others are asked at once, on the network thread.

    :param job: the work; not started
    :param policies: all of them must allow it
    :param services: with the workers that ask policies
    """

    _work: RequestJob
    _policies: tuple[AccessPolicy, ...]
    _services: Services
    _abandoned: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        lane = f"access {self._work.lane}"
        Job.__init__(self, lane, lane)

    def start(self) -> None:
        """Take the request over; on a network thread."""
        work, request = self._work, self._work.request
        if isinstance(request, PutRequest) and not request.marked and request.process is not True:
            work.skip()  # other fields than the value
        elif all_quick(self._policies, self._services.faults):
            self._judge()
        else:
            # Policies that have asked for groups once wait for them without a thread.
            request.credentials.asker = self._policies
            judges, groups = self._services.judges, self._services.groups
            if groups is None:
                reason = judges.submit(self)
            else:
                reason = groups.submit(self, judges, request.credentials)
            if reason is not None:
                self.abandon(reason)

    def run(self) -> None:
        """Judge, and start the work; on a worker."""
        if self._abandoned:
            return
        if self._work.request.cancelled:
            self.abandon("the client has gone")
            return
        self._judge()

    def abandon(self, reason: str) -> None:
        """Answer with ``reason``: the request was not judged."""
        self._abandoned = True
        self._work.abandon(reason)

    def _judge(self) -> None:
        request = self._work.request
        for policy in self._policies:
            decision = decision_of(policy, request, self._services.faults)
            if isinstance(decision, Deny):
                self._work.deny(decision.reason)
                return
            request.trap = request.trap or decision.trap
        request.granted = changes(request)  # type: ignore[arg-type]
        self._work.start()
