"""The server: from a running tree to served PVs and back to nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from os import PathLike
from typing import Any, ClassVar, Self

from ..backend.client_limits import ClientLimits
from ..backend.contract import BackendOptions
from ..concurrency.clock import Clock, SystemClock
from ..concurrency.gc_pause import collecting_later
from ..config.options import plugin_options
from ..errors import PluginError, words_of
from ..hooks.manager import Plugins
from ..mapping.groups import Groups, group_list
from ..mapping.problems import grouped
from ..pv.holder import PvHolder
from ..pv.pacing import DeadbandOption, Pacing, UpdateRate
from ..requests.claims import MAX_NAME
from ..requests.completion import checked_timeout
from ..requests.put_limits import ByPath, PutLimits
from ..requests.queued_bytes import MOST, QueuedBytes
from .build import copied, make_backends, make_services
from .freshness import Freshness
from .inspection import Inspection
from .run import ServerRun


class PvServer(Inspection):
    """Serves the variables and commands of one PyRogue root.

    :param base: first part of every PV name in automatic mode
    :param root: the root of the tree; it must run when the server starts
    :param incGroups: serve only nodes in one of these groups; None: all
    :param excGroups: serve no node in these groups; None: ``['NoServe']``, ``[]``: leave out
        nothing
    :param pvMap: serve exactly these: a dict of path to PV name (or list of names), or a file that
        :meth:`dump` wrote; None: all nodes that the groups allow
    :param backends: serve over these backends: ``pva``, ``ca``, ``soft``, or those of plugins
    :param plugins: objects, classes, modules, ``'module'`` or ``'module:Object'``; they are asked
        before all other plugins; ``'no:NAME'`` switches a plugin off
    :param names: template of PV names, e.g. ``'{base}:{device}:{name}'``, or a dict of the
        arguments of ``TemplateNames``
    :param policies: dict of ``read_only`` (True: refuse all puts and calls at first), ``no_write``
        (groups whose nodes take no put or call; default ``'NoWrite'``) and ``operators`` (only
        these users may use PyRogue's dangerous built-ins)
    :param acf: EPICS access security file, or a dict of the arguments of ``Acf``
    :param audit: file for a record of every put and call, or a dict of the arguments of ``Audit``
    :param strict: raise an error for every problem of the mapping and every broken plugin
    :param isolate: listen on loopback only, on free ports; ignore the environment
    :param conf: protocol settings, e.g. ``EPICS_PVAS_SERVER_PORT``; they replace those of the
        environment
    :param put_reply_timeout: seconds after which a put is answered although it still runs, unless
        the client asks to block; None: always wait for its end
    :param completion_timeout: seconds that the answer to a put or call waits until all PVs
        that it changed are shown; 0: no wait, None: no limit
    :param open_timeout: seconds that a PV waits for its first value; then it opens INVALID
    :param read_on_connect: True: read a variable, also from hardware, when its first client
        connects
    :param poll_watched: seconds between polls of variables that clients are connected to, unless
        they are polled more often already; None: no such polls
    :param missed_polls: a polled variable that is silent for so many poll intervals, and at least
        one second, becomes INVALID with TIMEOUT; None: never
    :param stuck_after: seconds that the tree may take to deliver one update; then all PVs become
        INVALID
    :param update_rate: most updates of a PV per second; the newest is always sent; a number for all
        PVs, or a dict of path glob to number, where the first match counts; None: no limit
    :param deadband: largest change of a number that is not sent: a number in units of the PV, or a
        share of the value shown (``'1%'``); for all PVs, or a dict of path glob to deadband, where
        the first match counts; None: no deadband
    :param clamp: a put outside the limits of a variable: True: set the limit, False: refuse it; or
        a list of path globs for which the limit is set
    :param allow_nan: a put of NaN to a variable with limits: True: accept it, False: refuse it; or
        a list of path globs for which it is accepted
    :param queue_commands: calls of a command that is running: True: they wait, False: they are
        refused
    :param max_queued_bytes: bytes of waiting and running puts and calls of one client; all clients
        together have four times as many; more is refused as busy
    :param group_cache: seconds until the groups of a user are looked up again
    :param max_name: most characters of a name that a client gives, such as its user; a longer one
        is cut and ends in ``…``
    :param stop_timeout: seconds that :meth:`stop` waits for pending puts and calls
    :param clock: the source of time, for tests
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
        stop_timeout: float = 5.0,
        clock: Clock | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(base, str):
            raise TypeError(f"base must be a str, not {base!r}")
        if pvMap is not None and not isinstance(pvMap, (Mapping, str, PathLike)):
            raise TypeError(f"pvMap must be a dict path -> PV name or a file name, not {pvMap!r}")
        if isinstance(backends, str) or isinstance(plugins, str):
            raise TypeError("backends and plugins must be lists, not a str")
        self._base = base
        self._root = root
        self._include = group_list(incGroups, "incGroups")
        self._exclude = ["NoServe"] if excGroups is None else group_list(excGroups, "excGroups")
        self._pv_map = copied(pvMap) if isinstance(pvMap, Mapping) else pvMap
        self._strict = strict
        self._isolated = isolate
        self._freshness = Freshness(root, missed_polls, poll_watched, stuck_after)
        self._pacing = Pacing(update_rate, deadband)
        self._limits = PutLimits(clamp, allow_nan)
        self._client_limits = ClientLimits(group_cache, max_name)
        self._queued = QueuedBytes(max_queued_bytes)
        self._stop_timeout = stop_timeout
        self._clock = clock or SystemClock()
        self._log = logging.getLogger(self.logger_name)
        self._plugins = Plugins(
            plugins, strict, plugin_options(names=names, policies=policies, acf=acf, audit=audit)
        )
        self._services = partial(
            make_services,
            root,
            self._clock,
            self._plugins,
            checked_timeout(completion_timeout),
            self._client_limits.group_cache,
            log=self._log,
            put_reply_timeout=put_reply_timeout,
            open_timeout=open_timeout,
            read_on_connect=read_on_connect,
            queue_commands=queue_commands,
            queued=self._queued,
            pacing=self._pacing if self._pacing.active else None,
            limits=self._limits,
        )
        options = BackendOptions(isolate, conf, self._queued, max_name)
        self._backends = make_backends(self._plugins, backends, options)

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

    # Lifecycle ----------------------------------------------------------------------------

    def _start(self) -> None:
        """Start with the root: PyRogue calls this from ``root.start()``."""
        if self.starts_with_root:
            self._begin(expect_reads=True)

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
        self._begin(expect_reads=False)

    def stop(self) -> None:
        """Answer what is pending, disconnect all clients, free ports and listeners.

        Does nothing if stopped. Pending puts and calls have ``stop_timeout`` seconds to end; the
        rest is answered with an error. What fails on the way is logged.

        :raises BackendError: on a backend's own thread, in a quick policy, say; the server goes on
        """
        for backend in self._backends:
            backend.check_stop()
        with self._lifecycle:
            serving = self._serving
            if serving is None:
                return
            serving.attempt("plugins", lambda: self._plugins.event("server_stopping", server=self))
            serving.end()
            self._serving = None
            self._log.info("stopped serving %s", self._base)

    @property
    def reloads(self) -> bool:
        """True if :meth:`reload` has something to do."""
        return self._plugins.listens("reload_configuration")

    def reload(self) -> None:
        """Have the plugins read their files again, access rules say; nothing is disconnected.

        What a plugin cannot use is logged, and it goes on with what it has.
        """
        if self.running:
            self._plugins.event("reload_configuration", server=self)

    def _begin(self, expect_reads: bool) -> None:
        with self._lifecycle, collecting_later():
            if self._serving is not None:
                return
            self._need_running_root()
            self._map, self._extra, self._rules = self._work_out()
            for problem in grouped((*self._map.problems, *self._extra.problems)):
                self._log.log(logging.WARNING if problem.warning else logging.ERROR, problem.text)
            self._map.check(self._strict)
            self._extra.check(self._strict)
            self._ask_plugins()
            serving = ServerRun(
                self._base,
                self._backends,
                self._rules,
                self._services(expect_reads=expect_reads),
                self.holder_class,
                self._stop_timeout,
                self._freshness,
            )
            self._holders, self._own_holders = {}, {}
            serving.begin(self._map, self._extra)
            own = {entry.path for entry in self._extra.entries}
            by_path = serving.holders.items()
            self._own_holders = {path: holder for path, holder in by_path if path in own}
            self._holders = {path: holder for path, holder in by_path if path not in own}
            self._serving = serving
            self._log.info("serving %d PVs of %s", len(self._holders), self._base)
            self._plugins.event("server_started", server=self)
            for text in self._plugins.texts("find_problems", self):
                self._log.warning("%s", text)

    def _ask_plugins(self) -> None:
        for plugin, ask in self._plugins.listeners("server_starting"):
            try:
                ask(server=self)
            except (Exception, SystemExit) as exc:
                text = words_of(exc)
                raise PluginError(f"plugin {plugin}: the server must not start: {text}") from exc
