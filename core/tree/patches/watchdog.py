"""Watches the tree's only update thread: revives it when it has died, reports when it is held up.

PyRogue catches nothing that a variable listener, a getter, a text or an alarm check raises: its
update thread ends, and no update of any variable arrives ever again. The tree goes on otherwise
and says nothing; only ``threading.excepthook`` hears of it. A delivery that does not return has the
same effect, except that the thread is still there.
"""

from __future__ import annotations

import logging
import math
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import FrameType, TracebackType
from typing import Any, NamedTuple

from ...concurrency.clock import Clock, Timer
from ...errors import in_words
from ..frames import whereabouts
from .thread_deaths import ThreadDeaths
from .update_frames import batch_of, delivered, delivery, raised_in, running_in
from .update_guard import Failed, Guard, guard

_log = logging.getLogger("roguebridge.watchdog")
_PERIOD = 1.0  # seconds between two checks, and between revivals that change nothing
_LOG_INTERVAL = 60.0  # seconds between two records about one variable
_reviving = threading.Lock()  # of all servers: a tree must never have two update threads


class _Death(NamedTuple):
    thread: threading.Thread
    variable: Any  # None if not known
    text: str
    batch: Sequence[Any] = ()  # the variables whose updates have been lost; empty if not known


@dataclass(eq=False)
class Watchdog:
    """Keeps the update thread of one root alive, and says when it is not.

    All callbacks but ``on_failed`` are made on a thread of the watchdog's own, one after the other,
    so they may block. What any of them raises is logged. A root without an update thread, as a
    remote one, is not watched.

    :param root: the root of the tree; running when :meth:`start` is called
    :param clock: times the checks
    :param stuck_after: seconds that one delivery may take before the thread counts as held up
    :param on_fault: told what has happened, before anything is done about it
    :param on_well: updates are delivered again; the rest of the batch in which the thread died has
        been lost, and later changes may not have reached the listeners
    :param on_failed: a guarded variable could not be delivered, or not to all of its listeners;
        told its path and what was raised, on the update thread: it must be short, and keep
        neither exception nor traceback
    :param log: told the same as ``on_fault``, and what is done; once a minute per variable at most
    :param on_lost: told, before ``on_well``, the variables whose updates a death has lost: the tree
        has read all of them; none if that cannot be known
    """

    root: Any
    clock: Clock
    stuck_after: float
    on_fault: Callable[[str], None]
    on_well: Callable[[], None]
    on_failed: Failed
    log: Callable[[str], None]
    on_lost: Callable[[Sequence[Any]], None] = lambda variables: None
    fault: str | None = field(default=None, init=False)
    """The problem while the update thread is dead or held up; only the watchdog writes it."""
    revivals: int = field(default=0, init=False)
    """How often the update thread was started again."""
    _thread: threading.Thread | None = field(default=None, init=False)

    # Lifecycle --------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to watch; the first check is made at once. Does nothing if started."""
        # Asked of its class and its own attributes: a remote root would go and ask its server.
        worker = getattr(self.root, "__dict__", {}).get("_updateThread")
        if not isinstance(worker, threading.Thread) or not hasattr(
            type(self.root), "_updateWorker"
        ):
            return
        if self._thread is not None:
            return
        self._worker: threading.Thread = worker
        self._deaths: deque[_Death] = deque()
        self._reported: threading.Thread | None = None  # the last whose death was told
        self._dead: threading.Thread | None = None  # to be replaced
        self._revive_at = self._revived = -math.inf
        self._held: FrameType | None = None
        self._since = 0.0
        self._guards: list[Guard] = []
        self._logged: dict[str, float] = {}
        self._timer = Timer(lambda: None)
        self._wake: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._wake.put(True)
        self._thread = threading.Thread(target=self._run, name="roguebridge-watchdog", daemon=True)
        self._thread.start()
        self._hook = ThreadDeaths(self._heard)

    def stop(self) -> None:
        """Watch no more, and take back every guard; does nothing if stopped, never raises."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._hook.remove()
        self._timer.cancel()
        self._wake.put(False)
        if thread is not threading.current_thread():
            thread.join(5.0)
        for present in self._guards:
            _safely(present.tell_no_more, self.on_failed)
        self._guards = []
        self._held = self.fault = None

    def delivers(self) -> str:
        """Return the path of the variable that is being delivered now; empty if there is none."""
        if self._thread is None:
            return ""
        path = getattr(delivered(running_in(self._worker)), "path", "")
        return path if isinstance(path, str) else ""

    def _run(self) -> None:
        wake = self._wake
        while wake.get():
            _safely(self._check)
            if self._is_mine():
                self._timer.cancel()
                self._timer = self.clock.call_later(_PERIOD, lambda: wake.put(True))

    # Hearing of a death, on the thread that dies ----------------------------------------------

    def _heard(self, args: threading.ExceptHookArgs) -> None:
        thread = args.thread
        if thread is self._worker or thread is self.root._updateThread:  # noqa: SLF001
            exc = args.exc_type() if args.exc_value is None else args.exc_value
            self._note(thread, exc, args.exc_traceback)

    def _note(self, thread: Any, exc: BaseException, tb: TracebackType | None) -> None:
        # Neither exception nor frame is stored: they hold the values of the whole batch.
        if self._thread is None:
            return
        places = raised_in(tb)
        variable = delivered(places)
        text = f"was ended{_by(variable)}: {in_words(exc)} ({whereabouts(places)})"
        self._deaths.append(_Death(thread, variable, text, batch_of(places)))
        self._wake.put(True)

    # Checks, on the watchdog's thread ---------------------------------------------------------

    def _check(self) -> None:
        # In this order: a worker that ends properly does so after the root has ceased to run, and
        # one that dies has called the hook before it is no longer alive.
        alive = self._worker.is_alive()
        if not self.root.running:
            return
        while self._deaths:
            self._report(self._deaths.popleft())
        if not alive and self._dead is None:
            self._report(_Death(self._worker, None, "has ended for an unknown reason"))
        if self._dead is None:
            self._look_at_delivery()
        elif self.clock.monotonic() >= self._revive_at:
            self._revive(self._dead)

    def _report(self, death: _Death) -> None:
        if death.thread is self._reported:
            return
        self._reported = self._dead = death.thread
        self._held = None
        text = f"the tree's update thread {death.text}"
        self._turn(text)
        if self._is_mine():
            _safely(self.on_lost, death.batch)
        # A tree that dies of something else at each update must not keep everybody busy.
        now = self.clock.monotonic()
        self._revive_at = now if self._guard(death.variable) else self._revived + _PERIOD
        key = _by(death.variable)
        if now - self._logged.get(key, -math.inf) >= _LOG_INTERVAL:
            self._logged[key] = now
            _safely(self.log, f"{text}; it is started again")

    def _guard(self, variable: Any) -> bool:
        made = None
        if variable is not None and self._is_mine():
            try:
                made = guard(variable, self.on_failed)
            except Exception:
                _log.exception("%r cannot be guarded", variable)
        if made is not None:
            self._guards.append(made)
        return made is not None

    def _revive(self, dead: threading.Thread) -> None:
        root = self.root
        with _reviving:
            if root.running and root._updateThread is dead:  # noqa: SLF001
                thread = threading.Thread(target=self._work, name=dead.name, daemon=dead.daemon)
                thread.start()
                root._updateThread = thread  # noqa: SLF001
                self.revivals += 1
        if root.running:
            self._worker, self._dead = root._updateThread, None  # noqa: SLF001
            self._revived = self.clock.monotonic()
            self._turn(None)

    def _work(self) -> None:
        # The root is stopped before it joins its thread. So either this thread is joined, with a
        # word in the queue that ends it, or it sees here that there is nothing left to do.
        with _reviving:
            pass  # until the root has been given this thread
        if not self.root.running:
            return
        try:
            self.root._updateWorker()  # noqa: SLF001
        except BaseException as exc:  # the hook may have been replaced
            _safely(self._note, threading.current_thread(), exc, exc.__traceback__)
            raise

    def _look_at_delivery(self) -> None:
        places = running_in(self._worker)
        current = delivery(places)
        now = self.clock.monotonic()
        if current is not self._held:
            # Stored to know it from a later one, and only that long: it holds the values.
            self._held, self._since = current, now
            if self.fault is not None:
                self._turn(None)
        elif current is not None and self.fault is None and now - self._since >= self.stuck_after:
            text = (
                f"the tree's update thread has been held up for {now - self._since:.0f} s"
                f"{_by(delivered(places))} ({whereabouts(places)})"
            )
            self._turn(text)
            _safely(self.log, text)

    def _turn(self, fault: str | None) -> None:
        if self._is_mine():
            self.fault = fault
            call = self.on_well if fault is None else partial(self.on_fault, fault)
            _safely(call)

    def _is_mine(self) -> bool:
        # False once stopped, which a callback may have done just now.
        return self._thread is threading.current_thread()


def _by(variable: Any) -> str:
    return "" if variable is None else f" by {variable.path}"


def _safely(call: Callable[..., object], *args: Any) -> None:
    try:
        call(*args)
    except BaseException:
        _log.exception("the watchdog of the update thread goes on after an error")
