"""Puts, reads and commands are shown whatever was held back."""

import pytest
from support.engine.holders import HolderBench, call, put
from support.engine.pace import paced, shown

from roguebridge.core.pv.pacing import Pacing
from roguebridge.core.values.alarm import WRITE


@pytest.mark.parametrize("pace", [{"rate": 1}, {"deadband": 10}, {"rate": 1, "deadband": 10}])
def test_a_put_is_shown_before_its_answer_and_what_was_held_is_gone(pace):
    bench = paced(**pace)
    for value in (50, 51, 52):
        bench.node.update(value)
    shown(bench)
    assert put(bench, 53) == [("done", None)]
    assert shown(bench) == [53]
    bench.clock.advance(10)
    assert shown(bench) == []


@pytest.mark.parametrize("pace", [{"rate": 1}, {"deadband": 10}])
def test_an_update_that_a_put_finds_held_is_shown_before_its_answer(pace):
    bench = paced(**pace)
    for value in (50, 51):
        bench.node.update(value)
    shown(bench)
    assert put(bench, 51) == [("done", None)]
    assert shown(bench) == [51]


def test_an_update_that_comes_with_a_put_is_shown_before_its_answer():
    bench = paced(rate=1)
    bench.node.update(50)
    shown(bench)
    told = []

    def value():
        if bench.node.sets and not told:
            told.append(54)
            bench.node.update(54)
        return bench.node.present

    bench.node.value = value
    assert put(bench, 53) == [("done", None)]
    assert shown(bench) == [54]


def test_a_failed_put_shows_its_alarm_at_once_with_the_true_value():
    bench = paced(rate=1)
    for value in (6, 7):
        bench.node.update(value)

    def refuse(value, write=True):
        raise ValueError("no")

    bench.node.set = refuse
    assert put(bench, 9)[0][0] == "error"
    assert bench.served.last == ("post", 7, WRITE)


def test_a_read_that_is_asked_for_is_shown_at_once():
    bench = paced(rate=1, deadband=10)
    bench.node.update(50)
    bench.node.update(51)
    bench.node.present = 52
    assert bench.holder.parts.outcome.refresh("B").reading.value == 52
    assert shown(bench) == [50, 52]


def test_a_value_that_is_looked_at_again_is_shown_at_once():
    bench = paced(rate=1)
    bench.node.update(6)
    bench.node.present = 7
    bench.holder.look_again()
    assert shown(bench) == [6, 7]


def test_a_command_shows_that_it_runs_and_has_ended():
    seen = []
    bench = HolderBench(
        pacing=Pacing(1, 10), function=lambda: seen.append(list(bench.served.events))
    )
    bench.arrive()
    call(bench)
    assert [event[1] for event in seen[0]][-1:] == [1]
    assert [event[1] for event in bench.served.events] == [0, 1, 0]
