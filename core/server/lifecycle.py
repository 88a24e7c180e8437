"""Start, stop and reload: a server's runs, one after another."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

from ..backend.contract import Backend
from ..concurrency.gc_pause import collecting_later
from ..errors import PluginError, words_of
from ..mapping.problems import grouped
from ..pv.holder import PvHolder
from ..pv.services import Services
from .freshness import Freshness
from .mapper import MappedTree, Mapper
from .run import ServerRun
from .status import Status


class Lifecycle:
    """Starts and stops one server; each start maps the tree anew.

    Its lock is held through a start and a stop, so that two threads cannot be in either.

    :param server: what plugins are given
    :param mapper: maps the tree
    :param make_services: gives what the holders of one run share, for ``expect_reads``
    :param holder_class: the class of the holders
    :param strict: each problem of the mapping is an error
    :param log: of the server
    """

    def __init__(
        self,
        server: Any,
        mapper: Mapper,
        backends: Sequence[Backend],
        make_services: Callable[..., Services],
        holder_class: type[PvHolder],
        freshness: Freshness,
        stop_timeout: float,
        strict: bool,
        log: logging.Logger,
        status: Status,
    ) -> None:
        self._server = server
        self._mapper = mapper
        self._plugins = mapper.plugins
        self._backends = backends
        self._make_services = make_services
        self._holder_class = holder_class
        self._freshness = freshness
        self._stop_timeout = stop_timeout
        self._strict = strict
        self._log = log
        self._status = status
        self.lock = threading.RLock()
        #: between a start and the following stop
        self.run: ServerRun | None = None
        #: of the last start
        self.mapped = MappedTree()
        #: the tree's holders of the last start, by path, and those of nodes that are in no tree
        self.holders: dict[str, PvHolder] = {}
        self.own_holders: dict[str, PvHolder] = {}

    @property
    def all_holders(self) -> tuple[PvHolder, ...]:
        """The holders of the last start."""
        return *self.holders.values(), *self.own_holders.values()

    def find(self, pv_name: str) -> PvHolder | None:
        """Return the holder of a PV, by any of its names; None if there is none."""
        found = (holder for holder in self.all_holders if pv_name in holder.entry.names)
        return next(found, None)

    def present(self) -> MappedTree:
        """Return what is served, or would be; with the lock held.

        :raises NotRunningError: if the root is not running
        :raises MappingError: if the map file cannot be read
        """
        self._mapper.check_root()
        return self._mapper.map(tolerant=True) if self.run is None else self.mapped

    def start(self, expect_reads: bool) -> None:
        """Start; does nothing if started. See :meth:`.PvServer.start`.

        :param expect_reads: the root reads its registers after this
        """
        with self.lock, collecting_later():
            if self.run is not None:
                return
            self._mapper.check_root()
            mapped = self.mapped = self._mapper.map()
            for problem in grouped(mapped.problems):
                self._log.log(logging.WARNING if problem.warning else logging.ERROR, problem.text)
            mapped.check(self._strict)
            self._ask_plugins()
            run = ServerRun(
                self._mapper.base,
                self._backends,
                mapped,
                self._make_services(expect_reads=expect_reads),
                self._holder_class,
                self._stop_timeout,
                self._freshness,
            )
            self._status.attach(run, self._server, mapped)
            self.holders, self.own_holders = {}, {}
            run.begin()
            paths = {entry.path for entry in mapped.own.entries}
            for path, holder in run.holders.items():
                (self.own_holders if path in paths else self.holders)[path] = holder
            self.run = run
            self._log.info("serving %d PVs of %s", len(self.holders), self._mapper.base)
            self._plugins.event("server_started", server=self._server)
            for text in self._plugins.texts("find_problems", self._server):
                self._log.warning("%s", text)

    def stop(self) -> None:
        """Stop; does nothing if stopped. See :meth:`.PvServer.stop`."""
        for backend in self._backends:
            backend.check_stop()
        with self.lock:
            run = self.run
            if run is None:
                return
            run.attempt("plugins", lambda: self._event("server_stopping"))
            run.end()
            self.run = None
            self._log.info("stopped serving %s", self._mapper.base)

    def reload(self) -> None:
        """Have the plugins read their files again, if the server runs."""
        if self.run is not None:
            self._event("reload_configuration")

    def _event(self, hook: str) -> None:
        self._plugins.event(hook, server=self._server)

    def _ask_plugins(self) -> None:
        for plugin, ask in self._plugins.listeners("server_starting"):
            try:
                ask(server=self._server)
            except (Exception, SystemExit) as exc:
                text = words_of(exc)
                raise PluginError(f"plugin {plugin}: the server must not start: {text}") from exc
