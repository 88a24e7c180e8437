"""A minimal p4p server with neither tree nor framework: the practical limit of the library.

It is what somebody writes who serves nothing but these numbers: p4p's public API, no helper that
wraps values, types built once and without metadata, posts that mark only value and time. A put is
checked by nobody; a slow device has threads of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
from p4p import Type, Value
from p4p.nt import NTNDArray, NTScalar
from p4p.server import Server as PvaServer
from p4p.server import StaticProvider
from p4p.server.raw import SharedPV

from ..layouts import Node
from . import client_conf
from .tree import HANG_LIMIT

_CODES = {float: "d", int: "l", np.ndarray: "ad"}
_NS = 10**9


@cache
def scalar_type(code: str) -> Type:
    """Return the type of a number or an array: value, alarm and time."""
    return NTScalar.buildType(code)


@cache
def image_type() -> Type:
    """Return the type of an image."""
    return NTNDArray.buildType()


class Pv:
    """A PV and the handler of its clients; open from the start."""

    __slots__ = ("pv", "_type", "_node", "_server")

    def __init__(self, node: Node, server: Server) -> None:
        self._node = node
        self._server = server
        self._type = self.type_of(node.pair[0])
        first = self.changed(node.pair[0])
        first.mark()
        self.pv = SharedPV(handler=self, initial=first)

    def type_of(self, value: Any) -> Type:
        """Return the PVAccess type that shows values like this."""
        return scalar_type(_CODES[type(value)])

    def changed(self, value: Any) -> Value:
        """Return what an update marks: value and time."""
        changed = Value(self._type)
        changed["value"] = value
        self.stamp(changed)
        return changed

    def stamp(self, changed: Value) -> None:
        """Set the time."""
        seconds, nanoseconds = divmod(time.time_ns(), _NS)
        changed["timeStamp.secondsPastEpoch"] = seconds
        changed["timeStamp.nanoseconds"] = nanoseconds

    def update(self, value: Any) -> None:
        """Post a value."""
        self.pv.post(self.changed(value))

    def put(self, pv: SharedPV, op: Any) -> None:
        """A client puts; p4p calls this on its server's thread."""
        if self._node.hangs or self._node.put_seconds:
            self._server.workers.submit(self._put_slowly, op)
        else:
            self.update(op.value()["value"])
            op.done()

    def _put_slowly(self, op: Any) -> None:
        if self._node.hangs:
            self._server.released.wait(HANG_LIMIT)
        else:
            time.sleep(self._node.put_seconds)
        self.update(op.value()["value"])
        op.done()


class Image(Pv):
    """A PV that shows an image."""

    __slots__ = ()

    def type_of(self, value: Any) -> Type:
        """Return the type of images."""
        return image_type()

    def changed(self, value: Any) -> Value:
        """Return pixels, their order and the time."""
        changed = Value(self._type)
        changed["value"] = ("ushortValue", value.ravel())
        changed["dimension"] = [
            {"size": size, "offset": 0, "fullSize": size, "binning": 1, "reverse": False}
            for size in reversed(value.shape)
        ]
        changed["compressedSize"] = changed["uncompressedSize"] = value.nbytes
        self.stamp(changed)
        return changed


class Server:
    """Serves the nodes of a layout."""

    def build(self, nodes: Sequence[Node]) -> None:
        """Remember them, and start threads for the slow ones: it has no tree."""
        self._nodes = nodes
        self.released = threading.Event()
        slow = sum(node.hangs or node.put_seconds > 0 for node in nodes)
        self.workers = ThreadPoolExecutor(max(1, slow))
        everyone = threading.Barrier(slow + 1)
        for _ in range(slow):
            self.workers.submit(everyone.wait)  # all threads are there before the first put
        everyone.wait()

    def start(self) -> None:
        """Make all PVs and the server."""
        self._provider = StaticProvider("raw")
        self._pvs = []
        for node in self._nodes:
            kind = Image if np.ndim(node.pair[0]) == 2 else Pv
            served = kind(node, self)
            self._provider.add(node.pv_name, served.pv)
            self._pvs.append(served)
        self._server = PvaServer(providers=[self._provider], isolate=True)

    def count(self) -> int:
        """Return how many PVs are served."""
        return len(self._pvs)

    def conf(self) -> dict[str, str]:
        """Return where it listens."""
        return client_conf(self._server.conf())

    def updates(self) -> list[Callable[[Any], Any]]:
        """Return what posts a value of each PV."""
        return [served.update for served in self._pvs]

    def wait(self) -> None:
        """Updates are posted at once."""

    def release(self) -> None:
        """Let the hanging device answer."""
        self.released.set()
