"""The root of a tree: its life from start to stop, and its built-in variables and commands."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from roguebridge.simtree.block import Block
from roguebridge.simtree.command import LocalCommand
from roguebridge.simtree.device import Device
from roguebridge.simtree.errors import GeneralError, NodeError
from roguebridge.simtree.link import LinkVariable
from roguebridge.simtree.local import LocalVariable
from roguebridge.simtree.log import RootLogHandler, logException
from roguebridge.simtree.poll import PollQueue
from roguebridge.simtree.updates import Updates

VERSION = "simtree"
NO_LOG = "[]"


class Root(Updates, Device):
    """The top of a tree; `with root:` starts and stops it.

    :param timeout: seconds a memory transaction may take.
    :param initRead: read all registers at start.
    :param initWrite: write all registers at start.
    :param pollEn: poll once started.
    :param maxLog: entries kept in SystemLog.
    """

    logFamily = "Root"

    def __init__(
        self,
        *,
        name: str | None = None,
        description: str = "",
        expand: bool = True,
        timeout: float = 1.0,
        initRead: bool = False,
        initWrite: bool = False,
        pollEn: bool = True,
        maxLog: int = 1000,
        unifyLogs: bool = False,
    ) -> None:
        Updates.__init__(self)
        Device.__init__(self, name=name, description=description, expand=expand)
        self._limit = timeout
        self._initRead, self._initWrite, self._pollEn = initRead, initWrite, pollEn
        self.maxLog = maxLog
        self._running = False
        self._doHeartbeat = True
        self._found: dict[str, Any] = {}
        self._ended = threading.Event()
        self._hbeatThread: threading.Thread | None = None
        self.pollQueue = PollQueue(root=self)
        self._handler = RootLogHandler(root=self)
        self._add_variables()
        self._add_commands()

    def _add_variables(self) -> None:
        live = ["NoStream", "NoSql", "NoState"]
        self.add(LocalVariable(name="RogueVersion", value=VERSION, mode="RO"))
        self.add(
            LocalVariable(name="SystemLog", value=NO_LOG, mode="RO", hidden=True, groups=[*live])
        )
        self.add(
            LocalVariable(
                name="SystemLogLast",
                value="",
                mode="RO",
                hidden=True,
                groups=["NoStream", "NoState"],
            )
        )
        self.add(LocalVariable(name="ForceWrite", value=False, hidden=True))
        self.add(
            LocalVariable(name="Time", value=time.time(), mode="RO", hidden=True, groups=["NoSql"])
        )
        self.add(
            LinkVariable(
                name="LocalTime",
                value="",
                mode="RO",
                groups=[*live],
                linkedGet=self._local_time,
                dependencies=[self.Time],
            )
        )
        self.add(
            LocalVariable(
                name="PollEn",
                value=False,
                groups=[*live],
                localSet=lambda value: self.pollQueue.pause(not value),
                localGet=lambda: not self.pollQueue.paused(),
            )
        )

    def _add_commands(self) -> None:
        for name, function in (
            ("WriteAll", self._write),
            ("ReadAll", self._read),
            ("Initialize", self.initialize),
            ("HardReset", self.hardReset),
            ("CountReset", self.countReset),
            ("ClearLog", self._clearLog),
        ):
            self.add(LocalCommand(name=name, function=function, hidden=True))

    def __enter__(self) -> Root:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """True from before the first `_start` until stop() begins."""
        return self._running

    def start(self) -> None:
        """Attach the tree, apply defaults, start the threads and the protocols.

        A failing `_start` is raised; the root then counts as running and needs stop().
        """
        if self._running:
            raise NodeError("Root is already started! Can't restart!")
        self._rootAttached(self, self)
        self._finishInit()
        self._check_overlaps()
        if self._limit != 1.0:
            self.setTimeout(self._limit)
        logger = logging.getLogger("pyrogue")
        logger.addHandler(self._handler)
        self._running = True
        self._ended.clear()
        self._updateThread = threading.Thread(
            target=self._updateWorker, name=f"{self.name}_updateWorker"
        )
        self._updateThread.start()
        if self._doHeartbeat:
            self._hbeatThread = threading.Thread(target=self._hbeatWorker, name=f"{self.name}_beat")
            self._hbeatThread.start()
        self._start()
        for wanted, action in ((self._initRead, self._read), (self._initWrite, self._write)):
            if wanted:
                try:
                    action()
                except GeneralError as e:
                    logException(self._log, e)
        self.pollQueue._start()  # noqa: SLF001
        self.PollEn.set(self._pollEn)

    def stop(self) -> None:
        """Deliver queued updates, end the threads, then stop the protocols in order of adding."""
        self._running = False
        self._ended.set()
        self._updateQueue.put(None)
        for thread in (self._updateThread, self._hbeatThread):
            if thread is not None and thread is not threading.current_thread():
                thread.join()
        self.pollQueue._stop()  # noqa: SLF001
        logging.getLogger("pyrogue").removeHandler(self._handler)
        self._stop()

    @contextmanager
    def pollBlock(self) -> Iterator[None]:
        """Hold off polling."""
        self.pollQueue.hold(1)
        try:
            yield
        finally:
            self.pollQueue.hold(-1)

    def getNode(self, path: str) -> Any:
        """Find a node by its absolute path, or None; answers are kept, also None.

        :param path: the first field is the root's name or 'root'.
        """
        if not isinstance(path, str):
            raise TypeError(f"path must be a str, not {type(path).__name__}")
        if path not in self._found:
            first, *rest = path.split(".")
            node: Any = self if first in (self.name, "root") else None
            for name in rest:
                node = None if node is None else node.node(name)
            self._found[path] = node
        return self._found[path]

    def hardReset(self) -> None:
        """Reset all devices and clear the log."""
        super().hardReset()
        self._clearLog()

    def _rootAttached(self, parent: Any, root: Any) -> None:
        self._parent = self._root = self
        self._path = self.name
        for node in self._nodes.values():
            node._rootAttached(self, self)  # noqa: SLF001
        self.buildBlocks()
        for var in self.variables.values():
            var._finishInit()  # noqa: SLF001

    def _check_overlaps(self) -> None:
        blocks = [b for d in self.deviceList for b in d.blocks if isinstance(b, Block)]
        blocks.sort(key=lambda b: (id(b.slave), b.address, b.size))
        for low, high in zip(blocks, blocks[1:], strict=False):
            if low.slave is high.slave and high.address < low.address + low.size:
                raise NodeError(
                    f"{high.path} at address={high.address:#x} overlaps {low.path} at "
                    f"address={low.address:#x} with size={low.size}"
                )

    def _hbeatWorker(self) -> None:
        while not self._ended.wait(1):
            with self.updateGroup():
                self.Time.set(time.time())

    def _local_time(self) -> str:
        return time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(self.Time.value()))

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

    def _clearLog(self) -> None:
        self.SystemLog.set(NO_LOG)
        self.SystemLogLast.set("")
