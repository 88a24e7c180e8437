"""A device's ``enable``: while it is not True, none of the device's PVs can be trusted.

PyRogue drops puts and calls of a disabled device without a word and reads nothing.
"""

from __future__ import annotations

from typing import Any

from ..values.alarm import DISABLE, Alarm
from .links import with_sources
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


def enable_of(node: Any) -> Any:
    """Return the ``enable`` variable of a node's device, or None.

    :param node: a variable or command
    """
    enable = getattr(getattr(node, "parent", None), "enable", None)
    return enable if hasattr(enable, "addListener") else None


def disabled(node: Any) -> str | None:
    """Return why a put or call would come to nothing: PyRogue drops it without a word.

    :param node: a variable or command; a device's own ``enable`` is never disabled
    :returns: None if its device is enabled, and that of what it mirrors
    """
    for one in with_sources(node):
        enable = enable_of(one)
        if enable is None or enable is one:
            continue
        state = enable.value()
        if state is not True:
            device = getattr(one.parent, "path", "?")
            whose = "its device" if one is node else f"it mirrors {one.path}, whose device"
            return f"{node.path}: {whose} {device} is disabled (enable is {state!r})"
    return None
