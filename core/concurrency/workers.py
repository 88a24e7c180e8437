"""Bounded workers: tree calls run here, in order per PV, and no device takes all threads."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from .clock import Clock
from .jobs import Job
from .network_log import NetworkLog

_log = NetworkLog(logging.getLogger("roguebridge.workers"))

BUSY = "busy: too many requests are waiting"
STOPPING = "server stopping"
_RETRY = 0.1  # seconds from a refusal to the next attempt
_CALLER = threading.Thread(name="network-thread")  # stands for one; never started
_thread = threading.local()  # whether it runs a job that has no worker


def on_borrowed_thread() -> bool:
    """Tell whether the present job runs on its caller's thread, which it must not block."""
    return getattr(_thread, "is_borrowed", False)


def submit_until_taken(submit: Callable[[Job], str | None], job: Job, clock: Clock) -> None:
    """Submit a job; while the workers are busy, submit it again after a moment.

    Never blocks. A job that is refused for another reason, because the server stops, is dropped.

    :param submit: takes a job, or returns why it is refused
    :param clock: times the attempts
    """
    if submit(job) == BUSY:
        clock.call_later(_RETRY, lambda: submit_until_taken(submit, job, clock))


@dataclass(slots=True, eq=False, repr=False)
class _Device:
    """The queues of one device: lanes with work that none of its running jobs belongs to."""

    running: int = 0
    ready: deque[str] = field(default_factory=deque)
    listed: bool = False


