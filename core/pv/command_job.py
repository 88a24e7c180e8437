"""A call of a command on a worker: arguments, the busy state, and the alarm of a failure."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..concurrency.workers import WorkerPool
from ..errors import words_of
from ..requests.command_arguments import Call, CommandArguments
from ..requests.request import PutRequest, RpcRequest
from ..tree.command_calls import call_directly
from ..values.alarm import NO_ALARM, Alarm, Severity, Status
from ..values.arrays import unicode_of
from .put_outcome import PutOutcome
from .request_job import RequestJob


@dataclass(slots=True, eq=False, repr=False)
class CommandRuns:
    """Counts the calls of one command that wait or run; its lock guards the count.

    :param queued: True to let calls wait while the command runs
    """

    _queued: bool
    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> bool:
        """Count a call in; False if the command runs and calls are not queued."""
        with self._lock:
            if self._count and not self._queued:
                return False
            self._count += 1
            return True

    def end(self) -> None:
        """Count a call out."""
        with self._lock:
            self._count -= 1


@dataclass(slots=True, eq=False, repr=False)
class CommandJob(RequestJob):
    """Runs a command, called by rpc or triggered by a put.

    :param outcome: shows that it runs, and how it has ended
    :param runs: of the command
    """

    _outcome: PutOutcome
    _runs: CommandRuns
    _counted: bool = field(default=False, init=False)

    @property
    def workers(self) -> WorkerPool:
        """The workers for commands: Stop can be called while Run runs."""
        reader = self._reader
        return reader.services.own if reader.is_own else reader.services.commands

    def start(self) -> None:
        """Queue the call, unless the command is busy."""
        request = self.request
        if (
            isinstance(request, PutRequest)
            and request.marked
            and not self._reader.node.arg
            and not (isinstance(request.value, np.ndarray) or request.value)
        ):
            self.skip()  # putting 0 does not run it
        elif self._runs.begin():
            self._counted = True
            RequestJob.start(self)
        else:
            reason = f"{request.entry.pv_name}: busy: the command is running"
            self.deny(self._reader.services.waiting_for_tree(reason))

    def ended(self) -> None:
        """Let the next call come: its client has not been answered yet."""
        counted, self._counted = self._counted, False
        if counted:
            self._runs.end()

    def execute(self) -> Any:
        """Find the arguments, run, and return what the command returned (a put: None)."""
        reader, request = self._reader, self.request
        services = reader.services
        arguments = CommandArguments(
            reader.node,
            reader.converter,
            services.defaults,
            services.limits,
            services.keep,
            services.faults,
        )
        if isinstance(request, RpcRequest):
            return self._run(arguments.of_rpc(request))
        assert isinstance(request, PutRequest)  # noqa: S101 - there are no others
        if request.process is not False:  # else nothing is to be processed
            self._run(arguments.of_put(request))
        return None

    def _run(self, call: Call) -> Any:
        node, outcome = self._reader.node, self._outcome
        if not node.arg:
            outcome.show_running(True, NO_ALARM)
        begun = self._begin_run()
        failure, result = NO_ALARM, None
        try:
            if call.direct:
                result = call_directly(node, call.argument, call.named)
            else:
                result = node(call.argument) if call.given else node()
            return result
        except BaseException as exc:
            failure = Alarm(Severity.MAJOR, Status.RECORD, unicode_of(words_of(exc)))
            raise
        finally:
            self._end_run(begun, result, failure.message)
            if node.arg:
                outcome.show_ended(failure)
            else:
                outcome.show_running(False, failure)

    def _begin_run(self) -> float:
        services = self._reader.services
        if services.last_runs is None:
            return 0.0
        services.last_runs.begun(self._reader.path, services.time_ns())
        return services.clock.monotonic()

    def _end_run(self, begun: float, result: Any, error: str) -> None:
        services = self._reader.services
        if services.last_runs is not None:
            seconds = services.clock.monotonic() - begun
            services.last_runs.ended(self._reader.path, seconds, result, error)
