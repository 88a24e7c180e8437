"""Where plugins come from: built-in, installed, the environment, and the caller."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import entry_points
from pkgutil import resolve_name
from typing import Any, NamedTuple

from ..version import __version__
from .hookspecs import PROJECT

ENVIRONMENT = "ROGUEBRIDGE_PLUGINS"
OFF = "no:"


class BuiltIn(NamedTuple):
    """A plugin that comes with Roguebridge; by name, because core imports no plugin.

    :param name: the name by which it is switched off
    :param target: a module, or ``module:Class``; each server makes one object of the class
    :param always: False for one that is there only if it was given an option
    """

    name: str
    target: str
    always: bool = True


# Those asked last come first.
BUILT_IN = (
    BuiltIn("soft", "roguebridge.backends.soft.plugin"),
    BuiltIn("pva", "roguebridge.backends.epics.pva.plugin"),
    BuiltIn("ca", "roguebridge.backends.epics.ca.plugin"),
    BuiltIn("web", "roguebridge.backends.web.plugin:Web"),
    BuiltIn("standard_names", "roguebridge.plugins.names"),
    BuiltIn("converters", "roguebridge.plugins.converters"),
    BuiltIn("mode", "roguebridge.plugins.policies.mode"),
    BuiltIn("no_write", "roguebridge.plugins.policies.no_write:NoWrite"),
    BuiltIn("read_only", "roguebridge.plugins.policies.read_only:ReadOnlySwitch"),
    BuiltIn("operators", "roguebridge.plugins.policies.operators:Operators", always=False),
    BuiltIn("acf", "roguebridge.plugins.acf:Acf", always=False),
    BuiltIn("audit", "roguebridge.plugins.audit:Audit", always=False),
    BuiltIn("names", "roguebridge.plugins.names:TemplateNames", always=False),
    BuiltIn("client", "roguebridge.backends.epics.client.plugin"),
    BuiltIn("demo", "roguebridge.examples.plugin"),
)


class Found(NamedTuple):
    """A plugin that is to be loaded.

    :param name: the name by which it is switched off
    :param load: returns the plugin: an object, a module or a class
    :param source: ``built-in``, ``installed: PACKAGE``, ``ROGUEBRIDGE_PLUGINS`` or ``plugins``
    :param version: empty if it is known by the plugin itself
    :param target: the module it is loaded from, or ``module:Object``; empty if it was handed over
    """

    name: str
    load: Callable[[], Any]
    source: str
    version: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """Name, source, hooks and state of a plugin.

    :param name: the name by which it is switched off, as in ``no:acf``
    :param version: of the package that brings it, or empty
    :param source: ``built-in``, ``installed: PACKAGE``, ``ROGUEBRIDGE_PLUGINS`` or ``plugins``
    :param hooks: the hooks it implements
    :param state: ``used``, ``off``, ``broken``, or ``unused`` for one that waits for an argument
    """

    name: str
    version: str
    source: str
    hooks: tuple[str, ...]
    state: str


def find_plugins(given: Iterable[Any], options: Mapping[str, Any]) -> tuple[list[Found], set[str]]:
    """Return all plugins, that asked last first, and the names of those that are switched off.

    :param given: the caller's, see :class:`.Plugins`
    :param options: name of a built-in plugin -> what its ``from_option`` is to make of it
    :raises Exception: what ``from_option`` raises for a wrong option
    """
    own = list(given)
    environment = [
        name.strip() for name in os.environ.get(ENVIRONMENT, "").split(",") if name.strip()
    ]
    off = {name[len(OFF) :] for name in (*own, *environment) if _switches_off(name)}
    found: dict[str, Found] = {}
    for one in (*_built_in(options, off), *_installed()):
        name = _free(one.name, found)
        found[name] = one._replace(name=name)
    for source, plugins in ((ENVIRONMENT, environment), ("plugins", own)):
        added: dict[str, Found] = {}
        for plugin in plugins:
            if _switches_off(plugin):
                continue
            name = _free(_name(plugin), {**found, **added})
            if isinstance(plugin, str):
                added[name] = Found(name, partial(_load, plugin), source, target=plugin)
            else:
                added[name] = Found(name, partial(_itself, plugin), source)
        found.update(reversed(added.items()))
    return list(found.values()), off


def _built_in(options: Mapping[str, Any], off: set[str]) -> Iterator[Found]:
    for name, target, always in BUILT_IN:
        load = partial(_load, target)
        if name in options and name not in off:
            # An error of an option is raised, not reported: the caller gave the option.
            load = partial(_itself, of_option(name, options[name]))
        elif name not in options and not always:
            continue
        yield Found(name, load, "built-in", __version__, target)


def _installed() -> Iterator[Found]:
    for point in sorted(entry_points(group=PROJECT), key=lambda point: point.name):
        package = getattr(point, "dist", None)
        source = "installed" if package is None else f"installed: {package.name}"
        version = "" if package is None else package.version
        yield Found(point.name, point.load, source, version, str(getattr(point, "value", "")))


def _free(name: str, taken: Mapping[str, Any]) -> str:
    while name in taken:  # a second object of one class
        name += "+"
    return name


def _name(plugin: Any) -> str:
    if isinstance(plugin, str):
        return plugin
    return str(getattr(plugin, "__name__", None) or type(plugin).__name__)


def _switches_off(plugin: Any) -> bool:
    return isinstance(plugin, str) and plugin.startswith(OFF)


def _itself(plugin: Any) -> Any:
    return plugin


def of_option(name: str, option: Any) -> Any:
    """Return an object of the built-in plugin ``name``, made of its argument of the server."""
    (target,) = (built_in.target for built_in in BUILT_IN if built_in.name == name)
    return _load(target).from_option(option)


def _load(target: str) -> Any:
    """Return the object with the name ``dotted.module`` or ``dotted.module:Object``."""
    return resolve_name(target if ":" in target else f"{target}:")


def version_of(plugin: Any) -> str:
    """Return the version that the module of a plugin, or its package, declares; else nothing."""
    module = plugin if inspect.ismodule(plugin) else inspect.getmodule(type(plugin))
    top = str(getattr(module, "__name__", "")).partition(".")[0]
    versions = (getattr(one, "__version__", None) for one in (module, sys.modules.get(top)))
    return next((version for version in versions if isinstance(version, str)), "")
