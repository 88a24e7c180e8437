"""A pool is drained and stopped, in time."""

import queue
import threading

from support.engine.fakes import WAIT, FakeClock, join
from support.engine.steps import NAME, Step, begun, ended, my_threads, submit

from roguebridge.core.concurrency.workers import STOPPING


def test_drain_waits_for_running_and_queued_jobs(bench):
    pool = bench.make(threads=1)
    gate = bench.gate()
    jobs = submit(pool, Step(0, "L", gate=gate), Step(1, "L"), Step(2, "M"))
    begun(jobs[0])
    left = queue.Queue()
    drainer = threading.Thread(target=lambda: left.put(pool.drain(5)))
    drainer.start()
    gate.set()
    assert left.get(timeout=WAIT) == []
    join(drainer)
    assert all(job.ended.is_set() for job in jobs)


def test_drain_gives_up_when_the_clock_says_so(bench):
    pool = bench.make(threads=1)
    gate = bench.gate()
    running, queued, other = submit(pool, Step(0, "L", gate=gate), Step(1, "L"), Step(2, "M", "E"))
    begun(running)
    timed = threading.Event()
    call_later = bench.clock.call_later

    def noting(delay, call):
        timer = call_later(delay, call)
        timed.set()
        return timer

    bench.clock.call_later = noting
    left = queue.Queue()
    drainer = threading.Thread(target=lambda: left.put(pool.drain(5)))
    drainer.start()
    assert timed.wait(WAIT)
    bench.clock.advance(4.9)
    assert left.empty()
    bench.clock.advance(0.2)
    assert set(left.get(timeout=WAIT)) == {running, queued, other}
    join(drainer)
    gate.set()
    ended(running)
    pool.stop()
    assert not queued.begun.is_set()
    assert not other.begun.is_set()


def test_a_job_may_drain_its_own_pool_and_is_what_is_left(bench):
    pool = bench.make(threads=2)
    left = queue.Queue()
    (job,) = submit(pool, Step("drainer", "L", work=lambda: left.put(pool.drain(5))))
    assert left.get(timeout=WAIT) == [job]


def test_stop_ends_the_threads(bench):
    pool = bench.make(threads=4)
    gate = bench.gate()
    jobs = submit(pool, *[Step(n, f"L{n}", gate=gate) for n in range(4)])
    begun(*jobs)
    gate.set()
    assert pool.drain(5) == []
    assert pool.stop() == []
    assert my_threads() == []
    assert pool.submit(Step("late", "L")) == STOPPING


def test_stop_names_the_threads_that_the_tree_holds_and_does_not_wait_for_them(bench):
    pool = bench.make(threads=2)
    gate = bench.gate()
    (held,) = submit(pool, Step("held", "L", gate=gate))
    begun(held)
    bench.clock.call_later = lambda delay, call: FakeClock.call_later(bench.clock, 0, call)
    drained = queue.Queue()
    drainer = threading.Thread(target=lambda: drained.put(pool.drain(0)))
    drainer.start()
    while drained.empty():
        bench.clock.advance(1)
    join(drainer)
    assert drained.get() == [held]
    (name,) = pool.stop()
    assert name.startswith(NAME)
    holder = next(t for t in threading.enumerate() if t.name == name)
    gate.set()
    ended(held)
    join(holder)


def test_an_idle_pool_drains_and_stops_at_once(bench):
    pool = bench.make()
    assert pool.drain(5) == []
    assert pool.stop() == []
