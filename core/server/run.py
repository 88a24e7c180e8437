"""One run of a server: from a mapping to listening backends, and back to nothing."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

from ..backend.contract import Backend
from ..concurrency import network_log
from ..errors import BackendError, PluginError, RoguebridgeError, without_cpp
from ..health import Health
from ..hooks.rules import converter_of, time_source_of
from ..pv.holder import PvHolder
from ..pv.request_job import abandon_all
from ..pv.services import Services, Watchers
from ..requests.policy import AccessPolicy
from ..tree.gates import Gates
from ..tree.links import with_sources
from ..tree.patches.watchdog import Watchdog
from ..tree.poll_silence import Staleness
from ..tree.poll_switch import PollSwitch
from ..tree.sources import Sources
from ..tree.watched_polls import WatchedPolls
from ..values.alarm import TIMEOUT
from .freshness import Freshness
from .mapper import MappedTree

_log = logging.getLogger("roguebridge.server")
_MOMENT = 0.2  # seconds


@dataclass(eq=False)
class ServerRun:
    """The holders of a mapping and the backends that serve them.

    :param _base: the server's, for the log
    :param backends: not started
    :param _mapped: the PVs, and the rules that choose converters, policies and time sources
    :param services: what the holders share; not used before, ended with this
    :param _holder_class: the class of the holders
    :param _stop_timeout: seconds that :meth:`end` waits for pending puts and calls
    :param freshness: the limits within which values must be told
    """

    _base: str
    backends: Sequence[Backend]
    _mapped: MappedTree
    services: Services
    _holder_class: type[PvHolder]
    _stop_timeout: float
    freshness: Freshness

    def __post_init__(self) -> None:
        services, freshness = self.services, self.freshness
        self.holders: dict[str, PvHolder] = {}
        #: samples the numbers of this run; None for a server without status PVs
        self.health: Health | None = None
        self._gates = Gates()
        clock = services.clock
        self.poll_switch = PollSwitch(freshness.root)
        self._staleness = Staleness(clock, freshness.missed_polls, lambda: self.poll_switch.on)
        self._polls = WatchedPolls(freshness.poll_watched, services.variables.submit, clock)
        self._sources = services.sources = Sources(
            clock,
            services.own.submit,
            services.texts.listen,
            services.texts.unlisten,
            self._staleness,
            services.expect_reads,
        )
        services.watchers = Watchers(self._staleness, self._polls, self._sources)
        self.watchdog = Watchdog(
            freshness.root,
            clock,
            freshness.stuck_after,
            on_fault=self._tree_silent,
            on_well=self._tree_heard,
            on_failed=self._update_failed,
            on_lost=self._updates_lost,
            log=partial(services.log_soon, logging.ERROR),
        )

    @property
    def fault(self) -> str | None:
        """What is wrong while the tree delivers no updates, else None."""
        return self.watchdog.fault

    def problems(self) -> list[str]:
        """Return what is not as it should be, one text each."""
        services = self.services
        found = [] if services.audit is None else services.audit.problems()
        found += [*services.texts.problems(), *services.stamps.problems()]
        found += self.poll_switch.problems(self._mapped.pvs.nodes)
        found += [] if services.completion is None else services.completion.problems()
        found += [text for backend in self.backends for text in backend.problems()]
        return [*found, *network_log.problems()]

    def begin(self) -> None:
        """Make the holders and listen; what raises leaves nothing behind.

        :raises PluginError: for rules that cannot be had
        :raises BackendError: if a backend cannot listen
        """
        network_log.start_anew()
        try:
            if self.services.audit is not None:
                self.services.audit.start(self.services.log_soon)
            self._name_plugins()
            self._make_holders()
            for backend in self.backends:
                with _blaming(backend):
                    for holder in self.holders.values():
                        for entry in holder.entry.by_name():
                            holder.attach(backend.serve(entry, holder))
            if self.services.completion is not None:
                self.services.completion.start()
            for gate in self._gates:
                gate.listen()
            for holder in self.holders.values():
                holder.listen()
            self._sources.listen()
            self.poll_switch.listen()
            self.watchdog.start()
            self._staleness.start()
            if self.health is not None:
                self.health.start()
            for backend in self.backends:
                with _blaming(backend):
                    backend.start()
        except BaseException:
            self.end()
            raise

    def _name_plugins(self) -> None:
        faults, rules = self.services.faults, self._mapped.rules
        chosen = partial(rules.first_plugin, rules.converters)
        timed = partial(rules.first_plugin, rules.time_sources)
        faults.begin(self.services.clock, self.services.run_soon, chosen, rules.plugin_of, timed)

    def _make_holders(self) -> None:
        rules = self._mapped.rules
        make_converter = partial(converter_of, rules.converters)
        time_rules = rules.time_sources
        self.services.clock.start()
        tuples: dict[tuple[int, ...], tuple[AccessPolicy, ...]] = {}  # most nodes share theirs
        for entry, node in chain(self._mapped.pvs, self._mapped.own):
            sources = with_sources(node)
            policies = rules.policies_of(sources)
            policies = tuples.setdefault(tuple(map(id, policies)), policies)
            try:
                time_source = time_source_of(time_rules, node)
            except PluginError as exc:
                plugin = rules.first_plugin(time_rules, node)
                hook = "a rule of time_source_rules"
                self.services.faults.failed(
                    plugin, hook, node.path, exc.__cause__ or exc, at_once=True
                )
                time_source = None
            holder = self.holders[entry.path] = self._holder_class(
                entry, node, make_converter, policies, time_source, self.services
            )
            if entry.is_command:
                self.services.defaults.note(entry.path, node)
            self._gates.add(holder, node)
        self._sources.find(self.holders, self._gates.add)

    def end(self) -> None:
        """Undo :meth:`begin`, as far as it got; each step whatever became of the others."""
        services = self.services
        if self.health is not None:
            self.attempt("status", self.health.stop)
        self.attempt("watchdog", self.watchdog.stop)
        self.attempt("staleness", self._staleness.stop)
        for holder in self.holders.values():
            self.attempt(holder.path, holder.unlisten)
        self.attempt("sources", self._sources.unlisten)
        self.attempt("PollEn", self.poll_switch.unlisten)
        for gate in self._gates:
            self.attempt(type(gate).__name__, gate.unlisten)
        pools = [services.judges, services.own, services.variables, services.commands]
        if services.rights is not None:
            pools.append(services.rights)
        for pool in pools:
            pool.refuse()
        if services.groups is not None:
            self.attempt("pending requests", partial(abandon_all, services.groups.drain()))
        deadline = services.clock.monotonic() + self._stop_timeout

        def left_to(deadline: float) -> float:
            # What comes after requests that took all the time has a moment of its own.
            return max(_MOMENT, deadline - services.clock.monotonic())

        for pool in pools:
            left = pool.drain(max(0.0, deadline - services.clock.monotonic()))
            self.attempt("pending requests", partial(abandon_all, left))
        if services.pacing is not None:
            for holder in self.holders.values():
                self.attempt(holder.path, holder.show_held)
        if services.completion is not None:
            self.attempt("answers", services.completion.stop)
        for backend in self.backends:
            self.attempt(backend.name, backend.flush)
        for backend in self.backends:
            self.attempt(backend.name, backend.stop)
        self.attempt("polls", partial(self._polls.restore_all, left_to(deadline)))
        self.attempt("log", services.refusals.tell_all)
        if services.audit is not None:
            self.attempt("audit", partial(services.audit.stop, left_to(deadline)))
        services.log_troubles()
        services.events.drain(left_to(deadline))
        if services.logs is not None:
            services.logs.drain(left_to(deadline))
            pools.append(services.logs)
        if services.groups is not None:
            services.groups.stop()
        for pool in (*pools, services.events):
            for name in pool.stop():
                _log.error("%s is still held by a call into the tree", name)
        services.clock.stop()

    # Told by the watchdog ---------------------------------------------------------------------

    def _tree_silent(self, text: str) -> None:
        self.services.fault = TIMEOUT
        for holder in self._of_tree():
            holder.reveal()
        if self.services.completion is not None:
            self.services.completion.tree_silent()

    def _tree_heard(self) -> None:
        self.services.fault = None
        if self.services.completion is not None:
            self.services.completion.tree_heard()
        for holder in self._of_tree():
            holder.look_again(fresh=holder.reader.must_be_read)
        self.poll_switch.look()

    def _of_tree(self) -> Iterator[PvHolder]:
        return (holder for holder in self.holders.values() if holder.reader.is_of_tree)

    def _updates_lost(self, variables: Sequence[Any]) -> None:
        if not variables:
            self.services.updates_lost = True
        for node in variables:
            holder = self.holders.get(node.path)
            if holder is not None and holder.node is node:
                holder.count_as_heard()
        self._sources.count_as_heard(variables)

    def _update_failed(self, path: str, exc: BaseException) -> None:
        holder = self.holders.get(path)
        if holder is not None:
            holder.listener.update_failed()
        self._sources.update_failed(path)

    def attempt(self, what: str, step: Callable[[], object]) -> None:
        """Take a step of stopping; what it raises is logged and stops no other step.

        :param what: what the step is about
        """
        try:
            step()
        except Exception:
            _log.exception("stopping %s failed at %s", self._base, what)


@contextlib.contextmanager
def _blaming(backend: Backend) -> Iterator[None]:
    """Name the backend that raises what it should not."""
    try:
        yield
    except RoguebridgeError:
        raise
    except Exception as exc:
        raise BackendError(f"backend {backend.name} failed: {without_cpp(repr(exc))}") from exc
