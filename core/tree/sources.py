"""The sources from which PVs of one run are computed, and how PVs learn their states."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from ..concurrency.clock import Clock
from ..concurrency.jobs import FunctionJob, Job
from ..concurrency.network_log import NetworkLog
from ..concurrency.workers import submit_until_taken
from ..values.alarm import Alarm
from .poll_silence import Staleness
from .protocols import Listener
from .pyrogue import dependencies_of, enable_of, is_read, local_attribute, read_now, sources_of
from .source_health import DerivedPv, Source, SourceHealth

_log = NetworkLog(logging.getLogger("roguebridge.sources"))

_OWN_UPDATE = 0.1  # seconds that the update of a link may take to follow that of its source


class NodeListeners(Protocol):
    """By which listeners are added to nodes."""

    def listen(self, node: Any, listener: Listener) -> None:
        """Call it with each update of the node."""

    def unlisten(self, node: Any, listener: Listener) -> None:
        """Call it no longer."""


class Sources:
    """Finds the sources of all PVs, hears those that are not served, and tells the PVs.

    Bad news is shown at once, on a worker. Good news comes with a link's own update, which the tree
    sends right after that of its source: only if none follows, the link is read again.

    :param clock: times that
    :param submit: hands a job to workers that no call into the tree holds up
    :param texts: by which nodes are heard
    :param staleness: tells which polled sources fall silent
    :param expect_reads: True if a register without an update has never been read
    """

    def __init__(
        self,
        clock: Clock,
        submit: Callable[[Job], str | None],
        texts: NodeListeners,
        staleness: Staleness,
        expect_reads: bool,
    ) -> None:
        self._clock = clock
        self._submit = submit
        self._texts = texts
        self._staleness = staleness
        self._expect_reads = expect_reads
        self._lock = threading.Lock()  # of the states; for moments, no other is taken under it
        self._sources: dict[int, Source] = {}  # by id of the node
        self._of_pv: dict[str, Source] = {}
        self._healths: dict[str, SourceHealth] = {}
        self._watching = threading.Lock()  # of the sources' users
        self._pending = threading.Lock()  # of what is to be told
        self._turned: dict[DerivedPv, None] = {}
        self._good: dict[DerivedPv, int] = {}

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
            sources = tuple(self._source(node, pvs) for node in found if _may_be_bad(node))
            if sources:
                key = tuple(sorted(map(id, sources)))
                if key not in shared:
                    shared[key] = SourceHealth(sources)
                shared[key].add(pv)
                self._healths[pv.path] = shared[key]

    def _source(self, node: Any, pvs: Mapping[str, DerivedPv]) -> Source:
        source = self._sources.get(id(node))
        if source is None:
            source = Source(node, self._expect_reads, self._lock, self._tell)
            self._sources[id(node)] = source
            pv = pvs.get(node.path)
            if pv is not None and pv.node is node:
                source.follow(pv)
                self._of_pv[pv.path] = source
        return source

    def listen(self) -> None:
        """Begin to hear the sources that are not served."""
        for source in self._sources.values():
            if source.pv is None:
                self._texts.listen(source.node, source.on_update)

    def unlisten(self) -> None:
        """No longer hear them."""
        for source in self._sources.values():
            if source.pv is None:
                self._texts.unlisten(source.node, source.on_update)

    # Clients, on network threads, with the lock of the PV held -----------------------------------

    def watch(self, pv: DerivedPv) -> None:
        """A first client looks at a PV: its polled sources may fall silent. Never blocks."""
        for source in self._polled(pv):
            with self._watching:
                source.users += 1
                if source.users == 1:
                    self._staleness.watch(source)

    def unwatch(self, pv: DerivedPv) -> None:
        """Nobody looks at a PV any more. Never blocks."""
        for source in self._polled(pv):
            with self._watching:
                source.users -= 1
                if not source.users:
                    self._staleness.unwatch(source)

    def _polled(self, pv: DerivedPv) -> Sequence[Source]:
        # The sources that are links fall silent with those behind them.
        health = self._healths.get(pv.path)
        if health is None:
            return ()
        return [source for source in health.sources if not dependencies_of(source.node)]

    # States -------------------------------------------------------------------------------------

    def shown(self, path: str, alarm: Alarm) -> None:
        """A PV shows another alarm of its own; with its lock held."""
        source = self._of_pv.get(path)
        if source is not None:
            source.shown(alarm)

    def is_needed(self, path: str) -> bool:
        """True if a client looks at something that is made of what a PV shows."""
        source = self._of_pv.get(path)
        return source is not None and source.users > 0

    def update_failed(self, path: str) -> None:
        """The tree could not deliver an update; on its update thread."""
        for source in self._sources.values():
            if source.node.path == path:
                source.look()

    def count_as_heard(self, nodes: Iterable[Any]) -> None:
        """The tree has read these nodes, and their updates are lost; those served know by now."""
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
        bad: dict[DerivedPv, None] = {}
        good: dict[DerivedPv, int] = {}
        for health in healths:
            for pv in health.pvs:
                if not pv.watched:
                    continue
                if health.alarm is None:
                    good[pv] = pv.updates
                else:
                    bad[pv] = None
        if bad:
            self._tell_soon(bad)
        if good:
            with self._pending:
                waiting = bool(self._good)
                self._good.update(good)
            if not waiting:
                self._clock.call_later(_OWN_UPDATE, self._read_those_not_heard)

    def _tell_soon(self, pvs: Mapping[DerivedPv, None]) -> None:
        with self._pending:
            submitted = bool(self._turned)
            self._turned.update(pvs)
        if self._turned and not submitted:
            job = FunctionJob("inherited alarms", self._show)
            submit_until_taken(self._submit, job, self._clock)

    def _show(self) -> None:
        with self._pending:
            turned, self._turned = self._turned, {}
        for pv in turned:
            try:
                pv.cause_changed()
            except BaseException:
                _log.exception("%s: an inherited alarm could not be shown", pv.path)

    def _read_those_not_heard(self) -> None:
        with self._pending:
            good, self._good = self._good, {}
        self._tell_soon({one: None for one, updates in good.items() if one.updates == updates})


def _may_be_bad(node: Any) -> bool:
    # A plain value in memory is as good as its device.
    return (
        is_read(node)
        or bool(dependencies_of(node))
        or local_attribute(node, "_linkedGet") is not None
    )
