"""Inputs that other servers serve: monitors of a PVAccess client."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from functools import partial
from typing import Any

from p4p import Value
from p4p.client.thread import Context
from p4p.util import ThreadedWorkQueue

_log = logging.getLogger("roguebridge.acf")

_INVALID = 3
_END = 5.0  # seconds that a stop waits for the monitors


class RemoteInputs:
    """Monitors PVs of other servers; connects when there is one to monitor.

    p4p deadlocks if a monitor is closed while another thread takes an update from it: one thread
    hears all of them, and closes them.

    :param conf: settings of the client, None for those of the environment
    """

    def __init__(self, conf: Mapping[str, str] | None) -> None:
        self._conf = conf
        self._numbers: dict[str, float | None] = {}
        self._monitors: dict[str, Any] = {}
        self._context: Context | None = None
        self._queue: ThreadedWorkQueue | None = None

    def number(self, pv_name: str) -> float | None:
        """Return the value, None if there is none to rely on."""
        return self._numbers.get(pv_name)

    def watch(self, pv_names: frozenset[str]) -> None:
        """Monitor just these PVs from now on."""
        for name in self._monitors.keys() - pv_names:
            self._close(self._monitors.pop(name), name)
        new = pv_names - self._monitors.keys()
        if new and self._context is None:
            conf = None if self._conf is None else dict(self._conf)
            self._context = Context("pva", conf=conf, useenv=conf is None, nt=False)
            self._queue = ThreadedWorkQueue("roguebridge-acf-inputs", daemon=True, maxsize=0)
            self._queue.start()
        for name in new:
            assert self._context is not None  # noqa: S101 - see above
            self._monitors[name] = self._context.monitor(
                name, partial(self._heard, name), notify_disconnect=True, queue=self._queue
            )

    def _heard(self, name: str, update: Value | Exception) -> None:
        number = None if isinstance(update, Exception) else number_of(update)
        before = self._numbers.get(name)
        self._numbers[name] = number
        if (number is None) is not (before is None):
            _log.info("the input %s has %s value", name, "no" if number is None else "a")

    def _close(self, monitor: Any, name: str) -> threading.Event:
        closed = threading.Event()

        def close() -> None:
            try:
                monitor.close()
                self._numbers.pop(name, None)
            finally:
                closed.set()

        assert self._queue is not None  # noqa: S101 - it has a monitor
        self._queue.push(close)
        return closed

    def close(self) -> None:
        """End all monitors and the client."""
        monitors, self._monitors = self._monitors, {}
        for event in [self._close(monitor, name) for name, monitor in monitors.items()]:
            event.wait(_END)
        context, self._context = self._context, None
        queue, self._queue = self._queue, None
        if context is not None:
            context.close()
        if queue is not None:
            queue.stop()


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
