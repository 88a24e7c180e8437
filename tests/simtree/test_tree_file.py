"""A user's tree file, unchanged, on every tree: it looks the same and does the same."""

import numpy as np
import pytest
from support.trees import LIMIT, TREES, running
from support.trees.frames import send
from support.trees.listeners import Recorder
from support.trees.treefile import load


@pytest.fixture(scope="module")
def root(tree):
    with running(load(tree).Beamline(timeout=5.0)) as root:
        yield root
        root.Calibrate.go.release(100)
        root.Run.runState.setDisp("Stopped")


def inventory(tree):
    """Everything a protocol can learn of the tree."""
    with running(load(tree).Beamline(pollEn=False)) as root:
        return [
            (
                *(v.path, type(v).__name__, v.mode, v.typeStr, v.nativeType, v.groups, v.hidden),
                *(v.units, v.disp, v.enum, v.minimum, v.maximum, v.precision, v.pollInterval),
                *(v.hasAlarm, getattr(v, "arg", None), getattr(v, "retTypeStr", None)),
                *(getattr(v, "numValues", None), getattr(v, "bitSize", None)),
            )
            for v in root.variableList
        ]


def test_it_looks_the_same_on_every_tree():
    inventories = [inventory(tree) for tree in TREES]
    assert len(inventories[0]) > 150
    for other in inventories[1:]:
        assert other == inventories[0]


def test_nested_arrays(root):
    assert list(root.Board) == [0, 1]
    adc = root.Board[1].Adcs.Adc[0]
    assert adc is root.getNode("Beamline.Board[1].Adcs.Adc[0]")
    assert adc.Gain.path == "Beamline.Board[1].Adcs.Adc[0].Gain"
    assert adc.Gain.address == 0x10000
    assert root.Board[0].Adcs.Adc[1].Samples.address == 0x120
    assert root.Board[0].Clock.Locked.groups == ["Timing"]
    assert len(root.find(name="Volts$")) == 4


def test_defaults_and_packed_arrays(root):
    assert root.Board[0].Mask_All.value() == "0x1_0x1_0x1"
    assert root.Board[1].Mask_All.value() == "0x2_0x2_0x2"
    root.Board[1].Mask_All.setDisp("3_4_5")
    assert [m.get() for m in root.Board[1].Mask.values()] == [5, 4, 3]
    assert root.Board[1].Mask[0].hidden


def test_links_across_devices(root):
    updates = Recorder()
    for var in (root.TotalGain, root.Healthy):
        var.addListener(updates)
    root.waitOnUpdate()
    updates.clear()
    root.Cooling.Pump.setDisp("Slow")
    root.waitOnUpdate()
    assert (updates.paths, updates.values) == (["Beamline.Healthy"], [True])
    updates.clear()
    root.TotalGain.set(40)
    root.waitOnUpdate()
    assert updates.values[-1] is False
    assert root.Board[0].Adcs.Adc[0].Gain.get() == 10
    assert root.TotalGain.get() == 40
    root.TotalGain.set(4)
    root.waitOnUpdate()
    assert updates.paths.count("Beamline.TotalGain") >= 8
    assert updates.values[-1] is True
    for var in (root.TotalGain, root.Healthy):
        var.delListener(updates)


def test_polled_registers_reach_the_links(root):
    adc, updates = root.Board[0].Adcs.Adc[1], Recorder()
    adc.Volts.addListener(updates)
    assert adc.Volts.pollInterval == 0.05
    updates.wait(2)
    adc.Count.set(6, write=False)
    adc.Volts.delListener(updates)
    assert adc.Volts.valueDisp() == f"{adc.Volts.value():1.2f}"
    assert adc.Amplification.mode == "RW"


def test_registers_of_one_word(root, tree):
    adc = root.Board[1].Adcs.Adc[1]
    adc.Mode.setDisp("Run")
    adc.Amplification.set(7)
    assert (adc.Mode.get(), adc.Gain.get(), adc.Mode.valueDisp()) == (2, 7, "Run")
    with pytest.raises(tree.general_error, match="Value range error for Gain"):
        adc.Amplification.set(11)
    assert adc.Gain.get() == 7
    adc.Samples.set([1, 2, 3, 4])
    adc.Samples.set(9, index=1)
    assert adc.Samples.get().tolist() == [1, 9, 3, 4]


