"""The status PVs: ``<base>:RB:NAME``, nodes of the server itself, with type, units and limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..backend.contract import Backend
from ..concurrency.workers import WorkerPool
from ..errors import PutError
from ..mapping.extra_nodes import ExtraNode
from ..tree.server_nodes import ServerNode
from ..values.alarm import Alarm


@dataclass(frozen=True, slots=True)
class StatusPv:
    """One status PV.

    :param name: last part of its name; as in iocStats where that has one
    :param kind: PyRogue's word for its type
    :param description: what it says
    :param units: of a number; empty for none
    :param low_alarm: MAJOR below it
    :param high_warning: MINOR above it
    :param high_alarm: MAJOR above it
    """

    name: str
    kind: str
    description: str
    units: str = ""
    low_alarm: float | None = None
    high_warning: float | None = None
    high_alarm: float | None = None


_FULL = int(0.8 * WorkerPool.queue_limit)

#: in the order in which they are served; those of the clients of each backend follow CLIENT_CNT
STATUS_PVS = (
    StatusPv("HEARTBEAT", "Int32", "counts seconds while the server runs", "s"),
    StatusPv("TREE_ALIVE", "Double64", "time for which the tree has given no sign of life", "s"),
    StatusPv("READY", "Int32", "1 when the first reads of the tree are done", low_alarm=1),
    StatusPv("STARTTOD", "str", "date and time of the server's start"),
    StatusPv("UPTIME", "Int32", "time since the server's start", "s"),
    StatusPv("VERSION", "str", "version of Roguebridge"),
    StatusPv("HOSTNAME", "str", "name of the machine"),
    StatusPv("PROCESS_ID", "Int32", "number of the process"),
    StatusPv("RECORD_CNT", "Int32", "PVs that are served, those of the server too"),
    StatusPv("WATCHED_CNT", "Int32", "PVs that have clients"),
    StatusPv("CLIENT_CNT", "Int32", "connections of clients; -1 if no backend can tell"),
    StatusPv("UPDATE_RATE", "Double64", "updates of the tree to PVs that have clients", "1/s"),
    StatusPv("PUT_CNT", "Double64", "puts and calls that have ended"),
    StatusPv("PUT_ERR_CNT", "Double64", "puts and calls that failed or were given up"),
    StatusPv("PUT_DENIED_CNT", "Double64", "puts and calls that were not permitted"),
    StatusPv(
        "PUT_ERR_RATE",
        "Int32",
        "puts and calls that failed within a minute",
        "1/min",
        high_warning=10,
        high_alarm=60,
    ),
    StatusPv(
        "QUEUE_DEPTH",
        "Int32",
        f"puts, reads and calls that wait for workers; {WorkerPool.queue_limit} may wait",
        high_alarm=_FULL,
    ),
    StatusPv("PUT_P99", "Double64", "99 of 100 puts and calls took no longer, in 5 minutes", "s"),
    StatusPv("INVALID_CNT", "Int32", "PVs with clients that are INVALID", high_warning=0),
    StatusPv("PROBLEM_CNT", "Int32", "number of problems"),
    StatusPv("PROBLEMS", "list[string]", "the problems, as report() returns them"),
    StatusPv("TREE_RESTARTS", "Int32", "how often the tree's update thread was started again"),
    StatusPv("IOC_CPU_LOAD", "Double64", "processor time of the process, of one processor", "%"),
    StatusPv("MEM_USED", "Double64", "resident memory of the process", "B"),
    StatusPv("FD_CNT", "Int32", "open files of the process"),
    StatusPv("THREAD_CNT", "Int32", "threads of the process"),
    StatusPv("CONFIG_HASH", "str", "changes with the arguments of the server and its PVs"),
)

_ZERO: dict[str, Any] = {"Int32": 0, "Double64": 0.0, "str": "", "list[string]": []}


class StatusVariable(ServerNode):
    """A number of the server; its value is in memory, and nobody can set it.

    :param path: path of the node
    :param told: what it says
    """

    def __init__(self, path: str, told: StatusPv) -> None:
        super().__init__(path, _ZERO[told.kind], "RO", told.description, ())
        self.typeStr = told.kind
        self.units = told.units
        self.lowAlarm, self.highAlarm = told.low_alarm, told.high_alarm
        self.highWarning = told.high_warning
        whole = told.kind == "Double64" and not told.units
        self.disp = "{:.0f}" if whole or told.units == "B" else "{:.3f}"
        #: called before the value is read; it returns soon
        self.before_read: Callable[[], object] | None = None

    def value(self) -> Any:
        """Return the present value."""
        if self.before_read is not None:
            self.before_read()
        return self._value

    get = value

    def set(self, value: Any, write: bool = True) -> None:
        """Refuse.

        :raises PutError: always
        """
        raise PutError(f"{self.path} is read-only")


class StatusNodes:
    """The nodes of one server: made once, whether it runs or not.

    :param base: the server's
    :param backends: its backends
    :param stuck_after: seconds after which TREE_ALIVE is MAJOR
    """

    def __init__(self, base: str, backends: Iterable[Backend], stuck_after: float) -> None:
        self._base = base
        self._nodes: dict[str, StatusVariable] = {}
        for told in STATUS_PVS:
            self._add(told.name, told)
            if told.name == "CLIENT_CNT":
                for backend in backends:
                    text = f"connections of clients over {backend.name}; -1 if it cannot tell"
                    self._add(f"CLIENT_CNT.{backend.name}", StatusPv(told.name, told.kind, text))
        self._nodes["TREE_ALIVE"].highAlarm = stuck_after

    def _add(self, name: str, told: StatusPv) -> None:
        self._nodes[name] = StatusVariable(f"RB.{name}", told)

    def __getitem__(self, name: str) -> StatusVariable:
        return self._nodes[name]

    def nodes(self) -> Sequence[ExtraNode]:
        """Return the nodes with the names of their PVs."""
        return [
            ExtraNode(f"{self._base}:RB:{name.replace('.', ':')}", node)
            for name, node in self._nodes.items()
        ]

    def show(self, name: str, value: Any, alarm: Alarm | None = None) -> None:
        """Show a value, if it or its alarm has changed.

        :param alarm: None for what the limits tell
        """
        node = self._nodes[name]
        if node._value != value or node.alarm != alarm:  # noqa: SLF001 - nothing is to be read
            node.update(value, alarm)
