"""The alarms that links inherit: a value computed from a bad value is not good.

A PV of a link, or of a table, shows the worst alarm of all that its value is made of. That is
worked out when the state of a source changes. An update costs nothing more than before: a source
waits for one update of its node, and only while the next one matters.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from ..concurrency.network_log import NetworkLog
from ..values.alarm import CALC, COMM, READ, TIMEOUT, UDF, WRITE, Alarm, worst
from .poll_silence import Watched
from .pyrogue import is_register, read_fault

_log = NetworkLog(logging.getLogger("roguebridge.sources"))

#: what a PV shows of the value in the tree, not of how it is shown
_FAULTS = (READ, WRITE, COMM, TIMEOUT, CALC)


class AwaitsUpdate:
    """Waits for the next update of a node; as it is, for the first one of any node."""

    __slots__ = ()

    #: True if the tree has sent no update of the node since it was started
    unread = True

    def heard(self, believed: bool) -> None:
        """An update has come, or the node was read; see :meth:`Source.heard`.

        It is called once, on the tree's update thread or on a worker.
        """


#: of all PVs that nothing depends on
FIRST_UPDATE = AwaitsUpdate()


class AlarmCause(Protocol):
    """Hides the alarm of a PV while it holds."""

    @property
    def alarm(self) -> Alarm | None:
        """The alarm that the PV shows instead; None while the cause does not hold."""

    @property
    def alone(self) -> tuple[AlarmCause, ...]:
        """A tuple of this cause: one object for all PVs that have no other cause."""

    def look(self) -> None:
        """Find out now whether it holds; on a thread that may call the tree."""


class DerivedPv(Watched, Protocol):
    """A PV whose alarm may come from elsewhere."""

    @property
    def path(self) -> str:
        """Of its node."""

    @property
    def watched(self) -> bool:
        """True while a client is there."""

    @property
    def causes(self) -> tuple[AlarmCause, ...]:
        """The causes that may hide its alarm."""

    def add_cause(self, cause: AlarmCause) -> None:
        """Let the PV show what hides its alarm."""

    def await_update(self, awaits: AwaitsUpdate) -> None:
        """Call ``awaits`` with the next update of the node, once."""

    def cause_changed(self) -> None:
        """A cause holds, or holds no longer."""

    def doubt(self, doubtful: bool) -> None:
        """The tree keeps a refused value of the node, or it was read since; by a mirror."""


def show_causes(pvs: Iterable[DerivedPv], what: str) -> None:
    """Have PVs show that a cause of theirs holds, or holds no longer; raises nothing.

    :param what: the cause, for the log
    """
    for pv in pvs:
        try:
            pv.cause_changed()
        except BaseException:
            _log.exception("%s: %s could not be shown", pv.path, what)


class SourceHealth:
    """The alarm that PVs inherit from all their sources, the worst of theirs.

    It stands among the causes of a PV behind the devices' ``enable``: a disabled device hides all.
    PVs made of the same sources share one. The lock of the sources guards all but :attr:`alarm`.

    :param sources: what the PVs are made of
    """

    __slots__ = ("alarm", "alone", "sources", "pvs", "_counts")

    def __init__(self, sources: tuple[Source, ...]) -> None:
        self.sources = sources
        self.alone: tuple[AlarmCause, ...] = (self,)
        #: the PVs that inherit it
        self.pvs: list[DerivedPv] = []
        self._counts = Counter(source.alarm for source in sources)
        #: None while all sources are good
        self.alarm = self._worst()
        for source in sources:
            source.healths.append(self)

    def change(self, before: Alarm | None, after: Alarm | None) -> bool:
        """The alarm of one source has changed; with the lock held.

        :returns: True if that of the PVs has, too
        """
        self._counts[before] -= 1
        self._counts[after] += 1
        was, self.alarm = self.alarm, self._worst()
        return was != self.alarm

    def _worst(self) -> Alarm | None:
        found = [alarm for alarm, count in self._counts.items() if count and alarm is not None]
        return worst(found) if found else None

    def look(self) -> None:
        """Do nothing: a source says by itself when its state has changed."""


class Source(AwaitsUpdate):
    """The state of one node that PVs are made of.

    :param node: a variable of the tree
    :param expect_reads: True if a register without an update has never been read
    :param lock: of all sources; held for moments
    :param tell: called with the inherited alarms that have changed; must not block
    """

    __slots__ = (
        "node", "unread", "alarm", "healths", "users", "pv", "_silent", "_fault", "_updates",
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
        #: why a value computed from it is not good; None if it may be
        self.alarm: Alarm | None = UDF if self.unread else None
        self.healths: list[SourceHealth] = []
        #: PVs with a client that are made of it
        self.users = 0
        #: its own PV, which takes the updates; None if it is not served
        self.pv: DerivedPv | None = None
        self._silent = False  # its polls do not come
        self._fault: Alarm | None = None  # a read has failed, or a write whose outcome is unknown
        self._updates = 0
        self._armed = True  # if it is not served: the next update counts
        self._lock = lock
        self._tell = tell

    def on_update(self, path: str, value: Any) -> None:
        """Listener of a node that is not served; nothing is raised into the tree."""
        if self._armed:
            self._armed = False
            try:
                self.heard(True)
            except BaseException:
                _log.exception("%s: an update could not be used", path)

    def await_update(self) -> None:
        """Wait for the next update of the node."""
        if self.pv is None:
            self._armed = True
        else:
            self.pv.await_update(self)

    @property
    def updates(self) -> int:
        """A number that has grown if an update has come since it was last asked for.

        To ask for it has the next update counted, and no further one.
        """
        self.await_update()
        return self._updates

    # What changes its state, from any thread -----------------------------------------------------

    def heard(self, believed: bool) -> None:
        """An update of the node has come, or the node was read.

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
            self._silent = self._silent or self._updates == updates
            turned = self._turn()
        self._tell(turned)

    def shown(self, alarm: Alarm) -> None:
        """Its own PV shows another alarm; with the lock of that PV held.

        A number that has no place in the PV of a register, or in its enum, is a good source.
        """
        is_fault = alarm in _FAULTS and not (alarm is CALC and is_register(self.node))
        self._set_fault(alarm if is_fault else None)

    def look(self) -> None:
        """An update could not be delivered: find out whether there is a value at all."""
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
        states = self._fault, TIMEOUT if self._silent else None, UDF if self.unread else None
        found = [alarm for alarm in states if alarm is not None]
        before, self.alarm = self.alarm, worst(found) if found else None
        if self.alarm is not None:
            self.await_update()  # the next update may end it
        if before == self.alarm:
            return []
        return [health for health in self.healths if health.change(before, self.alarm)]
