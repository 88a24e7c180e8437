"""The thread of a network: what others leave for it is done in order, and nothing outlives it."""

import asyncio
import threading

import pytest
from support.clients import wait_until
from support.engine.fakes import WAIT

from roguebridge.core.concurrency import event_loop as loops
from roguebridge.core.concurrency.event_loop import EventLoopThread
from roguebridge.core.errors import BackendError


@pytest.fixture
def loop():
    made = EventLoopThread("mine")
    made.start()
    yield made
    made.stop()


def test_calls_are_made_in_order_on_one_thread_of_that_name(loop):
    made = []
    for n in range(100):
        assert loop.post(lambda n=n: made.append((n, threading.current_thread().name)))
    loop.call(lambda: made.append((100, threading.current_thread().name)))
    assert made == [(n, "roguebridge-mine") for n in range(101)]


def test_calls_are_made_in_order_though_the_network_comes_in_between(loop, monkeypatch):
    monkeypatch.setattr(loops, "_SLICE", 0.0)
    made = []

    def leave():
        asyncio.get_running_loop().call_soon(made.append, "network")
        for n in range(3):
            loop.post(lambda n=n: made.append(n))

    loop.call(leave)
    loop.call(lambda: None)
    assert made == ["network", 0, 1, 2]
    loop.call(lambda: [loop.post(lambda n=n: made.append(n)) for n in range(3, 50)])
    loop.stop()
    assert made == ["network", *range(50)]


def test_what_a_call_raises_is_raised_where_it_was_asked_for(loop):
    with pytest.raises(ZeroDivisionError):
        loop.call(lambda: 1 / 0)


def test_a_call_left_that_fails_is_logged_and_the_next_is_made(loop, caplog):
    loop.post(lambda: 1 / 0)
    loop.call(lambda: None)
    wait_until(lambda: caplog.records)  # a worker logs
    (record,) = caplog.records
    assert (record.name, record.message) == (
        "roguebridge.mine", "a call on the network thread failed",
    )  # fmt: skip


def test_what_asyncio_reports_is_one_record_a_second_at_most(loop, caplog):
    def report():
        running = asyncio.get_running_loop()
        for number in range(100):
            problem = OSError(24, f"too many open files {number}")
            running.call_exception_handler({"message": "no accept", "exception": problem})

    loop.call(report)
    wait_until(lambda: caplog.records)
    loop.stop()
    assert 1 <= len(caplog.records) <= 2
    assert caplog.records[0].getMessage() == "no accept: OSError: [Errno 24] too many open files 0"
    assert not caplog.records[0].exc_info


def test_on_its_own_thread_a_call_is_made_at_once(loop):
    made = []

    def outer():
        assert loop.here
        loop.post(lambda: made.append("left"))
        loop.call(lambda: made.append("at once"))

    assert not loop.here
    loop.call(outer)
    loop.call(lambda: None)
    assert made == ["at once", "left"]


def test_a_coroutine_runs_and_gives_what_it_returns(loop):
    async def twice(number):
        await asyncio.sleep(0)
        return 2 * number

    assert loop.run(lambda: twice(4)) == 8


def test_a_call_may_be_made_later(loop):
    made = threading.Event()
    loop.call(lambda: loop.later(0.001, made.set))
    assert made.wait(WAIT)


def test_when_it_does_not_run_that_is_said(loop):
    loop.stop()
    loop.stop()
    assert not loop.running and not loop.here
    assert loop.post(lambda: None) is False
    for ask in (loop.check, lambda: loop.call(print), lambda: loop.run(lambda: None)):
        with pytest.raises(BackendError, match="backend 'mine' does not run"):
            ask()
    loop.start()
    loop.check()
    assert loop.running


def test_a_stop_cancels_the_tasks_and_those_that_begin_while_they_end(loop):
    ended = []

    async def wait(name, then=None):
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)
            if then is not None:
                kept.append(asyncio.create_task(then))

    async def begin():
        kept.append(asyncio.create_task(wait("first", wait("second"))))
        await asyncio.sleep(0)

    kept = []
    loop.run(begin)
    loop.stop()
    # The second was cancelled before it had begun to run, or while it waited.
    assert ended[0] == "first"
    assert all(task.cancelled() for task in kept) and len(kept) == 2
