"""A server node made of many variables: it listens to them and updates once for all."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from roguebridge.core.pv import LazyTexts
from roguebridge.core.tree import Listener, ServerNode, enable_of, read_now
from roguebridge.core.values import NO_ALARM, Alarm

_JOIN = 5.0  # seconds that the end of a thread is waited for


@dataclass(frozen=True, slots=True)
class Row:
    """One device and its variables by name."""

    device: str
    variables: Mapping[str, Any]


@dataclass(slots=True, eq=False)
class Moment:
    """All values at the moment a client reads: nothing is read before.

    :param time_ns: of the newest update; None if there was none
    :param alarm: the worst of all, once the values have been read
    """

    time_ns: int | None
    alarm: Alarm = NO_ALARM


class TableNode(ServerNode):
    """A read-only variable made of others.

    :param owner: the plugin that brings it
    :param path: path of the node; no tree has it
    :param rows: the devices, all with the same names of variables
    :param period: least time from one update to the next, in seconds
    """

    def __init__(self, owner: object, path: str, rows: Sequence[Row], period: float) -> None:
        super().__init__(path, None, "RO", "", ())
        self.typeStr, self.nativeType = "table", None
        self.owner = owner
        self.rows = rows
        self._period = period
        self._newest: int | None = None
        self._texts = LazyTexts()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._heard = threading.Event()
        self._end = threading.Event()

    def value(self) -> Moment:
        """Return what stands for the values of this moment."""
        return Moment(self._newest)

    def get(self) -> Moment:
        """Read all variables, in hardware if they live there.

        :raises Exception: what the tree raised first, after all were tried
        """
        failures = []
        for variable in self.dependencies:
            try:
                read_now(variable)
            except Exception as exc:
                failures.append(exc)
        if failures:
            raise failures[0]
        return self.value()

    def addListener(self, listener: Listener) -> None:
        """Add a listener; with the first one the node listens to its variables."""
        with self._lock:
            super().addListener(listener)
            if self._thread is not None:
                return
            self._end, self._heard = threading.Event(), threading.Event()
            name = f"roguebridge-{self.name}"
            self._thread = threading.Thread(target=self._run, name=name, daemon=True)
            self._thread.start()
            for variable in self._sources():
                self._texts.listen(variable, self._on_update)

    def delListener(self, listener: Listener) -> None:
        """Remove a listener; after the last one the node no longer listens to its variables."""
        with self._lock:
            super().delListener(listener)
            if self._listeners or self._thread is None:
                return
            for variable in self._sources():
                self._texts.unlisten(variable, self._on_update)
            thread, self._thread = self._thread, None
            self._end.set()
            self._heard.set()
        thread.join(_JOIN)

    @property
    def dependencies(self) -> list[Any]:
        """The variables, as of a link: the table inherits their alarms."""
        return [v for row in self.rows for v in row.variables.values()]

    def _sources(self) -> list[Any]:
        """Return each variable once, and the ``enable`` of each device."""
        variables = self.dependencies
        enables = [e for v in variables if (e := enable_of(v)) is not None]
        return list({id(one): one for one in (*variables, *enables)}.values())

    def _on_update(self, path: str, value: Any) -> None:
        # On the tree's update thread, for each variable: it only stores the time.
        self._newest = time.time_ns()
        if not self._heard.is_set():
            self._heard.set()

    def _run(self) -> None:
        end, heard = self._end, self._heard
        while heard.wait() and not end.is_set():
            heard.clear()
            self.update(self.value())
            end.wait(self._period)
