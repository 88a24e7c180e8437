"""Polling: intervals, pauses, silent errors."""

import logging
import threading
import time

import pytest
from support.trees import LIMIT, running
from support.trees.listeners import Recorder

FAST = 0.05


@pytest.fixture
def memory(tree):
    return tree.memory()


@pytest.fixture
def root(tree, memory):
    pr = tree.pr
    root = pr.Root(name="Top", timeout=0.2)
    d = pr.Device(name="D", memBase=memory)
    root.add(d)
    d.add(pr.RemoteVariable(name="Fast", offset=0, pollInterval=FAST))
    d.add(pr.RemoteVariable(name="Slow", offset=4, pollInterval=3600))
    d.add(pr.RemoteVariable(name="Never", offset=8))
    d.add(pr.RemoteVariable(name="P0", offset=12, bitSize=8, pollInterval=FAST))
    d.add(pr.RemoteVariable(name="P1", offset=12, bitSize=8, bitOffset=8))
    d.add(pr.LocalVariable(name="Local", value=0, pollInterval=FAST))
    d.add(pr.RemoteVariable(name="Source", offset=16, pollInterval=3600))
    d.add(pr.LinkVariable(name="Link", variable=d.Source, pollInterval=1800))
    yield root
    memory.clear()


class Records(logging.Handler):
    def __init__(self):
        super().__init__()
        self.found = threading.Event()
        self.records = []

    def emit(self, record):
        self.records.append(record)
        self.found.set()


@pytest.fixture
def poll_log():
    handler = Records()
    logger = logging.getLogger("pyrogue.PollQueue")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


def test_polled_variables_and_their_blocks_are_updated(root, memory):
    fast, shared, local, slow, never = (Recorder() for _ in range(5))
    root.D.Fast.addListener(fast)
    root.D.P1.addListener(shared)
    root.D.Local.addListener(local)
    root.D.Slow.addListener(slow)
    root.D.Never.addListener(never)
    memory.poke(0, b"\x07")
    with running(root):
        for recorder in (fast, shared, local):
            recorder.wait(3)
        slow.wait(1)
        assert fast.values[-1] == 7
    assert len(slow.calls) == 1
    assert never.calls == []


def test_rate(root):
    fast = Recorder()
    root.D.Fast.addListener(fast)
    with running(root):
        fast.wait(1)
        begin = time.monotonic()
        fast.wait(len(fast.calls) + 10)
        assert 8 * FAST < time.monotonic() - begin < 80 * FAST


def test_intervals_of_links(root):
    with running(root):
        assert root.D.Fast.pollInterval == FAST
        assert root.D.Source.pollInterval == 1800
        assert root.D.Link.pollInterval == 1800
        root.D.Link.setPollInterval(900)
        assert root.D.Source.pollInterval == 900
        assert root.D.Never.pollInterval == 0


def test_set_poll_interval(root, memory):
    never = Recorder()
    root.D.Never.addListener(never)
    with running(root):
        root.D.Never.setPollInterval(FAST)
        never.wait(2)
        root.D.Never.setPollInterval(0)
        root.waitOnUpdate()
        root.D.Never.setPollInterval(FAST)
        never.wait(len(never.calls) + 2)
        root.D.Never.setPollInterval(-1)
        root.waitOnUpdate()
        seen = len(never.calls)
        fast = Recorder()
        root.D.Fast.addListener(fast)
        fast.wait(4)
        assert len(never.calls) <= seen + 1
        with pytest.raises(TypeError):
            root.D.Never.setPollInterval("fast")
        assert root.D.Never.pollInterval == "fast"


def test_a_cycle_is_one_batch(root):
    order = []
    root.addVarListener(
        lambda path, value: order.append(path.removeprefix("Top.D.")),
        done=lambda: order.append("done"),
    )
    last = Recorder()
    root.D.Local.addListener(last)
    with running(root):
        last.wait(2)
        root.waitOnUpdate()
    batches = " ".join(order).split("done")
    cycles = [b.split() for b in batches if "Local" in b]
    assert len(cycles) >= 2
    for cycle in cycles:
        named = [n for n in cycle if n in ("Fast", "P0", "P1", "Local")]
        assert sorted(named) == ["Fast", "Local", "P0", "P1"]


def test_dependents_of_polled_variables(root, memory):
    link, mirror = Recorder(), Recorder()
    root.D.add(root_link(root))
    root.D.OfFast.addListener(link)
    root.D.Link.addListener(mirror)
    memory.poke(0, b"\x03")
    with running(root):
        link.wait(2)
        mirror.wait(1)
        assert link.values[-1] == 30
        memory.fail_read(0)
        shared = Recorder()
        root.D.P1.addListener(shared)
        shared.wait(2)
        root.waitOnUpdate()
        link.clear()
        shared.wait(len(shared.calls) + 2)
        assert link.calls == []


def root_link(root):
    cls = type(root.D.Link)
    return cls(
        name="OfFast", dependencies=[root.D.Fast], linkedGet=lambda: 10 * root.D.Fast.value()
    )


