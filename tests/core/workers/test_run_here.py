import queue
import threading
import time

import pytest
from support.fakes import WAIT, FakeClock, bridge_threads, join

from roguebridge.core.workers import BUSY, STOPPING, Job, WorkerPool, on_borrowed_thread

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


@pytest.fixture
def bench():
    bench = Pool()
    yield bench
    bench.end()


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


def test_one_lane_runs_its_jobs_one_by_one_in_order(bench):
    pool = bench.make()
    order, running, most = [], [], []

    def work(number):
        running.append(number)
        most.append(len(running))
        order.append(number)
        running.remove(number)

    jobs = submit(pool, *[Step(n, "L", work=lambda n=n: work(n)) for n in range(200)])
    ended(*jobs)
    assert order == list(range(200))
    assert set(most) == {1}


def test_lanes_of_one_device_run_side_by_side(bench):
    pool = bench.make()
    gate = bench.gate()
    begun(*submit(pool, *[Step(n, f"L{n}", gate=gate) for n in range(4)]))


def test_a_device_has_no_more_than_its_limit_running_and_the_rest_hold_no_thread(bench):
    pool = bench.make(threads=8, per_device=2)
    gate = bench.gate()
    slow = submit(pool, *[Step(n, f"L{n}", "slow", gate) for n in range(4)])
    begun(*slow[:2])
    slow += submit(pool, *[Step(n, f"L{n}", "slow", gate) for n in range(4, 6)])
    # six threads are left for others
    others = submit(pool, *[Step(n, f"M{n}", f"D{n}", gate) for n in range(6)])
    begun(*others)
    assert [job.begun.is_set() for job in slow[2:]] == [False] * 4
    gate.set()
    ended(*slow, *others)


def test_a_device_goes_on_with_its_next_lane_as_one_ends(bench):
    pool = bench.make(per_device=1)
    gates = [bench.gate() for _ in range(3)]
    jobs = submit(pool, *[Step(n, f"L{n}", "D", gates[n]) for n in range(3)])
    for job, gate, following in zip(jobs, gates, [*jobs[1:], None], strict=True):
        begun(job)
        assert following is None or not following.begun.is_set()
        gate.set()
        ended(job)


def test_devices_are_served_in_turn_however_much_one_of_them_asks(bench):
    pool = bench.make(threads=1)
    gate = bench.gate()
    order = []
    (first,) = submit(pool, Step("gate", "G", "G", gate))
    begun(first)
    greedy = [Step(n, f"L{n}", "greedy", work=lambda: order.append("g")) for n in range(50)]
    modest = [Step(n, f"M{n}", "modest", work=lambda: order.append("m")) for n in range(2)]
    submit(pool, *greedy, *modest)
    gate.set()
    ended(*greedy, *modest)
    assert order[:4] == ["g", "m", "g", "m"]


def test_lanes_of_a_device_are_served_in_turn(bench):
    pool = bench.make(threads=1)
    gate = bench.gate()
    order = []
    begun(*submit(pool, Step("gate", "G", "G", gate)))
    jobs = [
        Step(n, lane, work=lambda lane=lane: order.append(lane)) for n in range(3) for lane in "aab"
    ]
    submit(pool, *jobs)
    gate.set()
    ended(*jobs)
    assert order[:4] == ["a", "b", "a", "b"]


def test_beyond_the_queue_limit_the_answer_is_busy_until_there_is_room(bench):
    pool = bench.make(threads=1, queue_limit=3)
    gate = bench.gate()
    (first,) = submit(pool, Step("first", "L0", gate=gate))
    begun(first)  # a running job does not wait
    waiting = submit(pool, Step(1, "L0"), Step(2, "L1"), Step(3, "L2"))
    assert pool.submit(Step(4, "L9")) == BUSY
    gate.set()
    ended(first, *waiting)
    ended(*submit(pool, Step(5, "L9")))


def test_after_refuse_nothing_new_is_taken_and_the_old_is_run(bench):
    pool = bench.make(threads=1)
    gate = bench.gate()
    jobs = submit(pool, Step(0, "L", gate=gate), Step(1, "L"))
    pool.refuse()
    late = Step(2, "M")
    assert pool.submit(late) == STOPPING
    gate.set()
    ended(*jobs)
    assert not late.begun.is_set()


def test_threads_are_made_as_needed_and_kept(bench):
    pool = bench.make(threads=4)
    assert my_threads() == []
    for number in range(20):
        ended(*submit(pool, Step(number, f"L{number}")))
        settle(pool)
    assert len(my_threads()) == 1


def settle(pool):
    """Wait until every thread of the pool is idle."""
    limit = time.monotonic() + WAIT
    while time.monotonic() < limit:
        with pool._lock:
            if not pool._running and pool._idle == len(pool._threads):
                return
    pytest.fail("the threads do not come to rest")


