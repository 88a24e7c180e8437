"""Polls for those who look, on trees that poll."""

import logging
import threading

import pytest
from support.engine.fakes import WAIT
from support.engine.polls import PolledPv, records
from support.trees import LIMIT
from support.trees.listeners import Recorder

from roguebridge.core.concurrency.clock import SystemClock
from roguebridge.core.concurrency.jobs import Job
from roguebridge.core.concurrency.workers import WorkerPool
from roguebridge.core.tree.watched_polls import WatchedPolls, poll_sources

FAST = 0.05


class Step(Job):
    """Says when it is run."""

    def __init__(self, lane):
        super().__init__(lane, lane)
        self.done = threading.Event()

    def run(self):
        self.done.set()

    def abandon(self, reason):
        pass


class Site:
    """A tree that polls, its memory, and polls for those who look, on real workers."""

    def __init__(self, root, memory, polls, pool):
        self.root = root
        self.memory = memory
        self.polls = polls
        self.pool = pool
        self.pvs = {}

    def node(self, name):
        return self.root.D.node(name)

    def look(self, name):
        one = self.pvs[name] = PolledPv(self.node(name))
        self.polls.watch(one)
        self.settle()

    def leave(self, name):
        self.polls.unwatch(self.pvs.pop(name))
        self.settle()

    def settle(self):
        """Wait until the workers have done what they were told."""
        last = Step("poll intervals")
        self.pool.submit(last)
        assert last.done.wait(WAIT)

    def hear(self, name, count=2):
        """Wait for updates."""
        recorder = Recorder()
        self.node(name).addListener(recorder)
        recorder.wait(count)
        self.node(name).delListener(recorder)

    def still(self, offset):
        """Tell whether a register is not read while others are."""
        self.hear("Always", 2)  # the cycle under way ends
        before = self.memory.reads(offset)
        self.hear("Always", 4)
        return self.memory.reads(offset) == before


@pytest.fixture
def site(tree, running):
    pr, memory = tree.pr, tree.memory()
    root = pr.Root(name="Top", timeout=1.0)
    device = pr.Device(name="D", memBase=memory)
    root.add(device)
    counted = root.counted = []
    for number, (name, options) in enumerate(
        {
            "Always": {"pollInterval": FAST},
            "R": {},
            "Slow": {"pollInterval": 3600},
            "W": {"mode": "WO"},
            "N": {"updateNotify": False},
        }.items()
    ):
        device.add(pr.RemoteVariable(name=name, offset=4 * number, **options))
    device.add(pr.RemoteVariable(name="B0", offset=32, bitSize=8))
    device.add(pr.RemoteVariable(name="B1", offset=32, bitSize=8, bitOffset=8))
    device.add(pr.LocalVariable(name="L", value=1))
    device.add(pr.LocalVariable(name="G", localGet=lambda: counted.append(1) or len(counted)))
    device.add(pr.LinkVariable(name="Mirror", variable=device.R))
    device.add(
        pr.LinkVariable(
            name="Sum",
            dependencies=[device.Mirror, device.G, device.L, device.W],
            linkedGet=lambda: device.Mirror.value() + device.G.value(),
        )
    )
    device.add(pr.LocalCommand(name="C", function=lambda: None))
    device.add(pr.RemoteCommand(name="RC", offset=64, function=pr.RemoteCommand.touchOne))
    clock = SystemClock()
    clock.start()
    pool = WorkerPool("roguebridge-test", clock)
    polls = WatchedPolls(FAST, pool.submit, clock)
    with running(root):
        yield Site(root, memory, polls, pool)
        memory.clear()
        polls.restore_all()
        pool.drain(WAIT)
        pool.stop()
    clock.stop()


def test_the_sources_of_every_kind_of_node(site):
    found = {
        name: [source.name for source in poll_sources(site.node(name))]
        for name in ("R", "Slow", "W", "N", "L", "G", "Mirror", "Sum", "C", "RC", "enable")
    }
    assert found == {
        "R": ["R"], "Slow": ["Slow"], "W": [], "N": [], "L": [], "G": ["G"], "Mirror": ["R"],
        "Sum": ["R", "G"], "C": [], "RC": [], "enable": [],
    }  # fmt: skip


