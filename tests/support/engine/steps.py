"""Jobs that say how far they are, and a pool to run them."""

import threading

from roguebridge.core.concurrency.jobs import Job
from roguebridge.core.concurrency.workers import WorkerPool
from support.engine.fakes import WAIT, FakeClock, bridge_threads

NAME = "roguebridge-test"


class Step(Job):
    """Says that it has begun, waits for its gate, says that it has ended."""

    def __init__(self, name, lane, device="D", gate=None, work=None):
        super().__init__(lane, device)
        self.name = name
        self.gate = gate
        self.work = work
        self.begun = threading.Event()
        self.ended = threading.Event()
        self.abandoned = []

    def run(self):
        self.begun.set()
        if self.gate is not None:
            assert self.gate.wait(WAIT)
        if self.work is not None:
            self.work()
        self.ended.set()

    def abandon(self, reason):
        self.abandoned.append(reason)


class Pool:
    """A pool on a clock that stands still, ended whatever the test does."""

    def __init__(self):
        self.clock = FakeClock()
        self.gates = []
        self.pools = []

    def make(self, **limits):
        pool = WorkerPool(NAME, self.clock, **limits)
        self.pools.append(pool)
        return pool

    def gate(self):
        self.gates.append(threading.Event())
        return self.gates[-1]

    def end(self):
        for gate in self.gates:
            gate.set()
        for pool in self.pools:
            pool.stop()


def submit(pool, *jobs):
    for job in jobs:
        assert pool.submit(job) is None
    return jobs


def begun(*jobs):
    for job in jobs:
        assert job.begun.wait(WAIT), f"{job.name} does not begin"


def ended(*jobs):
    for job in jobs:
        assert job.ended.wait(WAIT), f"{job.name} does not end"


def my_threads():
    return [name for name in bridge_threads() if name.startswith(NAME)]