@dataclass(eq=False, repr=False)
class WorkerPool:
    """A fixed number of threads over per-lane queues.

    A job that must wait, for its lane or its device, waits without holding a thread. Devices
    with work are served in turn.

    :param name: prefix of the thread names
    :param clock: times :meth:`drain`
    :param threads: most threads; they are made as needed and then stay until :meth:`stop`
    :param per_device: most jobs of one device at a time
    :param queue_limit: most jobs waiting in all; :meth:`submit` refuses beyond
    """

    name: str
    clock: Clock
    threads: int = 32
    per_device: int = 4
    queue_limit: int = 10_000

    def __post_init__(self) -> None:
        lock = threading.Lock()
        self._work_ready = threading.Condition(lock)
        self._job_ended = threading.Condition(lock)
        self._lock = lock
        self._lanes: dict[str, list[Job]] = {}  # most have one job
        self._devices: dict[str, _Device] = {}
        self._turn: deque[str] = deque()
        self._running: dict[Job, tuple[threading.Thread, float]] = {}  # and since when
        self._waiting = 0
        self._idle = 0  # waiting threads that nobody has woken yet
        self._waking = False  # a thread has been woken, or begun, and does not run yet
        self._threads: list[threading.Thread] = []
        self._accepting = True
        self._ended = False

    def submit(self, job: Job) -> str | None:
        """Queue ``job``; returns None, or the reason why it is refused."""
        with self._lock:
            if not self._accepting:
                return STOPPING
            if self._waiting >= self.queue_limit:
                return BUSY
            self._waiting += 1
            queue = self._lanes.get(job.lane)
            if queue is not None:  # the lane is running or already listed as ready
                queue.append(job)
                return None
            self._lanes[job.lane] = [job]
            device = self._devices.setdefault(job.device, _Device())
            device.ready.append(job.lane)
            self._list(job.device, device)
            self._wake()
        return None

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return self._waiting

    def longest(self) -> tuple[str, threading.Thread, float] | None:
        """Return lane, thread and begin (monotonic) of the job that has run longest, or None."""
        with self._lock:
            running = [
                (job.lane, thread, since)
                for job, (thread, since) in self._running.items()
                if thread is not _CALLER
            ]
        return min(running, key=lambda one: one[2], default=None)

    def run_here(self, job: Job, still: Callable[[], bool] = lambda: True) -> bool:
        """Run ``job`` now, on the calling thread, which it must not block.

        :param still: asked under the lock; False if the job might block after all
        :returns: False if a job of the lane is queued or runs, or no jobs are accepted
        """
        with self._lock:
            if not self._accepting or job.lane in self._lanes or not still():
                return False
            self._lanes[job.lane] = []
            self._devices.setdefault(job.device, _Device()).running += 1
            self._running[job] = _CALLER, 0.0
        _thread.is_borrowed = True
        self._run(job)
        _thread.is_borrowed = False
        with self._lock:
            self._wake()  # for what has come meanwhile
        return True

    def _wake(self) -> None:
        # With the lock held. One thread wakes the next: a burst of short jobs is done by
        # few threads without a switch for each, and one that blocks has woken its successor.
        if self._waking or not self._turn:  # nothing to do, or a device is at its limit
            return
        if self._idle:
            self._idle -= 1
            self._work_ready.notify()
            self._waking = True
        elif len(self._threads) < self.threads:
            self._waking = self._add_thread()

    def refuse(self) -> None:
        """Take no new jobs from now on."""
        with self._lock:
            self._accepting = False

    def drain(self, timeout: float) -> list[Job]:
        """Take no new jobs and wait until all have run, but for a job of the calling thread.

        :param timeout: seconds to wait
        :returns: what is left then, running and queued jobs, the calling thread's own among them;
            the queued ones will never run
        """
        me = threading.current_thread()
        expired = False

        def expire() -> None:
            nonlocal expired
            with self._lock:
                expired = True
                self._job_ended.notify_all()

        timer = self.clock.call_later(timeout, expire)
        with self._lock:
            self._accepting = False
            while not expired and (
                self._waiting or any(thread is not me for thread, _ in self._running.values())
            ):
                self._job_ended.wait()
            left = list(self._running)
            left += [job for queue in self._lanes.values() for job in queue]
            self._lanes.clear()
            self._devices.clear()
            self._turn.clear()
            self._waiting = 0
        timer.cancel()
        return left

    def stop(self) -> list[str]:
        """End the threads, after :meth:`drain`; returns the names of those the tree still holds."""
        me = threading.current_thread()
        with self._lock:
            self._accepting = False
            self._ended = True
            self._idle = 0
            self._work_ready.notify_all()
            held = {thread for thread, _ in self._running.values() if thread is not me}
            threads, self._threads = self._threads, []
        for thread in threads:
            if thread is not me and thread not in held:
                thread.join()
        return sorted(thread.name for thread in held)

    def _add_thread(self) -> bool:
        thread = threading.Thread(
            target=self._work, name=f"{self.name}-{len(self._threads)}", daemon=True
        )
        try:
            thread.start()
        except RuntimeError as exc:  # the process has as many as it may have
            _log.error("%s: no thread can be begun: %s", thread.name, exc)
            return False
        self._threads.append(thread)
        return True

    def _list(self, name: str, device: _Device) -> None:
        if device.ready and not device.listed and device.running < self.per_device:
            device.listed = True
            self._turn.append(name)

    def _work(self) -> None:
        _schedule_like_the_process()
        with self._lock:
            self._waking = False
        while True:
            with self._lock:
                while not self._turn:
                    if self._ended:
                        return
                    self._idle += 1
                    self._work_ready.wait()
                    self._waking = False
                job = self._take()
                self._wake()
            self._run(job)
            del job  # outside the lock: it may hold the last reference to a request

    def _run(self, job: Job) -> None:
        try:
            job.run()
        except BaseException:
            _log.exception("a job of %s failed", job.lane)
        with self._lock:
            self._finish(job)
            if not self._accepting:
                self._job_ended.notify_all()

    def _take(self) -> Job:
        name = self._turn.popleft()
        device = self._devices[name]
        device.listed = False
        job = self._lanes[device.ready.popleft()].pop(0)
        device.running += 1
        self._list(name, device)
        self._waiting -= 1
        self._running[job] = threading.current_thread(), self.clock.monotonic()
        return job

    def _finish(self, job: Job) -> None:
        del self._running[job]
        device = self._devices.get(job.device)
        if device is None:  # drained meanwhile
            return
        device.running -= 1
        queue = self._lanes[job.lane]
        if queue:
            device.ready.append(job.lane)
        else:
            del self._lanes[job.lane]
        self._list(job.device, device)
        if not device.running and not device.ready:
            del self._devices[job.device]


def _schedule_like_the_process() -> None:
    # A thread inherits the scheduling class of its starter, which may be a network thread that a
    # protocol library has made a real-time one: tree code must not keep others from the processor.
    if not hasattr(os, "sched_setscheduler"):  # pragma: no cover - not on Linux
        return
    try:
        usual = os.sched_getscheduler(os.getpid())
        if os.sched_getscheduler(0) != usual:
            os.sched_setscheduler(0, usual, os.sched_getparam(os.getpid()))
    except OSError as exc:  # pragma: no cover - containers may forbid it
        _log.debug("a worker keeps its scheduling class: %s", exc)
