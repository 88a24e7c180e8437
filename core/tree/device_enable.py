"""A device's ``enable``: while it is not True, none of the device's PVs can be trusted.

PyRogue drops puts and calls of a disabled device without a word and reads nothing.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from ..concurrency.network_log import NetworkLog
from ..values.alarm import DISABLE, Alarm
from .source_health import AlarmCause, DerivedPv

_log = NetworkLog(logging.getLogger("roguebridge.holder"))


class DeviceEnable:
    """Tells the PVs of one device when it is disabled and when it is enabled again.

    :param enable: the device's ``enable`` variable
    """

    __slots__ = ("alarm", "alone", "enable", "_pvs", "_lock", "_heard")

    def __init__(self, enable: Any) -> None:
        #: what hides the alarms of the device's PVs; None while it is not known to be disabled
        self.alarm: Alarm | None = None
        #: the device's variable, which the gate itself does not hide
        self.enable = enable
        self.alone: tuple[AlarmCause, ...] = (self,)
        self._pvs: list[DerivedPv] = []
        self._lock = threading.Lock()
        self._heard = 0

    @property
    def closed(self) -> bool:
        """True while the device is known to be disabled."""
        return self.alarm is not None

    def add(self, pv: DerivedPv) -> None:
        """Let a PV of the device show what the gate says."""
        self._pvs.append(pv)
        pv.add_cause(self)

    def listen(self) -> None:
        """Begin to hear ``enable``; that of a parent or a dependency comes with it."""
        self.enable.addListener(self._on_update)
        self.look()

    def unlisten(self) -> None:
        """No longer hear ``enable``."""
        self.enable.delListener(self._on_update)

    def look(self) -> None:
        """Find out now; on a thread that may call the tree."""
        before = self._heard
        try:
            state = self.enable.value()
        except Exception as exc:
            _log.debug("%s cannot be read: %s", self.enable.path, exc)
            return
        with self._lock:
            turned = self._heard == before and self._turn(state)
        if turned:
            self._tell()

    def _on_update(self, path: str, value: Any) -> None:
        # On the tree's update thread: nothing may be raised.
        try:
            with self._lock:
                self._heard += 1
                turned = self._turn(value.value)
            if turned:
                self._tell()
        except BaseException:
            _log.exception("%s: an update could not be told", path)

    def _turn(self, state: Any) -> bool:
        # Only the object True enables: other states are False, 'parent' and 'deps'.
        before, self.alarm = self.alarm, None if state is True else DISABLE
        return before is not self.alarm

    def _tell(self) -> None:
        for pv in self._pvs:
            try:
                pv.cause_changed()
            except BaseException:
                _log.exception("%s: its enable could not be shown", pv.path)
