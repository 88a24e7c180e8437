"""The alarms that links inherit: a value computed from a bad value is not good.

A PV of a link, or of a table, shows the worst alarm of all that its value is made of. That is
worked out when the state of a source changes. An update costs nothing more than before: a source
asks to be told of one update, and only while the next one matters.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from ..concurrency.network_log import NetworkLog
from ..values.alarm import CALC, COMM, READ, TIMEOUT, UDF, WRITE, Alarm, worst
from .pyrogue import is_register, read_fault

_log = NetworkLog(logging.getLogger("roguebridge.sources"))

#: what a PV shows of the value in the tree, not of how it is shown
_FAULTS = (READ, WRITE, COMM, TIMEOUT, CALC)


class AwaitsUpdate(Protocol):
    """Told of the next update of a node, once; on the tree's update thread or a worker."""

    unread: bool
    """True if the tree has told nothing of the node since it was started."""

    def heard(self, believed: bool) -> None:
        """The tree has told a value, or was asked for one; see :meth:`Source.heard`."""


class AlarmCause(Protocol):
    """Hides the alarm of a PV while it holds."""

    @property
    def alarm(self) -> Alarm | None:
        """The alarm that the PV shows instead; None while the cause does not hold."""

    @property
    def alone(self) -> tuple[AlarmCause, ...]:
        """A tuple of nothing else: one object for all PVs that have no other cause."""

    def look(self) -> None:
        """Find out now whether it holds; on a thread that may call the tree."""


class DerivedPv(Protocol):
    """A PV whose alarm may come from elsewhere."""

    @property
    def path(self) -> str:
        """Of its node."""

    @property
    def node(self) -> Any:
        """The variable or command."""

    @property
    def watched(self) -> bool:
        """True while a client is there."""

    @property
    def updates(self) -> int:
        """A number that grows with every update that comes while the PV is watched."""

    @property
    def causes(self) -> tuple[AlarmCause, ...]:
        """The causes that may hide its alarm."""

    def add_cause(self, cause: AlarmCause) -> None:
        """Let the PV show what hides its alarm."""

    def await_update(self, awaits: AwaitsUpdate) -> None:
        """Tell of the next update of the node, once."""

    def cause_changed(self) -> None:
        """A cause holds, or holds no longer."""


class _FirstUpdate:
    """What awaits the first update of a PV that nothing depends on; one for all of them."""

    unread = True

    def heard(self, believed: bool) -> None:
        """Nobody else needs to know."""


FIRST_UPDATE: AwaitsUpdate = _FirstUpdate()


class SourceHealth:
    """The alarm that PVs inherit from all their sources, the worst of theirs.

    It stands among the gates of a PV, behind those of the devices: a disabled device hides all.
    PVs made of the same sources share one. All but :attr:`alarm` belongs to the lock of
    the sources.

    :param sources: what the PVs are made of
    """

    __slots__ = ("alarm", "alone", "sources", "pvs", "_counts")

    def __init__(self, sources: tuple[Source, ...]) -> None:
        self.sources = sources
        self.alone: tuple[AlarmCause, ...] = (self,)
        #: the PVs that inherit it
        self.pvs: list[DerivedPv] = []
        self._counts: Counter[Alarm] = Counter(s.alarm for s in sources if s.alarm is not None)
        #: None while all sources are good
        self.alarm: Alarm | None = worst(self._counts) if self._counts else None
        for source in sources:
            source.healths.append(self)

    def add(self, pv: DerivedPv) -> None:
        """Let a PV inherit the alarm."""
        self.pvs.append(pv)
        pv.add_cause(self)

    def change(self, before: Alarm | None, after: Alarm | None) -> bool:
        """The alarm of one source has changed; with the lock held.

        :returns: True if that of the PVs has, too
        """
        counts = self._counts
        if before is not None:
            counts[before] -= 1
            if not counts[before]:
                del counts[before]
        if after is not None:
            counts[after] += 1
        was, self.alarm = self.alarm, worst(counts) if counts else None
        return was != self.alarm

    def look(self) -> None:
        """Do nothing: unlike a gate, a source says by itself when its state has changed."""


