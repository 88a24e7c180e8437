"""What comes with real PyRogue sees arrays as without a server: SQL, streams, remote clients."""

import importlib
import json
import queue
import sqlite3
import subprocess
import sys
import threading
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
import pytest
import support
from support.engine.fakes import join
from support.trees import LIMIT, TREES, silent_stdout
from support.trees.arrays import KINDS, as_seen, count_texts, local, open_world
from support.trees.frames import send
from support.trees.listeners import Recorder

from roguebridge.core.tree.patches.lazy_text import LazyTexts

REAL = [tree for tree in TREES if tree.name == "pyrogue"]
if not REAL:
    pytest.skip("pyrogue is not importable", allow_module_level=True)

(TREE,) = REAL
CHILD = Path(support.__file__).parent / "clients" / "zmq_child.py"
interfaces = importlib.import_module("pyrogue.interfaces")
STORABLE = ("doubles", "poked", "format", "bools", "strings", "image", "uint8", "labels", "mirror")
SENT = ("poked", "list", "any_type", "uint8", "labels", "mirror")  # each takes seconds


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


@pytest.fixture
def twins(kind):
    """The same tree twice: heard by nobody, and by a server."""
    with ExitStack() as stack:
        yield [open_world(stack, TREE, kind[0], served) for served in (False, True)]


def take(kind, world):
    for step in kind[1]:
        step(world.variable)
        world.root.waitOnUpdate()


@pytest.mark.parametrize("kind", STORABLE, indirect=True)
def test_sql(kind, twins, tmp_path):
    pytest.importorskip("sqlalchemy")
    rows = []
    for number, world in enumerate(twins):
        file = tmp_path / f"{number}.db"
        with silent_stdout():
            logger = interfaces.SqlLogger(root=world.root, url=f"sqlite:///{file}")
            take(kind, world)
            logger._stop()
        with closing(sqlite3.connect(file)) as database:
            query = (
                "select enum, disp, valueDisp, severity, status from variables"
                " where path = 'Top.D.V' order by id"
            )
            rows.append(database.execute(query).fetchall())
    plain, served = rows
    assert plain == served
    assert len(plain) >= len(kind[1])


def test_streams_of_yaml(kind, twins):
    texts = []
    stream = importlib.import_module("rogue.interfaces.stream")
    pyrogue_stream = importlib.import_module("pyrogue.interfaces.stream")

    class Sink(stream.Slave):
        def __init__(self):
            super().__init__()
            self.frames = []

        def _acceptFrame(self, frame):
            with frame.lock():
                self.frames.append(bytes(frame.getNumpy(0, frame.getPayload())).decode())

    for world in twins:
        source = pyrogue_stream.Variable(root=world.root, incGroups="Mine")
        world.variable.addToGroup("Mine")
        sink = Sink()
        source._addSlave(sink)
        take(kind, world)
        texts.append(sink.frames)
    plain, served = texts
    assert plain == served
    assert len(plain) >= len(kind[1])


def test_listeners_in_cpp(kind, twins):
    texts = []
    for world in twins:
        heard = []
        world.variable._addListenerCpp(lambda path, text, heard=heard: heard.append((path, text)))
        world.variable.addToGroup("Mine")
        world.root._addVarListenerCpp(
            lambda path, text, heard=heard: heard.append(text) if path == "Top.D.V" else None,
            lambda: None,
        )
        take(kind, world)
        texts.append(heard)
    plain, served = texts
    assert plain == served
    assert len(plain) >= 2 * len(kind[1])


# Remote clients -------------------------------------------------------------------------------


class Remote:
    """A world with a ZmqServer."""

    def __init__(self, stack, make, served):
        root = TREE.pr.Root(name="Top", pollEn=False)
        root.add(TREE.pr.Device(name="D", memBase=TREE.memory()))
        make(TREE, root.D)
        root.D.add(TREE.pr.LocalVariable(name="Next", value=0))
        server = interfaces.ZmqServer(root=root, addr="127.0.0.1", port=0)
        root.addInterface(server)
        root._doHeartbeat = False
        stack.callback(root.stop)
        with silent_stdout():
            root.start()
        root.waitOnUpdate()
        self.root = root
        self.variable = root.D.node("V")
        self.port = server.port()
        self.made = count_texts(self.variable)
        if served:
            LazyTexts().listen(self.variable, Recorder())
            assert "_doUpdate" in vars(self.variable)

    def until_heard(self, told):
        """Have Next told until the client hears it; gives no more of it than needed."""
        for number in range(int(LIMIT / 0.05)):
            self.root.D.Next.set(number)
            try:
                if told.get(timeout=0.05)[0] == "Top.D.Next":
                    return
            except queue.Empty:
                continue
        raise AssertionError("the client hears nothing")


