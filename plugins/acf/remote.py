"""Inputs that other servers serve: monitors of a PVAccess client."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from p4p import Value
from p4p.client.thread import Context
from p4p.util import ThreadedWorkQueue

from roguebridge.core.concurrency import NetworkLog

_log = NetworkLog(logging.getLogger("roguebridge.acf"))

_INVALID = 3


class RemoteInputs:
    """Monitors PVs of other servers.

    p4p deadlocks if a monitor is closed while another thread takes an update from it: one thread
    takes all updates, and closes the monitors.

    :param conf: settings of the client, None for those of the environment
    """

    def __init__(self, conf: Mapping[str, str] | None) -> None:
        settings = None if conf is None else dict(conf)
        self._context = Context("pva", conf=settings, useenv=conf is None, nt=False)
        self._queue = ThreadedWorkQueue("roguebridge-acf-inputs", daemon=True, maxsize=0)
        self._queue.start()
        self._monitors: dict[str, Any] = {}
        self._numbers: dict[str, float | None] = {}  # written on the queue's thread alone

    def number(self, pv_name: str) -> float | None:
        """Return the value, None if there is none."""
        return self._numbers.get(pv_name)

    def watch(self, pv_names: frozenset[str]) -> None:
        """Monitor just these PVs from now on."""
        for name in self._monitors.keys() - pv_names:
            self._queue.push(partial(self._end, name, self._monitors.pop(name)))
        for name in pv_names - self._monitors.keys():
            self._monitors[name] = self._context.monitor(
                name, partial(self._on_update, name), notify_disconnect=True, queue=self._queue
            )

    def close(self) -> None:
        """End all monitors and the client."""
        self.watch(frozenset())
        self._queue.stop()  # when the monitors are closed
        self._context.close()

    # On the thread of the queue -----------------------------------------------------------------

    def _on_update(self, name: str, update: Value | Exception) -> None:
        number = None if isinstance(update, Exception) else number_of(update)
        before = self._numbers.get(name)
        self._numbers[name] = number
        if (number is None) is not (before is None):
            _log.info("the input %s has %s value", name, "no" if number is None else "a")

    def _end(self, name: str, monitor: Any) -> None:
        monitor.close()
        self._numbers.pop(name, None)


def number_of(value: Value) -> float | None:
    """Return the number that a PV shows, None if it shows none or is INVALID."""
    try:
        if value["alarm.severity"] >= _INVALID:
            return None
    except KeyError:  # a PV without alarms
        pass
    try:
        content = value["value"]
        if isinstance(content, Value):  # of an enum
            content = content["index"]
    except KeyError:
        return None
    return float(content) if isinstance(content, (bool, int, float)) else None
