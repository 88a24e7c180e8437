"""The sources from which PVs of one run are computed, and how PVs learn their states."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..concurrency.clock import Clock
from ..concurrency.jobs import FunctionJob, Job
from ..concurrency.workers import submit_until_taken
from ..values.alarm import Alarm
from .device_enable import enable_of
from .links import dependencies_of, sources_of, with_sources
from .poll_silence import Staleness
from .protocols import Listener
from .pyrogue import getter_of, is_register, read_now
from .source_health import DerivedPv, Source, SourceHealth, show_causes

_OWN_UPDATE = 0.1  # seconds that the update of a link may take to follow that of its source


@dataclass(eq=False)
class Sources:
    """Finds the sources of all PVs, listens to those that are not served, and informs the PVs.

    Bad news is shown at once, on a worker. Good news comes with a link's own update, which the tree
    sends right after that of its source: only if none follows, the link is read again.

    :param clock: times that
    :param submit: hands a job to workers that no call into the tree holds up
    :param listen_to: adds a listener to a node
    :param unlisten_to: removes it
    :param staleness: tells which polled sources fall silent
    :param expect_reads: True if a register without an update has never been read
    """

    clock: Clock
    submit: Callable[[Job], str | None]
    listen_to: Callable[[Any, Listener], None]
    unlisten_to: Callable[[Any, Listener], None]
    staleness: Staleness
    expect_reads: bool
    # Of the states; it is held for moments, and no other lock is taken under it.
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _sources: dict[int, Source] = field(default_factory=dict, init=False)  # by id of the node
    _healths: dict[str, SourceHealth] = field(default_factory=dict, init=False)
    # Of the sources' users; it is taken before that of Staleness.
    _watching: threading.Lock = field(default_factory=threading.Lock, init=False)
    # Of the two below: PVs to show soon, and PVs with the number of updates they had.
    _pending: threading.Lock = field(default_factory=threading.Lock, init=False)
    _turned: dict[DerivedPv, None] = field(default_factory=dict, init=False)
    _good: dict[DerivedPv, int] = field(default_factory=dict, init=False)

    # Set-up -------------------------------------------------------------------------------------

    def find(self, pvs: Mapping[str, DerivedPv], gate: Callable[[DerivedPv, Any], None]) -> None:
        """Find what each PV is worked out from; before its backend starts.

        :param pvs: path -> PV, all of the server
        :param gate: puts a PV behind the ``enable`` of a source's device
        """
        shared: dict[tuple[int, ...], SourceHealth] = {}
        for pv in pvs.values():
            found = sources_of(pv.node)
            for node in found:
                gate(pv, node)
            # A plain value in memory is as good as its device.
            computed = (one for one in found if is_register(one) or getter_of(one) is not None)
            sources = tuple(self._source(node, pvs) for node in computed)
            if sources:
                key = tuple(sorted(map(id, sources)))
                if key not in shared:
                    shared[key] = SourceHealth(sources)
                health = self._healths[pv.path] = shared[key]
                health.pvs.append(pv)
                pv.add_cause(health)

    def _source(self, node: Any, pvs: Mapping[str, DerivedPv]) -> Source:
        source = self._sources.get(id(node))
        if source is None:
            source = Source(node, self.expect_reads, self._lock, self._tell)
            self._sources[id(node)] = source
            pv = pvs.get(node.path)
            if pv is not None and pv.node is node:
                source.pv = pv
                pv.await_update(source)
        return source

    def listen(self) -> None:
        """Begin to listen to the sources that are not served."""
        for source in self._sources.values():
            if source.pv is None:
                self.listen_to(source.node, source.on_update)

    def unlisten(self) -> None:
        """No longer listen to them."""
        for source in self._sources.values():
            if source.pv is None:
                self.unlisten_to(source.node, source.on_update)

    # Clients, on network threads, with the lock of the watchers held ------------------------------

    def watch(self, pv: DerivedPv) -> None:
        """A PV has its first client: its polled sources may fall silent. Never blocks."""
        self._count(pv, 1)

    def unwatch(self, pv: DerivedPv) -> None:
        """The last client of a PV has left. Never blocks."""
        self._count(pv, -1)

    def _count(self, pv: DerivedPv, step: int) -> None:
        health = self._healths.get(pv.path)
        for source in () if health is None else health.sources:
            if dependencies_of(source.node):
                continue  # links fall silent with what is behind them
            with self._watching:
                source.users += step
                if not source.users:
                    self.staleness.unwatch(source)
                elif source.users == step:
                    self.staleness.watch(source)

    # States -------------------------------------------------------------------------------------

    def shown(self, node: Any, alarm: Alarm) -> None:
        """The PV of a node shows another alarm of its own; with its lock held."""
        source = self._sources.get(id(node))
        if source is not None:
            source.shown(alarm)

    def doubt(self, node: Any, doubtful: bool) -> None:
        """A put to a node has failed and cannot be read back, or a read has succeeded; on a worker.

        A mirror has handed the refused value on: what is behind it keeps that until it is read.
        """
        chain = with_sources(node)
        source = self._sources.get(id(chain[-1])) if len(chain) > 1 else None
        if source is not None and source.pv is not None:
            source.pv.doubt(doubtful)

    def is_needed(self, node: Any) -> bool:
        """True if a PV that is made of a node has a client."""
        source = self._sources.get(id(node))
        return source is not None and source.users > 0

    def update_failed(self, path: str) -> None:
        """The tree could not deliver an update; on its update thread."""
        for source in self._sources.values():
            if source.node.path == path:
                source.look()

    def count_as_heard(self, nodes: Iterable[Any]) -> None:
        """The tree has read these nodes, and their updates are lost.

        The PVs of those that are served have been informed.
        """
        for node in nodes:
            source = self._sources.get(id(node))
            if source is not None and source.pv is None:
                source.heard(True)

    def read_unread(self, path: str) -> None:
        """Read, in hardware, the sources of a PV that were never read; on a worker.

        Others are left alone: a register may forget what it says when it is read.

        :raises Exception: what the tree raises
        """
        health = self._healths.get(path)
        for source in () if health is None else health.sources:
            if source.unread:
                read_now(source.node)
                enable = enable_of(source.node)
                if enable is None or enable.value() is True:
                    source.heard(True)

    # Telling ------------------------------------------------------------------------------------

    def _tell(self, healths: Iterable[SourceHealth]) -> None:
        pvs = [(pv, health.alarm) for health in healths for pv in health.pvs if pv.watched]
        self._tell_soon([pv for pv, alarm in pvs if alarm is not None])
        good = {pv: pv.updates for pv, alarm in pvs if alarm is None}
        if good:
            with self._pending:
                waiting = bool(self._good)
                self._good.update(good)
            if not waiting:
                self.clock.call_later(_OWN_UPDATE, self._read_those_not_heard)

    def _tell_soon(self, pvs: Iterable[DerivedPv]) -> None:
        with self._pending:
            submitted = bool(self._turned)
            self._turned.update(dict.fromkeys(pvs))
        if self._turned and not submitted:
            job = FunctionJob("inherited alarms", self._show)
            submit_until_taken(self.submit, job, self.clock)

    def _show(self) -> None:
        with self._pending:
            turned, self._turned = self._turned, {}
        show_causes(turned, "an inherited alarm")

    def _read_those_not_heard(self) -> None:
        with self._pending:
            good, self._good = self._good, {}
        self._tell_soon([one for one, updates in good.items() if one.updates == updates])
