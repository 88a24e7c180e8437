"""Updates: collected per thread in batches, delivered by one worker thread that errors end."""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from roguebridge.simtree.log import logException

Batch = dict[str, Any]


class UpdateTracker:
    """The batch that one thread is collecting.

    :param target: the queue that finished batches go to.
    """

    def __init__(self, target: queue.Queue[Any]) -> None:
        self._target = target
        self._count = 0
        self._period = 0.0
        self._last = time.monotonic()
        self._batch: Batch = {}

    def enter(self, period: float) -> None:
        """Begin a group, perhaps within another.

        :param period: seconds after which the batch is sent although the group lasts; 0 for never.
        """
        if self._count == 0 or period > self._period:
            self._period = period
        self._count += 1

    def leave(self) -> None:
        """End a group."""
        self._count = max(0, self._count - 1)
        self._check()

    def update(self, var: Any) -> None:
        """Add a variable to the batch.

        :param var: the variable.
        """
        self._batch[var.path] = var
        self._check()

    def _check(self) -> None:
        now = time.monotonic()
        late = self._period != 0 and now - self._last > self._period
        if self._batch and (self._count == 0 or late):
            self._last = now
            self._target.put(self._batch)
            self._batch = {}


class Updates:
    """The update half of a root.

    The worker survives failing root listeners and done functions. A failing variable listener,
    getter, text or alarm check ends it and with it all updates, as in PyRogue.
    """

    _log: Any
    _running: bool

    def __init__(self) -> None:
        self._updateQueue: queue.Queue[Any] = queue.Queue()
        self._updateThread: threading.Thread | None = None
        self._updateLock = threading.Lock()
        self._updateTrack: dict[int, UpdateTracker] = {}
        self._varListeners: list[tuple[Callable[..., Any], Any, Any, Any]] = []
        self._varListenLock = threading.Lock()

    def addVarListener(
        self,
        func: Callable[[str, Any], Any],
        *,
        done: Callable[[], Any] | None = None,
        incGroups: str | list[str] | None = None,
        excGroups: str | list[str] | None = None,
    ) -> None:
        """Add a listener to all updates; it cannot be removed.

        :param func: function (path, VariableValue).
        :param done: called after each batch.
        :param incGroups: group filter.
        :param excGroups: group filter.
        """
        with self._varListenLock:
            self._varListeners.append((func, done, incGroups, excGroups))

    def _tracker(self) -> UpdateTracker:
        ident = threading.get_ident()
        with self._updateLock:
            if ident not in self._updateTrack:
                self._updateTrack[ident] = UpdateTracker(self._updateQueue)
            return self._updateTrack[ident]

    @contextmanager
    def updateGroup(self, period: float = 0) -> Iterator[None]:
        """Collect this thread's updates into one batch.

        :param period: seconds between batches in a long group; 0 for one at the end.
        """
        tracker = self._tracker()
        tracker.enter(period)
        try:
            yield
        finally:
            tracker.leave()

    def waitOnUpdate(self) -> None:
        """Wait until all queued updates are delivered; at once if the root does not run."""
        if not self._running:
            return
        barrier = threading.Event()
        self._updateQueue.put(barrier)
        while not barrier.wait(timeout=0.1):
            if not self._running:
                return

    def _queueUpdates(self, var: Any) -> None:
        self._tracker().update(var)

    def _updateWorker(self) -> None:
        while True:
            batch = self._updateQueue.get()
            if batch is None:
                return
            if isinstance(batch, threading.Event):
                batch.set()
            elif batch:
                self._deliver(batch)

    def _deliver(self, batch: Batch) -> None:
        complete = dict(batch)
        for var in batch.values():
            self._add_dependents(complete, var)
        for path, var in complete.items():
            value = var._doUpdate()  # noqa: SLF001
            with self._varListenLock:
                for func, _, inc, exc in self._varListeners:
                    if var.filterByGroup(inc, exc):
                        self._guarded(func, path, value, quiet=self._holdsLog(var))
        with self._varListenLock:
            for _, done, _, _ in self._varListeners:
                if done is not None:
                    self._guarded(done)

    def _add_dependents(self, complete: Batch, var: Any) -> None:
        for dependent in var.dependents:
            complete[dependent.path] = dependent
            self._add_dependents(complete, dependent)

    def _holdsLog(self, var: Any) -> bool:
        """Tell whether a record about the variable would change it, and so on for ever."""
        return False

    def _guarded(self, func: Callable[..., Any], *args: Any, quiet: bool = False) -> None:
        try:
            func(*args)
        except Exception as e:
            if quiet:
                sys.stderr.write(f"A listener of the system log failed: {e!r}\n")
            else:
                logException(self._log, e)
