"""The process that is measured: a tree of every kind of node, served and updated at a rate."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from support.trees import TREES, Tree

from bench import child
from roguebridge.backends.epics import EpicsPvServer

REGISTERS = 32
BOARDS = 4


class Soaked:
    """A served tree and the thread that updates it."""

    def __init__(self) -> None:
        self._updates = 0
        self._leave = threading.Event()

    def start(self, tree: str, rate: float, backends: list[str]) -> dict[str, Any]:
        """Start all; return the tree's name, and the settings of clients, by backend.

        :param tree: the name of the tree, or empty for PyRogue where it is importable
        :param rate: updates in a second
        """
        found = next(t for t in reversed(TREES) if tree in ("", t.name))
        self.root = make_root(found)
        # Two visitors may call one command at once.
        self.server = EpicsPvServer(
            "Soak", self.root, isolate=True, backends=backends, queue_commands=True
        )
        self.root.addProtocol(self.server)
        self.root.start()
        self._updater = threading.Thread(target=self._update, args=(rate,))
        self._updater.start()
        conf = {name: self.server.client_conf(name) for name in backends}
        return {"tree": f"{found.name} {found.version}".strip(), "conf": conf}

    def counts(self) -> dict[str, Any]:
        """Return how many updates there were, and what the server reports."""
        return {"updates": self._updates, "report": list(self.server.report())}

    def stop(self) -> None:
        """Stop all."""
        self._leave.set()
        self._updater.join()
        self.root.stop()

    def _update(self, rate: float) -> None:
        begin = time.monotonic()
        for turn, change in enumerate(itertools.cycle(changes(self.root))):
            if self._leave.wait(max(0.0, begin + turn / rate - time.monotonic())):
                return
            change(turn)
            self._updates += 1


def make_root(tree: Tree) -> Any:
    """Return a root with nodes of every kind, over memories that never fail."""
    pr = tree.pr
    root = pr.Root(name="Top", initRead=True, pollEn=True)
    root.add(pr.LocalVariable(name="Count", value=0))
    root.add(pr.LocalVariable(name="Level", value=0.0, highAlarm=900.0, units="V"))
    root.add(pr.LocalVariable(name="Text", value=""))
    root.add(pr.LocalVariable(name="Mode", value=0, enum={0: "Off", 1: "On", 2: "Auto"}))
    root.add(pr.LocalVariable(name="Wave", value=np.zeros(2000)))
    root.add(pr.LocalVariable(name="Image", value=np.zeros((64, 64), np.uint16)))
    root.add(pr.LocalVariable(name="Object", value={"turn": 0}))
    root.add(pr.LocalVariable(name="Gain", value=0.0, mode="RW"))
    root.add(pr.LocalCommand(name="Double", value=0, function=lambda arg: arg * 2))
    root.add(pr.LocalVariable(name="Only", value=5, mode="RO"))
    root.add(pr.LocalCommand(name="Fails", function=_fail))
    root.add(pr.LinkVariable(name="Half", dependencies=[root.Level], mode="RO",
                             linkedGet=lambda: root.Level.value() / 2))  # fmt: skip
    for number in range(BOARDS):
        root.add(make_board(tree, number))
    return root


def _fail() -> None:
    raise RuntimeError("the pump is off")


def make_board(tree: Tree, number: int) -> Any:
    """Return a device with registers, polled ones too, and links to them."""
    pr = tree.pr
    board = pr.Device(name=f"Board[{number}]", memBase=tree.memory())
    for index in range(REGISTERS):
        board.add(pr.RemoteVariable(
            name=f"Reg[{index}]", offset=4 * index, bitSize=32, base=pr.UInt, mode="RW",
            pollInterval=1.0 if index % 4 == 0 else 0,
        ))  # fmt: skip
    board.add(pr.LinkVariable(name="Mirror", variable=board.Reg[0]))
    return board


def changes(root: Any) -> list[Callable[[int], None]]:
    """Return one function for each node that is updated; it takes the number of the update."""
    wave, image = np.arange(2000.0), np.zeros((64, 64), np.uint16)
    words = ("Count", lambda n: n), ("Level", lambda n: float(n % 1000)), ("Text", "at {}".format)
    arrays = ("Wave", lambda n: wave + n), ("Image", lambda n: image + np.uint16(n % 60000))
    others = ("Mode", lambda n: n % 3), ("Object", lambda n: {"turn": n})

    def setter(node: Any, value: Callable[[int], Any]) -> Callable[[int], None]:
        return lambda n: node.set(value(n))

    def sweeper(registers: Any) -> Callable[[int], None]:
        return lambda n: registers[n % REGISTERS].set(n % 2**32)

    locals_ = [setter(root.node(name), value) for name, value in (*words, *arrays, *others)]
    return locals_ + [sweeper(root.Board[number].Reg) for number in range(BOARDS)]


def commands() -> Mapping[str, Callable[..., Any]]:
    """Return what the parent may ask for."""
    soaked = Soaked()
    return {name: getattr(soaked, name) for name in ("start", "counts", "stop")}


if __name__ == "__main__":
    child.serve(commands)
