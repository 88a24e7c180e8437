"""What a PV shows when a put has ended, before its answer."""

import threading
from types import SimpleNamespace

import numpy as np
import pytest
from support.engine.fakes import ENTRY, WAIT, PlainConverter, join, make_put
from support.engine.holders import HolderBench, put, strictly_increasing

from roguebridge.core.pv import publication as outlet
from roguebridge.core.values.alarm import CALC, NO_ALARM, WRITE
from roguebridge.core.values.spec import NtKind, PvSpec, ScalarType

ARRAY = PvSpec(NtKind.SCALAR_ARRAY, ScalarType.Float64)


def test_the_value_is_shown_before_the_put_is_answered(opened):
    shown = []
    request, reply = make_put(6, block=True)
    reply.done = lambda result=None: shown.append(opened.served.last)
    opened.holder.put(request)
    assert shown == [("post", 6, NO_ALARM)]
    assert opened.node.sets == [6]


def test_puts_that_end_while_the_pv_opens_are_answered_when_it_has(monkeypatch):
    waiting, answers = threading.Semaphore(0), []

    class Awaited(threading.Event):
        def wait(self, timeout=None):
            waiting.release()
            return super().wait(timeout)

    def open(spec, reading):
        for one in puts:
            one.start()
            assert waiting.acquire(timeout=WAIT)
        assert answers == []

    monkeypatch.setattr(outlet, "Event", Awaited)
    bench = HolderBench(5, open_timeout=10 * WAIT)
    puts = [
        threading.Thread(target=lambda new=new: answers.extend(put(bench, new)), daemon=True)
        for new in (6, 7)
    ]
    bench.served.open = open
    bench.arrive()
    join(*puts)
    assert answers == [("done", None)] * 2
    assert bench.served.last == ("post", 7, NO_ALARM)


