"""Start and stop: order, threads, failures."""

import threading

import pytest
from support.trees import running
from support.trees.listeners import Recorder


class Protocol:
    """Notes what is called on it, and what the root looks like then."""

    def __init__(self, name, log, root=None, fail=()):
        self.name, self.log, self.root, self.fail = name, log, root, fail

    def start(self):
        self.log.append((self.name, "start"))

    stop = start

    def _start(self):
        self.log.append((self.name, "_start"))
        self.thread = threading.current_thread()
        if self.root is not None:
            self.seen = (self.root.running, self.root.PollEn.value(), self.root.V.value())
        if "start" in self.fail:
            raise OSError("cannot start")

    def _stop(self):
        self.log.append((self.name, "_stop"))
        if self.root is not None:
            self.worker = self.root._updateThread.is_alive()
        if "stop" in self.fail:
            raise OSError("cannot stop")


def make(tree, **kwargs):
    root = tree.pr.Root(name="Top", **kwargs)
    root.add(tree.pr.LocalVariable(name="V", value=5))
    root.add(tree.pr.Device(name="Dev"))
    return root


def test_protocols_start_and_stop_in_order_of_adding(tree):
    root, log = make(tree), []
    root.Dev.addProtocol(Protocol("child", log))
    root.addProtocol(Protocol("a", log), Protocol("b", log))
    root.addInterface([Protocol("c", log), object()])
    with running(root):
        assert log == [(n, "_start") for n in ("a", "b", "c", "child")]
        log.clear()
    assert log == [(n, "_stop") for n in ("a", "b", "c", "child")]


def test_what_a_protocol_sees(tree):
    root = make(tree)
    protocol = Protocol("p", [], root)
    root.addProtocol(protocol)
    with running(root):
        assert protocol.seen == (True, False, 5)
        assert protocol.thread is threading.current_thread()
        assert root.PollEn.value() is True
    assert protocol.worker is False
    assert root.running is False


def test_devices_come_after_their_parents_own_protocols(tree):
    root, log = make(tree), []
    root.Dev.add(tree.pr.Device(name="Inner"))
    root.add(tree.pr.Device(name="Last"))
    root.Last.addProtocol(Protocol("last", log))
    root.Dev.Inner.addInterface(Protocol("inner", log))
    root.Dev.manage(Protocol("dev", log))
    root.addInterface((Protocol("tuple", log),), [Protocol("list", log)])
    root.addProtocol(Protocol("root", log))
    with running(root):
        assert [n for n, _ in log] == ["tuple", "list", "root", "dev", "inner", "last"]


def test_nothing_is_polled_or_read_while_protocols_start(tree):
    def pollers():
        return [t for t in threading.enumerate() if "_poll" in t.name and t not in before]

    memory, seen, updates = tree.memory(), [], Recorder()
    root = make(tree, initRead=True)
    root.add(tree.pr.Device(name="Hw", memBase=memory))
    root.Hw.add(tree.pr.RemoteVariable(name="R", offset=0, pollInterval=0.01))
    root.Hw.R.addListener(updates)
    protocol = Protocol("p", [])
    protocol._start = lambda: seen.append((memory.reads(0), pollers()))
    root.addProtocol(protocol)
    before = threading.enumerate()
    with running(root):
        assert seen == [(0, [])]
        assert len(pollers()) == 1
        updates.wait(2)


def test_poll_can_be_left_off(tree):
    with running(make(tree, pollEn=False)) as root:
        assert root.PollEn.value() is False


def test_start_twice(tree):
    with (
        running(make(tree)) as root,
        pytest.raises(tree.pr.NodeError, match="Root is already started"),
    ):
        root.start()


def test_a_protocol_added_late_is_only_stopped(tree):
    log = []
    with running(make(tree)) as root:
        root.addProtocol(Protocol("late", log))
    assert log == [("late", "_stop")]


