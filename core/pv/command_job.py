"""Running a command: the busy state, and what becomes of a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import words_of
from ..requests.command_arguments import Call, call_of, call_of_put
from ..requests.request import PutRequest, Request, RpcRequest
from ..tree.pyrogue import call_directly
from ..values.alarm import NO_ALARM, Alarm, Severity, Status
from ..values.arrays import unicode_of
from .request_job import RequestJob

if TYPE_CHECKING:
    from .holder import PvHolder


class CallJob(RequestJob):
    """Runs a command, called by rpc or triggered by a put."""

    __slots__ = ("_counted",)

    def __init__(self, holder: PvHolder, request: Request) -> None:
        super().__init__(holder, request, holder.entry.path, holder.entry.device)
        self._counted = True

    def ended(self) -> None:
        """The next call may come: its client has not been answered yet."""
        counted, self._counted = self._counted, False
        if counted:
            self.holder.call_ended()

    def execute(self) -> Any:
        """Find the arguments, run, and return what the command returned (a put: None)."""
        holder, request = self.holder, self.request
        if isinstance(request, RpcRequest):
            return self._run(call_of(holder, request))
        assert isinstance(request, PutRequest)  # noqa: S101 - there are no others
        if request.process is False:
            return None  # nothing is to be processed
        self._run(call_of_put(holder, request))
        return None

    def _run(self, call: Call) -> Any:
        holder = self.holder
        with_argument = bool(holder.node.arg)
        if not with_argument:
            holder.show_running(True, NO_ALARM)
        failure = NO_ALARM
        try:
            return run_command(holder.node, call)
        except BaseException as exc:
            failure = Alarm(Severity.MAJOR, Status.RECORD, unicode_of(words_of(exc)))
            raise
        finally:
            if not with_argument:
                holder.show_running(False, failure)
            else:
                holder.show_ended(failure)


def run_command(node: Any, call: Call) -> Any:
    """Run a command in the caller's thread and return what it returns.

    :param node: the command
    """
    if call.direct:
        return call_directly(node, call.argument, call.named)
    return node(call.argument) if call.given else node()
