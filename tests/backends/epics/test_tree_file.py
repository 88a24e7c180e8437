"""A user's tree file, served unchanged: processes, receivers and run controls are PVs."""

import numpy as np
import pytest
from p4p.client.thread import Context
from p4p.nt import NTURI
from support.clients.served import Updates
from support.trees import running
from support.trees.frames import send
from support.trees.treefile import load

from roguebridge.backends.epics import EpicsPvServer

LIMIT = 30.0


class Client:
    """A p4p client that names PVs as the tree does."""

    def __init__(self, context):
        self.context = context

    @staticmethod
    def pv(path):
        return "Base:Beamline:" + path.replace(".", ":")

    def get(self, path):
        return self.context.get(self.pv(path), timeout=LIMIT)

    def put(self, path, value):
        self.context.put(self.pv(path), value, timeout=LIMIT, wait=True)

    def call(self, path, **arguments):
        uri = NTURI([(name, "l") for name in arguments])
        name = self.pv(path)
        return self.context.rpc(name, uri.wrap(name, kws=arguments), timeout=LIMIT)

    def monitor(self, path):
        return Updates(self.context, self.pv(path))


@pytest.fixture(scope="module")
def served(tree):
    root = load(tree).Beamline(timeout=5.0)
    server = EpicsPvServer(base="Base", root=root, isolate=True)
    root.addProtocol(server)
    with running(root), Context("pva", conf=server.client_conf(), useenv=False) as context:
        yield root, Client(context), server
        root.Calibrate.go.release(100)
        root.Run.runState.setDisp("Stopped")


def test_every_variable_and_command_is_a_pv(served):
    root, _, server = served
    assert len(server.list()) == len(root.variableList)


def test_registers_links_and_locals(served):
    root, client, _ = served
    client.put("Board[1].Adcs.Adc[0].Gain", 3)
    assert root.Board[1].Adcs.Adc[0].Gain.get() == 3
    assert client.get("Board[1].Adcs.Adc[0].Amplification") == 3
    client.put("Cooling.Setpoint", 44.5)
    update = client.monitor("Cooling.Temperature")
    assert update.until(lambda v: v == 44.5).raw["alarm.severity"] == 1
    update.close()
    assert client.get("Cooling.Temperature").raw["display.units"] == "degC"
    client.put("Cooling.Pump", "Fast")
    assert root.Cooling.Pump.value() == 5
    client.put("Cooling.Setpoint", 20.0)


def test_a_command_with_an_argument(served):
    root, client, _ = served
    gains = [adc.Gain.value() for adc in root.Board[0].Adcs.Adc.values()]
    client.call("Board[0].Scale", arg=2)
    assert [adc.Gain.get() for adc in root.Board[0].Adcs.Adc.values()] == [2 * g for g in gains]


def test_a_process_is_started_and_watched(served):
    root, client, _ = served
    root.Calibrate.UpdatePeriod.set(0.0)
    client.put("Calibrate.Steps", 2)
    running_pv = client.monitor("Calibrate.Running")
    running_pv.until(lambda v: v.raw["value.index"] == 0)
    client.put("Calibrate.Start", 1)
    for _ in range(2):
        assert root.Calibrate.stepped.acquire(timeout=LIMIT)
        root.Calibrate.go.release()
    root.Calibrate._thread.join(LIMIT)
    root.waitOnUpdate()
    assert client.get("Calibrate.Message") == "Done"
    assert client.get("Calibrate.Progress") == 1.0
    assert client.get("Calibrate.Result") == 10.0
    running_pv.close()


def test_frames_are_arrays_of_their_own_shape(served):
    root, client, _ = served
    frames = client.monitor("Camera.Data")
    try:
        frames.next()
        for rows in (2, 5):
            send(root.Camera, np.arange(4 * rows, dtype=np.uint16))
            shown = frames.until(lambda v, rows=rows: np.asarray(v).size == 4 * rows)
            assert np.asarray(shown).dtype == np.uint16
            assert np.asarray(shown).ravel().tolist() == list(range(4 * rows))
    finally:
        frames.close()


def test_a_run_is_switched_by_label(served):
    root, client, _ = served
    client.put("Run.runState", "Running")
    for _ in range(3):
        assert root.shots.acquire(timeout=LIMIT)
    client.put("Run.runState", "Stopped")
    assert client.get("Run.runState").raw["value.index"] == 0
    assert root.Run.runCount.value() >= 3


def test_built_ins_without_yaml_say_so(served, tree):
    root, client, _ = served
    client.put("LoadConfigProcess.Start", 1)
    root.LoadConfigProcess._thread.join(LIMIT)
    root.waitOnUpdate()
    assert client.get("LoadConfigProcess.Message") == "Error: ConfigFile is empty"