def test_local_callbacks(root, tree):
    cooling = root.Cooling
    cooling.history.clear()
    cooling.Setpoint.set(45.0)
    assert (cooling.Temperature.value(), cooling.Temperature.alarmStatus) == (45.0, "AlarmHigh")
    cooling.Setpoint.setDisp("55.0")
    assert cooling.Temperature.alarmSeverity == "AlarmMajor"
    with pytest.raises(tree.pr.VariableError, match="Value range error for Setpoint"):
        cooling.Setpoint.set(60.5)
    assert cooling.level == 55.0
    cooling.Pump.setDisp("Fast")
    cooling.Pump.set(5)
    assert cooling.history == [(5, True), (5, False)]
    with pytest.raises(tree.pr.VariableError, match="Invalid value Faster"):
        cooling.Pump.setDisp("Faster")
    cooling.Setpoint.set(20.0)


def test_commands(root):
    board = root.Board[1]
    for adc in board.Adcs.Adc.values():
        adc.Gain.set(2)
    assert board.Scale(2) == [4, 4]
    assert board.Scale("0x1") == [4, 4]
    assert board.Scale.callDisp(1) == "[4, 4]"
    assert (board.Scale.arg, board.Scale.retTypeStr) == (True, "List[int]")
    root.Cooling.Note("me")
    assert root.Cooling.Owner.value() == "me"
    root.CountReset()
    assert board.Adcs.Adc[0].Reset.value() == 0


def test_an_interlock_disables_the_boards(root):
    board = root.Board[0]
    before = board.Adcs.Adc[0].Gain.get()
    root.Cooling.Interlock.set(False)
    root.waitOnUpdate()
    assert (board.enable.value(), board.Adcs.enable.value()) == ("deps", "parent")
    assert board.Scale(2) is None
    board.Adcs.Adc[0].Gain.set(9)
    root.Cooling.Interlock.set(True)
    root.waitOnUpdate()
    assert board.enable.value() is True
    assert board.Adcs.Adc[0].Gain.value() == 9
    assert board.Adcs.Adc[0].Gain.get() == before  # what was set while it was off is lost


def test_the_process(root):
    process, messages = root.Calibrate, Recorder()
    process.Message.addListener(messages)
    process.UpdatePeriod.set(0.0)
    process("3")
    for step in range(3):
        assert process.stepped.acquire(timeout=LIMIT)
        assert process.Step.value() == step
        process.go.release()
    process._thread.join(LIMIT)
    assert process.Result.value() == 0.0 + 10.0 + 20.0
    assert (process.Message.value(), process.Progress.value()) == ("Done", 1.0)
    root.waitOnUpdate()
    assert messages.values[-1] == "Done"
    process.Start()
    assert process.stepped.acquire(timeout=LIMIT)
    process._runEn = False
    process.go.release()
    process.Stop()
    assert process.Running.value() is False
    assert process.Steps.value() == 3
    root.Cooling.Setpoint.set(20.0)
    process.Message.delListener(messages)


def test_the_camera(root):
    updates = Recorder()
    root.Camera.Data.addListener(updates)
    for rows in (2, 3):
        send(root.Camera, np.arange(4 * rows, dtype=np.uint16))
    root.waitOnUpdate()
    assert [v.shape for v in updates.values[-1:]] == [(3, 4)]
    assert len(updates.calls) == 2
    assert root.Camera.Data.value()[2].tolist() == [8, 9, 10, 11]
    assert (root.Camera.FrameCount.value(), root.Camera.ByteCount.value()) == (2, 40)
    root.Camera.Data.delListener(updates)


def test_the_run(root):
    root.Run.runState.setDisp("Running")
    for _ in range(3):
        assert root.shots.acquire(timeout=LIMIT)
    root.Run.runState.setDisp("Stopped")
    assert root.Run.runCount.value() >= 3


def test_read_and_write_all(root):
    assert root.WriteAll() is True
    assert root.ReadAll() is True
    assert root.Board[0].Clock.Frequency.get() == 1.5
    assert root.Board[0].ReadDevice(True) is None