def test_failing_start_leaves_the_root_running(tree):
    root, log = make(tree), []
    root.addProtocol(Protocol("a", log), Protocol("b", log, fail=["start"]), Protocol("c", log))
    root.Dev.addProtocol(Protocol("child", log))
    try:
        with pytest.raises(OSError, match="cannot start"):
            root.start()
        assert log == [("a", "_start"), ("b", "_start")]
        assert root.running is True
        assert root._updateThread.is_alive()
        assert root.PollEn.value() is False
        log.clear()
    finally:
        root.stop()
    assert log == [(n, "_stop") for n in ("a", "b", "c", "child")]


def test_failing_stop_skips_the_rest_and_may_be_repeated(tree):
    root, log = make(tree), []
    root.addProtocol(Protocol("a", log), Protocol("b", log, fail=["stop"]), Protocol("c", log))
    root.start()
    log.clear()
    for _ in range(2):
        with pytest.raises(OSError, match="cannot stop"):
            root.stop()
    assert log == [("a", "_stop"), ("b", "_stop")] * 2
    assert root.running is False


def test_context_manager(tree):
    root = make(tree)
    with root as same:
        assert same is root
        assert root.running
    assert not root.running


def test_no_restart(tree):
    root = make(tree)
    with running(root):
        pass
    try:
        with pytest.raises(RuntimeError, match="threads can only be started once"):
            root.start()
        assert root.running is True
    finally:
        root.stop()


def test_no_restart_with_registers(tree):
    root = make(tree)
    root.add(tree.pr.Device(name="Hw", memBase=tree.memory()))
    root.Hw.add(tree.pr.RemoteVariable(name="R", offset=0))
    with running(root):
        pass
    with pytest.raises(tree.pr.NodeError, match="overlaps"):
        root.start()


def test_queued_updates_are_delivered_before_stop(tree):
    root, seen, stopped = make(tree), [], []
    go = threading.Event()
    root.V.addListener(lambda path, value: (go.wait(10), seen.append(value.value)))
    protocol = Protocol("p", [], root)
    protocol._stop = lambda: stopped.append((len(seen), root._updateThread.is_alive()))
    root.addProtocol(protocol)
    with running(root):
        for i in range(20):
            root.V.set(i)
        release = threading.Timer(0.1, go.set)
        release.start()
    release.join()
    assert stopped == [(20, False)]


def test_update_thread_is_no_daemon(tree):
    with running(make(tree)) as root:
        thread = root._updateThread
        assert thread.is_alive()
        assert not thread.daemon
        assert "_updateWorker" in thread.name
    assert not thread.is_alive()


def test_set_after_stop_is_stored_and_not_delivered(tree):
    root, updates = make(tree), Recorder()
    root.V.addListener(updates)
    with running(root):
        pass
    root.V.set(9)
    assert root.V.value() == 9
    assert updates.calls == []


def test_registers_still_work_after_stop(tree):
    memory, updates = tree.memory(), Recorder()
    root = make(tree)
    root.add(tree.pr.Device(name="Hw", memBase=memory))
    root.Hw.add(tree.pr.RemoteVariable(name="R", offset=0))
    root.Hw.R.addListener(updates)
    with running(root):
        pass
    root.Hw.R.set(6)
    assert memory.peek(0, 1) == bytes([6])
    memory.poke(0, bytes([7]))
    assert root.Hw.R.get() == 7
    assert updates.calls == []


def test_stop_within_a_listener(tree):
    root, over = make(tree), threading.Event()

    def stop(path, value):
        root.stop()
        over.set()

    root.V.addListener(stop)
    with running(root):
        root.V.set(1)
        assert over.wait(10)
        assert root.running is False


def test_defaults_are_applied_through_local_set(tree):
    pr, calls = tree.pr, []
    root = pr.Root(name="Top")
    root.add(pr.Device(name="D", defaults={"V": 7}))
    root.D.add(pr.LocalVariable(name="V", value=1, localSet=lambda value: calls.append(value)))
    root.add(pr.LocalVariable(name="W", value=2, localSet=lambda value: calls.append(value)))
    with running(root):
        assert root.D.V.value() == 7
        assert sorted(calls) == [2, 2, 7]


