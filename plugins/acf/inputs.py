"""The inputs of access rules: PVs of this server directly, all others over PVAccess.

An input that is not connected, INVALID or no number has no value. A request only reads the
last number; nothing here blocks the tree's update thread.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from roguebridge.core.backend import ServedPv
from roguebridge.core.pv import PvHolder
from roguebridge.core.values import Alarm, PvSpec, Reading, Severity

from .remote import RemoteInputs

_log = logging.getLogger("roguebridge.acf")

_FIRST = 1.5  # seconds that a start or reload waits for the first values of our own PVs


class OwnInput(ServedPv):
    """An input that is a PV of this server: a client within the process, without network.

    :param holder: of the PV
    """

    __slots__ = ("_holder", "_shown", "_attached", "_opened")

    def __init__(self, holder: PvHolder) -> None:
        self._holder = holder
        self._shown: tuple[float | None, Severity] = (None, Severity.INVALID)
        self._attached = False
        self._opened = threading.Event()

    @property
    def number(self) -> float | None:
        """The value, None while there is none to rely on."""
        number, severity = self._shown
        return None if severity >= Severity.INVALID else number

    def watch(self) -> None:
        """Watch the PV, as a client does."""
        if not self._attached:
            self._attached = True
            self._holder.attach(self)
        self._opened.clear()
        self._holder.client_arrived(self)

    def wait(self, seconds: float) -> None:
        """Return when the PV has shown something, or ``seconds`` have passed."""
        self._opened.wait(seconds)

    def unwatch(self) -> None:
        """Stop to watch the PV."""
        self._holder.clients_gone(self)
        self._shown = (None, Severity.INVALID)

    def open(self, spec: PvSpec, reading: Reading) -> None:
        """Note the first value."""
        self.post(reading)
        self._opened.set()

    def post(self, reading: Reading) -> None:
        """Note a value."""
        self._shown = (_number(reading.value), reading.alarm.severity)

    def post_alarm(self, alarm: Alarm, time_ns: int) -> None:
        """Note an alarm."""
        self._shown = (self._shown[0], alarm.severity)


def _number(value: Any) -> float | None:
    if isinstance(value, (bool, int, float, np.number, np.bool_)):
        try:
            return float(value)
        except (OverflowError, TypeError):  # an integer too large, a complex number
            return None
    return None


class Inputs:
    """All inputs that rules ask for; they have values while a server runs.

    :param client_conf: settings of the PVAccess client, None for those of the environment
    """

    def __init__(self, client_conf: Mapping[str, str] | None) -> None:
        self._client_conf = client_conf
        self._server: Any = None
        self._known: dict[str, OwnInput] = {}  # by path: once attached, for the server's life
        self._own: dict[str, OwnInput] = {}  # by name in the file: a PV may have several
        self._remote: RemoteInputs | None = None

    def number(self, pv_name: str) -> float | None:
        """Return the value of an input, None if it has none to rely on; never blocks."""
        own = self._own.get(pv_name)
        if own is not None:
            return own.number
        remote = self._remote
        return None if remote is None else remote.number(pv_name)

    def start(self, server: Any, pv_names: frozenset[str]) -> None:
        """Watch the inputs.

        :param server: the :class:`.PvServer` that has started
        :param pv_names: of the inputs
        """
        self._server = server
        if self._client_conf is not None or not server.isolated:
            self._remote = RemoteInputs(self._client_conf)
        self.watch(pv_names)

    def watch(self, pv_names: frozenset[str]) -> None:
        """Watch just these inputs from now on; waits a moment for first values of this server."""
        if self._server is None:
            return
        before = set(self._own.values())
        own = {name: found for name in pv_names if (found := self._find(name)) is not None}
        new = set(own.values()) - before
        for one in new:
            one.watch()
        self._own = own
        for one in before - set(own.values()):
            one.unwatch()
        others = pv_names - own.keys()
        if self._remote is not None:
            self._remote.watch(others)
        elif others:
            names = ", ".join(sorted(others))
            _log.warning("inputs of an isolated server are not connected: %s", names)
        end = time.monotonic() + _FIRST
        for one in new:
            one.wait(max(0.0, end - time.monotonic()))

    def _find(self, pv_name: str) -> OwnInput | None:
        find = self._server.find
        holder = find(pv_name) or find(pv_name.removesuffix(".VAL"))
        if holder is None:
            return None
        known = self._known.get(holder.path)
        if known is None:
            known = self._known[holder.path] = OwnInput(holder)
        return known

    def stop(self) -> None:
        """Stop to watch the inputs; none has a value from now on."""
        own, self._own = self._own, {}
        for one in set(own.values()):
            one.unwatch()
        self._known, self._server = {}, None
        remote, self._remote = self._remote, None
        if remote is not None:
            remote.close()