def of_v(told, count):
    """The next updates of V."""
    found = []
    while len(found) < count:
        path, value = told.get(timeout=LIMIT)
        if path == "Top.D.V":
            found.append(value)
    return found


def remote(kind, served, connect):
    """Take the steps with a client; gives what it hears."""
    with ExitStack() as stack:
        world = Remote(stack, kind[0], served)
        told = queue.Queue()
        stack.callback(connect(world, told))
        world.until_heard(told)
        take(kind, world)
        return of_v(told, len(kind[1])), len(world.made)


def virtual(world, told):
    with silent_stdout():
        client = interfaces.VirtualClient("127.0.0.1", world.port)
    for name in ("V", "Next"):
        client.root.D.node(name).addListener(lambda path, value: told.put((path, value)))
    return client.stop


@pytest.mark.parametrize("kind", SENT, indirect=True)
def test_remote_clients(kind):
    plain, texts = remote(kind, False, virtual)
    served, lazy_texts = remote(kind, True, virtual)
    assert [as_seen(told) for told in plain] == [as_seen(told) for told in served]
    assert {type(told) for told in served} == {TREE.pr.VariableValue}
    assert lazy_texts == texts  # all of them are sent


def child(world, told):
    """A SimpleClient in a process that cannot import the bridge."""
    command = [sys.executable, str(CHILD), str(world.port)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def read():
        for line in process.stdout:
            if line.startswith("["):  # not Rogue's greeting
                path, name, fields = json.loads(line)
                told.put((path, (name, fields)))

    reader = threading.Thread(target=read)
    reader.start()

    def end():
        process.stdin.close()
        assert process.wait(LIMIT) == 0
        join(reader)
        process.stdout.close()

    return end


@pytest.mark.parametrize("name", ["poked", "list", "uint8"])
def test_a_remote_process_without_the_bridge(name):
    plain, _ = remote(KINDS[name], False, child)
    served, _ = remote(KINDS[name], True, child)
    assert served == plain
    assert {name for name, _ in served} == {"pyrogue._Variable.VariableValue"}


def test_a_client_that_waits_for_an_array():
    with ExitStack() as stack:
        world = Remote(stack, local(np.zeros(2))[0], True)
        with silent_stdout():
            client = interfaces.VirtualClient("127.0.0.1", world.port)
        stack.callback(client.stop)
        told = queue.Queue()
        client.root.D.Next.addListener(lambda path, value: told.put((path, value)))
        world.until_heard(told)
        wait = TREE.pr.VariableWaitClass(
            client.root.D.V, lambda values: values[0].valueDisp == "[1.0, 2.0]", timeout=LIMIT
        )
        world.variable.set(np.array([1.0, 2.0]))
        assert wait.wait()


# Receivers of data ----------------------------------------------------------------------------


def test_a_receiver_of_data():
    seen = []
    for served in (False, True):
        root = TREE.pr.Root(name="Top", pollEn=False)
        root.add(TREE.pr.DataReceiver(name="Rx"))
        heard = Recorder()
        root.Rx.Data.addListener(heard)
        root._doHeartbeat = False
        with root:
            texts, bridge = LazyTexts(), Recorder()
            if served:
                for node in root.variableList:
                    texts.listen(node, bridge)
            send(root.Rx, np.arange(5, dtype=np.uint8))
            root.waitOnUpdate()
            assert root.Rx.Updated.value() is True
            if served:
                assert bridge.paths.count("Top.Rx.Data") == len(heard.calls)
        seen.append([as_seen(told) for _, told in heard.calls])
    assert seen[0] == seen[1]
    assert len(seen[0]) == 1
