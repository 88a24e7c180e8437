"""The value of a node in the PV's terms, and why there is none."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ..concurrency.workers import WorkerPool
from ..errors import words_of
from ..mapping.pv_map import PvEntry
from ..tree.protocols import TreeNode
from ..tree.pyrogue import changes_others, is_register, only_stores, read_fault, read_now
from ..tree.server_nodes import OwnNode
from ..values.alarm import CALC, NO_ALARM, Alarm, judge, judge_as_told
from ..values.converter import ConversionError, Provisional, TypeConverter
from ..values.reading import KEEP, Sample
from ..values.sendable import sendable
from ..values.spec import NO_VALUE_ALARM, NtKind, PvSpec, ValueAlarm, changes_of
from .conversion import Conversion
from .services import Services


class Valuing:
    """Finds the converter of one node, reads and converts; what fails becomes an alarm.

    :param entry: path and PV name
    :param node: the variable or command; untouched here until a client comes
    :param make_converter: gives the node's converter; asked when the PV is first opened
    :param services: what the holders of a server share
    """

    __slots__ = (
        "entry", "node", "services", "trouble", "_make_converter", "_conversion", "_lock",
        "_watching", "_limits",
    )  # fmt: skip

    def __init__(
        self,
        entry: PvEntry,
        node: Any,
        make_converter: Callable[[TreeNode], TypeConverter],
        services: Services,
    ) -> None:
        self.entry = entry
        self.node = node
        self.services = services
        #: why the node cannot be shown as it is; None when all is well
        self.trouble: str | None = None
        self._make_converter = make_converter
        self._conversion: Conversion | None = None
        self._lock = threading.Lock()
        self._watching = False
        self._limits: ValueAlarm | None = None  # where the PV has no members for them

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
        """True for a node of the server's own, which is in no tree."""
        return isinstance(self.node, OwnNode)

    @property
    def _readers(self) -> WorkerPool:
        """The workers that read the node: slow hardware must not delay what is in no tree."""
        return self.services.own if self.is_own else self.services.variables

    @property
    def readable(self) -> bool:
        """True for a variable that can be read."""
        return not self.entry.is_command and self.entry.mode != "WO"

    def _find_converter(self) -> BaseException | None:
        if self._conversion is not None:
            return None
        problem: BaseException | None = None
        try:
            converter = self._make_converter(self.node)
            conversion = Conversion(
                converter, converter.spec, only_stores(self.node), changes_others(self.node)
            )
        except BaseException as exc:
            problem = exc
            stand_in = Provisional()
            conversion = Conversion(stand_in, stand_in.spec)
            self._in_trouble(f"its type cannot be found out: {exc!r}")
        with self._lock:
            # A type that was not found for a client that has left is looked for again.
            if self._conversion is None and (problem is None or self._watching):
                self._conversion = conversion
        return problem

    def _read(self, fresh: bool = False, read: list[Any] | None = None) -> Sample:
        """Read and convert; what was read is added to ``read``."""
        node = self.node
        try:
            value = read_now(node) if fresh else node.value()
        except BaseException as exc:
            self._in_trouble(f"it cannot be read: {words_of(exc)}")
            return KEEP, read_fault(exc, self.is_hardware)
        if read is not None:
            read.append(value)
        return self._convert(value, None)

    def _convert(self, value: Any, alarm: Alarm | None) -> Sample:
        conversion = self._conversion
        if conversion is None:
            return KEEP, CALC
        spec = conversion.spec
        problem: BaseException
        try:
            pv_value = conversion.converter.to_pv(value)
            if conversion.has_text:
                pv_value = sendable(pv_value)
            if conversion.converter.spec is not conversion.given:
                changes = changes_of(conversion.given, conversion.converter.spec)
                if changes:
                    name = type(conversion.converter).__qualname__
                    self._in_trouble(f"the spec of its converter {name} has changed: {changes}")
                    return KEEP, CALC
            if conversion.alarm_of is not None:
                own = conversion.alarm_of(value, pv_value)
                if own is not None:
                    alarm = own
            if alarm is None:
                alarm = self._judge(spec, value, pv_value)
            if self.trouble is not None and not conversion.is_provisional:
                self.trouble = None
            return pv_value, alarm
        except ConversionError as exc:
            problem, alarm = exc, exc.alarm
        except BaseException as exc:
            problem, alarm = exc, CALC
        self._in_trouble(f"a {type(value).__name__} has no place in it: {words_of(problem)}")
        return KEEP, alarm

    def _judge(self, spec: PvSpec, value: Any, pv_value: Any) -> Alarm:
        # By the rule of PyRogue, which an update has followed already.
        if spec.value_alarm.active:
            return judge(pv_value, spec.value_alarm)
        if self.entry.is_command or spec.kind not in (NtKind.ENUM, NtKind.SCALAR):
            return NO_ALARM
        limits = self._limits
        if limits is None:
            limits = self._limits = _limits_of(self.node)
        return judge_as_told(value, limits) if limits.active else NO_ALARM

    def _in_trouble(self, text: str) -> None:
        self.trouble = text
        self.services.trouble(self.entry, text)


def _limits_of(node: Any) -> ValueAlarm:
    try:
        limits = ValueAlarm(node.lowAlarm, node.lowWarning, node.highWarning, node.highAlarm)
    except Exception:
        return NO_VALUE_ALARM
    return limits if limits.active else NO_VALUE_ALARM
