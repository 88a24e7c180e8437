"""Nodes whose poll interval is wrong, missing or cannot be set."""

import logging

import pytest
from support.engine.polls import Link, PolledPv, Raising, Register, records


def test_an_interval_that_cannot_be_set_is_logged_once(bench, caplog):
    caplog.set_level(logging.DEBUG, "roguebridge.polling")
    bad, good = Raising("Top.Bad"), Register()
    looked_at = PolledPv(Link(bad, good))
    for _ in range(2):
        bench.polls.watch(looked_at)
        assert (bad.pollInterval, good.pollInterval) == (1, 1)
        bench.polls.unwatch(looked_at)
        assert (bad.pollInterval, good.pollInterval) == (0, 0)
    text = "Top.Bad: its poll interval cannot be changed: TypeError('a neighbour is wrong')"
    assert records(caplog) == [(logging.WARNING, text)] + 3 * [(logging.DEBUG, text)]


@pytest.mark.parametrize("own", ["fast", None])
def test_a_bad_interval_is_left_alone(bench, caplog, own):
    register = Register(interval=own)
    looked_at = PolledPv(register)
    bench.polls.watch(looked_at)
    bench.polls.unwatch(looked_at)
    assert register.given == []
    assert [level for level, _ in records(caplog)] == [logging.WARNING]


def test_nodes_without_what_is_needed_harm_no_other(bench, caplog):
    class Bare:
        mode = "RO"
        pollInterval = property(lambda self: 0)
        numValues = 0
        isCommand = False

    class Broken(Bare):
        @property
        def isCommand(self):
            raise SystemExit("no answer")

    for node in (Bare(), Broken(), object()):
        looked_at = PolledPv(node)
        bench.polls.watch(looked_at)
        bench.polls.unwatch(looked_at)
    register = Register()
    bench.polls.watch(PolledPv(register))
    assert register.given == [1]
    assert [level for level, _ in records(caplog)] == 2 * [logging.WARNING]
