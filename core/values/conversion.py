"""A converter in use, with all that its updates need worked out once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .alarm import BY_STATUS, NO_ALARM, Alarm, judge, judge_as_told
from .converter import Provisional, TypeConverter
from .sendable import has_text, sendable_spec
from .spec import NO_VALUE_ALARM, NtKind, PvSpec, ValueAlarm, changes_of


class Conversion:
    """The form of one node's value in its PV.

    :param converter: the node's
    :param spec: the converter's, as it was when it was made
    :param only_stores: the node does no more with a value than to store it
    :param changes_others: a put may change more than the node's own value
    :param limits: the alarm limits of the node
    :param told: returns the alarm of a node of the server, or None; a converter's judge comes first
    """

    __slots__ = (
        "converter", "spec", "given", "has_text", "puts_at_once", "changes_others", "alarm_of",
        "is_provisional", "is_kept", "_is_told", "_limits",
    )  # fmt: skip

    def __init__(
        self,
        converter: TypeConverter,
        spec: PvSpec,
        only_stores: bool = False,
        changes_others: bool = True,
        limits: ValueAlarm = NO_VALUE_ALARM,
        told: Callable[[Any, Any], Alarm | None] | None = None,
    ) -> None:
        self.converter = converter
        #: as the converter has it
        self.given = spec
        #: as it can be sent
        self.spec = sendable_spec(spec)
        #: its values are to be made as they can be sent
        self.has_text = has_text(spec)
        #: a put can be done where it arrives: nothing in it can block
        # A subclass has to say so itself: it may do what its base does not.
        self.puts_at_once = only_stores and vars(type(converter)).get("quick") is True
        self.changes_others = changes_others
        # Of arrays each element is judged, by the members of the PV.
        self._limits = limits if spec.kind in (NtKind.ENUM, NtKind.SCALAR) else NO_VALUE_ALARM
        own = converter.alarm_of
        #: the converter's own judge, or the node's; None if both leave that to others
        self.alarm_of = told if getattr(own, "__func__", None) is TypeConverter.alarm_of else own
        self.is_provisional = isinstance(converter, Provisional)
        #: False for arrays: they may be large, and the tree may change them in place
        self.is_kept = spec.kind in (NtKind.SCALAR, NtKind.ENUM)
        # Of arrays and lists PyRogue does not judge each element, and of no converter that the
        # limits of the PV are not those of the node.
        self._is_told = not (spec.value_alarm.active or spec.kind is NtKind.SCALAR_ARRAY)

    def changes(self) -> str | None:
        """Return which parts of the converter's spec are no longer as they were, or None."""
        found = changes_of(self.given, self.converter.spec)
        name = type(self.converter).__qualname__
        return f"the spec of its converter {name} has changed: {found}" if found else None

    def told(self, status: str) -> Alarm | None:
        """Return the alarm that the tree tells with an update; None if it is to be judged here.

        :param status: PyRogue's word
        """
        return BY_STATUS.get(status, NO_ALARM) if self._is_told else None

    def judge(self, value: Any, pv_value: Any) -> Alarm:
        """Return the alarm of a value of which the tree has told none, by PyRogue's rule.

        :param value: in the tree's terms
        :param pv_value: in those of the PV
        """
        if self.spec.value_alarm.active:
            return judge(pv_value, self.spec.value_alarm)
        return judge_as_told(value, self._limits) if self._limits.active else NO_ALARM


def provisional() -> Conversion:
    """Return what a PV opens with whose type is not known yet."""
    converter = Provisional()
    return Conversion(converter, converter.spec)
