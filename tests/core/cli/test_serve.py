"""``roguebridge serve``: on the network until a signal comes, and nothing left after it."""

import os
import queue
import re
import signal
import socket
import subprocess
import time
from contextlib import contextmanager

import pytest
from p4p.client.thread import Context, RemoteError
from support.clients.caclient import CaClient
from support.trees import LIMIT

STOPPING = "Stopping (a second signal ends it at once)."


@contextmanager
def client_of(process):
    with Context("pva", conf=process.clients(), useenv=False) as context:
        yield context


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_serves_until_a_signal_comes(shell, number):
    with shell.start("serve", "my_tree.py:MyRoot", "--base", "X", "--isolate") as process:
        served = process.until("Serving")
        assert served.startswith("Serving ")
        assert " PVs of MyRoot as X:... over pva (TCP port " in served
        assert served.endswith(" on 127.0.0.1).")
        with client_of(process) as client:
            client.put("X:MyRoot:Gain", 7)
            assert client.get("X:MyRoot:Gain") == 7
            process.signal(number)
            assert process.end() == 0, process.errors
        assert process.lines[-2:] == [STOPPING, "Stopped."]
        assert not [line for line in process.errors if "Error" in line or "Traceback" in line]


@pytest.mark.parametrize(
    "target", ["my_tree:MyRoot", "my_tree:make", "made.py:root", "./my_tree.py:make"]
)
def test_module_or_file_and_class_factory_or_instance(shell, target):
    shell.write("made.py", "from my_tree import MyRoot\nroot = MyRoot()\n")
    with shell.start("serve", target, "--base", "X", "--isolate") as process:
        with client_of(process) as client:
            assert client.get("X:MyRoot:Gain") == 1
        process.signal(signal.SIGTERM)
        assert process.end() == 0


def test_a_root_that_runs_already_is_served_and_stopped(shell):
    shell.write("made.py", "from my_tree import MyRoot\nroot = MyRoot()\nroot.start()\n")
    with shell.start("serve", "made.py:root", "--base", "X", "--isolate") as process:
        with client_of(process) as client:
            assert client.get("X:MyRoot:Gain") == 1
        process.signal(signal.SIGTERM)
        assert process.end() == 0


OWN = """
import {module} as pr
import roguebridge.backends.epics as pep
from my_tree import MyRoot

class Own(MyRoot):
    def __init__(self):
        super().__init__()
        self.addProtocol(pep.EpicsPvServer(base='Own', root=self))
"""


def test_without_base_the_roots_own_server_serves(shell):
    shell.write("own.py", OWN)
    with shell.start("serve", "own.py:Own") as process:
        assert "as Own:... over pva" in process.until("Serving")
        process.signal(signal.SIGTERM)
        assert process.end() == 0


def test_with_base_a_server_is_added_to_the_roots_own(shell):
    shell.write("own.py", OWN)
    with shell.start("serve", "own.py:Own", "--base", "More", "--isolate") as process:
        assert "as Own:..." in process.until("Serving")
        assert "as More:..." in process.until("Serving")
        with client_of(process) as client:
            assert client.get("More:MyRoot:Gain") == 1
        process.signal(signal.SIGTERM)
        assert process.end() == 0


def test_groups_and_map_choose_what_is_served(shell):
    serve = ("serve", "my_tree.py:MyRoot", "--base", "X", "--backend", "soft", "--no-status")
    shell.write("own.map", "# ours\nA:Gain -> MyRoot.Gain\n")
    counts = []
    for options in (
        ("--include", "Slow"),
        ("--include", "Slow", "--include", "NoServe"),
        ("--include", "Slow", "--include", "NoServe", "--exclude", ""),
        ("--include", "Slow", "--exclude", "Tuning"),
        ("--pv-map", "own.map"),
    ):
        with shell.start(*serve, *options) as process:
            counts.append(int(process.until("Serving").split()[1]))
            process.signal(signal.SIGTERM)
            assert process.end() == 0
    assert counts == [2, 2, 3, 1, 2]  # with RB:ReadOnly


HANGING = """
import os
from my_tree import MyRoot

class Hanging:
    def __init__(self, when):
        self.when = when

    def _start(self):
        self.hang('start')

    def _stop(self):
        self.hang('stop')

    def hang(self, when):
        if when == self.when:
            print('in', when, flush=True)
            open('gate').read()  # until somebody writes

class InStart(MyRoot):
    def __init__(self, when='start'):
        super().__init__()
        self.addProtocol(Hanging(when))

def in_stop():
    return InStart('stop')
"""


