"""A device that counts and calls something at a chosen rate while it is told to run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from roguebridge.simtree.device import Device
from roguebridge.simtree.local import LocalVariable

SECOND = 1


class RunControl(Device):
    """Runs while the label of runState is 'Running'.

    :param hidden: False shows it in user interfaces.
    :param rates: labels of runRate by runs per second.
    :param states: labels of runState.
    :param cmd: called in each run, on the run's own thread.
    :param kwargs: the arguments of Device.
    """

    def __init__(
        self,
        *,
        hidden: bool = True,
        rates: dict[int, str] | None = None,
        states: dict[int, str] | None = None,
        cmd: Callable[[], Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(hidden=hidden, **kwargs)
        rates = {1: "1 Hz", 10: "10 Hz"} if rates is None else rates
        states = {0: "Stopped", 1: "Running"} if states is None else states
        self._cmd = cmd
        self._thread: threading.Thread | None = None
        self._threadLock = threading.Lock()
        self.add(
            LocalVariable(
                name="runState",
                value=next(iter(states)),
                groups=["NoConfig"],
                disp=states,
                localSet=self._setRunState,
                description="Starts and stops",
            )
        )
        self.add(
            LocalVariable(
                name="runRate",
                value=next(iter(rates)),
                disp=rates,
                localSet=self._setRunRate,
                description="Runs per second",
            )
        )
        self.add(
            LocalVariable(
                name="runCount",
                value=0,
                typeStr="UInt32",
                mode="RO",
                pollInterval=SECOND,
                description="Runs since the start",
            )
        )

    def _setRunState(self, value: Any, changed: bool) -> None:
        if not changed:
            return
        with self._threadLock:
            thread = self._thread
            if self._wanted():
                if thread is None or not thread.is_alive():
                    self._thread = threading.Thread(target=self._run, name=f"{self.path}_run")
                    self._thread.start()
                return
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _setRunRate(self, value: Any) -> None:
        pass

    def _wanted(self) -> bool:
        return bool(self.runState.valueDisp() == "Running")

    def _run(self) -> None:
        self.runCount.set(0)
        try:
            with self.root.updateGroup(period=SECOND):
                while self._wanted():
                    time.sleep(1.0 / float(self.runRate.value()))
                    if self._cmd is not None:
                        self._cmd()
                    with self.runCount.lock:
                        self.runCount.set(self.runCount.value() + 1)
        finally:
            with self._threadLock:
                if self._thread is threading.current_thread():
                    self._thread = None
