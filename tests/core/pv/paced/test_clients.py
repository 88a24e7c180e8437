"""Clients come and go, and nothing that was held back is shown too late."""

from support.engine.fakes import FakeServed, PlainConverter
from support.engine.holders import HolderBench, strictly_increasing
from support.engine.pace import DOUBLE, paced, shown

from roguebridge.core.pv.pacing import Pacing


def test_a_pv_that_closes_drops_what_was_held_and_opens_with_the_newest():
    bench = paced(rate=1, deadband=1)
    bench.node.update(7)
    bench.node.update(9)
    bench.leave()
    bench.clock.advance(10)
    assert shown(bench) == [7]
    assert bench.holder.parts.publisher.publications[0]._held is None
    bench.node.present = 10
    bench.arrive()
    assert shown(bench) == [10]
    bench.node.update(12)
    assert shown(bench) == [12]
    assert strictly_increasing(bench.served.times)


def test_a_pv_that_closes_and_opens_within_the_period_shows_nothing_older():
    bench = paced(rate=1)
    bench.node.update(7)
    bench.node.update(8)
    bench.leave()
    bench.node.update(9)
    bench.arrive()
    assert shown(bench) == [7, 9]
    bench.clock.advance(0.5)
    bench.node.update(10)
    bench.node.update(11)
    bench.clock.advance(0.6)
    assert shown(bench) == [10]
    bench.clock.advance(0.5)
    assert shown(bench) == [11]


def test_a_timer_that_fires_while_the_pv_closes_shows_nothing():
    bench = paced(rate=1)
    bench.node.update(7)
    bench.node.update(8)
    ((_, _, timer),) = bench.clock.timers
    fire = timer._call
    bench.leave()
    fire()
    assert shown(bench) == [7]


def test_the_deadband_is_that_of_the_value_the_pv_has_opened_with():
    bench = paced(deadband=1, value=5)
    bench.node.update(5.5)
    bench.leave()
    bench.arrive()
    bench.node.update(6.4)
    bench.node.update(6.6)
    assert shown(bench) == [5.5, 6.6]


def test_updates_that_come_while_the_pv_opens_are_not_paced():
    bench = HolderBench(5, pacing=Pacing(1, 1), converter=PlainConverter(DOUBLE))
    bench.variables.held = True
    bench.arrive()
    bench.holder.reader.find_converter()
    bench.node.update(6)
    bench.node.update(7)
    bench.variables.run()
    assert shown(bench)[-1:] == [7]


def test_each_name_of_a_pv_keeps_its_own_pace():
    bench = paced(rate=1, deadband=1)
    other = FakeServed()
    bench.holder.attach(other)
    bench.node.update(7)
    bench.node.update(9)
    bench.arrive(other)
    bench.node.update(9.5)
    bench.node.update(9.8)
    assert shown(bench) == [7]
    assert shown(bench, other) == [9]
    bench.clock.advance(1)
    assert shown(bench) == [9.8]
    assert shown(bench, other) == []
