"""Plugins of one server: defaults, installed ones, then the caller's, who are asked first.

A broken plugin is reported by name and does not take the host down; one that fails to give its
access rules does, because serving without them would open what they guard.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib.metadata import entry_points
from typing import Any, TypeVar

import pluggy

from .errors import PluginError
from .hookspecs import PROJECT, BackendFactory, Hooks
from .rules import ConverterRule, NamingRule, PolicyRule, Rule, TimeSourceRule

_log = logging.getLogger("roguebridge.plugins")

# By name, because core imports neither plugins nor backends.
DEFAULT_PLUGINS = (
    "roguebridge.backends.soft.plugin",
    "roguebridge.backends.epics.pva.plugin",
    "roguebridge.plugins.naming",
    "roguebridge.plugins.converters",
    "roguebridge.plugins.mode_policy",
    "roguebridge.examples.plugin",
)


RuleKind = TypeVar("RuleKind", bound=Rule[Any])


class Plugins:
    """The plugins of one server; nothing is shared between servers.

    :param plugins: objects, modules or dotted module names, asked before all others
    :param strict: raise for a broken plugin instead of going on without it
    :param report: told of each broken plugin that is gone without
    """

    def __init__(self, plugins: Iterable[Any], strict: bool, report: Callable[[str], None]) -> None:
        self._strict = strict
        self._report = report
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(Hooks)
        # pluggy asks the last registered first.
        for name in DEFAULT_PLUGINS:
            self._register(partial(importlib.import_module, name), name)
        for point in sorted(entry_points(group=PROJECT), key=lambda point: point.name):
            self._register(point.load, point.name)
        for plugin in reversed(list(plugins)):
            if isinstance(plugin, str):
                self._register(partial(importlib.import_module, plugin), plugin)
            else:
                self._register(partial(_itself, plugin), _name(plugin))

    def _register(self, load: Callable[[], Any], name: str) -> None:
        while self._manager.has_plugin(name):  # a second object of one class
            name += "+"
        try:
            plugin = load()
            if self._manager.is_registered(plugin):
                return
            self._manager.register(plugin, name)
            self._manager.check_pending()
            if not self._manager.get_hookcallers(plugin):
                raise PluginError("it has no hooks: are its functions marked @hookimpl?")
        except (Exception, SystemExit) as exc:
            if self._manager.has_plugin(name):
                self._manager.unregister(name=name)
            self._broken(PluginError(f"plugin {name} cannot be used: {exc}"), exc)

    def _broken(self, error: PluginError, cause: BaseException) -> None:
        if self._strict:
            raise error from cause
        _log.error("%s", error)
        self._report(str(error))

    def naming_rules(self, base: str) -> list[NamingRule]:
        """Return the naming rules, first match first."""
        return self._rules("naming_rules", NamingRule, base=base)

    def converter_rules(self) -> list[ConverterRule]:
        """Return the converter rules, first match first."""
        return self._rules("converter_rules", ConverterRule)

    def policy_rules(self) -> list[PolicyRule]:
        """Return the policy rules.

        :raises PluginError: if a plugin fails to give its own
        """
        return self._rules("policy_rules", PolicyRule, needed=True)

    def time_source_rules(self) -> list[TimeSourceRule]:
        """Return the time source rules, first match first."""
        return self._rules("time_source_rules", TimeSourceRule)

    def backends(self) -> dict[str, BackendFactory]:
        """Return the backends by name; of two with one name the first asked counts."""
        found: dict[str, BackendFactory] = {}
        for plugin, result in self._ask("register_backends", needed=False):
            if not isinstance(result, Mapping) or not all(callable(f) for f in result.values()):
                error = PluginError(
                    f"plugin {plugin}: register_backends returned {result!r}, "
                    "not a mapping of name to factory"
                )
                self._broken(error, error)
                continue
            found = {**result, **found}
        return found

    def listens(self, hook: str) -> bool:
        """Tell whether any plugin implements the event ``hook``."""
        return bool(getattr(self._manager.hook, hook).get_hookimpls())

    def listeners(self, hook: str) -> list[tuple[str, Callable[..., None]]]:
        """Return each plugin that implements ``hook`` and what takes its arguments by keyword."""
        impls = reversed(getattr(self._manager.hook, hook).get_hookimpls())
        return [(impl.plugin_name, partial(_tell, impl)) for impl in impls]

    def event(self, hook: str, **arguments: Any) -> None:
        """Call an event of every plugin; what one raises is logged and harms no other."""
        for plugin, call in self._calls(hook, arguments):
            try:
                call()
            except (Exception, SystemExit):
                _log.exception("plugin %s: %s failed", plugin, hook)

    def _rules(
        self, hook: str, kind: type[RuleKind], needed: bool = False, **arguments: Any
    ) -> list[RuleKind]:
        rules: list[RuleKind] = []
        for plugin, result in self._ask(hook, needed, **arguments):
            if isinstance(result, (list, tuple)) and all(isinstance(r, kind) for r in result):
                rules += result
                continue
            error = PluginError(
                f"plugin {plugin}: {hook} returned {result!r}, not a list of {kind.__name__}"
            )
            if needed:
                raise error
            self._broken(error, error)
        return rules

    def _ask(self, hook: str, needed: bool, **arguments: Any) -> Iterable[tuple[str, Any]]:
        for plugin, call in self._calls(hook, arguments):
            try:
                result = call()
            except (Exception, SystemExit) as exc:
                error = PluginError(f"plugin {plugin}: {hook} failed: {exc!r}")
                if needed:
                    raise error from exc
                self._broken(error, exc)
                continue
            if result is not None:
                yield plugin, result

    def _calls(
        self, hook: str, arguments: Mapping[str, Any]
    ) -> Iterable[tuple[str, Callable[[], Any]]]:
        # One by one, in pluggy's order, so that an error can name the plugin.
        for impl in reversed(getattr(self._manager.hook, hook).get_hookimpls()):
            values = [arguments[name] for name in impl.argnames]
            yield impl.plugin_name, partial(impl.function, *values)


def _tell(impl: Any, **arguments: Any) -> None:
    impl.function(*(arguments[name] for name in impl.argnames))


def _itself(plugin: Any) -> Any:
    return plugin


def _name(plugin: Any) -> str:
    return str(getattr(plugin, "__name__", None) or type(plugin).__qualname__)
