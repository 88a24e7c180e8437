"""The health of one run of a server: its numbers, sampled by a thread that nothing can hold up."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from os import getpid
from typing import Any

from ..backend.contract import Backend
from ..concurrency.network_log import NetworkLog
from ..pv.holder import PvHolder
from ..pv.services import Services
from ..requests.request_counts import SLOT
from ..version import __version__
from .problems import Problems
from .process import ProcessMeter
from .pulse import PERIOD, Pulse
from .status_nodes import StatusNodes

_log = NetworkLog(logging.getLogger("roguebridge.health"))
_SECOND = 1.0
_SELDOM = 5.0  # seconds between two looks that take longer
_SCRAPED = 60.0  # seconds that a snapshot counts as a look at the problems
_ASKED_FOR = ("PROBLEMS", "PROBLEM_CNT", "CONFIG_HASH")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the numbers of one run come from.

    :param services: of the run
    :param backends: that serve
    :param holders: path -> holder, of all nodes
    :param own: paths of the nodes that are in no tree
    :param restarts: returns how often the update thread was started again
    :param report: returns the problems, one text each; it may block
    :param config_hash: returns the hash of the configuration; it may take long
    """

    services: Services
    backends: Sequence[Backend]
    holders: Mapping[str, PvHolder]
    own: Sequence[str]
    restarts: Callable[[], int]
    report: Callable[[], Sequence[str]]
    config_hash: Callable[[], str]


class Health:
    """The numbers of one run. They are sampled once a second, and the pulse of the tree more often.

    Its thread takes no lock of the tree and makes no call into it. So the numbers are right while
    the tree hangs.

    :param nodes: show the numbers
    :param pulse: of the tree
    :param sources: of the numbers
    """

    def __init__(self, nodes: StatusNodes, pulse: Pulse, sources: Sources) -> None:
        self.pulse = pulse
        self._nodes = nodes
        self._from = sources
        self._clock = sources.services.clock
        self._problems = Problems(nodes, sources.report, sources.config_hash, self._clock.monotonic)
        self._meter = ProcessMeter()
        self._numbers: dict[str, Any] = {}
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._beats = 0
        self._started = self._next_beat = self._next_seldom = self._next_slot = 0.0
        self._own: list[PvHolder] = []
        self._updates = 0.0, 0
        self._scraped: float | None = None

    def start(self) -> None:
        """Begin to sample; the first numbers are there when this returns."""
        now = self._started = self._clock.monotonic()
        self._next_slot = now + SLOT
        begun = datetime.fromtimestamp(self._clock.time_ns() / 1e9).astimezone()
        self._numbers |= {
            "STARTTOD": begun.isoformat(timespec="seconds"),
            "VERSION": __version__,
            "HOSTNAME": socket.gethostname(),
            "PROCESS_ID": getpid(),
            "RECORD_CNT": len(self._from.holders),
            "CONFIG_HASH": "",
            "PROBLEM_CNT": 0,
            "PROBLEMS": [],
        }
        own = (self._from.holders[path] for path in self._from.own)
        self._own = [holder for holder in own if not holder.reader.is_of_tree]
        self._updates = now, 0  # no PV has had a client
        for name in _ASKED_FOR:
            self._nodes[name].before_read = self._problems.ask_and_wait
        self._thread = threading.Thread(target=self._run, name="roguebridge-health", daemon=True)
        self.look()
        self._thread.start()

    def stop(self) -> None:
        """Sample no more; harmless if it has not started."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._ended.set()
        thread.join(_SECOND)
        for name in _ASKED_FOR:
            self._nodes[name].before_read = None
        self._problems.stop()

    def snapshot(self) -> dict[str, Any]:
        """Return name -> number of all status PVs, as last sampled; never blocks.

        The numbers of clients of one backend are ``CLIENT_CNT.pva`` and so on. Problems are worked
        out for a minute after each call, and come with one of the next.
        """
        self._scraped = self._clock.monotonic()
        self._problems.ask()
        return {
            **self._numbers,
            "PROBLEMS": list(self._problems.texts),
            "PROBLEM_CNT": len(self._problems.texts),
            "CONFIG_HASH": self._problems.config_hash,
        }

    def _run(self) -> None:
        while not self._ended.wait(PERIOD):
            try:
                self.look()
            except Exception:
                _log.exception("a number of the server could not be sampled")

    def look(self) -> None:
        """Look at the pulse and, if a second has gone by, at all numbers."""
        now = self._clock.monotonic()
        before = self.pulse.alarm.severity
        self.pulse.look(now)
        if now >= self._next_beat:
            self._next_beat = now + _SECOND - PERIOD / 2  # looks are a little late each time
            self._beats += 1
            self._sample(now)
            for name, value in self._numbers.items():
                if name not in (*_ASKED_FOR, "TREE_ALIVE"):
                    self._nodes.show(name, value)
        elif self.pulse.alarm.severity is before:
            return
        self._numbers["TREE_ALIVE"] = round(self.pulse.age, 2)
        self._nodes.show("TREE_ALIVE", self._numbers["TREE_ALIVE"], self.pulse.alarm)

    def _sample(self, now: float) -> None:
        services, counts = self._from.services, self._from.services.counts
        while now >= self._next_slot:
            self._next_slot += SLOT
            counts.next_slot()
        pools = (services.variables, services.commands, services.judges)
        watched = services.watchers.count
        of_tree = watched - sum(holder.watched for holder in self._own)
        self._numbers |= {
            "HEARTBEAT": self._beats,
            "READY": int(self.pulse.started),
            "UPTIME": int(now - self._started),
            "WATCHED_CNT": watched,
            "PUT_CNT": float(counts.ended),
            "PUT_ERR_CNT": float(counts.failed),
            "PUT_DENIED_CNT": float(counts.denied),
            "PUT_ERR_RATE": counts.failed_in_a_minute,
            "QUEUE_DEPTH": max(pool.waiting for pool in pools),
            "PUT_P99": counts.percentile(0.99),
            "INVALID_CNT": len(services.invalid) if services.fault is None else of_tree,
            "TREE_RESTARTS": self._from.restarts(),
        }
        if now >= self._next_seldom:
            self._next_seldom = now + _SELDOM
            self._sample_seldom(now)
        scraped = self._scraped is not None and now - self._scraped < _SCRAPED
        if scraped or any(self._is_watched(name) for name in _ASKED_FOR):
            self._problems.ask()

    def _sample_seldom(self, now: float) -> None:
        process = self._meter.look()
        clients = {backend.name: backend.clients() for backend in self._from.backends}
        known = [count for count in clients.values() if count >= 0]
        before, updates_before = self._updates
        rate = 0.0
        if now > before:
            updates = sum(holder.updates for holder in self._from.holders.values())
            updates -= sum(holder.updates for holder in self._own)
            self._updates = now, updates
            rate = (updates - updates_before) / (now - before)
        self._numbers |= {
            "IOC_CPU_LOAD": process.cpu_load,
            "MEM_USED": float(process.memory),
            "FD_CNT": process.files,
            "THREAD_CNT": process.threads,
            "CLIENT_CNT": sum(known) if known else -1,
            **{f"CLIENT_CNT.{name}": count for name, count in clients.items()},
            "UPDATE_RATE": round(rate, 1),
        }

    def _is_watched(self, name: str) -> bool:
        holder = self._from.holders.get(f"RB.{name}")
        return holder is not None and holder.node is self._nodes[name] and holder.watched
