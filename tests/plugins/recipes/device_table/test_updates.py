"""A table of devices: what is told and when."""

import logging
import threading
from types import SimpleNamespace

import pytest
from support.engine.device_tables import enabled, gains, made, root_of, variable
from support.engine.fakes import WAIT


class Listening:
    """A listener that stands in the way until it is told to go on."""

    def __init__(self, error=None):
        self.told, self.arrived, self.go = [], threading.Semaphore(0), threading.Semaphore(0)
        self.error = error

    def __call__(self, path, value):
        self.told.append((path, value.value.time_ns, value.status))
        self.arrived.release()
        assert self.go.acquire(timeout=WAIT)
        if self.error is not None:
            raise self.error

    def wait(self):
        assert self.arrived.acquire(timeout=WAIT)


def table_threads():
    return [t.name for t in threading.enumerate() if t.name.startswith("roguebridge-B:T")]


def test_many_updates_are_told_once_and_nothing_is_read_for_it():
    nodes = gains(3)
    table, _ = made(root_of(*nodes), "Top.Adc[*]", period=0)
    assert table.value().time_ns is None
    for one in nodes:
        one.value = lambda: pytest.fail("read")
    listening = Listening()
    table.addListener(listening)
    nodes[0].update(1.0)
    listening.wait()
    for one in nodes:
        for value in range(100):
            one.update(float(value))
    listening.go.release()
    listening.wait()
    assert len(listening.told) == 2
    (path, first, status), (_, second, _) = listening.told
    assert (path, status) == ("RB.B:T", "None")
    assert second >= first > 0
    assert table.value().time_ns == second
    listening.go.release()
    table.delListener(listening)
    assert table_threads() == []
    assert [one.listeners for one in nodes] == [[], [], []]


def test_a_listener_that_raises_is_logged_and_the_next_are_told(caplog):
    (gain,) = gains(1)
    table, _ = made(root_of(gain), "Top.Adc[*]", period=0)
    bad, good = Listening(RuntimeError("oops")), Listening()
    table.addListener(bad)
    table.addListener(good)
    table.addListener(good)
    with caplog.at_level(logging.ERROR):
        gain.update(1.0)
        bad.go.release()
        good.wait()
    assert "RB.B:T: a listener failed" in caplog.text
    good.go.release()
    table.delListener(bad)
    assert len(table_threads()) == 1
    table.delListener(bad)
    table.delListener(good)
    table.delListener(good)
    assert table_threads() == []
    assert len(good.told) == 1


def test_a_variable_and_the_enable_of_its_device_are_heard_once_each():
    nodes = [variable("Top.A.Gain"), variable("Top.A.Temp")]
    enable = enabled(True)
    for one in nodes:
        one.parent = SimpleNamespace(enable=enable)
    table, _ = made(root_of(*nodes), "Top.A")
    listening = Listening()
    table.addListener(listening)
    assert [len(one.listeners) for one in (*nodes, enable)] == [1, 1, 1]
    table.delListener(listening)
    assert [len(one.listeners) for one in (*nodes, enable)] == [0, 0, 0]


def test_a_read_reads_every_variable_and_raises_what_failed_first():
    nodes = gains(3)
    table, _ = made(root_of(*nodes), "Top.Adc[*]")
    read = []
    for one in nodes:
        one.get = lambda one=one: read.append(one) or one.value()
    table.get()
    assert read == nodes
    nodes[0].present, nodes[2].present = OSError("first"), OSError("last")
    with pytest.raises(OSError, match="first"):
        table.get()
    assert read == nodes * 2
