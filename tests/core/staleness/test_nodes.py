"""Polled variables that fall silent; the clock stands still unless told otherwise."""

import logging
import threading

import pytest
from support.fakes import FakeClock
from support.listeners import Recorder
from support.trees import LIMIT

from roguebridge.core.staleness import Staleness, poll_interval, tells_of_polls

FAST = 0.05
STEP = 0.5


class Node:
    """A variable of which only the poll interval matters."""

    mode = "RW"

    def __init__(self, interval):
        self.pollInterval = interval


class Pv:
    """A watched PV."""

    def __init__(self, node):
        self.node = node
        self.updates = 0
        self.shown = []

    def show_stale(self, updates):
        self.shown.append(updates)


class Bench:
    def __init__(self, missed_polls=3):
        self.clock = FakeClock()
        self.staleness = Staleness(self.clock, missed_polls)
        self.staleness.start()

    def watch(self, interval):
        pv = Pv(Node(interval))
        self.staleness.watch(pv)
        return pv

    def pass_by(self, seconds):
        for _ in range(int(seconds / STEP)):
            self.clock.advance(STEP)


@pytest.fixture
def bench():
    return Bench()


# When -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("interval", "limit"), [(1, 3), (2.0, 6), (0.01, 1), (100, 300)])
def test_a_polled_pv_is_stale_once_when_polls_were_missed(bench, interval, limit):
    pv = bench.watch(interval)
    bench.pass_by(limit - STEP)
    assert pv.shown == []
    bench.pass_by(2 * STEP)
    assert pv.shown == [0]
    bench.pass_by(10 * limit)
    assert pv.shown == [0]


def test_updates_keep_a_pv_fresh(bench):
    pv = bench.watch(1)
    for _ in range(50):
        bench.pass_by(2.5)
        pv.updates += 1
    assert pv.shown == []


def test_a_pv_recovers_with_an_update_and_may_fall_silent_again(bench):
    pv = bench.watch(1)
    bench.pass_by(4)
    pv.updates += 1
    bench.pass_by(2)
    assert pv.shown == [0]
    bench.pass_by(2)
    assert pv.shown == [0, 1]


def test_what_is_not_polled_may_be_silent(bench):
    pvs = [bench.watch(interval) for interval in (0, -1, "fast", None, float("nan"), float("inf"))]
    bench.pass_by(100)
    assert all(pv.shown == [] for pv in pvs)


def test_a_poll_interval_that_raises_or_is_missing_is_none(bench):
    class Raising:
        mode = "RW"

        @property
        def pollInterval(self):
            raise OSError("no hardware")

    class Missing:
        mode = "RW"

    pvs = [Pv(Raising()), Pv(Missing()), Pv(object())]
    for pv in pvs:
        bench.staleness.watch(pv)
    polled = bench.watch(1)
    bench.pass_by(10)
    assert all(pv.shown == [] for pv in pvs)
    assert polled.shown == [0]


def test_an_interval_set_later_counts_from_then(bench):
    pv = bench.watch(0)
    bench.pass_by(100)
    pv.node.pollInterval = 10
    bench.pass_by(29)
    assert pv.shown == []
    bench.pass_by(6)
    assert pv.shown == [0]


def test_a_shorter_interval_does_not_count_the_silence_before(bench):
    pv = bench.watch(60)
    bench.pass_by(50)
    pv.node.pollInterval = 10
    bench.pass_by(29)
    assert pv.shown == []
    bench.pass_by(6)
    assert pv.shown == [0]


def test_polls_that_are_switched_off_in_time_are_not_missed(bench):
    pv = bench.watch(1)
    bench.pass_by(2.5)
    pv.node.pollInterval = 0
    bench.pass_by(100)
    assert pv.shown == []


def test_a_stale_pv_that_is_polled_no_more_is_left_alone(bench):
    pv = bench.watch(1)
    bench.pass_by(4)
    pv.node.pollInterval = 0
    bench.pass_by(100)
    pv.updates += 1
    bench.pass_by(100)
    assert pv.shown == [0]


def test_fractions_of_intervals_may_be_given():
    bench = Bench(1.5)
    pv = bench.watch(10)
    bench.pass_by(14.5)
    assert pv.shown == []
    bench.pass_by(1)
    assert pv.shown == [0]


# Who --------------------------------------------------------------------------------------


def test_only_what_is_watched_is_looked_at(bench):
    pv = bench.watch(1)
    bench.pass_by(2)
    bench.staleness.unwatch(pv)
    bench.staleness.unwatch(pv)
    bench.pass_by(10)
    assert pv.shown == []
    bench.staleness.watch(pv)
    bench.pass_by(2.5)
    assert pv.shown == []
    bench.pass_by(1)
    assert pv.shown == [0]


