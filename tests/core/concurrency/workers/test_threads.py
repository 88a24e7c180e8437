"""Threads as needed and no more, whatever a job does."""

import threading
import time

import pytest
from support.engine.fakes import WAIT
from support.engine.steps import Step, begun, ended, my_threads, submit

from roguebridge.core.concurrency.workers import BUSY, STOPPING


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
