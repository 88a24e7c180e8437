"""A device that runs a function in a thread of its own and shows how far it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from roguebridge.simtree.call import bind
from roguebridge.simtree.command import LocalCommand
from roguebridge.simtree.device import Device
from roguebridge.simtree.local import LocalVariable
from roguebridge.simtree.log import logException
from roguebridge.simtree.variable import BaseVariable

SECOND = 1.0
STEPS = 100


def within_one(value: Any) -> float:
    """Give a progress between 0 and 1.

    :param value: a number.
    """
    return min(1.0, max(0.0, float(value)))


class Process(Device):
    """Started by its Start command or by calling it; one run at a time.

    A subclass may override `_process` instead of giving a function; it should end soon after
    `_runEn` has become False. Without both there is an example of 100 steps, one a second.

    :param argVariable: variable whose value the function gets; added if it has no parent.
    :param returnVariable: variable that takes the result; added if it has no parent.
    :param function: function of any of root, dev, arg.
    :param kwargs: the arguments of Device.
    """

    def __init__(
        self,
        *,
        argVariable: BaseVariable | None = None,
        returnVariable: BaseVariable | None = None,
        function: Callable[..., Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._runEn = False
        self._argVar, self._retVar = argVariable, returnVariable
        self._function = function
        self._call = bind(function, ("root", "dev", "arg"))
        self.add(LocalCommand(name="Start", function=self._startProcess, description="Start it"))
        self.add(LocalCommand(name="Stop", function=self._stopProcess, description="Stop it"))

        def status(name: str, value: Any, description: str, **more: Any) -> None:
            self.add(
                LocalVariable(
                    name=name,
                    value=value,
                    description=description,
                    mode="RO",
                    pollInterval=SECOND,
                    **more,
                )
            )

        status("Running", False, "A run is going on")
        status(
            "Progress",
            0.0,
            "Share that is done, 0 to 1",
            units="Pct",
            disp="{:1.2f}",
            localSet=self._limit_progress,
        )
        status("Message", "", "What is going on")
        status("Step", 1, "Steps done", localSet=self._updateProgress)
        status("TotalSteps", 1, "Steps in all", localSet=self._updateProgress)
        self.add(
            LocalVariable(
                name="UpdatePeriod",
                value=SECOND,
                typeStr="float",
                units="s",
                hidden=True,
                description="Most seconds between updates during a run",
            )
        )
        for variable in (argVariable, returnVariable):
            if variable is not None and variable not in self:
                self.add(variable)

    def _limit_progress(self, value: Any) -> None:
        self.Progress.block._value = within_one(value)  # noqa: SLF001

    def _updateProgress(self) -> None:
        total = self.TotalSteps.value()
        self.setProgress(self.Step.value() / total if total > 0 else 0.0)

    def setProgress(self, value: float) -> None:
        """Set Progress.

        :param value: share that is done; below 0 counts as 0, above 1 as 1.
        """
        self.Progress.set(within_one(value))

    def setTotalSteps(self, value: int) -> None:
        """Set how many steps there are; Progress follows.

        :param value: the number.
        """
        self.TotalSteps.set(value)

    def setStep(self, value: int) -> None:
        """Set how many steps are done; Progress follows.

        :param value: the number.
        """
        self.Step.set(value)

    def incrementSteps(self, incr: int = 1) -> None:
        """Count steps as done; Progress follows.

        :param incr: how many.
        """
        with self.Step.lock:
            self.Step.set(self.Step.value() + incr)

    def _setSteps(self, value: int) -> None:
        self.setStep(value)

    def _incrementSteps(self, incr: int) -> None:
        self.incrementSteps(incr)

    def __call__(self, arg: Any = None) -> None:
        """Start a run, unless there is one.

        :param arg: put into the argument variable, text is parsed; None leaves it.
        """
        self._begin(arg)

    def _startProcess(self) -> None:
        self._begin(None)

    def _begin(self, arg: Any) -> None:
        with self._lock:
            if self.Running.value() is not False:
                self._log.warning("Process already running!")
                return
            if arg is not None and self._argVar is not None:
                self._argVar.setDisp(arg)
            self._runEn = True
            self._thread = threading.Thread(target=self._run, name=f"{self.path}_process")
            self._thread.start()

    def _stopProcess(self) -> None:
        with self._lock:
            self._runEn = False
        self._join()

    def _join(self) -> None:
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _stop(self) -> None:
        self._stopProcess()
        super()._stop()

    def _run(self) -> None:
        self.Running.set(True)
        try:
            with self.root.updateGroup(period=self.UpdatePeriod.value()):
                self._process()
        except Exception as e:
            logException(self._log, e)
            self.Message.setDisp("Stopped after error!")
        self.Running.set(False)

    def _process(self) -> None:
        if self._function is None:
            self._example()
            return
        self.Message.setDisp("Running")
        self.setStep(0)
        self.setProgress(0.0)
        arg = None if self._argVar is None else self._argVar.get()
        result = self._call(root=self.root, dev=self, arg=arg)
        if self._retVar is not None:
            self._retVar.set(result)
        self.Message.setDisp("Done")
        self.setProgress(1.0)

    def _example(self) -> None:
        self.Message.setDisp("Started")
        self.setStep(0)
        self.setTotalSteps(STEPS)
        for seconds in range(STEPS):
            if not self._runEn:
                break
            time.sleep(SECOND)
            self.setStep(seconds + 1)
            self.Message.setDisp(f"Running for {seconds} seconds.")
        self.Message.setDisp("Done")
