"""The ``roguebridge`` command in processes of its own, in an empty folder."""

import contextlib
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from support.trees import LIMIT

TREE = """
import {module} as pr


class MyRoot(pr.Root):
    def __init__(self):
        super().__init__(name='MyRoot', pollEn=False)
        self._doHeartbeat = False  # PyRogue's stop would wait for its next second
        self.add(pr.LocalVariable(name='Gain', value=1, minimum=0, maximum=100, mode='RW',
                                  units='counts', groups=['Slow', 'Tuning']))
        self.add(pr.LocalVariable(name='Secret', value='x', groups='NoServe'))
        self.add(pr.LocalCommand(name='Reset', function=lambda: self.Gain.set(0)))


def make():
    return MyRoot()
"""


class Process:
    """A running command; its lines come as they are printed.

    :param popen: with stdout and stderr as text pipes
    """

    def __init__(self, popen):
        self.popen = popen
        self.lines = []
        self._queue = queue.Queue()
        self._err = []
        self._readers = [
            threading.Thread(target=self._read_out), threading.Thread(target=self._read_err),
        ]  # fmt: skip
        for reader in self._readers:
            reader.start()

    def _read_out(self):
        for line in self.popen.stdout:
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def _read_err(self):
        for line in self.popen.stderr or ():
            self._err.append(line.rstrip("\n"))

    @property
    def errors(self):
        """What was printed on stderr until now."""
        return list(self._err)

    def until(self, text):
        """Return the first line from now on that contains ``text``."""
        while (line := self._queue.get(timeout=2 * LIMIT)) is not None:
            self.lines.append(line)
            if text in line:
                return line
        raise AssertionError(f"it ended without saying {text!r}: {self.lines} {self._err}")

    def signal(self, number):
        self.popen.send_signal(number)

    def insist(self, number):
        """Send a signal until it ends; return the exit status."""
        while True:
            self.signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.popen.wait(timeout=0.2)
                return self.end()

    def end(self):
        """Wait for the end; return the exit status."""
        status = self.popen.wait(timeout=2 * LIMIT)
        for reader in self._readers:
            reader.join(LIMIT)
        while not self._queue.empty():
            line = self._queue.get()
            if line is not None:
                self.lines.append(line)
        return status

    def clients(self):
        """Return the client settings it has printed."""
        found = {}
        while "EPICS_PVA_SERVER_PORT" not in found:
            name, _, value = self.until("export ").partition("export ")[2].partition("=")
            found[name] = value
        return found

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.popen.poll() is None:
            self.popen.kill()
        self.end()
        for stream in (self.popen.stdout, self.popen.stderr):
            if stream is not None:
                stream.close()


class Shell:
    """Runs the command in ``folder``, which holds my_tree.py."""

    def __init__(self, folder, tree):
        self.folder = folder
        self.python = sys.executable
        self.environ = dict(os.environ)
        for name in ("SERVER_PORT", "BROADCAST_PORT"):  # nothing of these tests leaves loopback
            self.environ[f"EPICS_PVAS_{name}"] = "0"
        for name in ("INTF", "BEACON"):
            self.environ[f"EPICS_PVAS_{name}_ADDR_LIST"] = "127.0.0.1"
        self.environ["EPICS_PVAS_AUTO_BEACON_ADDR_LIST"] = "NO"
        self.environ["COLUMNS"] = "200"
        self.module = tree.pr.__name__
        self.write("my_tree.py", TREE.format(module=self.module))

    def write(self, name, text):
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            file.write_bytes(text)
        else:
            file.write_text(text.replace("{module}", self.module))

    def start(self, *arguments, **options):
        command = [self.python, "-m", "roguebridge.core.cli", *map(str, arguments)]
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
        popen = subprocess.Popen(command, cwd=self.folder, env=self.environ, **options)
        return Process(popen)

    def run(self, *arguments, stdout=subprocess.PIPE, **options):
        """Run to the end; return the process with returncode, stdout and stderr."""
        command = [self.python, "-m", "roguebridge.core.cli", *map(str, arguments)]
        return subprocess.run(
            command, cwd=self.folder, env=self.environ, stdout=stdout, stderr=subprocess.PIPE,
            text=True, timeout=6 * LIMIT, **options,
        )  # fmt: skip

    def fails(self, status, *arguments):
        """Run, expect the exit status and one line of error; return the line."""
        done = self.run(*arguments)
        assert done.returncode == status, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        (line,) = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
        return line.removeprefix("Error: ")


@pytest.fixture
def shell(tmp_path, tree):
    return Shell(Path(tmp_path), tree)
