"""The end: all intervals are as they were, in time."""

import logging
import threading

from support.engine.fakes import WAIT, join
from support.engine.polls import Link, PolledPv, Raising, Register, records


def test_restore_all(bench):
    registers = [Register(str(own), own) for own in (0, 5, 0.5)]
    for register in registers:
        bench.polls.watch(PolledPv(register))
    bench.polls.watch(PolledPv(Link(*registers)))
    bench.polls.restore_all()
    assert [register.pollInterval for register in registers] == [0, 5, 0.5]
    bench.polls.restore_all()
    bench.polls.watch(PolledPv(registers[0]))
    assert registers[0].given == [1, 0]


def test_restore_all_goes_on_after_errors(bench):
    bad, good = Raising(), Register()
    for node in (bad, good):
        bench.polls.watch(PolledPv(node))
    bench.polls.restore_all()
    assert (bad.pollInterval, good.pollInterval) == (0, 0)


def test_restore_all_leaves_out_what_was_not_begun(bench):
    bench.pool.held = True
    register = Register()
    bench.polls.watch(PolledPv(register))
    bench.polls.restore_all()
    bench.pool.run()
    assert register.given == []


def test_restore_all_does_not_wait_for_ever(bench, caplog):
    entered, gate = threading.Event(), threading.Event()

    class Held(Register):
        def setPollInterval(self, interval):
            if interval == 0:
                entered.set()
                assert gate.wait(WAIT)
            super().setPollInterval(interval)

    register = Held()
    bench.polls.watch(PolledPv(register))
    stopping = threading.Thread(target=bench.polls.restore_all, args=(3.0,))
    stopping.start()
    assert entered.wait(WAIT)
    (restoring,) = [t for t in threading.enumerate() if t.name == "roguebridge-polls"]
    bench.clock.advance(2.9)
    assert stopping.is_alive()
    bench.clock.advance(0.2)
    join(stopping)
    assert records(caplog) == [
        (
            logging.ERROR,
            "poll intervals are not restored within 3.0 s: the tree's polling is held up",
        )
    ]
    gate.set()
    join(restoring)
    assert register.pollInterval == 0
