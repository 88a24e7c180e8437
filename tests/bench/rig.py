"""Starts the processes of servers and clients, talks to them, and is sure to end them."""

from __future__ import annotations

import collections
import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

ABOVE = Path(__file__).resolve().parent.parent
LIMIT = 900.0  # seconds for the slowest command: PyRogue makes text of millions of numbers


_CLIENTS = {"EPICS_CA_ADDR_LIST": "ca_client", "ROGUEBRIDGE_WEB_URL": "web_client"}


class BenchError(RuntimeError):
    """A server or client failed; the text is what it said."""


class Child:
    """A process that answers one JSON line to each.

    :param module: the module of this package that it runs
    :param arguments: its arguments
    """

    def __init__(self, module: str, *arguments: str) -> None:
        path = os.pathsep.join(filter(None, (str(ABOVE), os.environ.get("PYTHONPATH"))))
        self.name = " ".join((module, *arguments))
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"bench.{module}", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            text=True,
        )
        self._answers: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._said: collections.deque[str] = collections.deque(maxlen=30)
        self._readers = [
            threading.Thread(target=target, daemon=True) for target in (self._read, self._hear)
        ]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def send(self, op: str, **arguments: Any) -> None:
        """Begin a command."""
        stdin = self._process.stdin
        assert stdin is not None
        try:
            stdin.write(json.dumps({"op": op, **arguments}) + "\n")
            stdin.flush()
        except OSError:
            raise BenchError(self._last_words(op)) from None
        self._op = op

    def result(self, timeout: float = LIMIT) -> Any:
        """Return the result of the command begun before.

        :raises queue.Empty: if it is not there in time
        :raises BenchError: if it failed
        """
        line = self._answers.get(timeout=timeout)
        if line is None:
            raise BenchError(self._last_words(self._op))
        answer = json.loads(line)
        if "error" in answer:
            raise BenchError(f"{self.name}: {self._op}: {answer['error']}")
        return answer["result"]

    def call(self, op: str, **arguments: Any) -> Any:
        """Return the result of a command."""
        self.send(op, **arguments)
        return self.result()

    def stop(self) -> None:
        """Freeze the process."""
        os.kill(self.pid, signal.SIGSTOP)

    def kill(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        for reader in self._readers:
            reader.join()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert stream is not None
            with contextlib.suppress(OSError):
                stream.close()

    def _last_words(self, op: str) -> str:
        self._process.wait()
        self._readers[1].join()
        said = "".join(self._said)
        return f"{self.name}: ended with {self._process.returncode} during {op}\n{said}"

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put(None)

    def _hear(self) -> None:
        assert self._process.stderr is not None
        self._said.extend(self._process.stderr)


class Server(Child):
    """A server of a kind.

    :param kind: one of the modules of ``servers``
    """

    before: int  # bytes that the process had before the start
    started: Mapping[str, Any]  # what the start has told

    def __init__(self, kind: str) -> None:
        super().__init__("host", kind)

    def build(self, layout: str, size: int) -> None:
        """Make what is to be served."""
        self.before = self.call("build", layout=layout, size=size)

    def start(self) -> None:
        """Start to serve it."""
        self.started = self.call("start")

    def grown(self) -> int:
        """Return how many bytes more the process has than before its start."""
        return int(self.call("memory") - self.before)

    @property
    def conf(self) -> dict[str, str]:
        """The settings of its clients."""
        conf: dict[str, str] = self.started["conf"]
        return conf


@contextlib.contextmanager
def serving(kind: str, layout: str, size: int) -> Iterator[Server]:
    """Give a server of a kind that serves a layout."""
    with Server(kind) as server:
        server.build(layout, size)
        server.start()
        yield server


@contextlib.contextmanager
def clients(server: Server, count: int = 1) -> Iterator[Sequence[Child]]:
    """Give connected clients of the server's protocol, each a process."""
    module = next((_CLIENTS[key] for key in server.conf if key in _CLIENTS), "client")
    with contextlib.ExitStack() as stack:
        found = [stack.enter_context(Child(module)) for _ in range(count)]
        for client in found:
            client.send("connect", conf=server.conf)
        for client in found:
            client.result()
        yield found
