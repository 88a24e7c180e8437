"""The PVs of a device and its ``enable``, in one thread.

On trees: tests/backends/epics/test_disable.py.
"""

import logging

import pytest
from support.engine.fakes import FakeNode
from support.engine.holders import HolderBench

from roguebridge.core.tree.device_enable import DeviceEnable
from roguebridge.core.values.alarm import DISABLE, HIGH, NO_ALARM


class Site:
    """The PVs of one device."""

    def __init__(self, state=True, count=1):
        self.enable = FakeNode(state, "Top.Dev.enable")
        self.gate = DeviceEnable(self.enable)
        self.benches = [HolderBench(5) for _ in range(count)]
        for bench in self.benches:
            self.gate.add(bench.holder)
        self.gate.listen()
        for bench in self.benches:
            bench.arrive()

    @property
    def bench(self):
        return self.benches[0]

    @property
    def last(self):
        return [bench.served.last for bench in self.benches]


@pytest.fixture
def site():
    return Site()


@pytest.mark.parametrize("state", [False, "parent", "deps", None, 1, "True"], ids=repr)
def test_whatever_is_not_true_disables_all_pvs_of_the_device(state):
    site = Site(count=2)
    site.enable.update(state)
    assert site.last == [("alarm", None, DISABLE)] * 2


@pytest.mark.parametrize("state", [False, "parent"])
def test_the_pvs_of_a_disabled_device_open_disabled(state):
    assert Site(state).last == [("open", 5, DISABLE)]


def test_what_nobody_was_told_of_is_shown_when_the_device_is_enabled(site):
    site.enable.update(False)
    site.bench.node.present = 6
    site.enable.update(True)
    assert site.last == [("post", 6, NO_ALARM)]


def test_values_of_a_disabled_device_are_shown_but_not_trusted(site):
    site.enable.update(False)
    site.bench.node.update(6, "AlarmHigh")
    assert site.last == [("post", 6, DISABLE)]
    site.enable.update(True)
    site.bench.node.update(6, "AlarmHigh")
    assert site.last == [("post", 6, HIGH)]


def test_only_a_change_is_shown(site):
    site.enable.update(True)
    site.enable.update(False)
    site.enable.update("parent")
    site.enable.update(False)
    assert [event[2] for event in site.bench.served.events] == [NO_ALARM, DISABLE]


def test_a_device_that_nobody_looks_at_is_not_touched(site):
    site.bench.leave()
    site.bench.node.value = lambda: pytest.fail("read for nobody")
    site.enable.update(False)
    site.enable.update(True)
    assert len(site.bench.served.events) == 1


def test_a_state_that_changed_without_a_word_is_found_by_the_next_client(site):
    site.bench.leave()
    site.enable.present = False
    site.bench.arrive()
    assert site.last == [("open", 5, DISABLE)]


def test_an_enable_that_cannot_be_read_disables_nothing(caplog):
    with caplog.at_level(logging.DEBUG):
        site = Site(RuntimeError("no link"))
    assert site.last == [("open", 5, NO_ALARM)]
    assert "Top.Dev.enable cannot be read: no link" in caplog.text
    site.enable.update(False)
    assert site.last == [("alarm", None, DISABLE)]


def test_an_update_is_newer_than_a_look_that_began_before_it(site):
    def value():
        site.enable.update(False)
        return True

    site.enable.value = value
    site.gate.look()
    assert site.gate.alarm is DISABLE
    assert site.last == [("alarm", None, DISABLE)]


@pytest.mark.parametrize("error", [RuntimeError("can't start new thread"), SystemExit(1)], ids=repr)
def test_a_pv_that_cannot_be_told_harms_neither_the_next_nor_the_tree(error, caplog):
    def fail(job):
        raise error

    site = Site(count=2)
    site.enable.update(False)
    site.bench.variables.submit = fail
    site.enable.update(True)
    assert site.last == [("alarm", None, DISABLE), ("post", 5, NO_ALARM)]
    assert "Top.Dev.V: its enable could not be shown" in caplog.text


def test_an_update_without_a_value_raises_nothing_into_the_tree(site, caplog):
    (listener,) = site.enable.listeners
    listener("Top.Dev.enable", None)
    assert "Top.Dev.enable: an update could not be used" in caplog.text


def test_unlisten_ends_it(site):
    site.gate.unlisten()
    site.enable.update(False)
    assert site.last == [("open", 5, NO_ALARM)]
