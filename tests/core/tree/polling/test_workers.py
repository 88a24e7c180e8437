"""On which thread poll intervals are set, and when."""

from support.engine.polls import PolledPv, Register

from roguebridge.core.concurrency.workers import BUSY, STOPPING


def test_nothing_is_done_on_the_thread_that_tells(bench):
    bench.pool.held = True
    registers = [Register(str(number)) for number in range(100)]
    for register in registers:
        bench.polls.watch(PolledPv(register))
    assert len(bench.pool.jobs) == 1
    assert all(register.given == [] for register in registers)
    bench.pool.run()
    assert all(register.given == [1] for register in registers)


def test_a_client_that_comes_and_goes_quickly_changes_nothing(bench):
    bench.pool.held = True
    register = Register()
    looked_at = PolledPv(register)
    bench.polls.watch(looked_at)
    bench.polls.unwatch(looked_at)
    bench.pool.run()
    assert register.given == []
    bench.polls.watch(looked_at)
    bench.pool.run()
    bench.polls.unwatch(looked_at)
    bench.polls.watch(looked_at)
    bench.pool.run()
    assert register.given == [1]


def test_what_is_told_during_the_work_is_done_by_the_same_job(bench):
    other = Register("other")

    class Telling(Register):
        def setPollInterval(self, interval):
            super().setPollInterval(interval)
            bench.polls.watch(PolledPv(other))

    bench.polls.watch(PolledPv(Telling()))
    assert other.given == [1]


def test_busy_workers_are_asked_again(bench):
    bench.pool.refusal = BUSY
    register = Register()
    bench.polls.watch(PolledPv(register))
    bench.clock.advance(0.1)
    bench.clock.advance(0.1)
    assert register.given == []
    bench.pool.refusal = None
    bench.clock.advance(0.1)
    assert register.given == [1]


def test_workers_that_stop_are_not_asked_again(bench):
    bench.pool.refusal = STOPPING
    bench.polls.watch(PolledPv(Register()))
    assert bench.clock.timers == []
    bench.polls.restore_all()


def test_a_job_of_its_own_lane_and_device(bench):
    bench.pool.held = True
    bench.polls.watch(PolledPv(Register("Top.D.R")))
    (job,) = bench.pool.jobs
    assert job.lane == job.device == "poll intervals"
    job.abandon(STOPPING)
