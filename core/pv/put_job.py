"""A put on a worker: ``set()``, read, show, answer."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import PutError, words_of
from ..requests.request import PutRequest
from ..tree.pyrogue import refused_by_tree
from .publisher import Publisher
from .put_outcome import PutOutcome
from .request_job import RequestJob


@dataclass(slots=True, eq=False, repr=False)
class PutJob(RequestJob):
    """Sets a variable.

    :param publisher: knows whether the PV is just being opened
    :param outcome: shows the value that the tree has after the put
    """

    _publisher: Publisher
    _outcome: PutOutcome

    def start(self) -> None:
        """Do it here if nothing in it can block this network thread, else queue it."""
        if not self._run_at_once():
            RequestJob.start(self)

    def _run_at_once(self) -> bool:
        if not self._cannot_block():
            return False
        lock = self._reader.node.lock  # which the tree itself may hold
        if not lock.acquire(blocking=False):
            return False
        try:
            return self.workers.run_here(self, self._cannot_block)
        finally:
            lock.release()

    def _cannot_block(self) -> bool:
        # Neither the tree, nor a PV that is being opened.
        conversion = self._reader.conversion
        return conversion is not None and conversion.puts_at_once and not self._publisher.is_opening

    def execute(self) -> None:
        """Convert, set, and show the value before the answer says that it is there."""
        request, reader, outcome = self.request, self._reader, self._outcome
        assert isinstance(request, PutRequest)  # noqa: S101 - there are no others
        pv_name, services = request.entry.pv_name, reader.services
        conversion = reader.conversion
        if conversion is None:  # its client has left, and the type was never found out
            raise PutError(f"{pv_name} is closed")
        try:
            given = services.limits.held(reader.node, conversion.spec, request.value)
            if given is not request.value:
                request.written = services.keep(given)
            value = conversion.converter.to_tree(given)
        except PutError:
            raise
        except Exception as exc:
            blamed = services.faults.put_conversion_failed(reader.node, exc)
            raise PutError(f"{pv_name}: {blamed or words_of(exc)}") from exc
        outcome.begin_put(request)
        if request.process is False:
            reader.node.set(value, write=False)
        else:
            reader.node.set(value)
        reader.set_put(value)
        outcome.show_put()

    def failed(self, exc: BaseException, late: bool) -> None:
        """After a failed write show the true value; a refused value changed nothing."""
        refused = isinstance(exc, PutError) or refused_by_tree(exc, self._reader.is_hardware)
        self._outcome.show_failed_put(late or not refused)
