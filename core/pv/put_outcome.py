"""Shows the outcome of a put or a command; on the workers, before the answer."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from ..concurrency.network_log import NetworkLog
from ..errors import PutError, words_of
from ..requests.request import PutRequest
from ..tree.links import computed
from ..tree.pyrogue import read_fault
from ..values.alarm import NO_ALARM, WRITE, Alarm
from ..values.reading import KEEP, Snapshot
from .publisher import Publisher
from .put_tracker import PutTracker
from .reader import PvReader
from .rereads import Rereads, detached

_log = NetworkLog(logging.getLogger("roguebridge.holder"))
_QUEUED = 1.0  # seconds that an update may take from the tree's queue to its listeners


@dataclass(slots=True, eq=False, repr=False)
class PutOutcome:
    """Shows the values that the tree has after puts and commands, as far as they are true.

    The state of a put is in :class:`.PutTracker`.

    :param reader: of the node
    :param publisher: shows the samples
    :param puts: decides which updates may be believed
    :param rereads: reads the node again
    """

    _reader: PvReader
    _publisher: Publisher
    _puts: PutTracker
    _rereads: Rereads

    # Puts ---------------------------------------------------------------------------------------

    def begin_put(self, request: PutRequest) -> None:
        """A put begins to write: until it has ended, an update may have a value yet to be refused.

        The audit gets the value before.
        """
        services = self._reader.services
        if services.audit is not None:
            request.old = services.keep(self._value_before())
        if request.process is not False:
            with self._reader.lock:
                self._puts.begin()

    def _value_before(self) -> Any:
        # In the PV's terms. The value last shown if that of the tree is in doubt, or would have to
        # be computed; None if there is none.
        reader = self._reader
        if self._puts.doubtful or computed(reader.node):
            return self._publisher.last_value
        try:
            assert reader.conversion is not None  # noqa: S101 - it has just converted what is put
            return reader.conversion.converter.to_pv(reader.node.value())
        except BaseException as exc:  # a put that would replace it must not fail
            _log.debug("%s: no value before a put: %s", reader.path, exc)
            return None

    def show_put(self) -> None:
        """Show the value the tree has after a put has ended."""
        reader, puts = self._reader, self._puts
        reader.heard(puts.doubtful)
        if reader.watched and reader.conversion is not None:
            self._rereads.show_present(always=False)
            self._publisher.await_opening()
        else:
            with reader.lock:
                puts.closed()

    def show_failed_put(self, changed: bool) -> None:
        """A put has failed: show the true value.

        :param changed: the put may have changed the node, or the cache of the tree
        """
        reader = self._reader
        try:
            if changed:
                self._show_true_value()
        finally:
            with reader.lock:
                missed = self._puts.closed() and reader.watched
            if missed and reader.conversion is not None:
                self._rereads.show_present(always=False)  # an update was missed

    def _show_true_value(self) -> None:
        """Show the true value with a WRITE alarm.

        PyRogue keeps the refused value in its cache: only a read brings the true one back. Until
        one succeeds, no update of the node is believed; for a write-only node, until the update of
        the next write, which only a write that succeeds sends.
        """
        reader, publisher, puts = self._reader, self._publisher, self._puts
        value: Any = KEEP
        read_back = self._rereads.read_back()
        if read_back:
            with reader.lock:
                puts.ended(reader.watched)
            value = detached(reader.read())[0]
        true = value if reader.readable else self._refused()
        with reader.lock:
            puts.refused(true, read_back, reader.services.clock.monotonic() + _QUEUED)
            publisher.publish_now((value, WRITE), reader.services.time_ns())
            if reader.watched:
                puts.shown(None if value is KEEP else (value, WRITE))
        if not read_back:
            self._rereads.seek_truth()
            sources = reader.services.sources
            if sources is not None:
                sources.doubt(reader.node, True)
        self._publisher.await_opening()

    def doubt(self, doubtful: bool) -> None:
        """Show WRITE after a put to a mirror has failed, and the value when it has been read."""
        reader, puts = self._reader, self._puts
        if doubtful:
            with reader.lock:
                puts.refused(KEEP, False, reader.services.clock.monotonic())
                self._publisher.publish_now((KEEP, WRITE), reader.services.time_ns())
            self._rereads.seek_truth()
        elif puts.doubtful:
            self._rereads.show_present(always=True)

    def _refused(self) -> Any:
        # The cached value of a write-only node.
        try:
            return self._reader.node.value()
        except BaseException as exc:
            _log.debug("%s: no value after a failed put: %s", self._reader.path, exc)
            return KEEP

    # Commands -----------------------------------------------------------------------------------

    def show_running(self, running: bool, alarm: Alarm) -> None:
        """Show whether a command without argument runs, 1 or 0, and how the last run ended."""
        reader = self._reader
        with reader.lock:
            reader.set_run(running, alarm)
            self._publisher.publish_now((int(running), alarm), reader.services.time_ns())
        self._publisher.await_opening()

    def show_ended(self, failure: Alarm) -> None:
        """Show how a run of a command with an argument has ended."""
        self._reader.set_run(False, failure)
        if failure is NO_ALARM:
            self.show_put()
        else:
            self._publisher.show_alarm(failure)
            self._publisher.await_opening()

    # Reads that a client asks for ---------------------------------------------------------------

    def refresh(self, pv_name: str) -> Snapshot:
        """Read the variable, in hardware if it lives there, and show it.

        :param pv_name: the name by which a client asks for it
        :raises PutError: if it is write-only, or its value has no place in the PV
        :raises Exception: that of the tree; the PV shows it as an alarm
        """
        reader = self._reader
        if not reader.readable:
            raise PutError(f"{pv_name} is write-only (mode WO): it cannot be read")
        reader.find_converter()
        conversion = reader.conversion
        if conversion is None or conversion.is_provisional:
            raise PutError(f"{pv_name}: {reader.trouble}")
        try:
            reader.services.read_now(reader.node)
            if reader.services.sources is not None:
                reader.services.sources.read_unread(reader.path)
        except BaseException as exc:
            reader.in_trouble(f"it cannot be read: {words_of(exc)}")
            self._publisher.show_alarm(read_fault(exc, reader.is_hardware))
            self._publisher.await_opening()
            raise
        reader.heard(self._puts.doubtful)
        reading = self._rereads.show_present(always=True)
        self._publisher.await_opening()
        if reading.value is KEEP:
            raise PutError(f"{pv_name}: {reader.trouble}")
        return Snapshot(conversion.spec, reading)