def test_the_trees_value_is_shown_and_not_the_clients(opened):
    opened.node.set = lambda value: setattr(opened.node, "present", value // 2)
    assert put(opened, 9) == [("done", None)]
    assert opened.served.last == ("post", 4, NO_ALARM)


def test_an_update_of_the_put_itself_is_not_shown_twice(opened):
    put(opened, 6)
    opened.node.update(6)
    assert [event[1] for event in opened.served.events] == [5, 6]
    opened.node.update(6)
    assert [event[1] for event in opened.served.events] == [5, 6, 6]


def test_an_update_that_came_during_the_put_is_not_shown_twice(opened):
    opened.node.set = lambda value: opened.node.update(value)
    put(opened, 6)
    assert [event[1] for event in opened.served.events] == [5, 6]


def test_a_delivery_with_an_older_value_is_read_again(opened):
    put(opened, 6)
    listener = opened.node.listeners[0]
    listener(ENTRY.path, SimpleNamespace(value=5, status="None"))
    assert [event[1] for event in opened.served.events] == [5, 6]


@pytest.mark.parametrize("delivered", ["during the put", "after it"])
def test_an_array_changed_in_place_after_a_put_is_shown(delivered):
    shown = []
    bench = HolderBench(np.zeros(2), converter=PlainConverter(ARRAY))
    bench.served.open = lambda spec, reading: shown.append(list(reading.value))
    bench.served.post = lambda reading: shown.append(list(reading.value))
    bench.arrive()
    if delivered == "during the put":
        bench.node.set = lambda value: bench.node.update(value)
    put(bench, np.array([1.0, 2.0]))
    if delivered == "after it":
        bench.node.update(bench.node.present)
    array = bench.node.present
    array[1] = 7.0
    bench.node.update(array)
    assert shown[-1] == [1.0, 7.0]


def test_a_failed_write_shows_the_true_value_with_an_alarm_until_the_next_update():
    bench = HolderBench(5, hardware=True, expect_reads=False)
    bench.arrive()

    def fail(value):
        bench.node.present = value
        raise RuntimeError("bus error")

    def get():
        bench.node.update(5)
        return 5

    bench.node.set, bench.node.get = fail, get
    assert put(bench, 9) == [("error", "bus error")]
    assert bench.served.last == ("post", 5, WRITE)
    for _ in range(3):  # they may have waited in the tree's queue since before the put
        bench.node.update(5)
    assert bench.served.last == ("post", 5, WRITE)
    bench.clock.advance(1.0)
    bench.node.update(5)
    assert bench.served.last == ("post", 5, NO_ALARM)
    assert put(bench, 9) == [("error", "bus error")]
    bench.node.update(5)
    bench.node.update(6)  # which is news, whenever it was queued
    assert bench.served.last == ("post", 6, NO_ALARM)


def test_a_failed_write_whose_value_cannot_be_read_keeps_the_value(opened):
    def fail(*value):
        raise RuntimeError("bus error")

    opened.node.set = opened.node.get = fail
    assert put(opened, 9) == [("error", "bus error")]
    assert opened.served.last == ("alarm", None, WRITE)
    opened.node.update(9)  # of the refused value, which the tree still has
    opened.clock.advance(0.5)
    assert opened.served.last == ("alarm", None, WRITE)
    opened.node.get = lambda: opened.node.update(6)
    opened.clock.advance(1.0)
    assert opened.served.last == ("post", 6, NO_ALARM)
    opened.node.update(7)
    assert opened.served.last == ("post", 7, NO_ALARM)


def test_a_value_in_doubt_is_read_for_the_next_client(opened):
    def fail(*value):
        raise RuntimeError("bus error")

    opened.node.set = opened.node.get = fail
    put(opened, 9)
    opened.node.present = 9  # the refused value, which the tree still has
    opened.leave()
    opened.arrive()
    assert opened.served.last == ("open", 5, CALC)
    opened.node.get = lambda: 4
    opened.node.present = 4
    opened.clock.advance(1.0)
    assert opened.served.last == ("post", 4, NO_ALARM)


def test_updates_from_many_threads_keep_time_in_order(opened):
    def updates():
        for value in range(200):
            opened.node.listeners[0](ENTRY.path, SimpleNamespace(value=value, status="None"))

    threads = [threading.Thread(target=updates) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(opened.served.times) == 801
    assert strictly_increasing(opened.served.times)


# While a put runs ---------------------------------------------------------------------------


class VariableError(Exception):
    """As PyRogue's, for a value that it refuses before anything has changed."""


def values(bench):
    return [event[1] for event in bench.served.events]


@pytest.mark.parametrize("how", ["update", "update_failed", "look_again"])
def test_a_value_that_the_tree_is_about_to_refuse_is_never_shown(how):
    bench = HolderBench(5, hardware=True, expect_reads=False)
    bench.arrive()

    def fail(value):
        bench.node.present = value  # PyRogue keeps it, and tells whoever asks
        if how == "update":
            bench.node.update(value)
        elif how == "update_failed":
            bench.holder.listener.update_failed()
        else:
            bench.holder.look_again()
        raise RuntimeError("bus error")

    def hang():
        raise RuntimeError("Timeout waiting for register")

    bench.node.set, bench.node.get = fail, hang
    assert put(bench, 9) == [("error", "bus error")]
    assert values(bench) == [5, None]
    assert bench.served.last == ("alarm", None, WRITE)


def test_what_the_tree_has_told_while_it_refused_a_value_is_shown(opened):
    def refuse(value):
        opened.node.update(7)  # somebody else has set it
        raise VariableError("no")

    opened.node.set = refuse
    assert put(opened, 9) == [("error", "no")]
    assert opened.served.last == ("post", 7, NO_ALARM)


def test_nothing_is_shown_of_a_refused_value_if_nothing_was_told(opened):
    def refuse(value):
        raise VariableError("no")

    opened.node.set = refuse
    put(opened, 9)
    assert values(opened) == [5]


def test_nothing_is_read_for_a_client_that_left_while_the_value_was_refused(opened):
    def refuse(value):
        opened.node.update(7)
        opened.leave()
        raise VariableError("no")

    opened.node.set = refuse
    put(opened, 9)
    assert values(opened) == [5]


def test_a_put_that_begins_while_an_update_is_converted_has_the_last_word():
    bench = HolderBench(5)
    bench.arrive()

    def convert(value):
        bench.holder.parts.outcome.begin_put(make_put()[0])
        return value

    bench.converter.to_pv = convert
    bench.node.update(6)
    assert values(bench) == [5]
    del bench.converter.to_pv
    bench.holder.parts.outcome.show_failed_put(changed=False)
    assert values(bench) == [5, 6]


def test_updates_are_heard_again_after_a_put_that_nobody_has_watched(opened):
    def leave(value):
        opened.leave()
        opened.node.present = value

    opened.node.set = leave
    put(opened, 6)
    opened.arrive()
    opened.node.update(7)
    assert opened.served.last == ("post", 7, NO_ALARM)
