"""Nodes that tell of their polls, and polls of real trees that end."""

import threading

import pytest
from support.engine.silence import STEP, Node, SilentPv
from support.trees import LIMIT
from support.trees.listeners import Recorder

from roguebridge.core.tree.poll_silence import poll_interval, tells_of_polls

FAST = 0.05


class Remote:
    """As the nodes of a remote tree: even the class's attribute is a request over the network."""

    class Request:
        """What only the other side can answer."""

        def __get__(self, node, owner=None):
            raise AssertionError("asked over the network")

    pollInterval = mode = dependencies = updateNotify = Request()


def test_remote_nodes_are_not_asked(bench):
    pv = SilentPv(Remote())
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


class Ear(SilentPv):
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
