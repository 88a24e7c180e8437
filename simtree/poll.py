"""The poll thread: reads each block at the shortest interval its variables ask for."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from roguebridge.simtree.log import logException, logInit
from roguebridge.simtree.memory import READ

if TYPE_CHECKING:
    from roguebridge.simtree.root import Root


@dataclass
class Entry:
    """A block to poll: `due` on the monotonic clock, `interval` in seconds."""

    block: Any
    interval: float
    due: float


class PollQueue:
    """Polls all due blocks in one cycle, that is one update batch.

    The lock is held during a cycle: pausing and changing intervals wait for its end.

    :param root: the tree.
    """

    def __init__(self, *, root: Root) -> None:
        self._root = root
        self._entries: dict[int, Entry] = {}
        self._counter = itertools.count()  # counts the polls, as PyRogue's
        self._condLock = threading.Condition(threading.RLock())
        self._run, self._pause, self.blockCount = True, True, 0
        self._pollThread = threading.Thread(target=self._poll, name=f"{root.name}_poll")
        self._log = logInit(cls=self)

    def _start(self) -> None:
        self._pollThread.start()

    def _stop(self) -> None:
        with self._condLock:
            self._run = False
            self._condLock.notify()
        if self._pollThread.is_alive() and self._pollThread is not threading.current_thread():
            self._pollThread.join()

    def alive(self) -> bool:
        """Tell whether the thread runs."""
        return self._pollThread.is_alive()

    def pause(self, value: bool) -> None:
        """Stop or resume polling.

        :param value: True pauses.
        """
        with self._condLock:
            self._pause = value is True
            self._condLock.notify()

    def paused(self) -> bool:
        """Tell whether polling is paused."""
        with self._condLock:
            return self._pause

    def hold(self, step: int) -> None:
        """Count the users that hold off polling.

        :param step: 1 to enter, -1 to leave.
        """
        with self._condLock:
            self.blockCount += step
            self._condLock.notify()

    def updatePollInterval(self, var: Any) -> None:
        """Follow a changed interval; that of a link goes to its dependencies if shorter.

        :param var: the variable.
        """
        with self._condLock:
            block = var.block
            if block is None:
                wanted = var.requestedPollInterval
                for dep in var.dependencies:
                    if wanted != 0 and (dep.pollInterval == 0 or wanted < dep.pollInterval):
                        dep.setPollInterval(wanted)
                return
            entry = self._entries.get(id(block))
            if entry is None:
                if var.pollInterval > 0:
                    self._add(block, var.pollInterval)
                return
            intervals = [v.pollInterval for v in block.variables if v.pollInterval > 0]
            if not intervals:
                del self._entries[id(block)]
            elif min(intervals) != entry.interval:
                self._add(block, min(intervals))

    def _add(self, block: Any, interval: float) -> None:
        seconds = timedelta(seconds=interval).total_seconds()  # OverflowError as in PyRogue
        self._entries[id(block)] = Entry(block, seconds, time.monotonic())
        self._condLock.notify()

    def _poll(self) -> None:
        while True:
            with self._condLock:
                self._condLock.wait_for(lambda: not self._run or self._due_in() is not None)
                delay = self._due_in()
                if self._run and delay is not None and delay > 0:
                    self._condLock.wait(delay)
                if not self._run:
                    return
                delay = self._due_in()
                if delay is not None and delay <= 0:
                    self._cycle()

    def _due_in(self) -> float | None:
        if self._pause or self.blockCount or not self._entries:
            return None
        return min(e.due for e in self._entries.values()) - time.monotonic()

    def _cycle(self) -> None:
        now = time.monotonic()
        due = sorted((e for e in self._entries.values() if e.due <= now), key=lambda e: e.due)
        with self._root.updateGroup():
            for entry in due:
                self._guarded(entry.block.start, READ)
                # As in PyRogue, an interval that leads beyond the calendar ends the thread.
                datetime.now() + timedelta(seconds=entry.interval)
                entry.due = now + entry.interval
                next(self._counter)
            for entry in due:
                self._guarded(entry.block.check)

    def _guarded(self, action: Any, *args: Any) -> None:
        try:
            action(*args)
        except Exception as e:
            logException(self._log, e)
