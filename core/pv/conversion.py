"""A converter in use, with all that its updates need worked out once."""

from __future__ import annotations

from ..values.alarm import BY_STATUS, NO_ALARM, Alarm
from ..values.converter import Provisional, TypeConverter
from ..values.sendable import has_text, sendable_spec
from ..values.spec import NtKind, PvSpec


class Conversion:
    """What the value of one node looks like in its PV.

    :param converter: the node's
    :param spec: the converter's, as it was when it was made
    :param only_stores: the node does no more with a value than to store it
    :param changes_others: a put may change more than the node's own value
    """

    __slots__ = (
        "converter",
        "spec",
        "given",
        "has_text",
        "puts_at_once",
        "changes_others",
        "alarm_of",
        "is_provisional",
        "is_kept",
        "_is_told",
    )

    def __init__(
        self,
        converter: TypeConverter,
        spec: PvSpec,
        only_stores: bool = False,
        changes_others: bool = True,
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
        own = converter.alarm_of
        #: the converter's own judge, None if it leaves that to others
        self.alarm_of = None if getattr(own, "__func__", None) is TypeConverter.alarm_of else own
        self.is_provisional = isinstance(converter, Provisional)
        #: False for arrays: they may be large, and the tree may change them in place
        self.is_kept = spec.kind in (NtKind.SCALAR, NtKind.ENUM)
        # Of arrays and lists PyRogue does not judge each element, and of no converter that the
        # limits of the PV are not those of the node.
        self._is_told = not (spec.value_alarm.active or spec.kind is NtKind.SCALAR_ARRAY)

    def told(self, status: str) -> Alarm | None:
        """Return the alarm that the tree tells with an update; None if it is to be judged here.

        :param status: PyRogue's word
        """
        return BY_STATUS.get(status, NO_ALARM) if self._is_told else None
