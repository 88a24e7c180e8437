"""Jobs of a lane come one by one, lanes and devices in turn."""

import queue
import threading

from support.engine.fakes import WAIT, join
from support.engine.steps import Step, begun, ended, submit


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
