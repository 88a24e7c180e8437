"""The trees every tree test runs on: simtree always, SLAC's PyRogue where it is installed."""

import contextlib
import importlib
import importlib.util
import logging
import os
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import roguebridge.simtree
import roguebridge.simtree.memory
from support.trees.memory import memory_class

LIMIT = 10.0  # seconds any single event may take before a test fails


@dataclass(frozen=True)
class Tree:
    """One implementation: its module, its rogue.GeneralError, a factory of faulty memories."""

    name: str
    pr: ModuleType
    general_error: type[Exception]
    memory: Callable[[], Any]
    version: str

    def __str__(self) -> str:
        return self.name


def make_memory(tree: Tree) -> Any:
    """Give a new memory with faults to switch on, see support.trees.memory."""
    return tree.memory()


@contextlib.contextmanager
def silent_stdout():
    """Discard what is printed, also from C++."""
    sys.stdout.flush()
    saved, null = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    try:
        with contextlib.redirect_stdout(None):
            yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)
        os.close(null)


def foreign(name: str, module: ModuleType) -> str:
    """Name an unrelated package that is in the way."""
    where = getattr(module, "__file__", None) or list(getattr(module, "__path__", ["?"]))
    return f"the importable package {name!r} at {where} is not SLAC's"


def find_pyrogue() -> tuple[Tree | None, str]:
    """Import SLAC's PyRogue; else tell why there is none."""
    if importlib.util.find_spec("pyrogue") is None:
        return None, "not importable"
    if not logging.getLogger().handlers:  # else PyRogue sends the root logger to stdout
        logging.getLogger().addHandler(logging.NullHandler())
    with silent_stdout(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            pr = importlib.import_module("pyrogue")
        except Exception as e:
            return None, f"its import failed: {e!r}"
        if not (hasattr(pr, "Root") and hasattr(pr, "BaseVariable")):
            return None, foreign("pyrogue", pr)
        if importlib.util.find_spec("rogue") is None:
            return None, "rogue is not importable"
        rogue = importlib.import_module("rogue")
        try:
            memory = importlib.import_module("rogue.interfaces.memory")
            error = rogue.GeneralError
        except (ImportError, AttributeError):
            return None, foreign("rogue", rogue)
    made = memory_class(memory.Slave, 4, 0xFFFFFFFF)
    return Tree("pyrogue", pr, error, made, rogue.Version.current()), ""


def find_trees() -> tuple[list[Tree], str]:
    """Give all trees, and why PyRogue is absent if it is."""
    sim = roguebridge.simtree
    made = memory_class(roguebridge.simtree.memory.Slave)
    trees = [Tree("simtree", sim, sim.GeneralError, made, "")]
    real, reason = find_pyrogue()
    return trees + ([real] if real else []), reason


TREES, REASON = find_trees()


def describe() -> str:
    """One line saying which trees the tests use."""
    names = ", ".join(f"{t.name} {t.version}".strip() for t in TREES)
    return f"trees: {names}" + (f" (pyrogue: {REASON})" if REASON else "")


@contextlib.contextmanager
def running(root, heartbeat=False):
    """Start a root and stop it whatever happens: its threads would keep the process alive.

    Without the heartbeat PyRogue's stop() need not wait for the thread's next second.
    """
    root._doHeartbeat = heartbeat
    try:
        root.start()
        yield root
    finally:
        root.stop()
