import gc
import queue
import threading
import time
import weakref

import pytest
from support.engine.fakes import WAIT, bridge_threads

from roguebridge.core.concurrency.clock import SystemClock, Timer

CLOCK = "roguebridge-clock"


@pytest.fixture
def clock():
    clock = SystemClock()
    clock.start()
    yield clock
    clock.stop()


def test_calls_are_made_in_the_order_they_are_due(clock):
    made = queue.Queue()
    clock.call_later(0.06, lambda: made.put("late"))
    clock.call_later(0.0, lambda: made.put("early"))
    clock.call_later(0.03, lambda: made.put("middle"))
    assert [made.get(timeout=WAIT) for _ in range(3)] == ["early", "middle", "late"]


def test_calls_due_at_one_time_are_made_in_the_order_given(clock):
    made = queue.Queue()
    gate = threading.Event()
    clock.call_later(0, lambda: gate.wait(WAIT))
    for number in range(20):
        clock.call_later(-1, lambda number=number: made.put(number))
    gate.set()
    assert [made.get(timeout=WAIT) for _ in range(20)] == list(range(20))


def test_no_call_is_made_before_its_time(clock):
    made = queue.Queue()
    begin = time.monotonic()
    clock.call_later(0.05, lambda: made.put(time.monotonic() - begin))
    assert made.get(timeout=WAIT) >= 0.05


def test_a_cancelled_call_is_not_made(clock):
    made = queue.Queue()
    clock.call_later(0.02, lambda: made.put("cancelled")).cancel()
    clock.call_later(0.04, lambda: made.put("kept"))
    assert made.get(timeout=WAIT) == "kept"
    assert made.empty()


def test_cancelling_late_or_twice_does_no_harm():
    calls = []
    timer = Timer(lambda: calls.append(1))
    timer.fire()
    timer.fire()
    timer.cancel()
    timer.cancel()
    assert calls == [1]


def test_a_raising_call_ends_neither_the_thread_nor_later_calls(clock, caplog):
    made = queue.Queue()
    clock.call_later(0, lambda: 1 / 0)
    clock.call_later(0.01, lambda: made.put("after"))
    assert made.get(timeout=WAIT) == "after"
    assert "a timed call failed" in caplog.text


def test_a_call_may_order_another(clock):
    made = queue.Queue()
    clock.call_later(0, lambda: clock.call_later(0, lambda: made.put("second")))
    assert made.get(timeout=WAIT) == "second"


def test_start_twice_starts_one_thread_and_stop_ends_it():
    clock = SystemClock()
    clock.start()
    clock.start()
    assert bridge_threads().count(CLOCK) == 1
    clock.stop()
    clock.stop()
    assert CLOCK not in bridge_threads()


def test_stop_drops_what_is_due_and_a_restart_makes_new_calls():
    clock = SystemClock()
    made = queue.Queue()
    clock.start()
    clock.call_later(0.05, lambda: made.put("dropped"))
    clock.stop()
    clock.start()
    clock.call_later(0.1, lambda: made.put("new"))
    assert made.get(timeout=WAIT) == "new"
    assert made.empty()
    clock.stop()


def test_a_call_may_stop_the_clock():
    clock = SystemClock()
    stopped = threading.Event()
    clock.start()
    clock.call_later(0, lambda: (clock.stop(), stopped.set()))
    assert stopped.wait(WAIT)
    clock.start()
    again = threading.Event()
    clock.call_later(0, again.set)
    assert again.wait(WAIT)
    clock.stop()


def test_a_cancelled_or_made_call_is_not_kept_alive(clock):
    class Thing:
        def __call__(self):
            done.set()

    for cancel in (True, False):
        done = threading.Event()
        thing = Thing()
        gone = weakref.ref(thing)
        timer = clock.call_later(60 if cancel else 0, thing)
        if cancel:
            timer.cancel()
        else:
            assert done.wait(WAIT)
            after = threading.Event()
            clock.call_later(0, after.set)
            assert after.wait(WAIT)
        del thing
        gc.collect()
        assert gone() is None


def test_the_times_are_those_of_the_machine():
    clock = SystemClock()
    assert abs(clock.time_ns() - time.time_ns()) < 10**9
    assert abs(clock.monotonic() - time.monotonic()) < 1
