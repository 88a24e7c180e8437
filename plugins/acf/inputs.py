"""The inputs of access rules: PVs of this server directly, all others over PVAccess.

An input that is not connected, INVALID or no number has no value. A request only reads the last
number; nothing here blocks the tree's update thread.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from roguebridge.core.concurrency import NetworkLog
from roguebridge.core.pv import PvHolder
from roguebridge.core.values import Reading, Severity

from .remote import RemoteInputs

_log = NetworkLog(logging.getLogger("roguebridge.acf"))

_FIRST = 1.5  # seconds that a start or reload waits for the first values of this server's PVs


class LocalInput:
    """An input that is a PV of this server: it is watched within the process, without network.

    :param holder: of the PV
    """

    def __init__(self, holder: PvHolder) -> None:
        #: the value; None if there is none
        self.number: float | None = None
        #: set with the first value
        self.opened = threading.Event()
        self._subscription = holder.watch(self._on_reading)

    def end(self) -> None:
        """Stop to watch the PV."""
        self._subscription.end()

    def _on_reading(self, reading: Reading) -> None:
        # On any thread, with the lock of the PV held.
        invalid = reading.alarm.severity >= Severity.INVALID
        self.number = None if invalid else _number(reading.value)
        self.opened.set()


def _number(value: Any) -> float | None:
    if isinstance(value, (bool, int, float, np.number, np.bool_)):
        try:
            return float(value)
        except (OverflowError, TypeError):  # an integer too large, a complex number
            return None
    return None


class Inputs:
    """All inputs that rules use; they have values while a server runs.

    :param client_conf: settings of the PVAccess client, None for those of the environment
    """

    def __init__(self, client_conf: Mapping[str, str] | None) -> None:
        self._client_conf = client_conf
        self._server: Any = None
        self._local: dict[str, LocalInput] = {}  # by name in the file; replaced as a whole
        self._remote: RemoteInputs | None = None

    def number(self, pv_name: str) -> float | None:
        """Return the value of an input, None if it has none; never blocks."""
        local, remote = self._local.get(pv_name), self._remote
        if local is not None:
            return local.number
        return None if remote is None else remote.number(pv_name)

    def start(self, server: Any, pv_names: frozenset[str]) -> None:
        """Watch the inputs.

        :param server: the :class:`.PvServer` that has started
        :param pv_names: of the inputs
        """
        self._server = server
        self.watch(pv_names)

    def watch(self, pv_names: frozenset[str]) -> None:
        """Watch just these inputs from now on; waits a moment for first values of this server."""
        if self._server is None:
            return
        before = self._local
        holders = {name: self._find(name) for name in pv_names}
        self._local = {
            name: before.get(name) or LocalInput(holder)
            for name, holder in holders.items()
            if holder is not None
        }
        for name in before.keys() - self._local.keys():
            before[name].end()
        self._watch_others(pv_names - self._local.keys())
        end = time.monotonic() + _FIRST
        for name in self._local.keys() - before.keys():
            self._local[name].opened.wait(max(0.0, end - time.monotonic()))

    def _find(self, pv_name: str) -> PvHolder | None:
        holder: PvHolder | None = self._server.find(pv_name)
        return holder or self._server.find(pv_name.removesuffix(".VAL"))

    def _watch_others(self, pv_names: frozenset[str]) -> None:
        if self._remote is not None:
            self._remote.watch(pv_names)
        elif pv_names and self._client_conf is None and self._server.isolated:
            names = ", ".join(sorted(pv_names))
            _log.warning("inputs of an isolated server are not connected: %s", names)
        elif pv_names:
            self._remote = RemoteInputs(self._client_conf)
            self._remote.watch(pv_names)

    def stop(self) -> None:
        """Stop to watch the inputs; none has a value from now on."""
        local, self._local = self._local, {}
        remote, self._remote = self._remote, None
        self._server = None
        for one in local.values():
            one.end()
        if remote is not None:
            remote.close()
