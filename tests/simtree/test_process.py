"""Processes: a device that is called, runs in a thread and shows its progress."""

import threading

import pytest
from support.trees import LIMIT, running
from support.trees.listeners import Recorder


class Job:
    """A process function that waits in the middle."""

    def __init__(self):
        self.inside, self.go = threading.Event(), threading.Event()
        self.seen = []

    def __call__(self, root, dev, arg):
        self.seen.append((root.name, dev.name, arg))
        dev.setTotalSteps(4)
        dev.setStep(1)
        dev.incrementSteps()
        dev.Message.setDisp("half")
        self.inside.set()
        self.go.wait(LIMIT)
        dev.setStep(9)
        return arg * 2


def stopping_class(pr):
    class Stopping(pr.Process):
        """Works until told to stop."""

        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inside = threading.Event()

        def _process(self):
            self._setSteps(0)
            self.setTotalSteps(10)
            self.inside.set()
            while self._runEn:
                threading.Event().wait(0.001)
            self._incrementSteps(3)
            self.incrementSteps(2)
            self.Message.setDisp("stopped")

    return Stopping


@pytest.fixture
def job():
    job = Job()
    yield job
    job.go.set()


@pytest.fixture
def root(tree, job):
    pr = tree.pr

    def fail():
        raise OSError("on purpose")

    root = pr.Root(name="Top", pollEn=False)
    root.add(
        pr.Process(
            name="P",
            function=lambda root, dev, arg: job(root, dev, arg),
            argVariable=pr.LocalVariable(name="Arg", value=3),
            returnVariable=pr.LocalVariable(name="Ret", value=0),
        )
    )
    root.add(pr.Process(name="Fail", function=fail))
    root.add(stopping_class(pr)(name="Stopping"))
    with running(root):
        yield root
        job.go.set()


STATE = ("Running", "Progress", "Message", "Step", "TotalSteps")


def state(process):
    return [process.node(name).value() for name in STATE]


def wait_for_end(process):
    process._thread.join(LIMIT)
    assert not process._thread.is_alive()


def test_declared(root):
    names = [v.name for v in root.P.variableList]
    assert names == [
        *("enable", "ReadDevice", "WriteDevice", "Start", "Stop"),
        *(*STATE, "UpdatePeriod", "Arg", "Ret"),
    ]
    assert [root.P.node(n).mode for n in STATE] == ["RO"] * 5
    assert [root.P.node(n).pollInterval for n in STATE] == [1.0] * 5
    assert not root.P.Start.hidden
    assert (root.P.Start.arg, root.P.Stop.arg) == (False, False)
    assert root.P.UpdatePeriod.hidden
    assert (root.P.UpdatePeriod.mode, root.P.UpdatePeriod.units) == ("RW", "s")
    assert (root.P.Progress.disp, root.P.Progress.precision) == ("{:1.2f}", 2)
    assert (root.P.isDevice, root.P.isCommand, root.P.isVariable) == (True, False, False)
    assert root.P not in root.variableList


def test_a_run(root, job):
    assert root.P(21) is None
    assert job.inside.wait(LIMIT)
    assert state(root.P) == [True, 0.5, "half", 2, 4]
    job.go.set()
    wait_for_end(root.P)
    assert state(root.P) == [False, 1.0, "Done", 9, 4]
    assert job.seen == [("Top", "P", 21)]
    assert (root.P.Arg.value(), root.P.Ret.value()) == (21, 42)


def test_one_run_at_a_time(root, job, caplog):
    root.P()
    assert job.inside.wait(LIMIT)
    root.P(7)
    root.P.Start()
    assert [r.getMessage() for r in caplog.records] == ["Process already running!"] * 2
    assert root.P.Arg.value() == 3
    job.go.set()
    wait_for_end(root.P)
    assert len(job.seen) == 1
    root.P.Start()
    wait_for_end(root.P)
    assert [s[2] for s in job.seen] == [3, 3]


def test_the_argument_is_parsed_and_checked(root, job, tree):
    job.go.set()
    root.P("0x10")
    wait_for_end(root.P)
    assert root.P.Ret.value() == 32
    with pytest.raises(tree.pr.VariableError, match="Invalid value zz"):
        root.P("zz")
    root.P()
    wait_for_end(root.P)
    assert root.P.Ret.value() == 32


def test_a_failing_function(root, caplog):
    root.Fail()
    wait_for_end(root.Fail)
    assert state(root.Fail) == [False, 0.0, "Stopped after error!", 0, 1]
    assert [r.exc_info[0] for r in caplog.records] == [OSError]


def test_stop(root):
    process = root.Stopping
    for _ in range(2):
        process.inside.clear()
        process.Start()
        assert process.inside.wait(LIMIT)
        assert process.Running.value() is True
        process.Stop()
        assert state(process) == [False, 0.5, "stopped", 5, 10]
    process.Stop()


def test_the_end_of_the_root_stops_it(tree):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(stopping_class(tree.pr)(name="Stopping"))
    with running(root):
        root.Stopping()
        assert root.Stopping.inside.wait(LIMIT)
    assert root.Stopping.Running.value() is False
    assert root.Stopping.Message.value() == "stopped"


def test_progress_is_kept_between_0_and_1(root, tree):
    seen = []
    for value in (-1, 0, 0.5, 2, "0.25"):
        root.P.setProgress(value)
        seen.append(root.P.Progress.value())
    assert seen == [0.0, 0.0, 0.5, 1.0, 0.25]
    root.P.Progress.set(7.5)
    assert root.P.Progress.value() == 1.0
    root.P.setTotalSteps(0)
    assert root.P.Progress.value() == 0.0
    root.P.setTotalSteps(2)
    root.P.Step.setDisp("1")
    assert root.P.Progress.value() == 0.5
    with pytest.raises(tree.pr.VariableError, match="Type mismatch"):
        root.P.Progress.set(1)


def test_updates(root, job):
    updates = Recorder()
    for name in (*STATE, "Arg", "Ret"):
        root.P.node(name).addListener(updates)
    job.go.set()
    root.P(4)
    wait_for_end(root.P)
    root.waitOnUpdate()
    assert {p.removeprefix("Top.P.") for p in updates.paths} == {*STATE, "Arg", "Ret"}
    assert updates.paths[0] == "Top.P.Arg"
    assert updates.values[-1] is False


def test_a_disabled_process_can_only_be_called(root, job):
    job.go.set()
    root.P.enable.set(False)
    assert root.P.Start() is None
    assert job.seen == []
    root.P(5)
    wait_for_end(root.P)
    assert [s[2] for s in job.seen] == [5]


def test_variables_that_have_a_place_already(tree):
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)

    class Own(pr.Process):
        def __init__(self, **kwargs):
            super().__init__(function=lambda arg: arg, **kwargs)
            self._argVar = pr.LocalVariable(name="Late", value=1)
            self.add(self._argVar)

    root.add(Own(name="Own"))
    with running(root):
        root.Own(9)
        wait_for_end(root.Own)
        assert root.Own.Late.value() == 9
