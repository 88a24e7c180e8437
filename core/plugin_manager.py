"""Plugins of one server: built-in ones, installed ones, then the caller's, who are asked first.

A broken plugin is reported by name and gone without; one that brings access rules stops the start,
because serving without them would open what they guard.
"""

from __future__ import annotations

import importlib
import inspect
import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from itertools import chain
from typing import Any, NamedTuple

import pluggy

from .errors import BackendError, PluginError
from .hookspecs import PROJECT, BackendFactory, Hooks
from .plugin_checks import ACCESS, HOOKS, brings_access, check_plugin, mentions_access, why
from .version import __version__

_log = logging.getLogger("roguebridge.plugins")

ENVIRONMENT = "ROGUEBRIDGE_PLUGINS"
OFF = "no:"


class BuiltIn(NamedTuple):
    """A plugin that comes with Roguebridge; by name, because core imports no plugin.

    :param name: what it is switched off by
    :param target: a module, or ``module:Class`` of which each server has an object of its own
    :param always: False for one that is there only if it was given an option
    """

    name: str
    target: str
    always: bool = True


# Those asked last come first.
BUILT_IN = (
    BuiltIn("soft", "roguebridge.backends.soft.plugin"),
    BuiltIn("pva", "roguebridge.backends.epics.pva.plugin"),
    BuiltIn("standard_names", "roguebridge.plugins.naming"),
    BuiltIn("converters", "roguebridge.plugins.converters"),
    BuiltIn("mode", "roguebridge.plugins.mode_policy"),
    BuiltIn("no_write", "roguebridge.plugins.no_write:NoWrite"),
    BuiltIn("read_only", "roguebridge.plugins.read_only:ReadOnlySwitch"),
    BuiltIn("operators", "roguebridge.plugins.operators:Operators", always=False),
    BuiltIn("acf", "roguebridge.plugins.acf:Acf", always=False),
    BuiltIn("audit", "roguebridge.plugins.audit:Audit", always=False),
    BuiltIn("names", "roguebridge.plugins.naming:TemplateNames", always=False),
    BuiltIn("demo", "roguebridge.examples.plugin"),
)


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """What there is to know about a plugin.

    :param name: what it is switched off by, as in ``no:acf``
    :param version: of the package that brings it, or empty
    :param source: ``built-in``, ``installed: PACKAGE``, ``ROGUEBRIDGE_PLUGINS`` or ``plugins``
    :param hooks: the hooks it implements
    :param state: ``used``, ``off`` or ``broken``
    """

    name: str
    version: str
    source: str
    hooks: tuple[str, ...]
    state: str