def test_a_cycle_holds_the_poll_lock(root, memory):
    with running(root), memory.hold(0) as gate:
        assert gate.entered.wait(LIMIT)
        over = threading.Event()

        def pause():
            root.PollEn.set(False)
            over.set()

        thread = threading.Thread(target=pause)
        thread.start()
        assert not over.wait(0.05)
        gate.open()
        assert over.wait(LIMIT)
        thread.join(LIMIT)
        assert root.PollEn.value() is False
        # PyRogue's thread may miss what wakes it between its look at PollEn and its wait: a stop
        # just after PollEn was switched off would hang for ever.
        root.PollEn.set(True)


def test_poll_en(root, memory):
    fast = Recorder()
    root.D.Fast.addListener(fast)
    with running(root):
        fast.wait(2)
        root.PollEn.set(False)
        assert root.PollEn.value() is False
        root.waitOnUpdate()
        seen = memory.reads(0)
        threading.Event().wait(4 * FAST)
        assert memory.reads(0) <= seen + 1  # PyRogue's thread may be about to poll once more
        root.D.Fast.set(3)
        assert root.D.Fast.get() == 3
        root.waitOnUpdate()
        seen = len(fast.calls)
        root.PollEn.set(True)
        fast.wait(seen + 2)


def test_poll_block(root, memory):
    fast = Recorder()
    root.D.Fast.addListener(fast)
    with running(root):
        fast.wait(1)
        with root.pollBlock():
            root.waitOnUpdate()
            seen = memory.reads(0)
            threading.Event().wait(4 * FAST)
            assert memory.reads(0) <= seen + 1
        fast.wait(len(fast.calls) + 2)


@pytest.mark.parametrize("fault", ["fail_read", "hang"])
def test_errors_are_silent(root, memory, poll_log, fault):
    fast, shared = Recorder(), Recorder()
    root.D.Fast.addListener(fast)
    root.D.P1.addListener(shared)
    memory.poke(0, b"\x07")
    with running(root):
        fast.wait(1)
        getattr(memory, fault)(0)
        assert poll_log.found.wait(LIMIT)
        root.waitOnUpdate()
        fast.clear()
        memory.poke(0, b"\x08")
        shared.wait(len(shared.calls) + 2)
        assert fast.calls == []
        assert root.D.Fast.value() == 7
        assert poll_log.records[0].levelno == logging.ERROR
        assert poll_log.records[0].exc_info is not None
        memory.clear()
        fast.wait(1)
        assert root.D.Fast.value() == 8


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_raising_getter_kills_the_worker_not_the_poll(tree):
    pr, fail = tree.pr, threading.Event()

    def getter():
        if fail.is_set():
            raise OSError("no value")
        return 1

    memory = tree.memory()
    root = pr.Root(name="Top")
    root.add(pr.Device(name="D", memBase=memory))
    root.D.add(pr.LocalVariable(name="G", localGet=getter, pollInterval=FAST))
    root.D.add(pr.RemoteVariable(name="R", offset=0, pollInterval=FAST))
    with running(root):
        fail.set()
        root._updateThread.join(LIMIT)
        assert not root._updateThread.is_alive()
        seen, gate = memory.reads(0), memory.hold(0)
        assert gate.entered.wait(LIMIT)
        gate.open()
        assert memory.reads(0) > seen


@pytest.mark.parametrize("name", ["Fast", "Never", "Local"])
def test_an_interval_beyond_all_numbers_is_refused_but_kept(root, name):
    polled = Recorder()
    root.D.P0.addListener(polled)
    with running(root):
        with pytest.raises(OverflowError):
            root.D.node(name).setPollInterval(float("inf"))
        assert root.D.node(name).pollInterval == float("inf")
        polled.wait(len(polled.calls) + 2)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_interval_beyond_the_calendar_ends_the_poll_thread(root, memory):
    polled = Recorder()
    root.D.Fast.addListener(polled)
    with running(root):
        polled.wait(1)
        (thread,) = [t for t in threading.enumerate() if "_poll" in t.name]
        root.D.Never.setPollInterval(1e12)
        thread.join(LIMIT)
        assert not thread.is_alive()
        seen = memory.reads(0)
        root.D.Fast.setPollInterval(FAST / 2)
        assert root.D.Fast.pollInterval == FAST / 2
        root.D.Fast.get()
        assert memory.reads(0) == seen + 1


def test_a_local_variable_keeps_its_getter_on_its_block(tree):
    root = tree.pr.Root(name="Top")
    getter = lambda: 1  # noqa: E731
    root.add(tree.pr.LocalVariable(name="G", localGet=getter))
    root.add(tree.pr.LocalVariable(name="L", value=1, localSet=lambda value: None))
    assert root.G._block._localGet is getter
    assert root.L._block._localGet is None


def test_what_is_not_told_of_its_polls(root, memory):
    pr = root.D
    remote = type(pr.Fast)
    pr.add(remote(name="Written", offset=20, mode="WO", pollInterval=FAST))
    pr.add(remote(name="Silent", offset=24, updateNotify=False, pollInterval=FAST))
    written, silent, fast = Recorder(), Recorder(), Recorder()
    pr.Written.addListener(written)
    pr.Silent.addListener(silent)
    pr.Fast.addListener(fast)
    with running(root):
        fast.wait(4)
        root.waitOnUpdate()
        assert (memory.reads(20), written.calls) == (0, [])
        assert memory.reads(24) > 0
        assert silent.calls == []
