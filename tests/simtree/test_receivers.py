"""Data receivers and run controls: what a data-taking tree shows."""

import threading

import numpy as np
import pytest
from support.trees import LIMIT, running
from support.trees.frames import send
from support.trees.listeners import Recorder


@pytest.fixture
def root(tree):
    pr = tree.pr

    class Pairs(pr.DataReceiver):
        """Shows frames as rows of two uint16."""

        def process(self, frame):
            data = frame.getNumpy(0, frame.getPayload())
            self.Data.set(data.view(np.uint16).reshape(-1, 2))
            self.Updated.set(True)

    root = pr.Root(name="Top", pollEn=False)
    root.add(pr.DataReceiver(name="Rx"))
    root.add(pr.DataReceiver(name="Off", enableOnStart=False, hideData=False, value=np.zeros(4)))
    root.add(Pairs(name="Pairs", value=[1]))
    with running(root):
        yield root


COUNTS = ("FrameCount", "ErrorCount", "ByteCount")


def counts(receiver):
    return [receiver.node(name).value() for name in COUNTS]


def test_declared(root):
    rx = root.Rx
    names = [v.name for v in rx.variableList]
    assert names[3:] == ["RxEnable", *COUNTS, "Updated", "Data"]
    assert [rx.node(n).mode for n in COUNTS] == ["RO"] * 3
    assert [rx.node(n).pollInterval for n in COUNTS] == [1] * 3
    assert (rx.Updated.mode, rx.RxEnable.mode, rx.Data.mode) == ("RW", "RW", "RW")
    assert rx.Data.groups == ["NoState", "NoStream", "NoConfig", "Hidden"]
    assert root.Off.Data.groups == ["NoState", "NoStream", "NoConfig"]
    assert (rx.Data.disp, rx.Data.typeStr, rx.Data.nativeType) == ("", "uint8(1,)", np.ndarray)
    assert (root.Pairs.Data.typeStr, root.Pairs.Data.nativeType) == ("UInt8[np]", list)
    assert (rx.isDevice, rx.hidden) == (True, False)


def test_a_frame(root):
    updates = Recorder()
    for name in ("Data", "Updated", *COUNTS):
        root.Rx.node(name).addListener(updates)
    assert counts(root.Rx) == [0, 0, 0]
    send(root.Rx, b"abc")
    assert counts(root.Rx) == [1, 0, 3]
    assert root.Rx.Updated.value() is True
    data = root.Rx.Data.value()
    assert (data.dtype, data.tolist()) == (np.uint8, [97, 98, 99])
    assert data.flags.owndata
    assert data.flags.writeable
    assert root.Rx.Data.valueDisp() == ""
    root.waitOnUpdate()
    assert updates.paths == ["Top.Rx.Data", "Top.Rx.Updated"]  # the counters wait for their poll
    assert updates.values[0] is data


def test_data_changes_length_shape_and_type(root):
    for n in (5, 2):
        send(root.Rx, np.arange(n, dtype=np.uint16))
        assert root.Rx.Data.value().shape == (2 * n,)
    assert counts(root.Rx) == [2, 0, 14]
    send(root.Pairs, np.arange(4, dtype=np.uint16))
    assert root.Pairs.Data.value().tolist() == [[0, 1], [2, 3]]
    assert root.Pairs.Data.value().dtype == np.uint16
    for value in (None, [1, 2], 3.5, "text"):
        root.Rx.Data.set(value)
        assert root.Rx.Data.value() is value
    assert (root.Rx.Data.typeStr, root.Rx.Data.nativeType) == ("uint8(1,)", np.ndarray)


def test_bad_frames_are_only_counted(root):
    send(root.Rx, b"abcd", error=3)
    assert counts(root.Rx) == [0, 1, 0]
    assert root.Rx.Updated.value() is False
    assert root.Rx.Data.value().tolist() == [0]


def test_switched_off(root):
    assert root.Off.RxEnable.value() is False
    send(root.Off, b"abc")
    assert counts(root.Off) == [0, 0, 0]
    root.Off.RxEnable.set(True)
    send(root.Off, b"abc")
    assert counts(root.Off) == [1, 0, 3]