class Plugins:
    """The plugins of one server; nothing is shared between servers.

    :param plugins: objects, classes, modules, ``'dotted.module'`` or ``'dotted.module:Object'``,
        asked before all others; ``'no:NAME'`` switches one off. Those in the environment variable
        ``ROGUEBRIDGE_PLUGINS``, separated by commas, come next.
    :param strict: raise for a broken plugin instead of going on without it
    :param options: name of a built-in plugin -> what its ``from_option`` is to make of it
    """

    def __init__(
        self,
        plugins: Iterable[Any] = (),
        strict: bool = False,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self._strict = strict
        self._tolerant = False
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(Hooks)
        self._sources: dict[str, tuple[str, str]] = {}  # name -> source and version
        self._broken: dict[str, str] = {}  # name -> what is wrong with it
        self._classes: dict[type, str] = {}
        #: why the server must not start
        self._fatal: list[str] = []
        self._dropped: dict[str, list[str]] = {}  # until the next start
        own = list(plugins)
        environment = [
            name.strip() for name in os.environ.get(ENVIRONMENT, "").split(",") if name.strip()
        ]
        given = [*own, *environment]
        self._off = {name[len(OFF) :] for name in given if _switches_off(name)}
        # pluggy asks the last registered first.
        self._add_built_in(options or {})
        for point in sorted(entry_points(group=PROJECT), key=lambda point: point.name):
            self._add_installed(point)
        for source, names in ((ENVIRONMENT, environment), ("plugins", own)):
            for plugin in reversed(names):
                if not _switches_off(plugin):
                    self._add_given(plugin, source)
        self._check_switched_off()

    # Registration -----------------------------------------------------------------------------

    def _add_built_in(self, options: Mapping[str, Any]) -> None:
        for name, target, always in BUILT_IN:
            if name in options:  # what is wrong with it is told to whoever gave it
                made = None if name in self._off else _load(target).from_option(options[name])
                self._add(name, partial(_itself, made), "built-in", __version__)
            elif always:
                self._add(name, partial(_load, target), "built-in", __version__, target)

    def _add_installed(self, point: EntryPoint) -> None:
        package = getattr(point, "dist", None)
        source = "installed" if package is None else f"installed: {package.name}"
        version = "" if package is None else package.version
        module = str(getattr(point, "value", "")).partition(":")[0]
        self._add(point.name, point.load, source, version, module)

    def _add_given(self, plugin: Any, source: str) -> None:
        if isinstance(plugin, str):
            self._add(plugin, partial(_load, plugin), source, "", plugin)
        else:
            self._add(_name(plugin), partial(_itself, plugin), source, "")

    def _add(
        self, name: str, load: Callable[[], Any], source: str, version: str, target: str = ""
    ) -> None:
        """Register a plugin, or say what is wrong with it.

        :param target: the module it is loaded from
        """
        name = self._free(name)
        self._sources[name] = source, version
        if name in self._off or (target and target in self._off):
            self._off |= {name, target}
            return
        plugin = None
        try:
            plugin = load()
            if isinstance(plugin, type):
                if plugin in self._classes:  # asked once, as a module is
                    self._move(self._classes[plugin], name)
                    return
                self._classes[plugin] = name
                plugin = plugin()
            if self._manager.is_registered(plugin):
                self._move(self._name_of(plugin), name)
                return
            check_plugin(self._manager, plugin, name)
            self._manager.register(plugin, name)
        except (Exception, SystemExit) as exc:
            text = f"plugin {name} cannot be used: {why(exc)}"
            if isinstance(exc, PluginError) and str(exc).startswith(f"plugin {name} "):
                text = str(exc)
            module = target.partition(":")[0]
            fatal = brings_access(plugin) if plugin is not None else mentions_access(module)
            self._fault(name, text, fatal, exc)
        else:
            if not version:
                self._sources[name] = source, _version_of(plugin)

    def _free(self, name: str) -> str:
        while name in self._sources:  # a second object of one class
            name += "+"
        return name

    def _move(self, old: str, new: str) -> None:
        """Ask a plugin that was found before at the place where it was found now."""
        plugin = self._manager.get_plugin(old)
        source, version = self._sources.pop(new)
        if plugin is None or source == self._sources[old][0]:
            return
        self._manager.unregister(plugin)
        self._manager.register(plugin, old)
        self._sources[old] = source, version or self._sources.pop(old)[1]

    def _name_of(self, plugin: Any) -> str:
        return str(self._manager.get_name(plugin))

    def _check_switched_off(self) -> None:
        known = set(self._sources) | {target for _, target, _ in BUILT_IN}
        known |= {name for name, _, _ in BUILT_IN}
        for name in sorted(self._off - known - {""}):
            text = f"{OFF}{name}: there is no plugin {name!r}; there are {sorted(self._sources)}"
            self._fault(f"{OFF}{name}", text, fatal=False, cause=None)

    def _fault(self, name: str, text: str, fatal: bool, cause: BaseException | None) -> None:
        if self._strict:
            raise PluginError(text) from cause
        _log.error("%s", text)
        self._broken[name] = text
        if fatal:
            self._fatal.append(f"{text}; it brings access rules")

    # What there is ----------------------------------------------------------------------------

    @property
    def broken(self) -> dict[str, str]:
        """Name -> what is wrong, of each plugin that is gone without."""
        return self._broken

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the plugins, one text each."""
        return tuple(dict.fromkeys([*self._broken.values(), *chain(*self._dropped.values())]))

    def infos(self) -> tuple[PluginInfo, ...]:
        """Return all plugins, first asked first."""
        found = []
        for name, (source, version) in reversed(self._sources.items()):
            hooks = self.hooks_of(name)
            state = "used" if hooks else "off" if name in self._off else "broken"
            found.append(PluginInfo(name, version, source, hooks, state))
        return tuple(found)

    def hooks_of(self, name: str) -> tuple[str, ...]:
        """Return the hooks that a plugin implements, in the order of the specification."""
        plugin = self._manager.get_plugin(name)
        if plugin is None:
            return ()
        callers = {caller.name for caller in self._manager.get_hookcallers(plugin) or ()}
        return tuple(hook for hook in HOOKS if hook in callers)

    def guards(self, name: str) -> bool:
        """Tell whether a plugin brings access rules: without it, nothing is served."""
        return ACCESS in self.hooks_of(name)

    def backends(self) -> dict[str, BackendFactory]:
        """Return the backends by name; one that two plugins claim raises when it is made."""
        found: dict[str, BackendFactory] = {}
        claimed: dict[str, str] = {}
        for plugin, call in self.listeners("register_backends"):
            try:
                result = call()
            except (Exception, SystemExit) as exc:
                self._without(plugin, f"plugin {plugin}: register_backends failed: {exc!r}", exc)
                continue
            if result is None:
                continue
            if not isinstance(result, Mapping) or not all(map(_is_backend, result.items())):
                self._without(
                    plugin,
                    f"plugin {plugin}: register_backends returned {result!r}, "
                    "not a mapping of name to factory",
                )
                continue
            for name, factory in result.items():
                found[name] = factory
                if name in claimed:
                    found[name] = partial(_refuse, name, claimed[name], plugin)
                claimed.setdefault(name, plugin)
        return found

    def _without(self, name: str, text: str, cause: BaseException | None = None) -> None:
        fatal = self.guards(name)
        self._manager.unregister(name=name)
        self._fault(name, text, fatal, cause)

    # Asking -----------------------------------------------------------------------------------

    def begin(self, tolerant: bool) -> None:
        """Ask every plugin anew from now on.

        :param tolerant: nothing is served: go on without any plugin, to find all that is wrong
        """
        self._dropped.clear()
        self._tolerant = tolerant

    def check(self) -> None:
        """Refuse to go on without a plugin that brings access rules.

        :raises PluginError: listing those
        """
        if self._fatal and not self._tolerant:
            raise PluginError("\n  ".join(self._fatal))

    def ask(self, plugin: str, hook: str, call: Callable[..., Any], **arguments: Any) -> Any:
        """Return what a build-time hook of a plugin returns; None if it fails, and is dropped."""
        try:
            return call(**arguments)
        except (Exception, SystemExit) as exc:
            self.drop(plugin, f"plugin {plugin}: {hook} failed: {exc!r}", exc)
            return None

    def drop(self, plugin: str, text: str, cause: BaseException | None = None) -> None:
        """Go on without a plugin until the next start.

        :raises PluginError: if it brings access rules, or with ``strict``
        """
        self._dropped.setdefault(plugin, []).append(text)
        if not self._tolerant and (self._strict or self.guards(plugin)):
            raise PluginError(text) from cause
        _log.error("%s", text)

    def listens(self, hook: str) -> bool:
        """Tell whether any plugin implements the event ``hook``."""
        return bool(self.listeners(hook))

    def listeners(self, hook: str) -> Sequence[tuple[str, Callable[..., Any]]]:
        """Return the name of each plugin that has ``hook``, first asked first, and a function.

        The function takes the arguments of the hook by keyword. The plugins are called one by
        one, in pluggy's order, so that an error can name the plugin.
        """
        return [
            (impl.plugin_name, partial(_call, impl))
            for impl in reversed(getattr(self._manager.hook, hook).get_hookimpls())
            if impl.plugin_name not in self._dropped
        ]

    def event(self, hook: str, **arguments: Any) -> None:
        """Call an event of every plugin; what one raises is logged and harms no other."""
        for plugin, call in self.listeners(hook):
            try:
                call(**arguments)
            except (Exception, SystemExit):
                _log.exception("plugin %s: %s failed", plugin, hook)


def _itself(plugin: Any) -> Any:
    return plugin


def _switches_off(plugin: Any) -> bool:
    return isinstance(plugin, str) and plugin.startswith(OFF)


def _call(impl: Any, **arguments: Any) -> Any:
    return impl.function(*(arguments[name] for name in impl.argnames))


def _is_backend(item: tuple[Any, Any]) -> bool:
    name, factory = item
    return isinstance(name, str) and callable(factory)


def _refuse(name: str, first: str, second: str, options: Any) -> Any:
    raise BackendError(
        f"the backend {name!r} is claimed by the plugins {first} and {second}: "
        f"switch one off with {OFF}{second}"
    )


def _load(target: str) -> Any:
    """Return what ``dotted.module`` or ``dotted.module:Object`` names."""
    module, _, attribute = target.partition(":")
    found = importlib.import_module(module)
    for part in attribute.split(".") if attribute else ():
        found = getattr(found, part)
    return found


def _name(plugin: Any) -> str:
    return str(getattr(plugin, "__name__", None) or type(plugin).__qualname__)


def _version_of(plugin: Any) -> str:
    module = plugin if inspect.ismodule(plugin) else inspect.getmodule(type(plugin))
    top = importlib.import_module(str(getattr(module, "__name__", "")).partition(".")[0] or "sys")
    for one in (module, top):
        version = getattr(one, "__version__", None)
        if isinstance(version, str):
            return version
    return ""
