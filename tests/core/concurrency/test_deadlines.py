"""Calls that are due the same time after they were asked for, with one timer."""

import logging

from support.engine.fakes import FakeClock

from roguebridge.core.concurrency.clock import Deadlines


def test_calls_are_made_in_order_when_they_are_due():
    clock, made = FakeClock(), []
    deadlines = Deadlines(clock, 0.5)
    deadlines.add(made.append, 1)
    clock.advance(0.2)
    deadlines.add(made.append, 2)
    deadlines.add(made.append, 3)
    assert len(clock.timers) == 1
    clock.advance(0.25)
    assert made == []
    clock.advance(0.05)
    assert made == [1]
    clock.advance(0.2)
    assert made == [1, 2, 3]
    assert clock.timers == []


def test_more_can_be_added_when_all_have_been_made():
    clock, made = FakeClock(), []
    deadlines = Deadlines(clock, 0.5)
    for number in range(3):
        deadlines.add(made.append, number)
        clock.advance(0.5)
        assert made[-1] == number


def test_a_call_may_ask_for_another():
    clock, made = FakeClock(), []
    deadlines = Deadlines(clock, 0.5)
    deadlines.add(lambda: deadlines.add(made.append, "second half"))
    clock.advance(0.5)
    assert made == []
    clock.advance(0.5)
    assert made == ["second half"]


def test_one_that_fails_is_logged_and_harms_no_other(caplog):
    clock, made = FakeClock(), []
    deadlines = Deadlines(clock, 0.5)
    deadlines.add(lambda: 1 / 0)
    deadlines.add(made.append, 1)
    with caplog.at_level(logging.ERROR, "roguebridge.clock"):
        clock.advance(0.5)
    assert made == [1]
    assert "a timed call failed" in caplog.text
