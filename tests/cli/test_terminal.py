"""``roguebridge`` on a terminal: it says what it is doing, and survives the terminal."""

import fcntl
import os
import pty
import re
import signal
import subprocess
import sys
import termios

from support.trees import LIMIT


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

    def hang_up(self):
        os.close(self.master)


def test_it_says_what_it_is_doing_and_stops_when_the_terminal_goes(shell):
    terminal = Terminal(shell, "serve", "my_tree.py:MyRoot", "--base", "X", "--isolate")
    try:
        terminal.until("building the tree")
        terminal.until("starting MyRoot")
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
        terminal.until("Slow")
        assert terminal.popen.wait(2 * LIMIT) == 0
        plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.seen)
        table = plain[plain.rindex("PV ") :].splitlines()
        assert len(table) > 2  # the PV's line was folded
        assert all(len(line.rstrip()) <= 40 for line in table)
    finally:
        terminal.hang_up()
        terminal.popen.kill()
        terminal.popen.wait()


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
