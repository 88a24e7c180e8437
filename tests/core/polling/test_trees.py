"""Polls for those who look: on nodes made up, then on trees that poll."""

import logging
import threading

import pytest
from support.fakes import WAIT, FakeClock, InlinePool, join
from support.listeners import Recorder
from support.trees import LIMIT

from roguebridge.core.clock import SystemClock
from roguebridge.core.polling import WatchedPolls, poll_sources
from roguebridge.core.workers import BUSY, STOPPING, Job, WorkerPool

FAST = 0.05


class Register:
    """A register that notes what becomes of its poll interval."""

    mode = "RO"
    numValues = 0
    isCommand = False

    def __init__(self, name="R", interval=0):
        self.path = name
        self.pollInterval = interval
        self.given = []
        self.dependencies = []

    def setPollInterval(self, interval):
        self.given.append(interval)
        self.pollInterval = interval


class Link(Register):
    """A link on other nodes."""

    numValues = None

    def __init__(self, *sources):
        super().__init__("K")
        self.dependencies = list(sources)


class Pv:
    """What clients connect to."""

    def __init__(self, node):
        self.node = node


class Bench:
    def __init__(self, seconds=1):
        self.clock = FakeClock()
        self.pool = InlinePool()
        self.polls = WatchedPolls(seconds, self.pool.submit, self.clock)


@pytest.fixture
def bench():
    return Bench()


# Intervals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "given"), [(0, [1, 0]), (5, [1, 5]), (1, []), (0.2, []), (-3, [1, -3])]
)
def test_a_source_is_polled_while_somebody_looks(bench, own, given):
    register = Register(interval=own)
    looked_at = Pv(register)
    bench.polls.watch(looked_at)
    assert register.given == given[:1]
    bench.polls.unwatch(looked_at)
    assert register.given == given
    assert register.pollInterval == own


def test_the_change_of_somebody_else_stays(bench):
    register = Register(interval=5)
    looked_at = Pv(register)
    bench.polls.watch(looked_at)
    register.setPollInterval(0)
    bench.polls.unwatch(looked_at)
    assert register.given == [1, 0]
    bench.polls.watch(looked_at)
    bench.polls.unwatch(looked_at)
    assert register.given == [1, 0, 1, 0]


@pytest.mark.parametrize("off", [None, 0])
def test_off(off):
    bench = Bench(off)
    register = Register()
    bench.polls.watch(Pv(register))
    bench.polls.restore_all()
    assert register.given == []


@pytest.mark.parametrize("bad", [-1, float("nan"), float("inf"), 1e12])
def test_no_number_of_seconds(bad):
    with pytest.raises(ValueError, match="poll_watched must be a number of seconds, not"):
        Bench(bad)


# Sources ----------------------------------------------------------------------------------


def test_a_shared_source_is_polled_until_the_last_pv_is_left(bench):
    register = Register()
    looked_at = [Pv(register), Pv(Link(register)), Pv(Link(Link(register), register))]
    for one in looked_at:
        bench.polls.watch(one)
    assert register.given == [1]
    for one in looked_at[:2]:
        bench.polls.unwatch(one)
    assert register.given == [1]
    bench.polls.unwatch(looked_at[2])
    assert register.given == [1, 0]


def test_telling_twice_counts_once(bench):
    register = Register()
    looked_at, other = Pv(register), Pv(register)
    for _ in range(2):
        bench.polls.watch(looked_at)
    bench.polls.unwatch(other)
    bench.polls.unwatch(looked_at)
    bench.polls.unwatch(looked_at)
    assert register.given == [1, 0]


def test_a_link_itself_is_left_alone(bench):
    a, b = Register("A"), Register("B", 0.5)
    link = Link(a, Link(b))
    looked_at = Pv(link)
    bench.polls.watch(looked_at)
    assert (a.pollInterval, b.pollInterval, link.given) == (1, 0.5, [])
    bench.polls.unwatch(looked_at)
    assert (a.pollInterval, b.pollInterval, link.given) == (0, 0.5, [])


def test_links_that_depend_on_each_other_have_no_sources():
    one = Link()
    one.dependencies.append(Link(one))
    assert poll_sources(one) == []


def test_a_source_that_is_reached_twice_is_found_once():
    a, b = Register("A"), Register("B")
    assert poll_sources(Link(a, Link(a, b), b)) == [a, b]


# Workers ----------------------------------------------------------------------------------


