"""A put has failed and what is true cannot be read: nothing that the tree says is believed."""

import pytest
from support.engine.holders import HolderBench, put

from roguebridge.core.concurrency.workers import BUSY
from roguebridge.core.values.alarm import NO_ALARM, WRITE
from roguebridge.core.values.spec import NtKind, PvSpec, ScalarType

WORDS = PvSpec(NtKind.SCALAR_ARRAY, ScalarType.String)


class Doubt:
    """A register that refused 9, while its tree says that it is 9 and cannot be read."""

    def __init__(self, mode="RW"):
        self.bench = HolderBench(5, hardware=True, expect_reads=False, mode=mode)
        self.bench.arrive()
        self.node = self.bench.node
        self.node.set = self.refuse
        self.node.get = self.fail
        self.gets = 0

    def refuse(self, value):
        self.node.present = value
        raise RuntimeError("bus error")

    def fail(self):
        self.gets += 1
        raise RuntimeError("no link")

    def put(self):
        assert put(self.bench, 9) == [("error", "bus error")]

    def read(self, value):
        self.node.present = value
        return value

    @property
    def values(self):
        return [event[1] for event in self.bench.served.events if event[0] != "alarm"]

    def end(self):
        """The hardware can be read again."""
        self.node.get = lambda: self.read(5)
        self.bench.clock.advance(10)
        assert self.bench.served.last == ("post", 5, NO_ALARM)
        assert 9 not in self.values


@pytest.fixture
def doubt():
    return Doubt()


def test_while_an_update_is_converted(doubt):
    convert = doubt.bench.converter.to_pv

    def slow(value):
        doubt.bench.converter.to_pv = convert
        doubt.put()
        return convert(value)

    doubt.bench.converter.to_pv = slow
    doubt.node.update(9)
    assert doubt.values == [5]
    doubt.end()


@pytest.mark.parametrize("look", ["look_again", "update_failed"])
def test_and_somebody_wants_it_looked_at(doubt, look):
    doubt.put()
    holder = doubt.bench.holder
    (holder.listener.update_failed if look == "update_failed" else holder.look_again)()
    assert doubt.bench.served.last == ("alarm", None, WRITE)
    doubt.end()


def test_while_it_is_looked_at(doubt):
    def value():
        del doubt.node.value
        doubt.put()
        return 9

    doubt.node.value = value
    doubt.bench.holder.look_again()
    assert doubt.bench.served.last == ("alarm", None, WRITE)
    doubt.end()


def test_and_is_tried_again_more_and_more_rarely(doubt):
    doubt.put()
    for _ in range(200):
        doubt.bench.clock.advance(0.1)
    assert 5 <= doubt.gets <= 9
    doubt.end()


def test_and_the_workers_are_busy(doubt):
    doubt.put()
    doubt.bench.variables.refusal = BUSY
    doubt.bench.clock.advance(1)
    assert doubt.gets == 1
    doubt.bench.variables.refusal = None
    doubt.end()


def test_until_a_put_succeeds(doubt):
    doubt.put()
    doubt.bench.variables.held = True
    doubt.bench.clock.advance(1)
    (seek,) = doubt.bench.variables.jobs
    doubt.bench.variables.jobs.clear()
    doubt.bench.variables.held = False
    doubt.node.set = lambda value: setattr(doubt.node, "present", value)
    assert put(doubt.bench, 7) == [("done", None)]
    seek.run()
    doubt.bench.clock.advance(60)
    assert doubt.gets == 1
    assert doubt.bench.served.last == ("post", 7, NO_ALARM)


def test_and_a_put_succeeds_before_it_is_tried_again(doubt):
    doubt.put()
    doubt.node.set = lambda value: setattr(doubt.node, "present", value)
    assert put(doubt.bench, 7) == [("done", None)]
    doubt.bench.clock.advance(60)
    assert doubt.gets == 1


def test_and_its_client_leaves(doubt):
    doubt.put()
    doubt.bench.leave()
    doubt.node.get = lambda: pytest.fail("read for nobody")
    doubt.bench.clock.advance(60)
    doubt.node.get = lambda: doubt.read(6)
    doubt.bench.arrive()
    assert doubt.bench.served.last == ("open", 6, NO_ALARM)


def test_an_update_that_was_queued_before_the_put_does_not_end_the_doubt_of_a_write_only_node():
    doubt = Doubt("WO")
    doubt.put()
    doubt.node.update(9)  # what the tree has in its cache: the refused value
    assert doubt.bench.served.last == ("alarm", None, WRITE)
    doubt.node.update(7)  # which was written since
    assert doubt.bench.served.last == ("post", 7, NO_ALARM)
    doubt.put()
    doubt.bench.clock.advance(1.0)
    doubt.node.update(9)  # written once more, and taken
    assert doubt.bench.served.last == ("post", 9, NO_ALARM)


def test_a_write_only_node_that_has_no_value_after_a_failed_put_is_in_doubt_too():
    doubt = Doubt("WO")

    def refuse(value):
        doubt.node.present = RuntimeError("no link")
        raise RuntimeError("bus error")

    doubt.node.set = refuse
    doubt.put()
    assert doubt.bench.served.last == ("alarm", None, WRITE)
    doubt.node.update(7)
    assert doubt.bench.served.last == ("post", 7, NO_ALARM)


@pytest.mark.parametrize("watched", [True, False])
def test_and_never_will_be_but_the_tree_tells_of_the_next_write(watched):
    doubt = Doubt("WO")
    doubt.put()
    doubt.bench.holder.look_again()
    doubt.bench.clock.advance(60)
    assert (doubt.values, doubt.gets) == ([5], 0)
    assert doubt.bench.served.last == ("alarm", None, WRITE)
    doubt.bench.leave()
    doubt.bench.arrive()
    assert doubt.bench.served.last == ("open", 5, WRITE)
    if not watched:
        doubt.bench.leave()
    doubt.node.update(7)
    if not watched:
        doubt.bench.arrive()
    assert doubt.bench.served.last == ("post" if watched else "open", 7, NO_ALARM)