def test_one_that_leaves_during_a_check_is_not_shown(bench):
    class Leaving(Node):
        mode = "RW"

        @property
        def pollInterval(self):
            bench.staleness.unwatch(pv)
            return 1

        @pollInterval.setter
        def pollInterval(self, interval):
            pass

    pv = Pv(Leaving(1))
    bench.staleness.watch(pv)
    bench.clock.advance(10)
    assert pv.shown == []


def test_one_that_cannot_be_stale_and_returns_during_a_check_stays_watched(bench):
    class Returning:
        @property
        def mode(self):
            bench.staleness.watch(pv)
            pv.node = Node(1)
            return "WO"

        pollInterval = property(lambda self: 1)

    pv = Pv(Returning())
    bench.staleness.watch(pv)
    bench.clock.advance(1)
    bench.pass_by(4)
    assert pv.shown == [0]


def test_nothing_is_due_while_nothing_is_watched(bench):
    assert bench.clock.timers == []
    pv = bench.watch(1)
    assert len(bench.clock.timers) == 1
    bench.staleness.unwatch(pv)
    bench.pass_by(1)
    assert bench.clock.timers == []


@pytest.mark.parametrize("off", [None, 0])
def test_off(off):
    bench = Bench(off)
    pv = bench.watch(1)
    bench.pass_by(100)
    assert (pv.shown, bench.clock.timers) == ([], [])


@pytest.mark.parametrize("bad", [-1, float("nan"), float("inf")])
def test_no_number_of_intervals(bad):
    with pytest.raises(ValueError, match="missed_polls must be a number of intervals, not"):
        Staleness(FakeClock(), bad)


def test_before_the_start_and_after_the_stop(bench):
    early = Staleness(bench.clock, 3)
    pv = Pv(Node(1))
    early.watch(pv)
    bench.pass_by(10)
    assert pv.shown == []
    early.start()
    early.start()
    bench.pass_by(1)
    assert pv.shown == [0]
    pv.updates += 1
    bench.pass_by(1)
    early.stop()
    early.stop()
    bench.pass_by(10)
    assert (pv.shown, bench.clock.timers) == ([0], [])


def test_a_stop_during_a_check_is_the_end_of_it(bench):
    pv = bench.watch(1)
    pv.show_stale = lambda updates: bench.staleness.stop()
    bench.clock.advance(10)
    assert bench.clock.timers == []


def test_a_pv_that_raises_harms_no_other(bench, caplog):
    bad, good = bench.watch(1), bench.watch(1)

    def show_stale(updates):
        raise OSError("gone")

    bad.show_stale = show_stale
    bench.pass_by(4)
    assert good.shown == [0]
    assert [r.levelno for r in caplog.records if r.name == "roguebridge.staleness"] == [
        logging.ERROR
    ]


