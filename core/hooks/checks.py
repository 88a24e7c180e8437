"""What is wrong with a plugin, in words that name plugin, hook and argument."""

from __future__ import annotations

import difflib
import importlib.util
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pluggy

from ..errors import PluginError, words_of
from .hookspecs import PROJECT, Hooks

#: hook -> names of its arguments
HOOKS: dict[str, tuple[str, ...]] = {
    name: tuple(inspect.signature(function).parameters)[1:]
    for name, function in vars(Hooks).items()
    if inspect.isfunction(function)
}
ACCESS = "policy_rules"
_ABOUT = re.compile("polic|access", re.I)  # of hooks that do not exist
_SPEAKS = re.compile(
    rf"{ACCESS}|AccessPolicy|PolicyRule|"
    r"roguebridge\.plugins(\.| import )(acf|operators|no_write|read_only)"
)


def check_plugin(manager: pluggy.PluginManager, plugin: Any) -> None:
    """Look at every hook of a plugin before it is registered.

    :raises PluginError: listing all that is wrong
    """
    found = list(_implementations(manager, plugin))
    wrong = [text for hook, function, options in found for text in _wrong(hook, function, options)]
    wrong += list(_unmarked(manager, plugin, {hook for hook, _, _ in found}))
    if not found and not wrong:
        wrong = ["it has no hooks: are its functions marked @hookimpl?"]
    if wrong:
        raise PluginError("; ".join(wrong))


def _implementations(
    manager: pluggy.PluginManager, plugin: Any
) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    for attribute in dir(plugin):
        try:
            options = manager.parse_hookimpl_opts(plugin, attribute)
        except Exception as exc:  # pragma: no cover - a property, with pluggy before 1.7
            text = f"its attribute {attribute!r} cannot be had: {exc!r}"  # pragma: no cover
            raise PluginError(text) from exc  # pragma: no cover
        if options is not None:
            yield attribute, getattr(plugin, attribute), dict(options)


def _wrong(hook: str, function: Any, options: dict[str, Any]) -> Iterator[str]:
    hook = options.get("specname") or hook
    if hook not in HOOKS:
        yield f"there is no hook {hook!r}{_nearest(hook)}"
        return
    if options.get("wrapper") or options.get("hookwrapper"):
        yield f"{hook} is a wrapper: a hook of Roguebridge returns what it brings itself"
        return
    # Of a method without `self`, Python takes the first argument for it.
    bound = getattr(function, "__func__", None)
    names = inspect.signature(bound).parameters if inspect.isfunction(bound) else None
    if names is not None and next(iter(names), None) in (None, *HOOKS[hook]):
        yield f"{hook}: self is missing"
        return
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as exc:
        yield f"{hook} cannot be called: {exc}"
        return
    for parameter in parameters:
        named = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.POSITIONAL_ONLY)
        needed = parameter.default is parameter.empty
        if needed and (parameter.name not in HOOKS[hook] or not named):
            there_is = f"there are {list(HOOKS[hook])}" if HOOKS[hook] else "there is none"
            yield f"{hook} has an unknown argument {str(parameter)!r}; {there_is}"


def _unmarked(manager: pluggy.PluginManager, plugin: Any, marked: set[str]) -> Iterator[str]:
    """Find hooks without their mark: their rules, perhaps of access, would be left out silently."""
    if not marked:
        return
    for name in dir(plugin):
        hook = name if name in HOOKS else ACCESS if _means_access(name) else None
        if hook is None or name in marked or inspect.getattr_static(plugin, name, None) is None:
            continue
        if name == hook:
            yield f"{hook} is not marked @hookimpl"
        else:
            yield f"{name} is not marked @hookimpl; is {hook} meant?"


def _nearest(hook: str) -> str:
    near = difflib.get_close_matches(hook, HOOKS, n=1)
    return f"; the nearest is {near[0]}" if near else ""


def _means_access(name: str) -> bool:
    return bool(difflib.get_close_matches(name, [ACCESS], n=1, cutoff=0.9))


def brings_access(plugin: Any) -> bool:
    """Tell whether a plugin means to bring access rules, even if it does so wrongly."""
    if isinstance(plugin, (list, tuple, set, frozenset)):
        return any(map(brings_access, plugin))
    try:
        names = [name for name in dir(plugin) if not name.startswith("__")]
        return any(_is_of_access(plugin, name) for name in names)
    except Exception:
        return True  # nobody can tell


def _is_of_access(plugin: Any, name: str) -> bool:
    found = inspect.getattr_static(plugin, name, None)
    options = getattr(getattr(found, "__func__", found), f"{PROJECT}_impl", None)
    if options is not None:
        name = options.get("specname") or name
        return _means_access(name) or _ABOUT.search(name) is not None
    return _means_access(name)


def mentions_access(module: str) -> bool:
    """Tell whether the source of a module that is no plugin means to bring access rules.

    The whole package is looked through. True if there is a module, but no source to be read;
    False if there is no such module.

    :param module: dotted name
    """
    top = module.partition(".")[0]
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        return top in sys.modules
    files = [Path(spec.origin)] if spec.origin and spec.origin.endswith(".py") else []
    for folder in spec.submodule_search_locations or ():
        files += Path(folder).rglob("*.py")
    texts = [text for file in files if (text := _text(file)) is not None]
    return not texts or any(_SPEAKS.search(text) for text in texts)


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def why(exc: BaseException) -> str:
    """Return type and text of what a plugin has raised, in one line."""
    if isinstance(exc, PluginError):
        return str(exc)
    if isinstance(exc, SystemExit):
        return f"it ended itself with status {exc.code!r}"
    return f"{type(exc).__name__}: {' '.join(words_of(exc).split())}"
