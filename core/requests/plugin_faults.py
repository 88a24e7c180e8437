"""Faults of plugins while a server runs: named by plugin, hook and node, counted, and logged.

A fault is noted on the thread where it happens, also on network threads and on the tree's update
thread. A log handler may block there, so a worker logs it.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from typing import Any

from ..concurrency.clock import Clock, SystemClock
from ..errors import PluginError, in_words
from ..mapping.problems import nodes_in_words
from .policy import Deny

_log = logging.getLogger("roguebridge.plugins")
_QUICK = 0.05  # seconds
_COUNTS = re.compile(r"takes (\d+) positional arguments? but (\d+) w")


def _at_once(call: Callable[[], None]) -> None:
    call()


def _unknown(of: Any) -> str:
    return "?"


class PluginFaults:
    """The faults of all plugins of one server; from any thread, never blocks, never raises.

    Faults of one plugin, hook and kind are one line with the number of nodes. So what is stored is
    bounded by the number of plugins and nodes, not by that of requests and updates.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.begin(SystemClock(), _at_once)

    def begin(
        self,
        clock: Clock,
        run_soon: Callable[[Callable[[], None]], object],
        converts: Callable[[Any], str] = _unknown,
        guards: Callable[[Any], str] = _unknown,
        times: Callable[[Any], str] = _unknown,
    ) -> None:
        """Forget all faults: the server starts anew.

        :param clock: measures how long quick parts take
        :param run_soon: runs a function on a worker
        :param converts: returns the plugin that has chosen the converter of a node
        :param guards: returns the plugin that has made a policy
        :param times: returns the plugin that has chosen the time source of a node
        """
        with self._lock:
            self.clock, self._run_soon = clock, run_soon
            self._converts, self._guards, self._times = converts, guards, times
            # plugin, hook and kind -> text of the first one, and the paths of the nodes
            self._found: dict[tuple[str, str, str], tuple[str, dict[str, None]]] = {}
            self._traced: set[tuple[str, str, str]] = set()
            self._chosen: dict[str, str] = {}  # path -> plugin, of converters that failed
            self._timed: dict[str, str] = {}  # the same of time sources

    def failed(
        self, plugin: str, hook: str, path: str, exc: BaseException, at_once: bool = False
    ) -> str:
        """Note that a part of a plugin has raised.

        :param hook: the hook or the method
        :param path: of the node; empty if it is about none
        :param at_once: the present thread may wait for log handlers
        :returns: plugin, hook, class and text of the exception, in one line
        """
        what = _failure(exc)
        self.wrong(plugin, hook, path, type(exc).__name__, what, at_once)
        self._trace(plugin, hook, exc, at_once)
        return f"plugin {plugin}: {hook} {what}"

    def wrong(
        self, plugin: str, hook: str, path: str, kind: str, what: str, at_once: bool = False
    ) -> str:
        """Note that a part of a plugin does something else than it should.

        :param kind: equal for faults that are one line
        :param what: it has done
        :param at_once: the present thread may wait for log handlers
        :returns: plugin, hook and fault, in one line
        """
        key = plugin, hook, kind
        with self._lock:
            is_new = key not in self._found
            _, paths = self._found.setdefault(key, (what, {}))
            if path:
                paths[path] = None
        if is_new:
            text = _line(plugin, hook, what, (path,) if path else ())
            (_at_once if at_once else self._run_soon)(lambda: _log.error("%s", text))
        return f"plugin {plugin}: {hook} {what}"

    def policy_failed(self, policy: Any, method: str, path: str, exc: BaseException) -> None:
        """Note that a method of a policy has raised."""
        self.failed(self._guards(policy), f"{method} of a policy", path, exc)

    def policy_unreadable(self, policy: Any, attribute: str, exc: BaseException) -> None:
        """Note that an attribute of a policy, or its state, has raised."""
        hook = f"{attribute} of the policy {type(policy).__qualname__}"
        self.failed(self._guards(policy), hook, "", exc)

    def policy_returned(self, policy: Any, path: str, decision: Any) -> None:
        """Note that a policy has returned something else than a decision."""
        kind = type(decision)
        plain = kind in (type(None), bool, int, str)
        given = repr(decision)[:50] if plain else f"a {kind.__name__}"
        what = f"returned {given}, expected Allow or Deny"
        if issubclass(kind, Deny):
            what = "returned a Deny without a text, expected Allow or Deny('why')"
        self.wrong(self._guards(policy), "decide of a policy", path, kind.__name__, what)

    def policy_took(self, policy: Any, method: str, path: str, since: float) -> None:
        """Note that what runs on a network thread took too long, if it did: all clients waited.

        :param since: time of the clock at which it was asked
        """
        took = self.clock.monotonic() - since
        if took > _QUICK:
            what = f"took {1000 * took:.0f} ms, and all clients may wait for it; it may take 50 ms"
            self.wrong(self._guards(policy), f"{method} of a policy", path, "slow", what)

    def time_source_failed(self, node: Any, exc: BaseException) -> None:
        """Note that the time source of a node has raised, or has returned no number."""
        path = node.path
        plugin = self._timed.get(path)
        if plugin is None:
            plugin = self._timed[path] = self._times(node)
        self.failed(plugin, "its time source", path, exc)

    def conversion_failed(self, node: Any, hook: str, exc: BaseException) -> str | None:
        """Say which converter cannot show a value of a node; the PV reports it while it lasts.

        :returns: as :meth:`failed`; None for a converter of Roguebridge
        """
        plugin = self._converter_of(node)
        if plugin is None:
            return None
        self._trace(plugin, hook, exc)
        return f"plugin {plugin}: {hook} {_failure(exc)}"

    def put_conversion_failed(self, node: Any, exc: BaseException) -> str | None:
        """Note that a converter has failed at what a client puts, which is no refusal of it.

        :returns: as :meth:`failed`; None for a converter of Roguebridge
        """
        if isinstance(exc, (ValueError, OverflowError)):
            return None
        plugin = self._converter_of(node)
        return None if plugin is None else self.failed(plugin, "to_tree", node.path, exc)

    def _converter_of(self, node: Any) -> str | None:
        path = node.path
        plugin = self._chosen.get(path)
        if plugin is None:
            plugin = self._chosen[path] = self._converts(node)
        return None if plugin in ("converters", "?") else plugin

    def _trace(self, plugin: str, hook: str, exc: BaseException, at_once: bool = False) -> None:
        key = plugin, hook, type(exc).__name__
        if key in self._traced:
            return
        self._traced.add(key)
        if _log.isEnabledFor(logging.DEBUG):
            text = f"plugin {plugin}: {hook} {_failure(exc)}"
            run = _at_once if at_once else self._run_soon
            run(lambda: _log.debug("%s", text, exc_info=exc))

    def problems(self) -> list[str]:
        """Return the faults, one text for each plugin, hook and kind."""
        with self._lock:
            return [
                _line(plugin, hook, what, tuple(paths))
                for (plugin, hook, _), (what, paths) in self._found.items()
            ]


def _failure(exc: BaseException) -> str:
    if isinstance(exc, PluginError):
        return f"failed: {exc}"
    told = f"failed: {in_words(exc)}"
    trace = exc.__traceback__
    if isinstance(exc, TypeError) and trace is not None and trace.tb_next is None:
        counts = _COUNTS.search(told)  # raised by the call itself
        if counts is not None and int(counts[2]) == int(counts[1]) + 1:
            return f"{told}; is self missing?"
    return told


def _line(plugin: str, hook: str, what: str, paths: tuple[str, ...]) -> str:
    where = nodes_in_words(paths)
    return f"plugin {plugin}: {where}{': ' * bool(where)}{hook} {what}"
