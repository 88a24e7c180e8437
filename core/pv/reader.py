"""The value of one node in the terms of its PV, and why there is none."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..concurrency.jobs import FunctionJob
from ..concurrency.stamp_clock import SiteTime
from ..concurrency.workers import WorkerPool, submit_until_taken
from ..errors import words_of
from ..mapping.pv_map import PvEntry
from ..tree.links import dependencies_of
from ..tree.protocols import TreeNode
from ..tree.pyrogue import (
    changes_others,
    is_register,
    limits_of,
    local_attribute,
    only_stores,
    read_fault,
)
from ..tree.server_nodes import ServerNode
from ..tree.source_health import FIRST_UPDATE, AlarmCause, AwaitsUpdate
from ..values.alarm import CALC, DISABLE, NO_ALARM, UDF, UNWRITTEN, Alarm, Severity
from ..values.conversion import Conversion, provisional
from ..values.converter import ConversionError, TypeConverter
from ..values.reading import KEEP, Sample
from ..values.sendable import sendable
from ..values.spec import NO_VALUE_ALARM
from .services import Services


@dataclass(slots=True, eq=False, repr=False)
class PvReader:
    """Reads and converts the value of one node; a failure becomes an alarm.

    It exists for every PV, watched or not. The lock is that of the PV: it guards the fields of all
    parts that say so. Of this class it guards :attr:`conversion` and :attr:`watched` when they are
    written; both are read without it, once per use.

    :param entry: path and PV name
    :param node: the variable or command; untouched here until a client comes
    :param make_converter: gives the node's converter; asked when the PV is first opened
    :param time_source: gives the time of values; None for the server's own
    :param services: shared by the holders of a server
    """

    entry: PvEntry
    node: Any
    _make_converter: Callable[[TreeNode], TypeConverter]
    time_source: SiteTime | None
    services: Services
    lock: threading.Lock = field(default_factory=threading.Lock)
    #: how values are converted; None until it is found out
    conversion: Conversion | None = None
    #: True while a client is there, or the PV stays open after its last one
    watched: bool = False
    #: why the node cannot be shown as it is; None if it can
    trouble: str | None = None
    #: may hide the alarm of the node: the ``enable`` of its device and of those of its sources,
    #: then their faults; the first that holds counts
    causes: tuple[AlarmCause, ...] = ()
    #: is called once, with the next value that the tree delivers or a client reads
    awaiting: AwaitsUpdate | None = FIRST_UPDATE
    # Of a command: whether it runs, how the last run ended. Of a write-only variable: its last put.
    _last: Any = None

    @property
    def path(self) -> str:
        """PyRogue path of the node."""
        return self.entry.path

    @property
    def is_hardware(self) -> bool:
        """True if the node's value lives in a register (PyRogue: RemoteVariable)."""
        return is_register(self.node)

    @property
    def is_own(self) -> bool:
        """True for a node of the server, which is in no tree."""
        return isinstance(self.node, ServerNode)

    @property
    def is_of_tree(self) -> bool:
        """False for a node of the server that is made of nothing in the tree."""
        return not self.is_own or bool(dependencies_of(self.node))

    @property
    def readable(self) -> bool:
        """True for a variable that can be read."""
        return not self.entry.is_command and self.entry.mode != "WO"

    @property
    def workers(self) -> WorkerPool:
        """The workers that read the node: slow hardware must not delay nodes of the server."""
        return self.services.own if self.is_own else self.services.variables

    def run_soon(self, call: Callable[[], object]) -> None:
        """Have a call made in the lane of the node, once the workers take it; never blocks."""
        job = FunctionJob(self.path, call, self.entry.device)
        submit_until_taken(self.workers.submit, job, self.services.clock)

    @property
    def changes_others(self) -> bool:
        """True if a put, call or read may change more than the value of the node."""
        conversion = self.conversion
        return changes_others(self.node) if conversion is None else conversion.changes_others

    def time_of(self, *values: Any) -> int:
        """Return the time of a value of the tree, in ns since the POSIX epoch; of none: now."""
        source = self.time_source
        try:
            if source is not None and values:
                given = source(values[0])
                if given is not None:
                    return given
        except Exception as exc:
            self.services.faults.time_source_failed(self.node, exc)
        return self.services.time_ns()

    def set_watched(self, watched: bool) -> None:
        """Note whether a client is there; with the lock held."""
        self.watched = watched
        if not watched and self.conversion is not None and self.conversion.is_provisional:
            self.conversion = None  # its type is looked for again

    # Updates of the tree --------------------------------------------------------------------------

    def heard(self, doubtful: bool) -> None:
        """The tree has delivered a value, or a true value was read.

        :param doubtful: the tree keeps a refused value
        """
        awaiting, self.awaiting = self.awaiting, None
        if awaiting is not None:
            # A watched PV is judged with its value; a value in doubt is not believed.
            awaiting.heard(not (self.watched or doubtful))

    def await_update(self, awaits: AwaitsUpdate) -> None:
        """Tell ``awaits``, once, of the next value that the tree delivers or a client reads."""
        self.awaiting = awaits

    def add_cause(self, cause: AlarmCause) -> None:
        """Let it hide the node's alarm; before the first update."""
        self.causes = (*self.causes, cause) if self.causes else cause.alone

    @property
    def never_read(self) -> bool:
        """True for a register without an update since the tree was started."""
        unread = self.awaiting is not None and self.awaiting.unread
        return unread and self.services.expect_reads and self.is_hardware

    @property
    def must_be_read(self) -> bool:
        """True for a register without an update that may have been read, or that sends none.

        Only hardware knows its value.
        """
        untold = local_attribute(self.node, "updateNotify") is False
        return self.never_read and self.readable and (untold or self.services.updates_lost)

    @property
    def hidden_by(self) -> Alarm | None:
        """The alarm that hides that of the node; None if none does."""
        for cause in self.causes:
            if cause.alarm is not None:
                return cause.alarm
        return None

    # Reading and converting ---------------------------------------------------------------------

    def find_converter(self) -> BaseException | None:
        """Find out type and converter, once, on a worker; return why that fails, or None."""
        if self.conversion is not None:
            return None
        problem: BaseException | None = None
        node = self.node
        try:
            converter = self._make_converter(node)
            limits = NO_VALUE_ALARM if self.entry.is_command else limits_of(node)
            told = node.alarm_of if isinstance(node, ServerNode) else None
            conversion = Conversion(
                converter, converter.spec, only_stores(node), changes_others(node), limits, told
            )
        except BaseException as exc:
            problem, conversion = exc, provisional()
            rule = "a rule of converter_rules"
            blamed = self.services.faults.conversion_failed(node, rule, exc)
            self.in_trouble(f"its type cannot be found out: {blamed or repr(exc)}")
        with self.lock:
            # A type that was not found for a client that has left is looked for again.
            if self.conversion is None and (problem is None or self.watched):
                self.conversion = conversion
        return problem

    def converter(self) -> TypeConverter | None:
        """Return the converter, found out if it was never needed before; on a worker."""
        self.find_converter()
        conversion = self.conversion
        return None if conversion is None else conversion.converter

    def use_provisional(self) -> None:
        """Take a provisional type: the PV must open before its type is known; lock held."""
        if self.conversion is None:
            self.conversion = provisional()

    def set_run(self, running: bool, alarm: Alarm) -> None:
        """Note whether a command runs, and how its last run has ended."""
        self._last = (int(running), alarm)

    def set_put(self, value: Any) -> None:
        """Note what was put, in the tree's terms: a link without a getter cannot be read."""
        if self.entry.mode == "WO":
            self._last = (value,)

    def read(self, fresh: bool = False, read: list[Any] | None = None) -> Sample:
        """Read and convert the node's value.

        :param fresh: read it in hardware, if it lives there
        :param read: the value that was read is added to it, in the tree's terms
        """
        if self.entry.is_command:
            return self._read_command(fresh, read)
        sample = self._read(fresh, read)
        if fresh and sample[0] is not KEEP and self.hidden_by is not DISABLE:
            self.heard(False)
        if self.never_read and sample[1].severity is not Severity.INVALID:
            return sample[0], UDF if self.readable else UNWRITTEN
        return sample

    def _read_command(self, fresh: bool, read: list[Any] | None) -> Sample:
        sample = self._read(fresh, read)
        running, failure = self._last or (0, NO_ALARM)
        if not self.node.arg:
            return running, failure
        return sample if failure is NO_ALARM else (sample[0], failure)

    def _read(self, fresh: bool, read: list[Any] | None) -> Sample:
        try:
            value = self.services.read_now(self.node) if fresh else self.node.value()
        except BaseException as exc:
            self.in_trouble(f"it cannot be read: {words_of(exc)}")
            return KEEP, read_fault(exc, self.is_hardware)
        if read is not None:
            read.append(value)
        return self.convert(value, None)

    def convert(self, value: Any, alarm: Alarm | None) -> Sample:
        """Convert a value of the tree.

        :param alarm: its alarm in the tree, None if it is to be judged here
        """
        conversion = self.conversion
        if conversion is None:
            return KEEP, CALC
        if value is None and self.entry.mode == "WO" and not self.entry.is_command:
            if self._last is None:  # a link without a getter
                return conversion.spec.zero(), NO_ALARM
            (value,) = self._last
        problem: BaseException
        part = "to_pv"
        try:
            pv_value = conversion.converter.to_pv(value)
            if conversion.has_text:
                pv_value = sendable(pv_value)
            if conversion.converter.spec is not conversion.given:
                changes = conversion.changes()
                if changes:
                    self.in_trouble(changes)
                    return KEEP, CALC
            if conversion.alarm_of is not None:
                part = "alarm_of"
                alarm = conversion.alarm_of(value, pv_value) or alarm
            if alarm is None:
                alarm = conversion.judge(value, pv_value)
            if self.trouble is not None and not conversion.is_provisional:
                self.trouble = None
            return pv_value, alarm
        except ConversionError as exc:
            problem, alarm, blamed = exc, exc.alarm, None
        except BaseException as exc:
            problem, alarm = exc, CALC
            blamed = self.services.faults.conversion_failed(self.node, part, exc)
        reason = blamed or words_of(problem)
        self.in_trouble(f"a {type(value).__name__} has no place in it: {reason}")
        return KEEP, alarm

    def misfit(self, problem: Exception) -> None:
        """Report that a value does not fit the PV."""
        self.in_trouble(f"a value does not fit it: {words_of(problem)}")

    def in_trouble(self, text: str) -> None:
        """Report, until the next good value, why the node cannot be shown as it is."""
        self.trouble = text
        self.services.trouble(self.entry, text)
