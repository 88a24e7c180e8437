"""Jobs that are run on the thread that has them, out of turn for nobody."""

import threading

from support.engine.fakes import WAIT, join
from support.engine.steps import Step

from roguebridge.core.concurrency.workers import on_borrowed_thread


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