def test_a_second_signal_ends_a_stop_that_hangs(shell):
    shell.write("hanging.py", HANGING)
    os.mkfifo(shell.folder / "gate")
    with shell.start("serve", "hanging.py:in_stop", "--base", "X", "--isolate") as process:
        process.until("Serving")
        process.signal(signal.SIGTERM)
        process.until("in stop")
        assert process.insist(signal.SIGTERM) == 128 + signal.SIGTERM


def test_a_signal_during_the_start_stops_when_it_has_ended(shell):
    shell.write("hanging.py", HANGING)
    os.mkfifo(shell.folder / "gate")
    with shell.start("serve", "hanging.py:InStart", "--base", "X", "--isolate") as process:
        process.until("in start")
        process.signal(signal.SIGINT)
        process.until("Stopping")
        (shell.folder / "gate").write_text("go on")
        assert process.end() == 0
        assert not [line for line in process.lines if line.startswith("Serving")]


ENDINGS = """
import sys
from my_tree import MyRoot

class StopFails(MyRoot):
    def stop(self):
        super().stop()
        raise RuntimeError('no\\nlink')

class StopExits(MyRoot):
    def stop(self):
        super().stop()
        sys.exit(7)

class StopHangs(MyRoot):
    def start(self):
        super().start()
        raise RuntimeError('no link')

    def stop(self):
        open('gate').read()
        super().stop()
"""


@pytest.mark.parametrize(
    "root, why", [("StopFails", "RuntimeError: no link"), ("StopExits", "SystemExit: 7")]
)
def test_a_stop_that_fails_is_a_warning(shell, root, why):
    shell.write("endings.py", ENDINGS)
    with shell.start("serve", f"endings.py:{root}", "--base", "X", "--isolate") as process:
        process.until("Serving")
        process.signal(signal.SIGTERM)
        assert process.end() == 0
        assert process.lines[-1] == "Stopped."
        assert f"Warning: stopping MyRoot: {why}" in process.errors


def test_an_error_is_said_before_a_stop_that_hangs(shell):
    shell.write("endings.py", ENDINGS)
    os.mkfifo(shell.folder / "gate")
    serve = ("serve", "endings.py:StopHangs", "--base", "X", "--isolate")
    with shell.start(*serve, stderr=subprocess.STDOUT) as process:
        process.until("Error: MyRoot cannot start: RuntimeError: no link")
        (shell.folder / "gate").write_text("go on")
        assert process.end() == 3
        assert len([line for line in process.lines if "Error" in line]) == 1