def test_a_check_that_fails_is_not_the_last(bench, caplog):
    class Failing(Pv):
        updates = property(lambda self: 1 // len(self.shown))

        def __init__(self, node):
            self.node = node
            self.shown = [0]

    bad = Failing(Node(1))
    bench.staleness.watch(bad)
    bad.shown.clear()
    bench.clock.advance(STEP)
    assert "a timed call failed" in caplog.text
    bench.staleness.unwatch(bad)
    good = bench.watch(1)
    bench.pass_by(4)
    assert good.shown == [0]


def test_many_alarms_leave_room_for_other_timed_calls(bench):
    pvs = [bench.watch(1) for _ in range(1200)]
    counts = []
    while not counts or counts[-1] < len(pvs):
        bench.clock.advance(0.01)
        count = sum(len(pv.shown) for pv in pvs)
        if count and count not in counts:
            counts.append(count)
    assert counts == [500, 1000, 1200]
    bench.pass_by(10)
    assert all(pv.shown == [0] for pv in pvs)


# Nodes ------------------------------------------------------------------------------------


class Remote:
    """As the nodes of a remote tree: even the class's attribute is a request over the network."""

    class Request:
        """What only the other side can answer."""

        def __get__(self, node, owner=None):
            raise AssertionError("asked over the network")

    pollInterval = mode = dependencies = updateNotify = Request()


def test_remote_nodes_are_not_asked(bench):
    pv = Pv(Remote())
    bench.staleness.watch(pv)
    bench.pass_by(100)
    assert pv.shown == []
    assert not tells_of_polls(pv.node)


def test_nor_are_links_on_them():
    link = Node(1)
    link.dependencies = [Node(1), Remote()]
    assert not tells_of_polls(link)
    link.dependencies = [Node(1)]
    assert tells_of_polls(link)


def test_links_that_depend_on_each_other_are_not_followed_for_ever():
    link = Node(1)
    link.dependencies = [link]
    assert not tells_of_polls(link)


class Ear(Pv):
    """A watched PV of a real node."""

    def __init__(self, node):
        super().__init__(node)
        self.recorder = Recorder()
        node.addListener(self)

    def __call__(self, path, value):
        self.updates += 1
        self.recorder(path, value)

    def hear(self, count=1):
        self.recorder.wait(len(self.recorder.calls) + count)


@pytest.fixture
def site(tree, running):
    memory = tree.memory()
    root = tree.pr.Root(name="Top", timeout=0.05)
    device = tree.pr.Device(name="D", memBase=memory)
    root.add(device)
    device.add(tree.pr.RemoteVariable(name="R", offset=0, pollInterval=FAST))
    device.add(tree.pr.RemoteVariable(name="Other", offset=4, pollInterval=FAST))
    device.add(tree.pr.RemoteVariable(name="W", offset=8, mode="WO", pollInterval=FAST))
    device.add(tree.pr.RemoteVariable(name="N", offset=12, updateNotify=False, pollInterval=FAST))
    device.add(tree.pr.RemoteVariable(name="U", offset=16))
    device.add(tree.pr.LocalVariable(name="L", value=1, pollInterval=FAST))
    device.add(tree.pr.LinkVariable(name="K", variable=device.R))
    device.add(tree.pr.LinkVariable(name="KU", variable=device.U))
    root.memory = memory
    ears = {name: Ear(device.node(name)) for name in ("R", "L", "K", "W", "N", "U", "KU")}
    with running(root):
        yield root, ears
        memory.clear()


def test_poll_intervals_of_nodes(site):
    root, ears = site
    found = {name: tells_of_polls(ear.node) for name, ear in ears.items()}
    assert found == dict.fromkeys(ears, True) | {"W": False, "N": False}
    assert {name: poll_interval(ears[name].node) for name in ("R", "L", "K", "U", "KU")} == {
        "R": FAST, "L": FAST, "K": FAST, "U": 0, "KU": 0
    }  # fmt: skip
    with pytest.raises(TypeError):
        root.D.U.setPollInterval("fast")
    assert poll_interval(root.D.KU) == 0
    assert tells_of_polls(root.D.enable)
    assert poll_interval(root.D.enable) == 0


def test_a_poll_interval_does_not_wait_for_a_poll(site):
    root, ears = site
    with root.memory.hold(0) as gate:
        assert gate.entered.wait(LIMIT)
        found = []
        thread = threading.Thread(
            target=lambda: found.extend(poll_interval(ears[n].node) for n in "RLK")
        )
        thread.start()
        thread.join(LIMIT)
        assert found == [FAST] * 3
        assert not gate.opened.is_set()


def fail(root):
    root.memory.fail_read(0)


def hang(root):
    root.memory.hang(0)


def pause(root):
    root.PollEn.set(False)


def block(root):
    root._pollQueue_block = root.pollBlock()
    root._pollQueue_block.__enter__()


def unblock(root):
    root._pollQueue_block.__exit__(None, None, None)


def end(root):
    (thread,) = [t for t in threading.enumerate() if "_poll" in t.name]
    root.D.U.setPollInterval(1e12)
    thread.join(LIMIT)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("stop", "resume"),
    [
        (fail, lambda root: root.memory.clear()),
        (hang, lambda root: root.memory.clear()),
        (pause, lambda root: root.PollEn.set(True)),
        (block, unblock),
        (lambda root: root.D.enable.set(False), lambda root: root.D.enable.set(True)),
        (end, lambda root: root.D.R.get()),
    ],
    ids=["error", "timeout", "PollEn", "pollBlock", "disabled", "dead thread"],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_polls_that_end_for_any_reason_and_come_back(bench, site, stop, resume):
    root, ears = site
    ears["R"].hear()
    for ear in ears.values():
        bench.staleness.watch(ear)
    for _ in range(4):  # more than a second, with polls
        for name in "RLK":
            ears[name].hear()
        bench.clock.advance(STEP)
    assert all(ear.shown == [] for ear in ears.values())
    stop(root)
    other = Ear(root.D.Other)
    if stop in (fail, hang):
        other.hear(3)  # polls go on, but not of this register
    root.waitOnUpdate()
    pass_until(bench, lambda: ears["R"].shown and ears["K"].shown)
    assert all(ears[name].shown == [] for name in ("U", "KU", "W", "N"))
    resume(root)
    ears["R"].hear()
    bench.clock.advance(STEP)
    stale = len(ears["R"].shown)
    root.memory.fail_read(0)
    pass_until(bench, lambda: len(ears["R"].shown) > stale)


def pass_until(bench, happened):
    """Pass the time; PyRogue may make one more poll after it was paused."""
    for _ in range(10_000):
        if happened():
            return
        bench.clock.advance(STEP)
    raise AssertionError("it never happens")