def test_there_are_never_more_threads_than_allowed(bench):
    pool = bench.make(threads=3, per_device=100)
    gate = bench.gate()
    jobs = submit(pool, *[Step(n, f"L{n}", f"D{n}", gate) for n in range(10)])
    begun(*jobs[:3])
    assert len(my_threads()) == 3
    gate.set()
    ended(*jobs)


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(1), KeyboardInterrupt()], ids=repr)
def test_a_raising_job_harms_no_other(bench, error, caplog):
    pool = bench.make(threads=1)

    def fail():
        raise error

    after = Step("after", "L")
    submit(pool, Step("bad", "L", work=fail), after)
    ended(after)
    assert "a job of L failed" in caplog.text
    assert len(my_threads()) == 1


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


def test_many_submitters_lose_no_job(bench):
    pool = bench.make(threads=8, per_device=2)
    done = queue.SimpleQueue()

    def submitter(number):
        for i in range(200):
            job = Step((number, i), f"L{number}.{i % 3}", f"D{number}", work=lambda: done.put(1))
            submit(pool, job)

    threads = [threading.Thread(target=submitter, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for _ in range(1200):
        done.get(timeout=WAIT)
    join(*threads)


def test_a_job_is_run_here_when_nothing_of_its_lane_is_under_way(bench):
    pool = bench.make()
    threads = []
    assert pool.run_here(Step("one", "A", work=lambda: threads.append(threading.get_ident())))
    assert threads == [threading.get_ident()]


def test_a_job_can_tell_whether_it_may_block_its_thread(bench):
    pool = bench.make()
    seen = []
    step = Step("one", "A", work=lambda: seen.append(on_borrowed_thread()))
    pool.submit(step)
    assert step.ended.wait(WAIT)
    assert pool.run_here(Step("two", "B", work=lambda: seen.append(on_borrowed_thread())))
    assert seen == [False, True]
    assert not on_borrowed_thread()


def test_a_job_is_not_run_here_before_others_of_its_lane(bench):
    pool = bench.make()
    gate = bench.gate()
    first, second = Step("first", "A", gate=gate), Step("second", "A")
    pool.submit(first)
    assert first.begun.wait(WAIT)
    assert not pool.run_here(second)
    assert not second.begun.is_set()
    assert pool.run_here(Step("other", "B"))


def test_what_is_submitted_while_a_job_runs_here_comes_after_it(bench):
    pool = bench.make()
    second = Step("second", "A")
    seen = []

    def submit():
        assert pool.submit(second) is None
        seen.append(second.begun.is_set())

    assert pool.run_here(Step("first", "A", work=submit))
    assert second.ended.wait(WAIT)
    assert seen == [False]


def test_a_pool_that_takes_no_jobs_runs_none_here(bench):
    pool = bench.make()
    pool.refuse()
    assert not pool.run_here(Step("one", "A"))


def test_one_that_fails_here_is_logged_and_its_lane_goes_on(bench, caplog):
    pool = bench.make()
    assert pool.run_here(Step("one", "A", work=lambda: 1 / 0))
    assert "a job of A failed" in caplog.text
    assert pool.run_here(Step("two", "A"))


def test_a_drain_waits_for_a_job_that_runs_elsewhere(bench):
    pool = bench.make()
    gate = bench.gate()
    step = Step("one", "A", gate=gate)
    caller = threading.Thread(target=pool.run_here, args=(step,))
    caller.start()
    assert step.begun.wait(WAIT)
    left = []
    drainer = threading.Thread(target=lambda: left.append(pool.drain(WAIT)))
    drainer.start()
    gate.set()
    join(drainer)
    join(caller)
    assert left == [[]]


def test_what_runs_elsewhere_when_the_pool_stops_is_left_to_its_thread(bench):
    pool = bench.make()
    gate = bench.gate()
    step = Step("one", "A", gate=gate)
    caller = threading.Thread(target=pool.run_here, args=(step,))
    caller.start()
    assert step.begun.wait(WAIT)
    left = []
    drainer = threading.Thread(target=lambda: left.append(pool.drain(1.0)))
    drainer.start()
    while drainer.is_alive():
        bench.clock.advance(1.0)
        drainer.join(0.01)
    assert left == [[step]]
    assert pool.stop() == ["network-thread"]
    gate.set()
    join(caller)


def test_what_may_block_by_now_is_not_run_here(bench):
    pool = bench.make()
    step = Step("one", "A")
    assert not pool.run_here(step, still=lambda: False)
    assert not step.begun.is_set()
    assert pool.submit(step) is None
    assert step.ended.wait(WAIT)


def test_where_no_thread_can_be_begun_those_there_are_do_the_work(bench, monkeypatch, caplog):
    pool = bench.make()
    pool.submit(Step("first", "A"))
    gate = bench.gate()
    holding = Step("holding", "B", gate=gate)
    pool.submit(holding)
    assert holding.begun.wait(WAIT)

    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    steps = [Step(f"step{n}", f"lane{n}", device=f"D{n}") for n in range(5)]
    for step in steps:
        assert pool.submit(step) is None
    gate.set()
    for step in steps:
        assert step.ended.wait(WAIT)
    assert holding.ended.wait(WAIT)
