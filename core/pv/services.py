"""The services that the holders of one server share while it runs."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from ..concurrency.clock import Clock
from ..concurrency.jobs import FunctionJob
from ..concurrency.stamp_clock import StampClock
from ..concurrency.workers import WorkerPool
from ..mapping.problems import Problem, grouped
from ..mapping.pv_map import PvEntry
from ..requests.audit import AuditTrail
from ..requests.audit_values import kept, short
from ..requests.command_arguments import CommandDefaults
from ..requests.completion import Completion
from ..requests.plugin_faults import PluginFaults
from ..requests.put_limits import PutLimits
from ..requests.queued_bytes import QueuedBytes
from ..requests.refusal_limit import RefusalLimit
from ..requests.request import Request, RequestRecord
from ..requests.request_counts import RequestCounts
from ..requests.user_groups import UserGroups
from ..tree.patches.lazy_text import LazyTexts
from ..tree.pyrogue import read_now
from ..tree.sources import Sources
from ..values.alarm import Alarm
from .pacing import Pacing
from .publication import Unshown

_LOG_INTERVAL = 60.0
_GATHERING = 1.0  # seconds in which equal problems become one line of the log
_MOST_LOGGED = 10_000  # PVs and hosts whose last log record is remembered


class Watcher(Protocol):
    """Wants to know which PVs have clients; called on network threads, so it must not block."""

    def watch(self, holder: Any) -> None:
        """The first client of a PV has come."""

    def unwatch(self, holder: Any) -> None:
        """The last client of a PV has gone."""


class LastRuns(Protocol):
    """Shows how the last run of each command went; called on workers."""

    def begun(self, path: str, time_ns: int) -> None:
        """A command has started."""

    def ended(self, path: str, seconds: float, result: Any, error: str) -> None:
        """It has ended, with a result or an error."""


class Watchers:
    """Tells some watchers which PVs have clients.

    Its lock orders the messages. It is taken before that of a PV and before those of the
    watchers, never with one of them held.

    :param watchers: get the messages
    """

    def __init__(self, *watchers: Watcher) -> None:
        self.lock = threading.Lock()
        #: how many PVs have clients
        self.count = 0
        self._watchers = watchers

    def tell(self, holder: Any, connected: bool) -> None:
        """Tell that the first client of a PV has come, or the last one has gone; lock held."""
        self.count += 1 if connected else -1
        for watcher in self._watchers:
            (watcher.watch if connected else watcher.unwatch)(holder)


@dataclass(slots=True)
class Services:
    """Workers, clock, limits and events of a running server.

    :param clock: the one source of time
    :param variables: runs puts and reads
    :param commands: runs commands
    :param events: runs plugin events
    :param judges: asks policies that may block
    :param own: runs requests for the nodes of the server itself
    :param log: where refused and failed requests are logged
    :param put_reply_timeout: seconds after which a put that does not block is answered; None
        for never before it has ended
    :param open_timeout: seconds a PV waits for its first value before it opens without
    :param start_ns: time of PVs that were never updated
    :param expect_reads: True if a hardware variable without an update has never been read
    :param read_on_connect: True to read a variable, hardware included, for its first client
    :param queue_commands: True to run a command again when it has ended, False to refuse it while
        it runs
    :param pacing: which PVs hold updates back; None for none
    :param watchers: are told which PVs have clients
    :param sources: of all PVs that are computed from other variables; None for none
    :param updates_lost: True if the tree may have read registers without sending updates
    :param fault: hides the alarms of all PVs while the tree sends no updates
    :param audit: gets a record of each request; None for no audit
    :param on_opened: called with each holder that opened; None for none
    :param groups: keeps the groups of users; None to look them up whenever they are asked for
    :param rights: finds out what clients are told of their rights; None for ``judges``
    :param logs: hands log records over, whose handlers may block; None for ``events``
    :param texts: adds listeners to nodes
    :param completion: answers requests that change more than their node; None to answer them as
        soon as their work has ended
    :param unshown: knows the updates that are delivered and not shown yet
    :param limits: holds puts to the limits of PVs
    :param defaults: the default arguments of commands
    :param queued: counts the bytes of requests
    :param faults: names the plugins whose parts fail
    :param counts: counts requests that have ended
    :param invalid: the readers of the open PVs whose node is INVALID
    :param last_runs: shows how the last run of each command went; None for no such PVs
    :param tree_state: returns why requests into the tree wait: it is busy, or hung; else nothing
    """

    clock: Clock
    variables: WorkerPool
    commands: WorkerPool
    events: WorkerPool
    judges: WorkerPool
    own: WorkerPool
    log: logging.Logger
    put_reply_timeout: float | None
    open_timeout: float
    start_ns: int
    expect_reads: bool
    read_on_connect: bool = False
    queue_commands: bool = False
    pacing: Pacing | None = None
    watchers: Watchers = field(default_factory=Watchers)
    sources: Sources | None = None
    updates_lost: bool = False
    fault: Alarm | None = None
    audit: AuditTrail | None = None
    on_opened: Callable[[Any], None] | None = None
    groups: UserGroups | None = None
    rights: WorkerPool | None = None
    logs: WorkerPool | None = None
    texts: LazyTexts = field(default_factory=LazyTexts)
    completion: Completion | None = None
    unshown: Unshown = field(default_factory=Unshown)
    limits: PutLimits = field(default_factory=PutLimits)
    defaults: CommandDefaults = field(default_factory=CommandDefaults)
    queued: QueuedBytes = field(default_factory=QueuedBytes)
    faults: PluginFaults = field(default_factory=PluginFaults)
    counts: RequestCounts = field(default_factory=RequestCounts)
    invalid: set[Any] = field(default_factory=set)
    tree_state: Callable[[], str] = str
    last_runs: LastRuns | None = None
    time_ns: Callable[[], int] = field(init=False)
    """The clock's, called at each update."""
    stamps: StampClock = field(init=False)
    """Asked where the clock may have gone back."""
    _logged: dict[tuple[str, str], float] = field(default_factory=dict)
    refusals: RefusalLimit = field(init=False)
    """Passes errors on to the log, few of each client."""
    _troubled: set[str] = field(default_factory=set)
    _troubles: deque[Problem] = field(default_factory=deque)
    """Not yet logged."""

    def __post_init__(self) -> None:
        self.time_ns = self.clock.time_ns
        self.stamps = StampClock(self.clock, partial(self.log_soon, logging.WARNING))
        self.refusals = RefusalLimit(self.clock, self._log_record)

    def keep(self, value: Any) -> Any:
        """Return a value as the audit stores it, None if there is no audit; never raises."""
        return None if self.audit is None else kept(value)

    def record(self, request: Request, result: str, error: str = "") -> None:
        """Give the outcome of a request to audit and log, once; never blocks."""
        if not request.begin_record():
            return
        self.queued.release(request)
        begun = request.begun
        self.counts.add(result, self.clock.monotonic() - begun if begun else 0.0)
        to_log = error and result != "dropped" and self._is_due(request)
        if self.audit is None and not to_log:
            return
        record = RequestRecord(
            request.entry,
            request.operation,
            request.credentials.as_shown(),
            request.kept,
            result,
            short(error),
            self.time_ns(),
            request.old,
            request.trap,
            request.returned,
            written=request.written,
            granted=request.granted,
        )
        if self.audit is not None:
            self.audit.add(record)
        if to_log:
            self.refusals.add(record)

    def waiting_for_tree(self, reason: str) -> str:
        """Return why a request is given up, with what holds the tree up, if anything does."""
        state = self.tree_state()
        return f"{reason}; the tree is {state}" if state else reason

    def read_now(self, node: Any) -> Any:
        """Return the value of a node, read in hardware if it lives there; on a worker.

        :raises Exception: what the tree raises
        """
        value = read_now(node)
        if self.sources is not None:
            self.sources.doubt(node, False)
        return value

    def opened(self, holder: Any) -> None:
        """Tell the plugins that a holder opened; never blocks."""
        on_opened = self.on_opened
        if on_opened is not None:
            self.events.submit(FunctionJob("opened", lambda: on_opened(holder)))

    def trouble(self, entry: PvEntry, text: str) -> None:
        """Log, once per PV, that its node cannot be shown as it is; never blocks.

        It is logged a moment later, together with equal problems of other nodes.
        """
        if entry.pv_name in self._troubled:
            return
        self._troubled.add(entry.pv_name)
        text = f"{entry.pv_name} ({entry.path}) is INVALID: {text}"
        self._troubles.append(Problem(entry.path, text, pv_name=entry.pv_name))
        if len(self._troubles) == 1:
            self.clock.call_later(_GATHERING, self.log_troubles)

    def log_troubles(self) -> None:
        """Log which nodes cannot be shown, as far as that is not logged; never blocks."""
        found = []
        with suppress(IndexError):
            while True:
                found.append(self._troubles.popleft())
        for problem in grouped(found):
            self.log_soon(logging.WARNING, problem.text)

    def run_soon(self, call: Callable[[], None]) -> None:
        """Run a function that logs, on a worker of its own; never blocks."""
        (self.logs or self.events).submit(FunctionJob("log", call))

    def log_soon(self, level: int, text: str) -> None:
        """Log where it can neither delay nor deadlock the caller: a record may update the tree."""
        self.run_soon(lambda: self.log.log(level, "%s", text))

    def _is_due(self, request: Request) -> bool:
        """Tell whether an error may be logged: one of each PV, host and minute."""
        now = self.clock.monotonic()
        key = request.entry.pv_name, request.credentials.host
        if now - self._logged.get(key, -_LOG_INTERVAL) < _LOG_INTERVAL:
            return False
        if len(self._logged) >= _MOST_LOGGED:
            self._logged.clear()  # the client's allowance is left
        self._logged[key] = now
        return True

    def _log_record(self, record: RequestRecord) -> None:
        # A record under pyrogue.* costs the tree a millisecond and updates a variable: few of each
        # client, and not on the thread that asks.
        entry = record.entry
        more = f" ({record.count} of {record.credentials.host})" if record.count > 1 else ""
        text = f"{record.operation} {record.result}: {record.error}{more}"
        self.log_soon(logging.WARNING, f"{entry.pv_name} ({entry.path}): {text}")
