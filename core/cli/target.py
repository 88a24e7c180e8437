"""MODULE:ROOT: from a word of the command line to a root that has not started."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import click
from click.shell_completion import CompletionItem

from roguebridge.core.cli.failure import Exit, Failure, failing
from roguebridge.core.cli.root_arguments import RootArguments


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


def load_root(module: str, name: str, arguments: RootArguments | None = None) -> Any:
    """Import ``module`` and return the root that ``name`` is or makes.

    :param arguments: what the root is made with
    :raises Failure: with USAGE if there is no such thing, with TREE if its code raises
    """
    with contextlib.suppress(FileNotFoundError):  # the folder is gone
        sys.path.insert(0, os.getcwd())
    is_file = module.endswith(".py") or os.sep in module
    with _as_script():
        loaded = _import_file(module) if is_file else _import_module(module)
        return _load(loaded, module, name, arguments or RootArguments())


@contextlib.contextmanager
def _as_script() -> Iterator[None]:
    """Give ``sys.argv`` back at the end, and after an error ``sys.path`` too.

    Else the tree's folders stay on the path: what it imports later, it must find there as well.
    """
    words, path = sys.argv, list(sys.path)
    try:
        yield
    except BaseException:
        sys.path[:] = path
        raise
    finally:
        sys.argv = words


def _load(loaded: ModuleType, module: str, name: str, arguments: RootArguments) -> Any:
    found = _attribute(loaded, module, name)
    if is_root(found):
        if arguments:
            raise Failure(Exit.USAGE, f"{module}:{name} is made already: it takes no arguments")
        return found
    if not callable(found):
        raise Failure(Exit.USAGE, f"{module}:{name} is {_what(found)}, not a PyRogue Root")
    if isinstance(found, type) and not _makes_roots(found):
        raise Failure(
            Exit.USAGE, f"{module}:{name} is {_what(found)}, not a PyRogue Root{_hint(loaded)}"
        )
    root = arguments.call(found, f"{module}:{name}")
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
    return "None" if thing is None else f"an object of type {type(thing).__qualname__}"


def _hint(module: ModuleType) -> str:
    """Name the root classes that the module defines itself."""
    own = [
        name
        for name, thing in vars(module).items()
        if isinstance(thing, type) and thing.__module__ == module.__name__ and _makes_roots(thing)
    ]
    return f"; there is {', '.join(own[:5])}{', ...' * (len(own) > 5)}" if own else ""


def _attribute(module: ModuleType, target: str, name: str) -> Any:
    found: Any = module
    with failing(Exit.TREE, f"{target}:{name} cannot be read", _raised_at):
        for part in name.split("."):
            try:
                found = getattr(found, part)
            except AttributeError:
                raise Failure(Exit.USAGE, f"{target} has no {name!r}{_hint(module)}") from None
    return found


def _import_file(name: str) -> ModuleType:
    if not os.path.isfile(name):  # which finds no fault with any text
        raise Failure(Exit.USAGE, f"there is no file {name}")
    file = Path(name).resolve()
    # As Python itself does; pyrogue.addLibraryPath() looks from the folder of sys.argv[0].
    sys.path.insert(0, str(file.parent))
    sys.argv = [name]
    name_of_module = file.stem
    while name_of_module in sys.modules:  # queue.py would replace Python's module
        name_of_module += "_"
    spec = importlib.util.spec_from_file_location(name_of_module, file)
    if spec is None or spec.loader is None:
        raise Failure(Exit.USAGE, f"{name} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name_of_module] = module
    with failing(Exit.TREE, f"{name} cannot be imported", _raised_at):
        spec.loader.exec_module(module)
    return module


def _import_module(name: str) -> ModuleType:
    try:
        with failing(Exit.TREE, f"{name} cannot be imported", _raised_at):
            spec = importlib.util.find_spec(name)
            if spec is not None and spec.has_location:  # what `python -m` makes of it
                sys.argv = [str(spec.origin)]
            return importlib.import_module(name)
    except Failure as failure:
        cause = failure.__cause__
        missing = (
            isinstance(cause, ModuleNotFoundError) and f"{name}.".startswith(f"{cause.name}.")
        ) or name.startswith(".")
        if missing:
            raise Failure(Exit.USAGE, f"there is no module {name}") from cause
        raise


def _raised_at(exc: BaseException) -> str:
    """Return the line of code that raised, beneath Python's own import machinery."""
    if isinstance(exc, SyntaxError):  # its text has file and line
        return ""
    for frame in reversed(traceback.extract_tb(exc.__traceback__)):  # pragma: no branch - see end
        if frame.filename.startswith("<frozen") or f"{os.sep}importlib{os.sep}" in frame.filename:
            continue
        if frame.filename == __file__:
            return ""  # pragma: no cover - this file's own frame is always among them
        hint = ""
        if isinstance(exc, ImportError) and "attempted relative import" in str(exc):
            hint = "; a file of a package is named as a module, as in package.module:MyRoot"
        return f" ({frame.filename}, line {frame.lineno}){hint}"
    return ""  # pragma: no cover - this file's own frame is always among them
