"""A device's ``enable``: while it is not True, none of the device's PVs can be trusted.

PyRogue drops puts and calls of a disabled device without a word and reads nothing.
"""

from __future__ import annotations

from typing import Any

from ..values.alarm import DISABLE, Alarm
from .source_health import AlarmCause, DerivedPv, show_causes
from .switch import Switch


class DeviceEnable(Switch):
    """Hides the alarms of the PVs of one device while the device is disabled.

    The ``enable`` of a parent or of a dependency changes that of the device, too.

    :param variable: the device's ``enable``, which this does not hide
    """

    __slots__ = ("alarm", "alone", "_pvs")

    def __init__(self, variable: Any) -> None:
        super().__init__(variable)
        #: what hides the alarms of the device's PVs; None while it is not known to be disabled
        self.alarm: Alarm | None = None
        self.alone: tuple[AlarmCause, ...] = (self,)
        self._pvs: list[DerivedPv] = []

    def add(self, pv: DerivedPv) -> None:
        """Hide the alarm of a PV of the device, too."""
        self._pvs.append(pv)
        pv.add_cause(self)

    def turn(self, state: Any) -> bool:
        """Take a state: only the object True enables, others are False, 'parent' and 'deps'."""
        before, self.alarm = self.alarm, None if state is True else DISABLE
        return before is not self.alarm

    def turned(self) -> None:
        """Have the PVs show it."""
        show_causes(self._pvs, "its enable")