def test_nothing_is_done_on_the_thread_that_tells(bench):
    bench.pool.held = True
    registers = [Register(str(number)) for number in range(100)]
    for register in registers:
        bench.polls.watch(Pv(register))
    assert len(bench.pool.jobs) == 1
    assert all(register.given == [] for register in registers)
    bench.pool.run()
    assert all(register.given == [1] for register in registers)


def test_a_client_that_comes_and_goes_quickly_changes_nothing(bench):
    bench.pool.held = True
    register = Register()
    looked_at = Pv(register)
    bench.polls.watch(looked_at)
    bench.polls.unwatch(looked_at)
    bench.pool.run()
    assert register.given == []
    bench.polls.watch(looked_at)
    bench.pool.run()
    bench.polls.unwatch(looked_at)
    bench.polls.watch(looked_at)
    bench.pool.run()
    assert register.given == [1]


def test_what_is_told_during_the_work_is_done_by_the_same_job(bench):
    other = Register("other")

    class Telling(Register):
        def setPollInterval(self, interval):
            super().setPollInterval(interval)
            bench.polls.watch(Pv(other))

    bench.polls.watch(Pv(Telling()))
    assert other.given == [1]


def test_busy_workers_are_asked_again(bench):
    bench.pool.refusal = BUSY
    register = Register()
    bench.polls.watch(Pv(register))
    bench.clock.advance(0.1)
    bench.clock.advance(0.1)
    assert register.given == []
    bench.pool.refusal = None
    bench.clock.advance(0.1)
    assert register.given == [1]


def test_workers_that_stop_are_not_asked_again(bench):
    bench.pool.refusal = STOPPING
    bench.polls.watch(Pv(Register()))
    assert bench.clock.timers == []
    bench.polls.restore_all()


def test_a_job_of_its_own_lane_and_device(bench):
    bench.pool.held = True
    bench.polls.watch(Pv(Register("Top.D.R")))
    (job,) = bench.pool.jobs
    assert job.lane == job.device == "poll intervals"
    job.abandon(STOPPING)


# Errors -----------------------------------------------------------------------------------


def records(caplog):
    return [(r.levelno, r.getMessage()) for r in caplog.records if r.name == "roguebridge.polling"]


class Raising(Register):
    """Keeps the interval and raises, as PyRogue does."""

    def setPollInterval(self, interval):
        super().setPollInterval(interval)
        raise TypeError("a neighbour is wrong")


def test_an_interval_that_cannot_be_set_is_logged_once(bench, caplog):
    caplog.set_level(logging.DEBUG, "roguebridge.polling")
    bad, good = Raising("Top.Bad"), Register()
    looked_at = Pv(Link(bad, good))
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
    looked_at = Pv(register)
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
        looked_at = Pv(node)
        bench.polls.watch(looked_at)
        bench.polls.unwatch(looked_at)
    register = Register()
    bench.polls.watch(Pv(register))
    assert register.given == [1]
    assert [level for level, _ in records(caplog)] == 2 * [logging.WARNING]


# The end ----------------------------------------------------------------------------------


def test_restore_all(bench):
    registers = [Register(str(own), own) for own in (0, 5, 0.5)]
    for register in registers:
        bench.polls.watch(Pv(register))
    bench.polls.watch(Pv(Link(*registers)))
    bench.polls.restore_all()
    assert [register.pollInterval for register in registers] == [0, 5, 0.5]
    bench.polls.restore_all()
    bench.polls.watch(Pv(registers[0]))
    assert registers[0].given == [1, 0]


def test_restore_all_goes_on_after_errors(bench):
    bad, good = Raising(), Register()
    for node in (bad, good):
        bench.polls.watch(Pv(node))
    bench.polls.restore_all()
    assert (bad.pollInterval, good.pollInterval) == (0, 0)


def test_restore_all_leaves_out_what_was_not_begun(bench):
    bench.pool.held = True
    register = Register()
    bench.polls.watch(Pv(register))
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
    bench.polls.watch(Pv(register))
    stopping = threading.Thread(target=bench.polls.restore_all, args=(3.0,))
    stopping.start()
    assert entered.wait(WAIT)
    (restoring,) = [t for t in threading.enumerate() if t.name == "roguebridge-polls"]
    bench.clock.advance(2.9)
    assert stopping.is_alive()
    bench.clock.advance(0.2)
    join(stopping)
    assert records(caplog) == [
        (logging.ERROR, "poll intervals are not restored: the tree's polling is held up")
    ]
    gate.set()
    join(restoring)
    assert register.pollInterval == 0


# Trees ------------------------------------------------------------------------------------


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
        one = self.pvs[name] = Pv(self.node(name))
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
            one = site.pvs[name] = Pv(site.node(name))
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
