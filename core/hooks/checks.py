"""The checks of a plugin before it is used; each error names plugin, hook and argument."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pluggy

from ..errors import PluginError, in_words
from ..mapping.nearest import nearest_of
from .hookspecs import Hooks

#: hook -> names of its arguments
HOOKS: dict[str, tuple[str, ...]] = {
    name: tuple(inspect.signature(function).parameters)[1:]
    for name, function in vars(Hooks).items()
    if inspect.isfunction(function)
}
ACCESS = "policy_rules"


def check_plugin(manager: pluggy.PluginManager, plugin: Any) -> None:
    """Look at every hook of a plugin before it is registered.

    :raises PluginError: listing all that is wrong
    """
    found = {
        name: (getattr(plugin, name), options)
        for name in dir(plugin)
        if (options := manager.parse_hookimpl_opts(plugin, name)) is not None
    }
    wrong = [
        text
        for name, (function, options) in found.items()
        for text in _wrong(options.get("specname") or name, function, options)
    ]
    if not found:
        wrong = ["it has no hooks: are its functions marked @hookimpl?"]
    else:
        wrong += _unmarked(plugin, set(found))
    if wrong:
        raise PluginError("; ".join(wrong))


def _wrong(hook: str, function: Any, options: Any) -> Iterator[str]:
    if hook not in HOOKS:
        near = nearest_of(hook, HOOKS)
        yield f"there is no hook {hook!r}{f'; the nearest is {near}' if near else ''}"
        return
    if options.get("wrapper") or options.get("hookwrapper"):
        yield f"{hook} is a wrapper: hooks of Roguebridge cannot be wrapped"
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


def _unmarked(plugin: Any, marked: set[str]) -> Iterator[str]:
    """Find hooks without their mark: their rules would be left out, those of access too."""
    for name in dir(plugin):
        near = nearest_of(name, [ACCESS], cutoff=0.9) if name.islower() else None
        hook = name if name in HOOKS else near
        if hook is None or name in marked or inspect.getattr_static(plugin, name, None) is None:
            continue
        meant = "" if name == hook else f"; is {hook} meant?"
        yield f"{name} is not marked @hookimpl{meant}"


def wrong_result(plugin: str, hook: str, kind: type, result: Any) -> str | None:
    """Return what is wrong with the result of a build-time hook; None if nothing is."""
    if result is None and hook != ACCESS:
        return None
    if not isinstance(result, (list, tuple)):
        return f"plugin {plugin}: {hook} returned {result!r}, not a list of {kind.__name__}"
    for number, rule in enumerate(result):
        if not isinstance(rule, kind):
            found = f"{rule!r} as item {number}"
            return f"plugin {plugin}: {hook} returned {found}, not a {kind.__name__}"
    return None


def why(exc: BaseException) -> str:
    """Return type and text of an exception of a plugin, in one line."""
    if isinstance(exc, PluginError):
        return str(exc)
    if isinstance(exc, SystemExit):
        return f"it ended itself with status {exc.code!r}"
    return in_words(exc)
