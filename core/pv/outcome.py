"""What a PV shows when a put or a command has ended; on the workers, before the answer."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from ..concurrency.workers import on_borrowed_thread
from ..tree.pyrogue import computed, read_now
from ..values.alarm import NO_ALARM, WRITE, Alarm
from ..values.reading import KEEP, Reading, Sample
from .hearing import Hearing

_log = logging.getLogger("roguebridge.holder")
_QUEUED = 1.0  # seconds that an update may take from the tree's queue to its listeners


class Outcome(Hearing):
    """Shows what the tree has made of puts and commands, as far as it is true."""

    __slots__ = ()

    def begin_put(self) -> None:
        """A put begins to write: what the tree tells until it has ended may be refused yet."""
        with self._lock:
            self._missed = False
            self._putting = True

    def end_put(self) -> None:
        """Show what was told meanwhile, if the outcome has not been shown; on a worker."""
        with self._lock:
            putting, self._putting = self._putting, False
            missed = self._missed and self._watching
        if putting and missed and self._conversion is not None:
            self._show_present(always=False)

    def show_after_put(self) -> None:
        """Show the value the tree has after a put has ended; on a worker, before its answer."""
        self._heard()
        if self._watching and self._conversion is not None:
            self._show_present(always=False)
            self._await_opening()
        self._putting = False  # if nobody looks

    def _show_present(self, always: bool) -> Reading:
        """Read and show what the tree has now, unless an update has shown it."""
        with self._lock:
            self._doubtful = self._putting = False
            self._recheck = self._watching
            before = self.updates
        read: list[Any] = []
        shown = _kept(self._read(read=read))
        now = self._time_of(*read)
        with self._lock:
            if self.updates == before and (always or shown != self._shown):
                self._publish(shown, now)
                self._echo = shown if self._watching else None
            self._release()  # an update that was heard meanwhile may be held back
            return Reading(shown[0], self._overall(shown[1]), self._shown_ns)

    @property
    def last_shown(self) -> Any:
        """The value last shown; None if it is no scalar or nothing was shown yet."""
        shown = self._shown
        return None if shown is None else shown[0]

    def value_in_tree(self) -> Any:
        """Return what the tree has now, in the PV's terms; on a worker that is about to put.

        :returns: the value last shown if that of the tree is in doubt, or would have to be worked
            out; None if there is none
        """
        if self._doubtful or computed(self.node):
            return self.last_shown
        try:
            assert self._conversion is not None  # noqa: S101 - it is about to convert what is put
            return self._conversion.converter.to_pv(self.node.value())
        except BaseException as exc:  # a put that would replace it must not fail
            _log.debug("%s: no value before a put: %s", self.path, exc)
            return None

    def show_failed_put(self) -> None:
        """Show the true value with a WRITE alarm after a put has failed; on a worker.

        PyRogue keeps the refused value in its cache: only a read brings the true one back. Until
        one succeeds, nothing the tree says of the node is believed; of a write-only one, until it
        tells of the next write, which it only does if that succeeds.
        """
        value: Any = KEEP
        doubtful = not self._read_back()
        if not doubtful:
            with self._lock:
                self._putting = False
                self._recheck = self._watching
            value = _kept(self._read())[0]
        known = value if self.readable else self._refused()
        with self._lock:
            self._doubtful, self._putting = doubtful, False
            self._true = (known, self.services.clock.monotonic() + _QUEUED)
            self._publish_now((value, WRITE), self.services.time_ns())
            if self._watching:
                self._echo = None if value is KEEP else (value, WRITE)
        if doubtful:
            self.seek_truth()
        self._await_opening()

    def _refused(self) -> Any:
        """Return what the tree has in its cache of a write-only node."""
        try:
            return self.node.value()
        except BaseException as exc:
            _log.debug("%s: no value after a failed put: %s", self.path, exc)
            return KEEP

    def _read_back(self) -> bool:
        try:
            if self.readable:
                read_now(self.node)
            return self.readable
        except BaseException as exc:
            _log.debug("%s: no read after a failed put: %s", self.path, exc)
            return False

    def seek_truth(self) -> None:
        """Have the doubted value read after a while, until it can be."""
        raise NotImplementedError  # pragma: no cover - the holder has the workers

    def show_running(self, running: bool, alarm: Alarm) -> None:
        """Show whether a command without argument runs, 1 or 0, and how the last run ended."""
        with self._lock:
            self._running, self._failure = running, alarm
            self._publish_now((int(running), alarm), self.services.time_ns())
        self._await_opening()

    def show_ended(self, failure: Alarm) -> None:
        """Show how a run of a command with an argument has ended; on a worker."""
        self._failure = failure
        if failure is NO_ALARM:
            self.show_after_put()
        else:
            self.show_alarm(failure)

    def show_alarm(self, alarm: Alarm) -> None:
        """Show an alarm on the present value, until the next good one."""
        with self._lock:
            if self._watching:
                self._publish_now((KEEP, alarm), self.services.time_ns())
        self._await_opening()

    def _await_opening(self) -> None:
        # A put may have run before ServedPv.open() returned to its caller, who then posts what
        # came meanwhile: the answer must not be faster. A network thread may be the one to open it.
        if on_borrowed_thread():
            return
        with self._lock:
            openings = [outlet.opening for outlet in self._outlets]
        for opening in openings:
            if opening is not None:
                opening.wait(self.services.open_timeout)


def _kept(shown: Sample) -> Sample:
    # The tree may change an array in place: what is compared later must be a copy.
    value, alarm = shown
    return (value.copy(), alarm) if isinstance(value, np.ndarray) else shown
