"""Plugins of one server: built-in ones, installed ones, then the caller's, who are asked first.

A broken plugin is reported by name and gone without; one that brings access rules stops the start,
because serving without them would open what they guard.
"""

from __future__ import annotations

import inspect
import logging
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

import pluggy

from ..backend.contract import Backend, BackendOptions
from ..errors import BackendError, PluginError, RoguebridgeError, in_words
from ..mapping.selectors import Selector
from ..requests.plugin_faults import PluginFaults
from ..version import __version__
from .checks import ACCESS, HOOKS, brings_access, check_plugin, mentions_access, why
from .hookspecs import PROJECT, BackendFactory, Hooks
from .sources import BUILT_IN, ENVIRONMENT, OFF, Found, PluginInfo, find_plugins

_log = logging.getLogger("roguebridge.plugins")
#: what a hook has returned that raised
FAILED = object()


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
        self._backends_of: dict[str, str] = {}  # name of a backend -> plugin
        self._broken: dict[str, str] = {}  # name -> what is wrong with it
        self._classes: dict[type, str] = {}
        #: what their parts do wrong while the server runs
        self.faults = PluginFaults()
        #: why the server must not start
        self._fatal: list[str] = []
        self._dropped: dict[str, list[str]] = {}  # until the next start
        found, names = find_plugins(plugins, options or {})
        self._off = set(names)
        self._options = frozenset(options or {})
        for one in found:
            self._add(one)
        self._check_switched_off(names, found)
        for name in sorted(set(options or {}) & self._off):
            text = f"{OFF}{name} switches off what the argument for plugin {name} asks for"
            self._fault(f"{OFF}{name}", text, fatal=False, cause=None)

    # Registration -----------------------------------------------------------------------------

    def _add(self, found: Found) -> None:
        """Register a plugin, or say what is wrong with it."""
        name = found.name
        self._sources[name] = found.source, found.version
        if name in self._off or found.target in self._off:
            self._off.add(name)
            return
        plugin: Any = None
        try:
            plugin = found.load()
            if isinstance(plugin, type):
                if plugin in self._classes:  # asked once, as a module is
                    self._move(self._classes[plugin], name)
                    return
                self._classes[plugin] = name
                plugin = plugin()
            if self._manager.is_registered(plugin):
                self._move(str(self._manager.get_name(plugin)), name)
                return
            if found.source != "built-in":  # those are looked at by the tests
                check_plugin(self._manager, plugin)
            self._manager.register(plugin, name)
        except (Exception, SystemExit) as exc:
            text = f"plugin {name} cannot be used: {why(exc)}"
            module = found.target.partition(":")[0]
            fatal = brings_access(plugin) or (bool(module) and mentions_access(module))
            self._fault(name, text, fatal, exc)
        else:
            if not found.version:
                self._sources[name] = found.source, _version_of(plugin)

    def _move(self, old: str, new: str) -> None:
        """Ask a plugin that was found before at the place where it was found now."""
        plugin = self._manager.get_plugin(old)
        source, version = self._sources.pop(new)
        if plugin is None or source == self._sources[old][0]:
            return
        self._manager.unregister(plugin)
        self._manager.register(plugin, old)
        self._sources[old] = source, version or self._sources.pop(old)[1]

    def _check_switched_off(self, names: set[str], found: Sequence[Found]) -> None:
        there_are = sorted({*self._sources, *(one.name for one in BUILT_IN)})
        targets = {one.target for one in BUILT_IN} | {one.target for one in found}
        for name in sorted(names - targets - {*there_are}):
            text = f"{OFF}{name}: there is no plugin {name!r}; there are {there_are}"
            self._fault(f"{OFF}{name}", text, fatal=False, cause=None)

    def _fault(self, name: str, text: str, fatal: bool, cause: BaseException | None) -> None:
        if self._strict:
            raise PluginError(text) from cause
        _log.error("%s", text)
        self._broken[name] = text
        if cause is not None:
            _log.debug("%s", text, exc_info=cause)
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
        for one in BUILT_IN:
            if one.name not in self._sources:
                found.append(PluginInfo(one.name, __version__, "built-in", (), "unused"))
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
                self._without(
                    plugin, f"plugin {plugin}: register_backends failed: {in_words(exc)}", exc
                )
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
                self._backends_of[name] = plugin
                if name in claimed:
                    found[name] = partial(_refuse, name, claimed[name], plugin)
                claimed.setdefault(name, plugin)
        return found

    def make_backend(self, name: str, factory: BackendFactory, options: BackendOptions) -> Backend:
        """Return a backend, not started.

        :param factory: one of :meth:`backends`
        :raises BackendError: if the factory fails, naming its plugin
        """
        plugin = self._backends_of[name]
        made: Any
        try:
            made = factory(options)
        except (Exception, SystemExit) as exc:
            if isinstance(exc, RoguebridgeError) or self._sources[plugin][0] == "built-in":
                raise  # it says itself what is wrong with the options
            text = f"plugin {plugin}: the factory of the backend {name!r} failed: {in_words(exc)}"
            _log.debug("%s", text, exc_info=exc)
            raise BackendError(text) from exc
        if not isinstance(made, Backend):
            text = f"the factory of the backend {name!r} made {made!r}, no Backend"
            raise BackendError(f"plugin {plugin}: {text}")
        return made

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
        """Return what a build-time hook of a plugin returns; FAILED if it does, and is dropped."""
        try:
            return call(**arguments)
        except (Exception, SystemExit) as exc:
            self.drop(plugin, f"plugin {plugin}: {hook} failed: {in_words(exc)}", exc)
            return FAILED

    def drop(
        self, plugin: str, text: str, cause: BaseException | None = None, guards: bool = False
    ) -> None:
        """Go on without a plugin until the next start.

        :param guards: it brings access rules, though not by their hook
        :raises PluginError: if it brings access rules, or with ``strict``
        """
        self._dropped.setdefault(plugin, []).append(text)
        if not self._tolerant and (self._strict or guards or self.guards(plugin)):
            raise PluginError(text) from cause
        _log.error("%s", text)
        if cause is not None:
            _log.debug("%s", text, exc_info=cause)

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

    def is_given(self, name: str) -> bool:
        """Tell whether a plugin was asked for, by an argument, a file, or the environment.

        What is installed, or always there, was not.
        """
        source = self._sources.get(name, ("", ""))[0]
        return source in ("plugins", ENVIRONMENT) or name in self._options

    def is_installed(self, name: str) -> bool:
        """Tell whether a plugin is there because its package is installed."""
        return self._sources.get(name, ("", ""))[0].startswith("installed")

    def selectors(self, of: Callable[[str], bool]) -> list[Selector]:
        """Return what plugins say that selects nodes, besides their rules.

        :param of: tells by its name whether a plugin is to be asked
        """
        found: list[Selector] = []
        for plugin, call in self.listeners("selectors"):
            if not of(plugin):
                continue
            result = self.ask(plugin, "selectors", call)
            if result is FAILED or result is None:
                continue
            if isinstance(result, (list, tuple)) and all(isinstance(s, Selector) for s in result):
                found += result
            else:
                text = f"selectors returned {result!r}, not a list of Selector"
                self.drop(plugin, f"plugin {plugin}: {text}")
        return found

    def find_problems(self, server: Any) -> list[str]:
        """Return what plugins find wrong with what they were asked for, one text each."""
        return self._texts("find_problems", server)

    def find_refusals(self, server: Any) -> list[str]:
        """Return why plugins would stop a start, one text each."""
        return self._texts("find_refusals", server)

    def _texts(self, hook: str, server: Any) -> list[str]:
        found: list[str] = []
        for plugin, call in self.listeners(hook):
            try:
                texts = call(server=server)
                if not isinstance(texts, (list, tuple, type(None))):
                    raise TypeError(f"it returned {texts!r}, not a list of str")
            except (Exception, SystemExit) as exc:
                texts = [f"plugin {plugin}: {hook} failed: {in_words(exc)}"]
                _log.debug("%s", texts[0], exc_info=exc)
            found += map(str, texts or ())
        return found

    def event(self, hook: str, **arguments: Any) -> None:
        """Call an event of every plugin; what one raises is logged and harms no other."""
        path = getattr(arguments.get("holder"), "path", "")
        for plugin, call in self.listeners(hook):
            try:
                call(**arguments)
            except (Exception, SystemExit) as exc:
                self.faults.failed(plugin, hook, path, exc, at_once=True)


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


def _version_of(plugin: Any) -> str:
    module = plugin if inspect.ismodule(plugin) else inspect.getmodule(type(plugin))
    top = str(getattr(module, "__name__", "")).partition(".")[0]
    for one in (module, sys.modules.get(top)):
        version = getattr(one, "__version__", None)
        if isinstance(version, str):
            return version
    return ""