def test_a_register_is_read_while_somebody_looks(site):
    assert site.still(4)
    site.look("R")
    site.hear("R", 3)
    assert site.memory.reads(4) >= 3
    site.leave("R")
    assert site.node("R").pollInterval == 0
    assert site.still(4)


def test_a_slow_poll_is_fast_while_somebody_looks(site):
    site.hear("Always", 2)
    assert site.still(8)
    site.look("Slow")
    site.hear("Slow", 3)
    site.leave("Slow")
    assert site.node("Slow").pollInterval == 3600
    site.hear("Always", 2)
    assert site.still(8)


def test_a_getter_is_called_while_somebody_looks(site):
    site.look("G")
    site.hear("G", 3)
    site.leave("G")
    site.hear("Always", 2)
    site.root.waitOnUpdate()
    before = len(site.root.counted)
    assert before >= 3
    site.hear("Always", 4)
    assert len(site.root.counted) == before


def test_links_share_their_sources(site):
    site.look("Mirror")
    site.look("Sum")
    site.hear("Sum", 3)
    assert site.node("Mirror").pollInterval == FAST
    site.leave("Sum")
    assert (site.node("R").pollInterval, site.node("G").pollInterval) == (FAST, 0)
    site.hear("Mirror", 3)
    site.leave("Mirror")
    assert site.node("Sum").pollInterval == 0
    assert site.still(4)


def test_registers_of_one_block(site):
    site.look("B0")
    site.hear("B1", 3)
    site.look("B1")
    site.leave("B0")
    site.hear("B0", 3)
    site.leave("B1")
    assert (site.node("B0").pollInterval, site.node("B1").pollInterval) == (0, 0)
    assert site.still(32)


def test_a_neighbour_with_a_poll_of_its_own_keeps_it(site):
    site.node("B1").setPollInterval(FAST)
    site.look("B0")
    site.leave("B0")
    assert site.node("B1").pollInterval == FAST
    site.hear("B0", 3)


def test_a_neighbour_with_a_bad_interval(site, caplog):
    with pytest.raises(TypeError):
        site.node("B1").setPollInterval("fast")
    site.look("B1")
    site.leave("B1")
    site.look("R")
    site.hear("R", 3)
    assert [level for level, _ in records(caplog)] == [logging.WARNING]
    site.node("B1").setPollInterval(0)


def test_a_disabled_device(site):
    site.root.D.enable.set(False)
    site.look("R")
    assert site.node("R").pollInterval == FAST
    site.root.D.enable.set(True)
    site.hear("R", 3)
    site.root.D.enable.set(False)
    site.leave("R")
    assert site.node("R").pollInterval == 0
    site.root.D.enable.set(True)
    assert site.still(4)


def test_polls_that_are_paused(site):
    site.root.PollEn.set(False)
    site.look("R")
    assert site.node("R").pollInterval == FAST
    site.root.PollEn.set(True)
    site.hear("R", 3)
    site.root.PollEn.set(False)
    site.leave("R")
    site.root.PollEn.set(True)
    assert site.still(4)


def test_a_poll_under_way_delays_nobody_but_the_poll_intervals(site):
    with site.memory.hold(0) as gate:
        assert gate.entered.wait(LIMIT)
        for name in ("R", "Slow"):
            one = site.pvs[name] = PolledPv(site.node(name))
            site.polls.watch(one)
        put = Step("Top.D")
        site.pool.submit(put)
        assert put.done.wait(WAIT)
    site.settle()
    for name in ("R", "Slow"):
        assert site.node(name).pollInterval == FAST
    site.polls.restore_all()
    assert (site.node("R").pollInterval, site.node("Slow").pollInterval) == (0, 3600)


def test_intervals_are_restored_after_the_root_has_stopped(site):
    site.look("Sum")
    site.hear("Sum", 1)
    site.root.stop()
    site.polls.restore_all()
    assert (site.node("R").pollInterval, site.node("G").pollInterval) == (0, 0)