@contextmanager
def taken_port(kind=socket.SOCK_STREAM):
    with socket.socket(type=kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        yield str(taken.getsockname()[1])


def test_a_port_of_its_own_that_is_in_use_ends_it(shell):
    with taken_port() as port:
        shell.environ["EPICS_PVAS_SERVER_PORT"] = port
        error = shell.fails(4, "serve", "my_tree.py:MyRoot", "--base", "X")
    assert error == f"EPICS_PVAS_SERVER_PORT: port {port} is in use"


def test_the_hosts_common_port_in_use_is_a_warning(shell):
    with taken_port() as port:
        del shell.environ["EPICS_PVAS_SERVER_PORT"]
        shell.environ["EPICS_PVA_SERVER_PORT"] = port
        with shell.start("serve", "my_tree.py:MyRoot", "--base", "X") as process:
            served = process.until("Serving")
            process.signal(signal.SIGTERM)
            assert process.end() == 0
    instead = served.partition("TCP port ")[2].split()[0]
    assert instead != port
    warning = f"port {port} is in use: serving on port {instead} instead"
    assert [line for line in process.errors if line.endswith(warning)]


@pytest.mark.parametrize("setting", ["EPICS_PVAS_BROADCAST_PORT", "EPICS_PVA_BROADCAST_PORT"])
def test_a_port_for_searches_that_is_in_use_ends_it(shell, setting):
    with taken_port(socket.SOCK_DGRAM) as port:
        del shell.environ["EPICS_PVAS_BROADCAST_PORT"]
        shell.environ[setting] = port
        error = shell.fails(4, "serve", "my_tree.py:MyRoot", "--base", "X")
    assert error == f"EPICS_PVAS_BROADCAST_PORT: UDP port {port} is in use"


def test_a_setting_of_blanks_is_no_port(shell):
    shell.environ["EPICS_PVAS_SERVER_PORT"] = " "
    error = shell.fails(4, "serve", "my_tree.py:MyRoot", "--base", "X")
    assert error == "EPICS_PVAS_SERVER_PORT: ' ' is no port number"


GUARDED = """
import {module} as pr
import roguebridge.backends.epics as pep


class Guarded(pr.Root):
    def __init__(self):
        super().__init__(name='MyRoot', pollEn=False)
        self._doHeartbeat = False
        self.add(pr.LocalVariable(name='Gain', value=1))
        self.addProtocol(pep.EpicsPvServer(base='X', root=self, isolate=True, acf='site.acf'))
"""


def test_a_hang_up_has_access_rules_read_again_and_serves_on(shell):
    shell.write("guarded.py", GUARDED)
    shell.write("site.acf", "ASG(DEFAULT) {RULE(1,READ)}")
    again = "Reading the configuration again."
    with shell.start("serve", "guarded.py:Guarded") as process, client_of(process) as client:
        with pytest.raises(RemoteError, match="Put not permitted"):
            client.put("X:MyRoot:Gain", 2)
        shell.write("site.acf", "ASG(DEFAULT) {RULE(1,WRITE)}")
        process.signal(signal.SIGHUP)
        process.until(again)
        end = time.monotonic() + LIMIT
        while client.put("X:MyRoot:Gain", 2, throw=False) is not None:
            assert time.monotonic() < end
        shell.write("site.acf", "")
        process.signal(signal.SIGHUP)
        process.until(again)
        wrong = "site.acf, line 1: the file is empty; the rules read before stay in force"
        while not any(wrong in line for line in process.errors):
            assert client.get("X:MyRoot:Gain") == 2
            assert time.monotonic() < end
        client.put("X:MyRoot:Gain", 3)
        process.signal(signal.SIGTERM)
        assert process.end() == 0
    assert process.lines[-1] == "Stopped."


def test_it_serves_over_channel_access_too(shell):
    arguments = ["--base", "X", "--isolate", "--backend", "pva", "--backend", "ca"]
    with shell.start("serve", "my_tree.py:MyRoot", *arguments) as process:
        served = process.until("Serving")
        port = re.search(r"ca \(TCP port (\d+) on 127.0.0.1\)", served).group(1)
        conf = {"EPICS_CA_ADDR_LIST": "127.0.0.1", "EPICS_CA_SERVER_PORT": port}
        client = CaClient(conf)
        client.write("X:MyRoot:Gain", 7).result(LIMIT)
        assert client.read("X:MyRoot:Gain").result(LIMIT).value == 7
        client.close()
        process.signal(signal.SIGTERM)
        assert process.end() == 0, process.errors


def test_a_process_that_was_stopped_beats_again_and_gives_no_false_alarm(shell):
    """The server looks again within moments, and the time it stood still is not the tree's."""
    beats, alarms = queue.SimpleQueue(), queue.SimpleQueue()
    shell.write("short.py", SHORT)
    with shell.start("serve", "short.py:Short") as process:
        process.until("Serving")
        with client_of(process) as client:
            beat = client.monitor("Short:RB:HEARTBEAT", beats.put)
            alive = client.monitor("Short:RB:TREE_ALIVE", lambda v: alarms.put(v.severity))
            before = beats.get(timeout=LIMIT)
            process.signal(signal.SIGSTOP)
            # Longer than stuck_after; no event tells of a process that does nothing.
            time.sleep(3.0)
            while not beats.empty():
                before = beats.get()
            process.signal(signal.SIGCONT)
            for _ in range(3):
                while beats.get(timeout=LIMIT) <= before:
                    pass
            beat.close()
            alive.close()
        process.signal(signal.SIGTERM)
        assert process.end() == 0
    assert {alarms.get() for _ in range(alarms.qsize())} == {0}


SHORT = """
import roguebridge.backends.epics as pep
from my_tree import MyRoot

class Short(MyRoot):
    def __init__(self):
        super().__init__()
        self.addProtocol(pep.EpicsPvServer("Short", self, isolate=True, stuck_after=1.5))
"""
