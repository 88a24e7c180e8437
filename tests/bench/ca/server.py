"""One server of a number of PVs over Channel Access, in a process of its own.

``python server.py KIND COUNT`` with KIND one of ``ours``, ``minimal`` (nothing but caproto) and
``softioc`` (pyrogue.protocols.epicsV7). It says what starting has cost, then obeys lines: ``rss``,
``load SECONDS``, ``quit``.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

ANSWERS = os.fdopen(os.dup(1), "w")  # PyRogue and softioc write to stdout
os.dup2(2, 1)

import caproto as ca  # noqa: E402 - stdout is the answers' by now
from caproto.asyncio.server import Context  # noqa: E402

KIND, COUNT = sys.argv[1], int(sys.argv[2])
NAME = "B:Top:Dev[{}]:V[{}]"
PER_DEVICE = 100

with contextlib.redirect_stdout(sys.stderr):
    try:
        import pyrogue as pr
    except ImportError:
        import roguebridge.simtree as pr


def rss() -> int:
    """Return the bytes of memory this process has."""
    gc.collect()
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def free_port() -> int:
    """Return a port that nobody has."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def make_root() -> Any:
    """Return a tree of floats, not started."""
    root = pr.Root(name="Top", pollEn=False)
    for d in range((COUNT + PER_DEVICE - 1) // PER_DEVICE):
        device = pr.Device(name=f"Dev[{d}]", groups=[])
        for v in range(min(PER_DEVICE, COUNT - d * PER_DEVICE)):
            device.add(pr.LocalVariable(name=f"V[{v}]", value=0.0, groups=["Bench"]))
        root.add(device)
    return root


def variables(root: Any) -> list[Any]:
    """Return the variables that are served."""
    return [v for v in root.variableList if "Bench" in v.groups]


class Served:
    """A server that has started: what reaches it, and how one value is set."""

    conf: dict[str, str]
    set: Callable[[int, float], None]
    seconds: float


def ours() -> Served:
    """Serve the tree with Roguebridge."""
    from roguebridge.core.server import PvServer

    root = make_root()
    root.start()
    before, begin = rss(), time.perf_counter()
    server = PvServer("B", root, incGroups=["Bench"], backends=["ca"], isolate=True)
    server.start()
    return _served(server.client_conf(), root, before, time.perf_counter() - begin)


def softioc() -> Served:
    """Serve the tree with PyRogue's own protocol."""
    port = free_port()
    os.environ |= {
        "EPICS_CA_SERVER_PORT": str(port),
        "EPICS_CAS_INTF_ADDR_LIST": "127.0.0.1",
        "EPICS_CAS_AUTO_BEACON_ADDR_LIST": "NO",
        "EPICS_CAS_BEACON_ADDR_LIST": "127.0.0.1",
        "EPICS_PVAS_INTF_ADDR_LIST": "127.0.0.1",
        "EPICS_PVAS_SERVER_PORT": "0",
        "EPICS_PVAS_BROADCAST_PORT": "0",
        "EPICS_PVAS_AUTO_BEACON_ADDR_LIST": "NO",
    }
    with contextlib.redirect_stdout(sys.stderr):
        from pyrogue.protocols.epicsV7 import EpicsPvServer

    root = make_root()
    root.start()
    before, begin = rss(), time.perf_counter()
    server = EpicsPvServer(base="B", root=root, incGroups=["Bench"], excGroups=[])
    server._start()
    conf = {"EPICS_CA_ADDR_LIST": "127.0.0.1", "EPICS_CA_SERVER_PORT": str(port)}
    return _served(conf, root, before, time.perf_counter() - begin)


def _served(conf: dict[str, str], root: Any, before: int, seconds: float) -> Served:
    made = Served()
    nodes = variables(root)
    made.conf, made.seconds = conf, seconds
    made.set = lambda n, value: nodes[n].set(value)
    made.before = before  # type: ignore[attr-defined]
    return made


def minimal() -> Served:
    """Serve the tree with caproto and the least that is needed between them."""
    port = free_port()
    os.environ |= {
        "EPICS_CA_SERVER_PORT": str(port),
        "EPICS_CAS_AUTO_BEACON_ADDR_LIST": "NO",
        "EPICS_CAS_BEACON_ADDR_LIST": "127.0.0.1",
    }
    root = make_root()
    root.start()
    before, begin = rss(), time.perf_counter()
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    pvs = {}

    class Data(ca.ChannelDouble):
        def __init__(self, node: Any) -> None:
            super().__init__(value=node.value())
            self.node = node
            node.addListener(self.on_update)

        def on_update(self, path: str, value: Any) -> None:
            loop.call_soon_threadsafe(self.show, value.value)

        def show(self, value: float) -> None:
            loop.create_task(super().write(value))

        async def write_from_dbr(self, data: Any, *_: Any, **__: Any) -> None:
            await loop.run_in_executor(None, self.node.set, float(data[0]))

    for node in variables(root):
        pvs["B:" + node.path.replace(".", ":")] = Data(node)

    def run() -> None:
        asyncio.set_event_loop(loop)

        async def hook(_: Any) -> None:
            ready.set()

        async def serve() -> None:
            await Context(pvs, ["127.0.0.1"]).run(startup_hook=hook)

        loop.run_until_complete(serve())

    threading.Thread(target=run, daemon=True).start()
    ready.wait()
    conf = {"EPICS_CA_ADDR_LIST": "127.0.0.1", "EPICS_CA_SERVER_PORT": str(port)}
    return _served(conf, root, before, time.perf_counter() - begin)


def load(served: Served, seconds: float, count: int, rate: float) -> int:
    """Set values in turn, as fast as it goes or at a rate; return how many."""
    end = time.perf_counter() + seconds
    begin = time.perf_counter()
    n = 0
    while time.perf_counter() < end:
        served.set(n % count, float(n))
        n += 1
        if rate and n / rate > time.perf_counter() - begin:
            time.sleep(max(0.0, n / rate - (time.perf_counter() - begin)))
    return n


def main() -> None:
    """Serve and obey."""
    with contextlib.redirect_stdout(sys.stderr):
        served = {"ours": ours, "minimal": minimal, "softioc": softioc}[KIND]()
        told = {
            "conf": served.conf,
            "start": served.seconds,
            "memory": rss() - served.before,  # type: ignore[attr-defined]
        }
        print(json.dumps(told), file=ANSWERS, flush=True)
        for line in sys.stdin:
            word, *arguments = line.split()
            if word == "quit":
                os._exit(0)
            if word == "rss":
                answer: Any = rss()
            else:
                begin = time.process_time()
                count = load(served, float(arguments[0]), int(arguments[1]), float(arguments[2]))
                answer = {"set": count, "cpu": time.process_time() - begin}
            print(json.dumps(answer), file=ANSWERS, flush=True)


main()
