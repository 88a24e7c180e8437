"""The server: from a running tree to served PVs and back to nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from os import PathLike
from types import MappingProxyType
from typing import Any, ClassVar, Self

from ..backend.contract import BackendOptions
from ..concurrency.clock import Clock, SystemClock
from ..config.arguments import documented, plugin_options
from ..config.numbers import check_options
from ..health import Health
from ..hooks.manager import Plugins
from ..hooks.sources import PluginInfo
from ..mapping.groups import Groups
from ..mapping.map_file import write_map
from ..pv.holder import PvHolder
from ..pv.pacing import DeadbandOption, Pacing, UpdateRate
from ..requests.claims import MAX_NAME
from ..requests.put_limits import ByPath, PutLimits
from ..requests.queued_bytes import MOST, QueuedBytes
from .build import client_conf_of, make_backends, make_services
from .explain import Explanation, explain
from .freshness import Freshness
from .lifecycle import Lifecycle
from .mapper import Mapper
from .report import report
from .status import Status
from .survey import Survey, survey


@documented
class PvServer:
    """Serves the variables and commands of one PyRogue root.

    :raises TypeError: for arguments of the wrong type
    :raises BackendError: for an unknown backend
    :raises PluginError: for a broken plugin, with ``strict``
    """

    #: the class of the holders, one per served node
    holder_class: ClassVar[type[PvHolder]] = PvHolder
    #: where mapping errors, start and stop, refused and failed requests are logged
    logger_name: ClassVar[str] = "roguebridge.server"
    #: False keeps the server silent when its root starts, so that it can be surveyed only
    starts_with_root: bool = True

    def __init__(
        self,
        base: str,
        root: Any,
        incGroups: Groups = None,
        excGroups: Groups = None,
        pvMap: Mapping[str, str | Sequence[str]] | str | PathLike[str] | None = None,
        *,
        backends: Iterable[str] = ("pva",),
        plugins: Iterable[Any] = (),
        names: str | Mapping[str, Any] | None = None,
        policies: Mapping[str, Any] | None = None,
        acf: str | PathLike[str] | Mapping[str, Any] | None = None,
        audit: str | PathLike[str] | Mapping[str, Any] | None = None,
        web: Mapping[str, Any] | None = None,
        strict: bool = False,
        isolate: bool = False,
        conf: Mapping[str, str] | None = None,
        put_reply_timeout: float | None = 0.5,
        completion_timeout: float | None = 1.0,
        open_timeout: float = 1.0,
        read_on_connect: bool = False,
        poll_watched: float | None = None,
        missed_polls: float | None = 3.0,
        stuck_after: float = 10.0,
        update_rate: UpdateRate = None,
        deadband: DeadbandOption = None,
        clamp: ByPath = False,
        allow_nan: ByPath = False,
        queue_commands: bool = False,
        max_queued_bytes: int = MOST,
        group_cache: float = 60.0,
        max_name: int = MAX_NAME,
        status: bool = True,
        command_status: bool = False,
        stop_timeout: float = 5.0,
        clock: Clock | None = None,
    ) -> None:
        check_options(locals())
        if isinstance(backends, str) or isinstance(plugins, str):
            raise TypeError("backends and plugins must be lists, not a str")
        self._root = root
        self._isolated = isolate
        self._clock = clock or SystemClock()
        log = logging.getLogger(self.logger_name)
        pacing, limits = Pacing(update_rate, deadband), PutLimits(clamp, allow_nan)
        self._queued = QueuedBytes(max_queued_bytes)
        self._plugins = Plugins(plugins, strict, plugin_options(names, policies, acf, audit, web))
        options = BackendOptions(isolate, conf, self._queued, max_name)
        self._backends = make_backends(self._plugins, backends, options)
        own = Status(locals(), self._backends)
        selectors = (*pacing.selectors(), *limits.selectors())
        self._mapper = Mapper(
            base, root, incGroups, excGroups, pvMap, self._plugins, selectors, own.nodes
        )
        self._make_services = partial(
            make_services,
            root,
            self._clock,
            self._plugins,
            completion_timeout,
            group_cache,
            log=log,
            put_reply_timeout=put_reply_timeout,
            open_timeout=open_timeout,
            read_on_connect=read_on_connect,
            queue_commands=queue_commands,
            queued=self._queued,
            pacing=pacing if pacing.active else None,
            limits=limits,
            last_runs=own.last_runs,
        )
        self._lifecycle = Lifecycle(
            self,
            self._mapper,
            self._backends,
            self._make_services,
            self.holder_class,
            Freshness(root, missed_polls, poll_watched, stuck_after),
            stop_timeout,
            strict,
            log,
            own,
        )

    @classmethod
    def from_yaml(cls, root: Any, file: str | PathLike[str], **overrides: Any) -> Self:
        """Make a server as a configuration file says.

        :param root: the root of the tree
        :param file: a YAML file with the arguments of the constructor; names of files in it are
            relative to its folder
        :param overrides: arguments that count instead of the file's
        :raises ConfigError: naming file, line and key of all that is wrong with the file
        """
        from ..config.file import read_config  # which costs those who have none a tenth of a second

        config = read_config(file, overrides)
        arguments = config.arguments(overrides)
        with config.located(overrides):
            return cls(root=root, **arguments)

    @property
    def root(self) -> Any:
        """The root of the served tree."""
        return self._root

    @property
    def base(self) -> str:
        """First part of the PV names in automatic mode."""
        return self._mapper.base

    @property
    def running(self) -> bool:
        """True between a start and the following stop."""
        return self._lifecycle.run is not None

    @property
    def holders(self) -> Mapping[str, PvHolder]:
        """The holders by node path, in tree order; empty before the first start."""
        return MappingProxyType(self._lifecycle.holders)

    @property
    def health(self) -> Health | None:
        """The numbers of the present run; None if the server does not run, or has no status PVs."""
        return getattr(self._lifecycle.run, "health", None)

    def list(self, own: bool = False) -> dict[str, str]:
        """Return path -> primary PV name of every served node, in tree order.

        :param own: True for those of the server itself too, after the others
        """
        return self._lifecycle.mapped.names(own)

    def find(self, pv_name: str) -> PvHolder | None:
        """Return the holder of a PV, one of the server's own too, while the server runs.

        :param pv_name: the PV's name, or one of its aliases
        :returns: None if no PV has that name
        """
        return self._lifecycle.find(pv_name)

    def dump(self, fname: str | PathLike[str] | None = None) -> None:
        """Print, or write to ``fname``, one ``pv -> path`` line per PV name, in tree order."""
        entries = self._lifecycle.mapped.pvs.entries
        write_map(((name, entry.path) for entry in entries for name in entry.names), fname)

    def report(self) -> tuple[str, ...]:
        """Return every problem there is, one text each.

        Those of the mapping and the plugins; the tree, if it delivers no updates; and each node
        that cannot be shown as it is at present, or not whole over some protocol, as far as
        clients have looked at it: :meth:`survey` looks at all.
        """
        found = self._plugins.texts("find_problems", self) if self.running else ()
        now = self._lifecycle
        return report(now.run, self._plugins, now.mapped, found, now.all_holders)

    @property
    def plugins(self) -> tuple[PluginInfo, ...]:
        """The plugins, first asked first."""
        return self._plugins.infos()

    @property
    def broken_plugins(self) -> Mapping[str, str]:
        """Name -> what is wrong, of each plugin that cannot be used."""
        return MappingProxyType(self._plugins.broken)

    def survey(self) -> Survey:
        """Work out all that a start would, and read each variable once; nothing is served.

        :returns: every PV with its type, and every problem there is
        :raises NotRunningError: if the root is not running
        :raises MappingError: if the map file cannot be read
        """
        with self._lifecycle.lock:
            return survey(self, self._mapper, self._lifecycle.present(), self._backends)

    def explain(self, path: str) -> Explanation:
        """Tell which rules of which plugins name, convert and guard a node; nothing is served.

        :param path: of the node
        :raises NotRunningError: if the root is not running
        :raises MappingError: if the map file cannot be read
        """
        with self._lifecycle.lock:
            return explain(path, self._mapper, self._lifecycle.present(), self._backends)

    @property
    def isolated(self) -> bool:
        """True if the server listens on loopback only, on free ports."""
        return self._isolated

    def where(self) -> tuple[tuple[str, str], ...]:
        """Return each backend's name and where it listens, for people."""
        return tuple((backend.name, backend.where()) for backend in self._backends)

    def client_conf(self, backend: str | None = None) -> dict[str, str]:
        """Return the settings with which a client reaches exactly this server.

        :param backend: its name; by default the first one
        :raises BackendError: if that backend is not in use, not running, or has none
        """
        return client_conf_of(self._backends, backend)

    # Lifecycle ----------------------------------------------------------------------------

    def _start(self) -> None:
        """Start with the root: PyRogue calls this from ``root.start()``."""
        if self.starts_with_root:
            self._lifecycle.start(expect_reads=True)

    def _stop(self) -> None:
        """Stop with the root: PyRogue calls this from ``root.stop()``."""
        self.stop()

    def start(self) -> None:
        """Start on a root that is running already; does nothing if started.

        :raises RogueVersionError: if the tree's Rogue is too old
        :raises NotRunningError: if the root is not running
        :raises MappingError: if the mapping cannot be served
        :raises PluginError: if a plugin does not let it start
        :raises BackendError: if a backend cannot listen
        """
        self._lifecycle.start(expect_reads=False)

    def stop(self) -> None:
        """Answer what is pending, disconnect all clients, free ports and listeners.

        Does nothing if stopped. Pending puts and calls have ``stop_timeout`` seconds to end; the
        rest is answered with an error. What fails on the way is logged.

        :raises BackendError: on a backend's own thread, in a quick policy, say; the server goes on
        """
        self._lifecycle.stop()

    @property
    def reloads(self) -> bool:
        """True if :meth:`reload` has something to do."""
        return self._plugins.listens("reload_configuration")

    def reload(self) -> None:
        """Have the plugins read their files again, access rules say; nothing is disconnected.

        What a plugin cannot use is logged, and it goes on with what it has.
        """
        self._lifecycle.reload()
