"""The process of the clients: some stay and watch, others come, get, put, call, watch and leave."""

from __future__ import annotations

import collections
import queue
import threading
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from typing import Any

from p4p.client.thread import Context, RemoteError
from p4p.nt import NTURI
from support.clients.caclient import CaClient, Failed
from support.clients.patience import wait_for_subscriptions

from bench import child

LIVELY = ("Count", "Level", "Half", "Text", "Mode", "Wave", "Image", "Object")
WATCHED = (*LIVELY, "Board[0]:Reg[0]", "Board[1]:Reg[1]", "Board[2]:Mirror")
REGISTERS = [f"Soak:Top:Board[0]:Reg[{index}]" for index in range(32)]
REFUSED = ("Only", 1), ("Fails", 1)
LIMIT = 30.0  # seconds that any answer may take
UPDATES = 3  # that a visitor waits for


class Visitors:
    """Clients of both protocols on threads of their own."""

    def __init__(self) -> None:
        self._leave = threading.Event()
        self._lock = threading.Lock()
        self._counts: collections.Counter[str] = collections.Counter()
        self._errors: collections.Counter[str] = collections.Counter()
        self._threads: list[threading.Thread] = []

    def begin(self, conf: Mapping[str, Mapping[str, str]], pause: float) -> None:
        """Let them come.

        :param conf: the settings by protocol
        :param pause: seconds between two visits, of each protocol
        """
        for name, settings in conf.items():
            for task in TASKS[name]:
                self._threads.append(
                    threading.Thread(target=self._run, args=(name, task, settings, pause))
                )
        for thread in self._threads:
            thread.start()

    def counts(self) -> dict[str, Any]:
        """Return how many visits and updates there were, and what went wrong, how often."""
        with self._lock:
            return {"counts": dict(self._counts), "errors": dict(self._errors)}

    def end(self) -> None:
        """Let all leave."""
        self._leave.set()
        for thread in self._threads:
            thread.join()

    def _run(
        self, name: str, task: Callable[..., None], conf: Mapping[str, str], pause: float
    ) -> None:
        visit = 0
        while not self._leave.is_set():
            try:
                task(self, conf, visit)
                self._count(f"{name} visits")
            except Exception as exc:
                with self._lock:
                    self._errors[f"{task.__name__}: {type(exc).__name__}: {exc}"] += 1
            visit += 1
            self._leave.wait(pause)

    def _count(self, what: str) -> None:
        with self._lock:
            self._counts[what] += 1

    # PVAccess -------------------------------------------------------------------------------

    def _visit_pva(self, conf: Mapping[str, str], visit: int) -> None:
        with Context("pva", conf=dict(conf), useenv=False) as client:
            names = [f"Soak:Top:{name}" for name in WATCHED]
            client.get(names, timeout=LIMIT)
            client.put("Soak:Top:Gain", float(visit), timeout=LIMIT, wait=bool(visit % 2))
            client.put(f"Soak:Top:Board[3]:Reg[{visit % 32}]", visit, timeout=LIMIT)
            call = NTURI([("arg", "l")]).wrap("Soak:Top:Double", kws={"arg": visit})
            assert client.rpc("Soak:Top:Double", call, timeout=LIMIT) == 2 * visit
            news: queue.Queue[Any] = queue.Queue()
            watch = client.monitor(names[visit % len(LIVELY)], news.put)
            for number in range(UPDATES):
                try:
                    news.get(timeout=LIMIT)
                except queue.Empty:
                    name = names[visit % len(LIVELY)]
                    raise TimeoutError(f"{name}: update {number} did not come") from None
            watch.close()

    def _fail_pva(self, conf: Mapping[str, str], visit: int) -> None:
        """Ask for what is not there, is refused or fails."""
        with Context("pva", conf=dict(conf), useenv=False) as client:
            with suppress(TimeoutError):
                client.get(f"Soak:Top:Gone{visit}", timeout=0.05)
            for name, value in REFUSED:
                with suppress(RemoteError):
                    client.put(f"Soak:Top:{name}", value, timeout=LIMIT, wait=True, get=False)
                    raise AssertionError(f"{name} took {value!r}")
            read = NTURI([("op", "s")]).wrap("Soak:Top:Level", kws={"op": "read"})
            client.rpc("Soak:Top:Board[0]:Reg[3]", read, timeout=LIMIT)
            client.get(REGISTERS, timeout=LIMIT)

    def _stay_pva(self, conf: Mapping[str, str], visit: int) -> None:
        with Context("pva", conf=dict(conf), useenv=False) as client:
            watches = [
                client.monitor(f"Soak:Top:{name}", lambda value: self._count("pva updates"))
                for name in WATCHED
            ]
            self._leave.wait()
            for watch in watches:
                watch.close()

    # Channel Access -------------------------------------------------------------------------

    def _visit_ca(self, conf: Mapping[str, str], visit: int) -> None:
        with closing(CaClient(conf, user=f"user{visit % 7}")) as client:
            names = [f"Soak:Top:{name}" for name in WATCHED]
            for answer in [client.read(name, lambda *answer: answer) for name in names]:
                answer.result(LIMIT)
            client.write("Soak:Top:Gain", float(visit), notify=bool(visit % 2)).result(LIMIT)
            client.write(f"Soak:Top:Board[3]:Reg[{visit % 32}]", visit).result(LIMIT)
            client.write("Soak:Top:Double", visit).result(LIMIT)
            news: queue.Queue[Any] = queue.Queue()
            leave = client.monitor(names[visit % len(LIVELY)], lambda *update: news.put(update))
            for _ in range(UPDATES):
                news.get(timeout=LIMIT)
            if visit % 2:  # else it leaves without a word
                leave()

    def _fail_ca(self, conf: Mapping[str, str], visit: int) -> None:
        with closing(CaClient(conf)) as client:
            with suppress(Failed):
                client.read(f"Soak:Top:Gone{visit}").result(LIMIT)
            for name, value in REFUSED:
                with suppress(Failed):
                    client.write(f"Soak:Top:{name}", value).result(LIMIT)
                    raise AssertionError(f"{name} took {value!r}")
            for answer in [client.read(name, lambda *answer: answer) for name in REGISTERS]:
                answer.result(LIMIT)

    def _stay_ca(self, conf: Mapping[str, str], visit: int) -> None:
        with closing(CaClient(conf)) as client:
            for name in WATCHED:
                client.monitor(f"Soak:Top:{name}", lambda *update: self._count("ca updates"))
            self._leave.wait()


TASKS = {
    "pva": (Visitors._stay_pva, Visitors._visit_pva, Visitors._fail_pva),
    "ca": (Visitors._stay_ca, Visitors._visit_ca, Visitors._fail_ca),
}


def commands() -> Mapping[str, Callable[..., Any]]:
    """Return what the parent may ask for."""
    wait_for_subscriptions()
    visitors = Visitors()
    return {name: getattr(visitors, name) for name in ("begin", "counts", "end")}


if __name__ == "__main__":
    child.serve(commands)
