"""A tree with one of everything, served over PVAccess on loopback, and a p4p client."""

import queue
import sys
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from p4p.client.thread import Context
from p4p.util import ThreadedWorkQueue

from roguebridge.backends.epics import EpicsPvServer
from support.trees import Tree, running

LIMIT = 30.0


# In p4p 4.3 a monitor that is closed while another thread takes an update from it is a deadlock
# of the whole process. So all monitors are served, and closed, by one thread.
MONITORS = ThreadedWorkQueue("monitors", workers=1, daemon=True, maxsize=1000)


class Updates:
    """What a monitor delivered, one by one."""

    def __init__(self, client: Context, pv_name: str, **options: Any) -> None:
        self._queue: queue.Queue[Any] = queue.Queue()
        MONITORS.start()
        self._subscription = client.monitor(pv_name, self._queue.put, queue=MONITORS, **options)

    def next(self, timeout: float = LIMIT) -> Any:
        return self._queue.get(timeout=timeout)

    def until(self, wanted) -> Any:
        """The first update that ``wanted`` holds for."""
        while True:
            update = self.next()
            if wanted(update):
                return update

    def close(self) -> None:
        closed = threading.Event()

        def close() -> None:
            self._subscription.close()
            closed.set()

        MONITORS.push_wait(close)
        assert closed.wait(LIMIT)


@dataclass
class Served:
    """A running root, its server, and a client of it."""

    root: Any
    server: EpicsPvServer
    client: Context
    calls: list[Any]
    memory: Any

    def pv(self, path: str) -> str:
        return "Base:Top:" + path.replace(".", ":")

    def node(self, path: str) -> Any:
        return self.root.getNode("Top." + path)

    def get(self, path: str) -> Any:
        """The raw Value of a PV."""
        return self.client.get(self.pv(path), timeout=LIMIT).raw

    def put(self, path: str, value: Any, **kwargs: Any) -> None:
        self.client.put(self.pv(path), value, timeout=LIMIT, **kwargs)

    def monitor(self, path: str) -> Updates:
        return Updates(self.client, self.pv(path))


def build(tree: Tree, calls: list[Any]) -> Any:
    """Return a root with one node of every kind, not started."""
    pr = tree.pr
    memory = tree.memory()
    root = pr.Root(name="Top", pollEn=False)
    root.addInterface(memory)
    local = {
        "Int": {"value": 3},
        "Small": {"value": 3, "minimum": 0, "maximum": 10},
        "Float": {
            "value": 1.5, "units": "V", "description": "a voltage", "disp": "{:.3f}",
            "minimum": -10.0, "maximum": 10.0,
            "lowAlarm": -8.0, "lowWarning": -5.0, "highWarning": 5.0, "highAlarm": 8.0,
        },
        "Text": {"value": "hello", "units": "none"},
        "Flag": {"value": True},
        "Choice": {"value": 5, "enum": {0: "Zero", 5: "Five", 2: "Two"}},
        "ReadOnly": {"value": 7, "mode": "RO"},
        "List": {"value": [1, 2]},
        "Dict": {"value": {"a": 1}},
        "Doubles": {"value": np.arange(4.0)},
        "Shorts": {"value": np.arange(4, dtype=np.int16)},
        "Words": {"value": np.array(["ab", "c"])},
        "Image": {"value": np.arange(12, dtype=np.uint16).reshape(3, 4)},
        "Cube": {"value": np.zeros((2, 3, 4), np.float32)},
        "Secret": {"value": 1, "groups": ["NoServe"]},
        "Grouped": {"value": 1, "groups": ["Slow"]},
    }  # fmt: skip
    for name, options in local.items():
        root.add(pr.LocalVariable(name=name, **options))
    root.add(
        pr.LinkVariable(
            name="Link",
            dependencies=[root.Int],
            linkedGet=lambda read: root.Int.get(read=read) * 2.0,
            linkedSet=lambda value, write: root.Int.set(int(value / 2), write=write),
            typeStr="float",
        )
    )
    device = pr.Device(name="Dev[0]", memBase=memory, offset=0)
    registers = {
        "U8": (0x00, 8, pr.UInt), "U12": (0x04, 12, pr.UInt), "U32": (0x08, 32, pr.UInt),
        "U64": (0x10, 64, pr.UInt), "I16": (0x18, 16, pr.Int), "Bit": (0x1C, 1, pr.Bool),
        "F32": (0x20, 32, pr.Float), "F64": (0x28, 64, pr.Double), "Str": (0x30, 64, pr.String),
        "U128": (0x80, 128, pr.UInt),
    }  # fmt: skip
    for name, (offset, bits, model) in registers.items():
        device.add(pr.RemoteVariable(name=name, offset=offset, bitSize=bits, base=model, mode="RW"))
    device.add(
        pr.RemoteVariable(
            name="Wave",
            offset=0x100,
            base=pr.UInt,
            mode="RW",
            numValues=8,
            valueBits=16,
            valueStride=16,
        )  # fmt: skip
    )
    root.add(device)
    root.add(pr.LocalCommand(name="Go", function=lambda: calls.append("go")))
    root.add(pr.LocalCommand(name="Double", value=1, function=lambda arg: arg * 2))
    root.add(pr.LocalCommand(name="Fail", function=_fail))
    root.add(pr.LocalCommand(name="Exit", function=lambda: sys.exit(3)))
    root.add(pr.LocalCommand(name="Array", function=lambda: np.arange(3, dtype=np.uint16)))
    return SimpleNamespace(root=root, memory=memory)


def _fail() -> None:
    raise RuntimeError("the pump is off")


@contextmanager
def serving(tree: Tree, **options: Any):
    """Start a root with everything on it and a server for it."""
    calls: list[Any] = []
    built = build(tree, calls)
    server = EpicsPvServer(base="Base", root=built.root, isolate=True, **options)
    built.root.addProtocol(server)
    with running(built.root), Context("pva", conf=server.client_conf(), useenv=False) as client:
        yield Served(built.root, server, client, calls, built.memory)


@contextmanager
def alone(tree: Tree):
    """Give a root, a device on a memory, and what starts, serves and returns a client."""
    root = tree.pr.Root(name="Top", pollEn=False)
    memory = tree.memory()
    root.addInterface(memory)
    device = tree.pr.Device(name="Dev", memBase=memory, offset=0)
    root.add(device)
    server = EpicsPvServer(base="Base", root=root, isolate=True)
    root.addProtocol(server)
    with ExitStack() as stack:

        def serve(**options: Any) -> Context:
            stack.enter_context(running(root))
            conf = server.client_conf()
            return stack.enter_context(Context("pva", conf=conf, useenv=False, **options))

        yield root, device, serve