def test_a_default_beyond_its_limits_fails_the_start(tree):
    root = tree.pr.Root(name="Top")
    root.add(tree.pr.LocalVariable(name="V", value=11, maximum=10))
    with pytest.raises(tree.pr.VariableError, match="Value range error for V"):
        root.start()


@pytest.mark.parametrize("kwargs", [{"localSet": 1}, {"localGet": 1, "value": None}])
def test_a_failing_callback_fails_the_start(tree, kwargs):
    def fail():
        raise OSError("no value")

    wanted = {"value": 1, **{k: fail if v == 1 else v for k, v in kwargs.items()}}
    root = tree.pr.Root(name="Top")
    root.add(tree.pr.LocalVariable(name="V", **wanted))
    with pytest.raises(OSError, match="no value"):
        root.start()
    assert root.running is False


def test_links_that_depend_on_each_other_fail_the_start(tree):
    root = tree.pr.Root(name="Top")
    one = tree.pr.LinkVariable(name="One", linkedGet=lambda: 1)
    root.add(one)
    root.add(tree.pr.LinkVariable(name="Two", linkedGet=lambda: 2, dependencies=[one]))
    one.addDependency(root.Two)
    with pytest.raises(RecursionError):
        root.start()


def test_a_mirror_of_enable_fails_the_start(tree):
    root = tree.pr.Root(name="Top")
    root.add(tree.pr.LinkVariable(name="V", variable=root.enable))
    with pytest.raises(TypeError, match="wait"):
        root.start()


@pytest.mark.parametrize("devices", [1, 2])
def test_registers_may_not_overlap(tree, devices):
    root, memory = tree.pr.Root(name="Top"), tree.memory()
    for i in range(2):
        if i < devices:
            dev = tree.pr.Device(name=f"D{i}", memBase=memory)
            root.add(dev)
        dev.add(tree.pr.RemoteVariable(name=f"R{i}", offset=0))
    kind = tree.general_error if devices == 1 else tree.pr.NodeError
    with pytest.raises(kind, match="overlap"):
        root.start()


def test_init_read_and_init_write(tree):
    pr, memory = tree.pr, tree.memory()
    memory.poke(0, bytes([42]))
    root = pr.Root(name="Top", initRead=True, initWrite=True)
    root.add(pr.Device(name="D", memBase=memory))
    root.D.add(pr.RemoteVariable(name="R", offset=0, mode="RO"))
    root.D.add(pr.RemoteVariable(name="W", offset=4, value=3))
    protocol = Protocol("p", [])
    protocol._start = lambda: setattr(protocol, "seen", root.D.R.value())
    root.addProtocol(protocol)
    with running(root):
        assert protocol.seen == 0
        assert root.D.R.value() == 42
        assert memory.peek(4, 1) == bytes([3])


def test_init_read_errors_are_only_logged(tree):
    memory = tree.memory()
    memory.fail_read(0)
    root = tree.pr.Root(name="Top", initRead=True)
    root.add(tree.pr.Device(name="D", memBase=memory))
    root.D.add(tree.pr.RemoteVariable(name="R", offset=0))
    with running(root):
        assert root.running
        assert memory.reads(0) >= 1


def test_registers_need_a_memory(tree):
    root = tree.pr.Root(name="Top")
    root.add(tree.pr.Device(name="D"))
    root.D.add(tree.pr.RemoteVariable(name="R", offset=0))
    with pytest.raises(tree.pr.DeviceError):
        root.start()


def test_two_roots_of_one_name(tree):
    with running(make(tree)) as one, running(make(tree)) as two:
        one.V.set(1)
        two.V.set(2)
        assert (one.V.value(), two.V.value()) == (1, 2)


def test_heartbeat(tree):
    root, beats = make(tree), Recorder()
    local = Recorder()
    root.Time.addListener(beats)
    root.LocalTime.addListener(local)
    with running(root, heartbeat=True):
        beats.wait(1)
        local.wait(1)
        assert beats.paths[0] == "Top.Time"
        assert local.values[0].startswith("2")
