"""``roguebridge`` on a terminal: it says what it is doing, and survives the terminal."""

import contextlib
import fcntl
import os
import pty
import re
import signal
import subprocess
import sys
import termios

import pytest
from support.trees import LIMIT

from roguebridge.core.cli import terminal as terminal_module


class Terminal:
    """A command on a terminal of its own, whose session it leads."""

    def __init__(self, shell, *arguments):
        self.master, slave = pty.openpty()
        self.seen = ""
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "roguebridge.core.cli", *arguments],
            cwd=shell.folder, env={**shell.environ, "TERM": "xterm"},
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(slave)

    def until(self, text):
        while text not in self.seen:
            self.seen += os.read(self.master, 4096).decode()

    def rest(self):
        with contextlib.suppress(OSError):  # the other end is closed
            while more := os.read(self.master, 4096):
                self.seen += more.decode()

    def hang_up(self):
        os.close(self.master)


SLOW = """
from my_tree import MyRoot

def wait():
    with open('gate') as gate:
        gate.read()

class Slow(MyRoot):
    def start(self):
        wait()
        super().start()

def slowly():
    wait()
    return Slow()
"""


def test_it_says_what_takes_long_and_stops_when_the_terminal_goes(shell):
    shell.write("slow.py", SLOW)
    os.mkfifo(shell.folder / "gate")
    terminal = Terminal(shell, "serve", "slow.py:slowly", "--base", "X", "--isolate")
    try:
        for what in ("building the tree ...", "starting MyRoot ..."):
            terminal.until(what)
            (shell.folder / "gate").write_text("go on")
        terminal.until("Serving")
        terminal.hang_up()
        assert terminal.popen.wait(2 * LIMIT) == 0
    finally:
        terminal.popen.kill()
        terminal.popen.wait()


def test_a_table_keeps_to_the_width_of_the_terminal(shell):
    shell.environ.update(COLUMNS="40", LINES="100")
    terminal = Terminal(shell, "map", "my_tree.py:MyRoot", "--base", "X", "--filter", "*Gain")
    try:
        terminal.rest()
        assert terminal.popen.wait(2 * LIMIT) == 0
        plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.seen)
        table = plain[plain.rindex("PV ") :].splitlines()
        assert len(table) > 2  # the PV's line was folded
        assert all(len(line.rstrip()) <= 40 for line in table)
    finally:
        terminal.hang_up()
        terminal.popen.kill()
        terminal.popen.wait()


def test_what_takes_very_long_is_said_again(monkeypatch):
    class Ended:
        """Ends when it is asked for the fourth time."""

        waits = []

        def wait(self, seconds):
            self.waits.append(seconds)
            return len(self.waits) == 4

    said = []
    monkeypatch.setattr(terminal_module, "complain", said.append)
    terminal_module._report("building the tree", Ended())
    assert said == [
        "building the tree ...",
        "building the tree ... 10 s",
        "building the tree ... 20 s",
    ]
    assert Ended.waits == [1.0, 10.0, 10.0, 10.0]


def test_a_key_stops_it(shell):
    terminal = Terminal(shell, "serve", "my_tree.py:MyRoot", "--base", "X", "--isolate")
    try:
        terminal.until("Serving")
        os.write(terminal.master, b"\x03")
        terminal.until("Stopped.")
        assert terminal.popen.wait(2 * LIMIT) == 0
    finally:
        terminal.hang_up()
        terminal.popen.kill()
        terminal.popen.wait()


def test_it_stops_in_order_when_nobody_reads_what_it_says(shell):
    command = [sys.executable, "-m", "roguebridge.core.cli", "serve", "my_tree.py:MyRoot"]
    command += ["--base", "X", "--isolate"]
    with subprocess.Popen(
        command,
        cwd=shell.folder,
        env=shell.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as popen:
        for line in popen.stdout:
            if line.startswith(b"Serving"):
                break
        popen.stdout.close()
        popen.send_signal(signal.SIGTERM)
        assert popen.wait(2 * LIMIT) == 0


def full_pipe():
    """Give the ends of a pipe into which nothing more goes."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(write, b"x")
    os.set_blocking(write, True)
    return read, write


@pytest.mark.parametrize("full", ["stdout", "stderr"])
def test_one_signal_stops_it_though_a_reader_has_stopped_reading(shell, tree, full):
    if tree.name == "pyrogue" and full == "stdout":
        pytest.skip("Rogue's greeting waits for its reader")
    read, write = full_pipe()
    free = {"stdout": "stderr", "stderr": "stdout"}[full]
    arguments = ["serve", "my_tree.py:MyRoot", "--base", "X", "--isolate"]
    if full == "stdout":
        arguments += ["--log-level", "info"]
    command = [sys.executable, "-m", "roguebridge.core.cli", *arguments]
    try:
        with subprocess.Popen(
            command, cwd=shell.folder, env=shell.environ, text=True,
            **{full: write, free: subprocess.PIPE},
        ) as popen:  # fmt: skip
            for line in getattr(popen, free):
                if "serving " in line.lower():
                    break
            popen.send_signal(signal.SIGTERM)
            assert popen.wait(2 * LIMIT) == 0
    finally:
        os.close(read)
        os.close(write)


ODD = """
import sys
from my_tree import MyRoot

class Broken:
    def write(self, text):
        raise TypeError(text)

def none():
    sys.stdout = sys.stderr = None
    return MyRoot()

def closed():
    sys.stdout.close()
    sys.stderr.close()
    return MyRoot()

def broken():
    sys.stdout = sys.stderr = Broken()
    return MyRoot()
"""


@pytest.mark.parametrize("root", ["none", "closed", "broken"])
def test_a_tree_that_takes_the_streams_is_listed_and_served(shell, root):
    shell.write("odd.py", ODD)
    done = shell.run("map", f"odd:{root}", "--base", "X", "--format", "text", "--filter", "*:Gain")
    assert (done.returncode, done.stdout) == (0, "X:MyRoot:Gain -> MyRoot.Gain\n")
    shell.write("until.py", """
from roguebridge.core import hookimpl

@hookimpl
def server_started(server):
    open('started', 'w').close()
""")  # fmt: skip
    os.mkfifo(shell.folder / "started")
    arguments = ("serve", f"odd:{root}", "--base", "X", "--isolate", "--plugin", "until")
    with shell.start(*arguments) as process:
        (shell.folder / "started").read_text()
        process.signal(signal.SIGTERM)
        assert process.end() == 0
        assert not [line for line in process.errors if "Traceback" in line]


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_streams_that_are_closed_lead_nowhere(shell, closed):
    def close():
        for descriptor in closed:
            os.close(descriptor)

    for command in ("check", "map"):
        done = shell.run(command, "my_tree.py:MyRoot", "--base", "X", preexec_fn=close)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        assert bool(done.stdout) == (1 not in closed)
    assert shell.run("surf", preexec_fn=close).returncode == 2
