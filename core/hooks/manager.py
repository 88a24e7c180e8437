"""Plugins of one server: built-in ones, installed ones, then the caller's, who are asked first.

A plugin that cannot be loaded stops the start: serving without it might open what it guards. One
that fails later is reported by name, and the server goes on without it, unless it brings access
rules.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

import pluggy

from ..backend.contract import Backend, BackendOptions
from ..errors import BackendError, PluginError, RoguebridgeError, in_words
from ..requests.plugin_faults import PluginFaults
from ..version import __version__
from .checks import ACCESS, HOOKS, check_plugin, why, wrong_result
from .hookspecs import PROJECT, BackendFactory, Hooks
from .rules import PolicyRule
from .sources import BUILT_IN, ENVIRONMENT, OFF, Found, PluginInfo, find_plugins, version_of

_log = logging.getLogger("roguebridge.plugins")


class Plugins:
    """The plugins of one server; nothing is shared between servers.

    :param plugins: objects, classes, modules, ``'dotted.module'`` or ``'dotted.module:Object'``,
        asked before all others; ``'no:NAME'`` switches one off. Those in the environment variable
        ``ROGUEBRIDGE_PLUGINS``, separated by commas, come next.
    :param strict: raise for a broken plugin at once
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
        self._classes: dict[type, str] = {}
        #: name -> what is wrong, of each plugin that is not used
        self.broken: dict[str, str] = {}
        #: faults of plugins while the server runs
        self.faults = PluginFaults()
        self._fatal: list[str] = []  # why the server must not start
        self._dropped: dict[str, list[str]] = {}  # until the next start
        self._options = frozenset(options or {})
        found, off = find_plugins(plugins, options or {})
        self._off = set(off)
        for one in found:
            self._add(one)
        names = {*self._sources, *(one.name for one in BUILT_IN)}
        targets = {one.target for one in BUILT_IN} | {one.target for one in found}
        for name in sorted(off - targets - names):
            text = f"{OFF}{name}: there is no plugin {name!r}; there are {sorted(names)}"
            self._fault(f"{OFF}{name}", text)
        for name in sorted(self._options & self._off):
            text = f"{OFF}{name} switches off plugin {name}, which an argument asks for"
            self._fault(f"{OFF}{name}", text)

    def _add(self, found: Found) -> None:
        """Register a plugin, or say what is wrong with it."""
        name = found.name
        self._sources[name] = found.source, found.version
        if name in self._off or found.target in self._off:
            self._off.add(name)
            return
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
            self._fault(name, f"plugin {name} cannot be used: {why(exc)}", exc, fatal=True)
        else:
            if not found.version:
                self._sources[name] = found.source, version_of(plugin)

    def _move(self, old: str, new: str) -> None:
        """Ask a plugin that was found before at the place where it was found now."""
        plugin = self._manager.get_plugin(old)
        source, version = self._sources.pop(new)
        if plugin is None or source == self._sources[old][0]:
            return
        self._manager.unregister(plugin)
        self._manager.register(plugin, old)
        self._sources[old] = source, version or self._sources.pop(old)[1]

    def _fault(
        self, name: str, text: str, cause: BaseException | None = None, fatal: bool = False
    ) -> None:
        if self._strict:
            raise PluginError(text) from cause
        self.broken[name] = text
        _report(text, cause)
        if fatal:
            self._fatal.append(f"{text}; to serve without it: {OFF}{name}")

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the plugins, one text each."""
        return tuple(dict.fromkeys([*self.broken.values(), *chain(*self._dropped.values())]))

    def infos(self) -> tuple[PluginInfo, ...]:
        """Return all plugins, first asked first."""
        found = []
        for name, (source, version) in reversed(self._sources.items()):
            hooks = self._hooks_of(name)
            state = "used" if hooks else "off" if name in self._off else "broken"
            found.append(PluginInfo(name, version, source, hooks, state))
        unused = [one.name for one in BUILT_IN if one.name not in self._sources]
        found += [PluginInfo(name, __version__, "built-in", (), "unused") for name in unused]
        return tuple(found)

    def _hooks_of(self, name: str) -> tuple[str, ...]:
        plugin = self._manager.get_plugin(name)
        callers = {one.name for one in self._manager.get_hookcallers(plugin) or ()}
        return tuple(hook for hook in HOOKS if hook in callers)

    def guards(self, name: str) -> bool:
        """Return True if a plugin brings access rules: without it, nothing is served."""
        return ACCESS in self._hooks_of(name)

    def is_given(self, name: str) -> bool:
        """Return True if a plugin was asked for, by an argument, a file, or the environment.

        A plugin that is built in or installed was not.
        """
        source = self._sources.get(name, ("", ""))[0]
        return source in ("plugins", ENVIRONMENT) or name in self._options

    def is_installed(self, name: str) -> bool:
        """Return True if a plugin is there because its package is installed."""
        return self._sources.get(name, ("", ""))[0].startswith("installed")

    def backends(self) -> dict[str, BackendFactory]:
        """Return the backends by name; one that two plugins claim raises when it is made."""
        found: dict[str, BackendFactory] = {}
        for plugin, call in self.listeners("register_backends"):
            cause = None
            try:
                result = call()
                made = {} if result is None else result
                if isinstance(made, Mapping) and all(
                    isinstance(name, str) and callable(made[name]) for name in made
                ):
                    for name, factory in made.items():
                        first = self._backends_of.setdefault(name, plugin)
                        refuse = partial(_refuse, name, first, plugin)
                        found[name] = refuse if name in found else factory
                    continue
                text = f"register_backends returned {result!r}, not a mapping of name to factory"
            except (Exception, SystemExit) as exc:
                cause, text = exc, f"register_backends failed: {in_words(exc)}"
            guards = self.guards(plugin)
            self._manager.unregister(name=plugin)
            self._fault(plugin, f"plugin {plugin}: {text}", cause, fatal=guards)
        return found

    def make_backend(self, name: str, factory: BackendFactory, options: BackendOptions) -> Backend:
        """Return a backend, not started.

        :param factory: one of :meth:`backends`
        :raises BackendError: if the factory fails, naming its plugin
        """
        plugin = self._backends_of[name]
        text = f"plugin {plugin}: the factory of the backend {name!r} "
        try:
            made: Any = factory(options)
        except (Exception, SystemExit) as exc:
            if isinstance(exc, RoguebridgeError) or self._sources[plugin][0] == "built-in":
                raise  # it says itself what is wrong with the options
            text += f"failed: {in_words(exc)}"
            _log.debug("%s", text, exc_info=exc)
            raise BackendError(text) from exc
        if not isinstance(made, Backend):
            raise BackendError(f"{text}made {made!r}, no Backend")
        return made

    def begin(self, tolerant: bool) -> None:
        """Ask every plugin anew from now on.

        :param tolerant: nothing is served: go on without any plugin, to find all that is wrong
        :raises PluginError: listing the plugins without which a server must not start
        """
        self._dropped.clear()
        self._tolerant = tolerant
        if self._fatal and not tolerant:
            raise PluginError("\n  ".join(self._fatal))

    def ask(
        self, plugin: str, hook: str, kind: type, call: Callable[..., Any], **arguments: Any
    ) -> Sequence[Any]:
        """Return what a build-time hook of a plugin returns.

        If it fails, or returns something else than a list of ``kind``, the server goes on without
        the plugin until the next start.

        :raises PluginError: if that plugin brings access rules, or with ``strict``
        """
        cause, result = None, None
        try:
            result = call(**arguments)
            text = wrong_result(plugin, hook, kind, result)
        except (Exception, SystemExit) as exc:
            cause, text = exc, f"plugin {plugin}: {hook} failed: {in_words(exc)}"
        if text is None:
            return result or ()
        self._dropped.setdefault(plugin, []).append(text)
        stray = isinstance(result, (list, tuple)) and any(
            isinstance(rule, PolicyRule) for rule in result
        )
        if not self._tolerant and (self._strict or stray or self.guards(plugin)):
            raise PluginError(text) from cause
        _report(text, cause)
        return ()

    def listens(self, hook: str) -> bool:
        """Return True if any plugin implements the event ``hook``."""
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

    def texts(self, hook: str, server: Any) -> list[str]:
        """Return the texts of all plugins, of ``find_problems`` or ``find_refusals``."""
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


def _report(text: str, cause: BaseException | None) -> None:
    _log.error("%s", text)
    if cause is not None:
        _log.debug("%s", text, exc_info=cause)


def _call(impl: Any, **arguments: Any) -> Any:
    return impl.function(*(arguments[name] for name in impl.argnames))


def _refuse(name: str, first: str, second: str, options: Any) -> Any:
    raise BackendError(
        f"the backend {name!r} is claimed by the plugins {first} and {second}: "
        f"switch one off with {OFF}{second}"
    )