def test_it_is_on_while_the_root_runs(tree):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.DataReceiver(name="Rx"))
    send(root.Rx, b"early")
    with running(root):
        assert root.Rx.RxEnable.value() is True
        assert counts(root.Rx) == [0, 0, 0]
    assert root.Rx.RxEnable.value() is False
    send(root.Rx, b"late")
    assert counts(root.Rx) == [0, 0, 0]


def test_a_failing_process_is_not_the_senders_matter(root, capfd):
    send(root.Pairs, b"odd")
    assert counts(root.Pairs) == [1, 0, 3]
    assert root.Pairs.Data.value() == [1]
    assert capfd.readouterr().err != ""


def test_count_reset(root):
    send(root.Rx, b"abc")
    send(root.Rx, b"x", error=1)
    updates = Recorder()
    root.Rx.FrameCount.addListener(updates)
    root.CountReset()
    root.waitOnUpdate()
    assert counts(root.Rx) == [0, 0, 0]
    assert updates.values == [0]


class Ticks:
    """Called in each run."""

    def __init__(self):
        self.threads = []
        self._changed = threading.Condition()

    def __call__(self):
        with self._changed:
            self.threads.append(threading.current_thread())
            self._changed.notify_all()

    def wait(self, count):
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.threads) >= count, LIMIT)


@pytest.fixture
def ticks():
    return Ticks()


@pytest.fixture
def run(tree, ticks):
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    root.add(pr.RunControl(name="Plain"))
    root.add(
        pr.RunControl(
            name="Run",
            hidden=False,
            states={5: "Idle", 7: "Running", 8: "Paused"},
            rates={500: "fast", 1000: "faster"},
            cmd=ticks,
        )
    )
    with running(root):
        yield root.Run
        root.Run.runState.set(5)


def test_a_run_control_is_declared(run):
    plain = run.root.Plain
    assert plain.hidden
    assert plain.runState.groups == ["NoConfig", "Hidden"]
    assert plain.runState.enum == {0: "Stopped", 1: "Running"}
    assert plain.runRate.enum == {1: "1 Hz", 10: "10 Hz"}
    assert (plain.runState.value(), plain.runRate.value()) == (0, 1)
    assert (plain.runCount.typeStr, plain.runCount.mode) == ("UInt32", "RO")
    assert plain.runCount.pollInterval == 1
    assert not run.hidden
    assert run.runState.groups == ["NoConfig"]
    assert (run.runState.valueDisp(), run.runRate.valueDisp()) == ("Idle", "fast")


def test_it_runs_until_stopped(run, ticks):
    run.runState.setDisp("Running")
    ticks.wait(3)
    run.runRate.setDisp("faster")
    ticks.wait(6)
    run.runState.setDisp("Paused")
    count = run.runCount.value()
    assert count >= 6
    assert len(ticks.threads) == count
    assert len(set(ticks.threads)) == 1
    assert threading.current_thread() not in ticks.threads
    assert not ticks.threads[0].is_alive()


def test_it_counts_from_0_again(run, ticks):
    run.runState.set(7)
    run.runState.set(7)
    ticks.wait(5)
    run.runState.set(5)
    ticks.threads.clear()
    run.runState.set(7)
    ticks.wait(1)
    run.runState.set(5)
    assert run.runCount.value() == len(ticks.threads)


def test_a_run_may_stop_itself(run, tree):
    over = threading.Event()

    def stop():
        run.runState.setDisp("Idle")
        over.set()

    run._cmd = stop
    run.runState.setDisp("Running")
    assert over.wait(LIMIT)
    assert run.runState.valueDisp() == "Idle"


def test_its_states_may_be_handled_elsewhere(tree):
    calls = []

    class Own(tree.pr.RunControl):
        def _setRunState(self, value, changed):
            calls.append((value, changed))

        def _setRunRate(self, value):
            calls.append(value)

    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(Own(name="Run"))
    with running(root):
        calls.clear()
        root.Run.runState.set(1)
        root.Run.runRate.set(10)
        assert calls == [(1, True), 10]
        assert root.Run.runCount.value() == 0