class Source:
    """The state of one node that PVs are made of.

    :param node: a variable of the tree
    :param expect_reads: True if a register without an update has never been read
    :param lock: of all sources; held for moments
    :param tell: told which inherited alarms have changed; must not block
    """

    __slots__ = (
        "node", "unread", "alarm", "healths", "users", "_silent", "_fault", "_updates", "_pv",
        "_armed", "_lock", "_tell",
    )  # fmt: skip

    def __init__(
        self,
        node: Any,
        expect_reads: bool,
        lock: threading.Lock,
        tell: Callable[[Iterable[SourceHealth]], None],
    ) -> None:
        self.node = node
        self.unread = expect_reads and is_register(node)
        #: why what is made of it is not good; None if it may be
        self.alarm: Alarm | None = UDF if self.unread else None
        self.healths: list[SourceHealth] = []
        #: PVs with a client that are made of it
        self.users = 0
        self._silent = False  # its polls do not come
        self._fault: Alarm | None = None  # a read has failed, or a write whose outcome is unknown
        self._updates = 0
        self._pv: DerivedPv | None = None  # its own PV, if it is served
        self._armed = True  # wants to be told of the next update; for one that is not served
        self._lock = lock
        self._tell = tell

    @property
    def pv(self) -> DerivedPv | None:
        """Its own PV; None if it is not served, and so listens by itself."""
        return self._pv

    def follow(self, pv: DerivedPv) -> None:
        """Its own PV hears the node: be told by that one."""
        self._pv = pv
        pv.await_update(self)

    def on_update(self, path: str, value: Any) -> None:
        """Listener of a node that is not served; nothing is raised into the tree."""
        if self._armed:
            self._armed = False
            try:
                self.heard(True)
            except BaseException:
                _log.exception("%s: an update could not be told", path)

    def _arm(self) -> None:
        pv = self._pv
        if pv is None:
            self._armed = True
        else:
            pv.await_update(self)

    @property
    def updates(self) -> int:
        """A number that has grown if the node was heard since it was last asked for.

        Who asks has the next update counted, and no further one.
        """
        self._arm()
        return self._updates

    # What changes its state, from any thread -----------------------------------------------------

    def heard(self, believed: bool) -> None:
        """The tree has told a value, or was asked for one.

        :param believed: False if its own PV decides whether the fault that it shows is over
        """
        with self._lock:
            self._updates += 1
            self.unread = self._silent = False
            if believed:
                self._fault = None
            turned = self._turn()
        self._tell(turned)

    def show_stale(self, updates: int) -> None:
        """It is polled, and polls do not come.

        :param updates: as they were when that was found
        """
        with self._lock:
            if self._updates != updates:
                return
            self._silent = True
            turned = self._turn()
        self._tell(turned)

    def shown(self, alarm: Alarm) -> None:
        """Its own PV shows another alarm; with the lock of that PV held.

        A number that has no place in the PV, say, or in its enum, is what others are made of all
        the same.
        """
        fault = alarm if alarm in _FAULTS else None
        self._set_fault(None if fault is CALC and is_register(self.node) else fault)

    def look(self) -> None:
        """An update could not be told: find out whether there is a value at all."""
        try:
            self.node.value()
        except BaseException as exc:
            self._set_fault(read_fault(exc, is_register(self.node)))
        else:
            self.heard(True)

    def _set_fault(self, fault: Alarm | None) -> None:
        with self._lock:
            self._fault = fault
            turned = self._turn()
        self._tell(turned)

    def _turn(self) -> list[SourceHealth]:
        # With the lock held.
        found = [
            alarm
            for alarm, holds in (
                (self._fault, self._fault is not None),
                (TIMEOUT, self._silent),
                (UDF, self.unread),
            )
            if holds and alarm is not None
        ]
        before, self.alarm = self.alarm, worst(found) if found else None
        if self.alarm is not None:
            self._arm()  # the next update may end it
        if before == self.alarm:
            return []
        return [health for health in self.healths if health.change(before, self.alarm)]
