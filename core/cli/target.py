"""MODULE:ROOT: from a word of the command line to a root that has not started."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

import click
from click.shell_completion import CompletionItem

from roguebridge.core.cli.failure import Exit, Failure, failing


class Target(click.ParamType):  # type: ignore[type-arg]
    """``MODULE:ROOT``; MODULE is a module or a file, ROOT a Root, its class or a factory."""

    name = "MODULE:ROOT"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Return module and object."""
        module, _, name = str(value).rpartition(":")
        if not module or not name:
            self.fail(f"{value!r} is not MODULE:ROOT, as in my_tree.py:MyRoot", param, ctx)
        return module, name

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Complete file names."""
        return [CompletionItem(incomplete, type="file")]


def load_root(module: str, name: str) -> Any:
    """Import ``module`` and return the root that ``name`` is or makes.

    :raises Failure: with USAGE if there is no such thing, with TREE if its code raises
    """
    is_file = module.endswith(".py") or os.sep in module
    loaded = _import_file(Path(module)) if is_file else _import_module(module)
    found: Any = loaded
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise Failure(Exit.USAGE, f"{module} has no {name!r}{_hint(loaded)}") from None
    if is_root(found):
        return found
    if not callable(found):
        raise Failure(Exit.USAGE, f"{module}:{name} is {_what(found)}, not a PyRogue Root")
    if isinstance(found, type) and not _makes_roots(found):
        raise Failure(
            Exit.USAGE, f"{module}:{name} is {_what(found)}, not a PyRogue Root{_hint(loaded)}"
        )
    with failing(Exit.TREE, f"{module}:{name} cannot be built"):
        root = found()
    if not is_root(root):
        raise Failure(Exit.USAGE, f"{module}:{name}() gives {_what(root)}, not a PyRogue Root")
    return root


def is_root(thing: Any) -> bool:
    """Tell whether ``thing`` is the root of a tree."""
    return not isinstance(thing, type) and _makes_roots(type(thing))


def _makes_roots(kind: type) -> bool:
    parts = ("start", "stop", "addProtocol", "variableList", "getNode", "running")
    return all(hasattr(kind, part) for part in parts)


def _what(thing: Any) -> str:
    if isinstance(thing, type):
        return f"the class {thing.__qualname__}"
    if isinstance(thing, ModuleType):
        return "a module"
    return "None" if thing is None else f"of type {type(thing).__qualname__}"


def _hint(module: ModuleType) -> str:
    """Name the root classes that the module defines itself."""
    own = [
        name
        for name, thing in vars(module).items()
        if isinstance(thing, type) and thing.__module__ == module.__name__ and _makes_roots(thing)
    ]
    return f"; there is {', '.join(own)}" if own else ""


def _import_file(file: Path) -> ModuleType:
    if not file.is_file():
        raise Failure(Exit.USAGE, f"there is no file {file}")
    sys.path.insert(0, str(file.resolve().parent))  # as python itself does
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise Failure(Exit.USAGE, f"{file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    with failing(Exit.TREE, f"{file} cannot be imported", _raised_at):
        spec.loader.exec_module(module)
    return module


def _import_module(name: str) -> ModuleType:
    sys.path.insert(0, os.getcwd())
    try:
        with failing(Exit.TREE, f"{name} cannot be imported", _raised_at):
            return importlib.import_module(name)
    except Failure as failure:
        cause = failure.__cause__
        if isinstance(cause, ModuleNotFoundError) and f"{name}.".startswith(f"{cause.name}."):
            raise Failure(Exit.USAGE, f"there is no module {name}") from cause
        raise


def _raised_at(exc: BaseException) -> str:
    """Return the line of code that raised, beneath Python's own import machinery."""
    if isinstance(exc, SyntaxError):  # which says so itself
        return ""
    for frame in reversed(traceback.extract_tb(exc.__traceback__)):  # pragma: no branch - see end
        if frame.filename.startswith("<frozen") or f"{os.sep}importlib{os.sep}" in frame.filename:
            continue
        return "" if frame.filename == __file__ else f" ({frame.filename}, line {frame.lineno})"
    return ""  # pragma: no cover - this file's own frame is always among them
