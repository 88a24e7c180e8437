"""Where a page runs: a directory and environment of its own, and one tree that is ``pyrogue``."""

import contextlib
import importlib
import logging
import os
import pkgutil
import shlex
import socket
import sys
import threading
import tomllib
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from unittest import mock

import pytest

from roguebridge.simtree import interfaces
from support.docs.pages import ROOT
from support.trees import Tree

# What a tree file imports as pyrogue, pyrogue.interfaces, pyrogue.interfaces.simulation ...
PARTS = [
    "",
    ".interfaces",
    *(part.name for part in pkgutil.iter_modules(interfaces.__path__, ".interfaces.")),
]
# `import pyrogue` gives the stand-in tree, in a process that must not meet the real one.
ALIAS = {
    "pyrogue/__init__.py": (
        "import importlib, sys\n"
        f"for part in {PARTS}:\n"
        "    module = importlib.import_module('roguebridge.simtree' + part)\n"
        "    sys.modules['pyrogue' + part] = module\n"
    ),
    "rogue.py": "raise ModuleNotFoundError(\"No module named 'rogue'\", name='rogue')\n",
}
QUIET = {
    "COLUMNS": "100",
    "LC_ALL": "C.UTF-8",
    "NO_COLOR": "1",
    "PYTHONUNBUFFERED": "1",  # as on a terminal: a line is there when it is printed
    "PYTHON_COLORS": "0",
    "TERM": "dumb",
}


@contextlib.contextmanager
def page_world(tree: Tree, directory: Path, imports_pyrogue: bool) -> Iterator[Path]:
    """Make a folder in the empty ``directory`` the present one, with what a page needs around it.

    :param imports_pyrogue: the page does so by name
    """
    here = directory / "page"
    here.mkdir()
    simulated = tree.name == "simtree"
    alias = simulated and (imports_pyrogue or find_spec("pyrogue") is not None)
    environment = _environment(directory, alias)
    before = threading.enumerate()
    with (
        mock.patch.dict(os.environ, environment, clear=True),
        contextlib.chdir(here),
        _modules(alias, here),
        _logging_unchanged(),
    ):
        yield here
    left = [t.name for t in threading.enumerate() if t not in before and not t.daemon]
    assert not left, f"threads that keep the process alive: {left}; is a root not stopped?"


def _environment(directory: Path, alias: bool) -> dict[str, str]:
    dropped = ("EPICS_", "PYTHONWARNINGS", "PYTHONPATH")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(dropped)}
    paths = [os.path.abspath(p) for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p]
    if alias:
        paths.insert(0, str(_written(directory / "alias", ALIAS)))
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    scripts = write_scripts(directory / "scripts", settings["project"].get("scripts", {}))
    programs = [str(Path(sys.executable).parent), str(scripts), kept.get("PATH", os.defpath)]
    return {
        **kept,
        **QUIET,
        **epics_settings(),
        "PATH": os.pathsep.join(programs),
        "PYTHONPATH": os.pathsep.join(paths),
    }


def epics_settings() -> dict[str, str]:
    """Settings with which servers and clients meet on loopback, and nobody else."""
    kind = socket.AF_INET, socket.SOCK_DGRAM
    with socket.socket(*kind) as first, socket.socket(*kind) as second:
        for probe in (first, second):
            probe.bind(("127.0.0.1", 0))
        port, ca_port = (str(probe.getsockname()[1]) for probe in (first, second))
    return {
        "EPICS_PVAS_INTF_ADDR_LIST": "127.0.0.1",
        "EPICS_PVAS_BEACON_ADDR_LIST": "127.0.0.1",
        "EPICS_PVAS_AUTO_BEACON_ADDR_LIST": "NO",
        "EPICS_PVAS_SERVER_PORT": "0",
        "EPICS_PVAS_BROADCAST_PORT": port,
        "EPICS_PVA_ADDR_LIST": "127.0.0.1",
        "EPICS_PVA_AUTO_ADDR_LIST": "NO",
        "EPICS_PVA_BROADCAST_PORT": port,
        "EPICS_CAS_INTF_ADDR_LIST": "127.0.0.1",
        "EPICS_CAS_BEACON_ADDR_LIST": "127.0.0.1",
        "EPICS_CAS_AUTO_BEACON_ADDR_LIST": "NO",
        "EPICS_CA_ADDR_LIST": "127.0.0.1",
        "EPICS_CA_AUTO_ADDR_LIST": "NO",
        "EPICS_CA_SERVER_PORT": ca_port,
        "EPICS_CA_REPEATER_PORT": ca_port,  # in use: libca starts no repeater
    }


def _written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def write_scripts(folder: Path, scripts: Mapping[str, str]) -> Path:
    """Write the commands that an installation brings, for sources that are not installed.

    :param scripts: name -> ``module:function``
    """
    folder.mkdir()
    for name, target in scripts.items():
        module, _, function = target.partition(":")
        call = f"import sys; from {module} import {function}; sys.exit({function}())"
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c "{call}" "$@"\n')
        script.chmod(0o755)
    return folder


@contextlib.contextmanager
def _modules(alias: bool, here: Path) -> Iterator[None]:
    """Have ``pyrogue`` mean the tree; forget in the end what the page has imported of its own."""
    ours = ("roguebridge.examples", "pyrogue", "rogue") if alias else ("roguebridge.examples",)
    package = sys.modules["roguebridge"]
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in sys.modules if _is_in(name, ours)]:
            patch.delitem(sys.modules, name)
        if alias:
            patch.setitem(sys.modules, "rogue", None)  # not importable
            for part in PARTS:
                module = importlib.import_module("roguebridge.simtree" + part)
                patch.setitem(sys.modules, "pyrogue" + part, module)
        patch.delattr(package, "examples", raising=False)
        patch.syspath_prepend(here)
        try:
            yield
        finally:
            for name, module in list(sys.modules.items()):
                file = getattr(module, "__file__", None)
                if _is_in(name, ours) or (file and Path(file).is_relative_to(here)):
                    del sys.modules[name]
            vars(package).pop("examples", None)


def _is_in(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


@contextlib.contextmanager
def _logging_unchanged() -> Iterator[None]:
    """Put back what a page changes of the loggers."""
    root = logging.getLogger()
    handlers, root_level = list(root.handlers), root.level
    loggers = {
        logger: (logger.level, list(logger.handlers), logger.propagate)
        for logger in list(root.manager.loggerDict.values())
        if isinstance(logger, logging.Logger)
    }
    try:
        yield
    finally:
        root.handlers[:], root.level = handlers, root_level
        for logger in root.manager.loggerDict.values():
            if isinstance(logger, logging.Logger):
                level, kept, propagate = loggers.get(logger, (logging.NOTSET, [], True))
                if logger.level != level:  # each call goes through all loggers there are
                    logger.setLevel(level)
                logger.handlers[:], logger.propagate = kept, propagate
