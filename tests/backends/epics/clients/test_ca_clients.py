"""Clients of Channel Access that others wrote: pyepics, aioca and caproto's own.

Each runs in a process of its own: libca reads its environment once.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from support.clients import LIMIT, caserved, wait_until
from support.clients.caserved import CaServed
from support.trees import running as running_root

from roguebridge.core.server.server import PvServer

CHILD = Path(caserved.__file__).with_name("ca_child.py")
CLIENTS = ["pyepics", "aioca", "caproto"]
LONG = "a text of more than thirty-nine characters, ünï"


class Refused(Exception):
    """What the client raised."""


class Client:
    """A process with a client, which reaches one server and no other."""

    def __init__(self, kind, conf):
        kept = {k: v for k, v in os.environ.items() if not k.startswith("EPICS_")}
        self.kind = kind
        self.process = subprocess.Popen(
            [sys.executable, str(CHILD), kind],
            env={**kept, **conf, "CAPROTO_STRING_ENCODING": "utf-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __getattr__(self, function):
        def call(*arguments):
            self.process.stdin.write(json.dumps([function, *arguments]) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
            assert line, "the client has ended"
            reply = json.loads(line)
            if "error" in reply:
                raise Refused(reply["error"])
            return reply["result"]

        return call

    def until(self, name, value):
        """The first update with this value."""
        while True:
            update = self.update(name)
            if update["value"] == value:
                return update

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        try:
            self.process.wait(LIMIT)
        finally:
            self.process.kill()


class Gate:
    def __init__(self):
        self.entered = threading.Semaphore(0)
        self.go = threading.Event()
        self.armed = False
        self.values = []

    def __call__(self, value):
        if self.armed:
            self.values.append(value)
            self.entered.release()
            assert self.go.wait(LIMIT)


def build(pr, root, gate):
    root.add(
        pr.LocalVariable(
            name="Volts", value=1.5, units="V", description="a voltage", disp="{:.3f}",
            minimum=-10.0, maximum=10.0,
            lowAlarm=-8.0, lowWarning=-5.0, highWarning=5.0, highAlarm=8.0,
        )
    )  # fmt: skip
    for name, value in {
        "Int": 3, "Text": LONG, "Flag": True, "Wave": np.arange(4.0),
        "Shorts": np.arange(3, dtype=np.int16), "Bytes": np.arange(3, dtype=np.uint8),
        "Words": np.array(["ab", "c"]), "Single": np.float32(0.5), "Byte": np.uint8(200),
        "Small": np.int16(-5), "Image": np.arange(6, dtype=np.uint16).reshape(2, 3),
    }.items():  # fmt: skip
        root.add(pr.LocalVariable(name=name, value=value))
    root.add(pr.LocalVariable(name="Limited", value=3, minimum=0, maximum=10))
    root.add(pr.LocalVariable(name="RO", value=7, mode="RO"))
    root.add(pr.LocalVariable(name="Few", value=1, enum={0: "Off", 1: "On", 2: "Auto"}))
    root.add(pr.LocalVariable(name="Many", value=3, enum={i: f"S{i}" for i in range(20)}))
    root.add(pr.LocalVariable(name="Slow", value=0, localSet=lambda value: gate(value)))
    root.add(pr.LocalVariable(name="Grows", value=np.arange(2.0)))
    root.add(pr.LocalCommand(name="Go", function=lambda: root.Int.set(99)))
    root.add(pr.LocalCommand(name="Set", value=0, function=lambda arg: root.Int.set(arg)))


@pytest.fixture(scope="module")
def served(tree):
    root = tree.pr.Root(name="Top", pollEn=False)
    gate = Gate()
    build(tree.pr, root, gate)
    with running_root(root):
        gate.armed = True
        server = PvServer("T", root, isolate=True, backends=["ca"], queue_commands=True)
        server.start()
        found = CaServed(root, server)
        found.gate = gate
        yield found
        gate.go.set()
        found.close()
        server.stop()


@pytest.fixture(scope="module", params=CLIENTS)
def client(request, served):
    made = Client(request.param, served.server.client_conf("ca"))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("path", "type", "value"),
    [
        ("Volts", "DOUBLE", 1.5),
        ("Int", "DOUBLE", 3),
        ("Limited", "LONG", 3),
        ("Text", "STRING", LONG.encode()[:39].decode()),
        ("Flag", "ENUM", 1),
        ("Few", "ENUM", 1),
        ("Many", "STRING", "S3"),
        ("Many:IDX", "LONG", 3),
        ("Wave", "DOUBLE", [0.0, 1.0, 2.0, 3.0]),
        ("Shorts", "INT", [0, 1, 2]),
        ("Bytes", "CHAR", [0, 1, 2]),
        ("Words", "STRING", ["ab", "c"]),
        ("Single", "FLOAT", 0.5),
        ("Byte", "CHAR", 200),
        ("Small", "INT", -5),
        ("Image", "LONG", [0, 1, 2, 3, 4, 5]),
        ("Image:SHAPE", "LONG", [2, 3]),
        ("Volts.HIHI", "DOUBLE", 8.0),
        ("Volts.DESC", "STRING", "a voltage"),
        ("Volts.RTYP", "STRING", "ao"),
    ],
)
def test_each_type_is_read(client, path, type, value):
    assert client.info(f"T:Top:{path}")["type"] == type
    assert client.get(f"T:Top:{path}")["value"] == value


def test_metadata_time_and_rights(client, served):
    info = client.info("T:Top:Volts")
    assert (info["units"], info["precision"]) == ("V", 3)
    assert (info["high"], info["drive"], info["hihi"]) == (10.0, 10.0, 8.0)
    assert client.info("T:Top:Few")["choices"] == ["Off", "On", "Auto"]
    assert client.info("T:Top:Volts")["writable"] is True
    assert client.info("T:Top:RO")["writable"] is False
    assert client.info("T:Top:Volts.DESC")["writable"] is False
    found = client.get("T:Top:Volts")
    reading = served.get("Volts")
    assert divmod(reading.time_ns, 10**9)[1] == found["nanoseconds"]


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("Volts", [2.5, 1.5]),
        ("Int", [-5, 2**40]),
        ("Limited", [0, 10]),
        ("Flag", [0, 1]),
        ("Few", [2, 0]),
        ("Byte", [255, 0]),
        ("Small", [-32768, 32767]),
        ("Wave", [[4.0, 3.0, 2.0, 1.0]]),
        ("Shorts", [[-1, 2, 3]]),
        ("Image", [[9, 8, 7, 6, 5, 65535]]),
        ("Many:IDX", [7]),
    ],
)
def test_each_type_is_put_with_an_answer(client, served, path, values):
    first = client.get(f"T:Top:{path}")["value"]
    for value in [*values, first]:
        assert client.put(f"T:Top:{path}", value)["failed"] is False
        node = served.node(path.partition(":")[0]).value()
        assert np.array_equal(np.ravel(node), np.ravel(value))
        assert client.get(f"T:Top:{path}")["value"] == value


@pytest.mark.parametrize("text", ["short", LONG, "größe", ""])
def test_texts_are_put_and_read_whole(client, served, text):
    client.put_text("T:Top:Text$", text)
    assert served.node("Text").value() == text
    assert client.text("T:Top:Text$").rstrip("\0") == text
    client.put_text("T:Top:Text.VAL$", LONG)
    assert served.node("Text").value() == LONG
    client.put_text("T:Top:Few", "Auto")
    assert served.node("Few").value() == 2
    assert client.text("T:Top:Few") == "Auto"
    client.put_text("T:Top:Few", "On")


@pytest.mark.parametrize(("path", "value"), [("Volts", 11.0), ("Limited", 11), ("Few", 7)])
def test_a_refused_put_is_a_failure_and_changes_nothing(client, served, path, value):
    before = np.array(served.node(path).value())
    reply = client.put(f"T:Top:{path}", value)
    if client.kind != "pyepics":  # which does not look at the status
        assert reply["failed"] is True
    assert np.array_equal(served.node(path).value(), before)


def test_commands_run_by_a_put(client, served):
    assert client.put("T:Top:Go", 1)["failed"] is False
    assert served.node("Int").value() == 99
    assert client.put("T:Top:Set", 5)["failed"] is False
    assert served.node("Int").value() == 5
    client.put("T:Top:Volts.PROC", 1)
    served.node("Int").set(3)


def test_alarms_are_in_the_numbers_of_channel_access(client, served):
    for value, severity, status in [(9.0, 2, 3), (6.0, 1, 4), (-9.0, 2, 5), (-6.0, 1, 6)]:
        served.node("Volts").set(value)
        served.root.waitOnUpdate()
        found = client.get("T:Top:Volts")
        assert (found["value"], found["severity"], found["status"]) == (value, severity, status)
    served.node("Volts").set(1.5)


@pytest.mark.parametrize(
    ("path", "values"), [("Volts", [9.0, 1.5]), ("Wave", [[5.0] * 4, [0.0, 1.0, 2.0, 3.0]])]
)
def test_monitors_are_told(client, served, path, values):
    name = f"T:Top:{path}"
    client.monitor(name)
    first = client.update(name)["value"]
    assert np.shape(first) == np.shape(values[0])
    for value in values:
        served.node(path).set(np.array(value) if isinstance(value, list) else value)
        update = client.until(name, value)
        wanted = (2, 3) if value == 9.0 else (0, 0)
        assert (update["severity"], update["status"]) == wanted


def test_a_value_that_outgrows_its_channel_arrives(client, served):
    if client.kind == "caproto":
        pytest.skip("caproto's client does not look for a channel again that its server has ended")
    name = "T:Top:Grows"
    served.node("Grows").set(np.arange(2.0))
    size = client.info(name)["count"] + 3
    served.node("Grows").set(np.arange(float(size)))

    def grown():
        try:
            return client.info(name)["count"] >= size
        except Refused:  # it is not back yet: libca waits for ten seconds
            return False

    wait_until(grown)
    assert client.get(name)["value"] == list(np.arange(float(size)))


@pytest.fixture(params=CLIENTS)
def own(request, tree):
    """A tree and a server of its own, and a client of it."""
    root = tree.pr.Root(name="Top", pollEn=False)
    gate = Gate()
    build(tree.pr, root, gate)
    with running_root(root):
        gate.armed = True
        server = PvServer("T", root, isolate=True, backends=["ca"], stop_timeout=LIMIT)
        server.start()
        made = Client(request.param, server.client_conf("ca"))
        yield root, server, made, gate
        gate.go.set()
        made.close()
        server.stop()


def test_a_client_comes_back_after_the_server_was_started_again(own):
    root, server, client, _ = own
    name = "T:Top:Volts"
    client.monitor(name)
    assert client.update(name)["value"] == 1.5
    client.get(name)
    server.stop()
    assert client.wait_for(name, False) is False
    root.Volts.set(2.5)
    server.start()
    client.until(name, 2.5)
    root.Volts.set(3.5)
    client.until(name, 3.5)
    assert client.get(name)["value"] == 3.5
    assert client.put(name, 4.5)["failed"] is False


def test_a_client_that_is_killed_in_mid_put_harms_nobody(own):
    root, server, client, gate = own
    served = CaServed(root, server)
    client.get("T:Top:Slow")
    client.monitor("T:Top:Volts")
    client.update("T:Top:Volts")
    client.process.stdin.write(json.dumps(["put", "T:Top:Slow", 7]) + "\n")
    client.process.stdin.flush()
    assert gate.entered.acquire(timeout=LIMIT)
    client.process.send_signal(signal.SIGKILL)
    client.process.wait(LIMIT)
    assert served.value("Volts") == 1.5
    wait_until(lambda: not server.holders["Top.Slow"].is_open)
    gate.go.set()
    served.put("Slow", 8)
    assert gate.values == [7, 8]
    assert served.value("Slow") == 8
    served.close()
