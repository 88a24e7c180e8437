"""The root of a tree: its life from start to stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from roguebridge.simtree.block import Block
from roguebridge.simtree.builtin import BuiltIns
from roguebridge.simtree.device import Device
from roguebridge.simtree.errors import GeneralError, NodeError
from roguebridge.simtree.log import RootLogHandler, logException
from roguebridge.simtree.poll import PollQueue
from roguebridge.simtree.updates import Updates

ABSENT = "remoteVariableDump saveAddressMap saveVariableList treeDict treeYaml"


class Root(Updates, BuiltIns):
    """The top of a tree; `with root:` starts and stops it.

    :param timeout: seconds a memory transaction may take.
    :param initRead: read all registers at start.
    :param initWrite: write all registers at start.
    :param pollEn: poll once started.
    :param maxLog: entries kept in SystemLog.
    """

    _logFamily = "Root"
    _absent = Device._absent | frozenset(ABSENT.split())  # noqa: SLF001

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
        BuiltIns.__init__(self, name=name, description=description, expand=expand)
        self._limit = timeout
        self._initRead, self._initWrite, self._pollEn = initRead, initWrite, pollEn
        self._maxLog = maxLog
        self._running = False
        self._doHeartbeat = True
        self._found: dict[str, Any] = {}
        self._ended = threading.Event()
        self._hbeatThread: threading.Thread | None = None
        self._pollQueue = PollQueue(root=self)
        self._handler = RootLogHandler(root=self)
        self._add_variables()
        self._add_commands()

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
            self._setTimeout(self._limit)
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
        self._pollQueue._start()  # noqa: SLF001
        self.PollEn.set(self._pollEn)

    def stop(self) -> None:
        """Deliver queued updates, end the threads, then stop the protocols in order of adding."""
        self._running = False
        self._ended.set()
        self._updateQueue.put(None)
        for thread in (self._updateThread, self._hbeatThread):
            if thread is not None and thread is not threading.current_thread():
                thread.join()
        self._pollQueue._stop()  # noqa: SLF001
        logging.getLogger("pyrogue").removeHandler(self._handler)
        self._stop()

    @contextmanager
    def pollBlock(self) -> Iterator[None]:
        """Hold off polling."""
        self._pollQueue.hold(1)
        try:
            yield
        finally:
            self._pollQueue.hold(-1)

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

    def _rootAttached(self, parent: Any, root: Any) -> None:
        self._parent = self._root = self
        self._path = self.name
        for node in self._nodes.values():
            node._rootAttached(self, self)  # noqa: SLF001
        self._buildBlocks()
        for var in self.variables.values():
            var._finishInit()  # noqa: SLF001

    def _holdsLog(self, var: Any) -> bool:
        return var is self.SystemLog or var is self.SystemLogLast

    def _check_overlaps(self) -> None:
        every = [b for d in self.deviceList for b in d._blocks]  # noqa: SLF001
        blocks = [b for b in every if isinstance(b, Block)]
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
