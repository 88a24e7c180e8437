"""The variables and commands that every root has."""

from __future__ import annotations

import os
import time
from typing import Any, NoReturn

from roguebridge.simtree.command import LocalCommand
from roguebridge.simtree.config import LoadConfigProcess, SaveConfigProcess, no_files
from roguebridge.simtree.device import Device
from roguebridge.simtree.link import LinkVariable
from roguebridge.simtree.local import LocalVariable

VERSION = "simtree"
NO_LOG = "[]"
LIVE = ("NoStream", "NoSql", "NoState")


class BuiltIns(Device):
    """The part of a root that adds them; all that take a file or YAML text refuse to run."""

    _pollQueue: Any
    pollBlock: Any
    updateGroup: Any

    def _add_variables(self) -> None:
        def local(name: str, value: Any, description: str, **kwargs: Any) -> None:
            self.add(LocalVariable(name=name, value=value, description=description, **kwargs))

        local("RogueVersion", VERSION, "Version of the tree", mode="RO")
        local("RogueDirectory", os.path.dirname(__file__), "Where the library is", mode="RO")
        hidden: dict[str, Any] = {"mode": "RO", "hidden": True}
        local("SystemLog", NO_LOG, "Log records, a JSON list", groups=[*LIVE], **hidden)
        local("SystemLogLast", "", "Last record, JSON", groups=["NoStream", "NoState"], **hidden)
        local("ForceWrite", False, "WriteAll also writes what is not staged", hidden=True)
        local("InitAfterConfig", False, "Initialize after a configuration was loaded", hidden=True)
        local("Time", time.time(), "Seconds since 1970, UTC", groups=["NoSql"], **hidden)
        self.add(
            LinkVariable(
                name="LocalTime",
                value="",
                mode="RO",
                groups=[*LIVE],
                linkedGet=self._local_time,
                dependencies=[self.Time],
                description="Local time as text",
            )
        )
        local(
            "PollEn",
            False,
            "Polling is on",
            groups=[*LIVE],
            localSet=lambda value: self._pollQueue.pause(not value),
            localGet=lambda: not self._pollQueue.paused(),
        )

    def _add_commands(self) -> None:
        def command(name: str, function: Any, description: str, **kwargs: Any) -> None:
            self.add(
                LocalCommand(
                    name=name, function=function, description=description, hidden=True, **kwargs
                )
            )

        command("WriteAll", self._write, "Write all to the hardware")
        command("ReadAll", self._read, "Read all from the hardware")
        for name in ("SaveState", "SaveConfig", "LoadConfig"):
            command(name, self._refuse, "Not in this stand-in", value="")
        for name in ("RemoteVariableDump", "RemoteConfigDump"):
            command(name, self._refuse, "Not in this stand-in", value="")
        command("Initialize", self.initialize, "Initialise all devices")
        command("HardReset", self.hardReset, "Reset all devices")
        command("CountReset", self.countReset, "Reset the counters of all devices")
        command("ClearLog", self._clearLog, "Empty SystemLog")
        command("SetYamlConfig", self._refuse, "Not in this stand-in", value="")
        for name in ("GetYamlConfig", "GetYamlState"):
            command(name, self._refuse, "Not in this stand-in", value=True, retValue="")
        self.add(LoadConfigProcess(name="LoadConfigProcess"))
        self.add(SaveConfigProcess(name="SaveConfigProcess"))

    def _refuse(self, cmd: Any, arg: Any) -> NoReturn:
        no_files(cmd.path)

    def _write(self) -> bool:
        with self.pollBlock(), self.updateGroup():
            self.writeBlocks(force=self.ForceWrite.value(), recurse=True)
            self.verifyBlocks(recurse=True)
            self.waitBlocks(recurse=True)
        return True

    def _read(self) -> bool:
        with self.pollBlock(), self.updateGroup():
            self.readBlocks(recurse=True)
            self.waitBlocks(recurse=True)
        return True

    def hardReset(self) -> None:
        """Reset all devices and clear the log."""
        super().hardReset()
        self._clearLog()

    def _clearLog(self) -> None:
        self.SystemLog.set(NO_LOG)
        self.SystemLogLast.set("")

    def _local_time(self) -> str:
        return time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(self.Time.value()))
