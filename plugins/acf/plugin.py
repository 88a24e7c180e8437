"""The plugin: it reads an access security file at each start and at each reload."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from roguebridge.core.errors import PluginError
from roguebridge.core.hooks import PolicyRule, hookimpl
from roguebridge.core.mapping import ExtraNode, Selector
from roguebridge.core.tree import ServerCommand, TreeNode

from .assignment import Assignments, Place
from .hosts import Resolver, look_up
from .in_force import InForce
from .policy import AsgPolicy
from .reading import read_acf
from .rules import Rules

_log = logging.getLogger("roguebridge.acf")

PATH = "RB.AcfReload"
_OPTIONS = ("file", "assign", "macros", "resolve_every", "client_conf")


class Acf:
    """Guards puts and calls by an EPICS access security file; one object serves one server.

    The user name is what the client claims; only the address is that of its connection.

    :param file: the file; it is read at each start, and by :meth:`reload`
    :param assign: assigns nodes to ASGs, the first match counts: mappings with ``asg``, ``path``
        (a glob) or ``group`` or both, ``level`` (0 if not given) and ``optional`` (True if no node
        may match); all other nodes are in ``DEFAULT``
    :param macros: name -> text for ``$(name)`` in the file
    :param resolve_every: seconds between two look-ups of the host names in the file
    :param client_conf: settings of the PVAccess client for inputs of other servers, e.g.
        ``EPICS_PVA_ADDR_LIST``; None for those of the environment
    :param resolve: gives the addresses of a host name, for tests
    :raises TypeError: for arguments of the wrong type
    :raises ValueError: for an assignment or a time that cannot be used
    """

    def __init__(
        self,
        file: str | os.PathLike[str],
        *,
        assign: Iterable[Mapping[str, Any]] = (),
        macros: Mapping[str, str] | None = None,
        resolve_every: float = 60.0,
        client_conf: Mapping[str, str] | None = None,
        resolve: Resolver = look_up,
    ) -> None:
        if not isinstance(file, (str, os.PathLike)):
            raise TypeError(f"acf: file must be a file name, not {file!r}")
        if not _is_time(resolve_every):
            raise ValueError(f"acf: resolve_every must be seconds, not {resolve_every!r}")
        self._file = os.fspath(file)
        self._assignments = Assignments(assign)
        self._macros = _texts("macros", macros or {})
        conf = None if client_conf is None else _texts("client_conf", client_conf)
        self._in_force = InForce(resolve, resolve_every, conf)
        self._policies: dict[Place, AsgPolicy] = {}
        self._running = False
        # A reload runs on a worker or on any thread of the site, beside a stop. `_reading` lets one
        # reload run at a time; `_changing`, taken inside it, guards `_running` and `_in_force`.
        self._reading = threading.Lock()
        self._changing = threading.Lock()
        self._command = ServerCommand(
            PATH, self.reload, description="Reads the access security file again"
        )

    @classmethod
    def from_option(cls, option: Any) -> Acf:
        """Return the plugin for ``acf=option``, a file name or a dict of arguments.

        :raises TypeError: for anything else
        :raises ValueError: for an unknown argument, or one that is wrong
        """
        if not isinstance(option, Mapping):
            return cls(option)
        unknown = [key for key in option if key not in _OPTIONS]
        if unknown:
            raise ValueError(f"acf has no {unknown[0]!r}; there are {list(_OPTIONS)}")
        if "file" not in option:
            raise ValueError(f"acf needs a file: {dict(option)!r}")
        return cls(**option)

    # Reading -----------------------------------------------------------------------------------

    def reload(self) -> None:
        """Read the file again; waits a moment for new host names and inputs.

        :raises PluginError: naming file and line, if the file cannot be used; the rules that were
            read before stay in force
        """
        with self._reading:  # a stop waits for the change of rules, not for the file
            try:
                rules = self._read()
            except PluginError as exc:
                _log.error("%s; the rules read before stay in force", exc)
                raise
            with self._changing:
                self._in_force.change(rules)
        _log.info("%s is in force", self._file)

    def resolve(self) -> None:
        """Look up the host names now; blocks."""
        self._in_force.hosts.refresh()

    def _read(self) -> Rules:
        rules = read_acf(self._file, self._macros)
        self._assignments.check(rules, self._file)
        return rules

    # Hooks -------------------------------------------------------------------------------------

    @hookimpl
    def policy_rules(self) -> Sequence[PolicyRule]:
        """Guard every node by the rules of the file.

        :raises PluginError: if the file cannot be used
        """
        rules = self._read()
        if not self._running:
            self._in_force.change(rules)
        return [PolicyRule(self._policy)]

    def _policy(self, node: TreeNode) -> AsgPolicy:
        place = self._assignments.place(node)
        if place not in self._policies:
            self._policies[place] = AsgPolicy(self._in_force, *place)
        return self._policies[place]

    @hookimpl
    def extra_nodes(self, base: str) -> Sequence[ExtraNode]:
        """Serve the command that reads the file again."""
        return [ExtraNode(f"{base}:RB:AcfReload", self._command)]

    @hookimpl
    def server_starting(self, server: Any) -> None:
        """Refuse a second server: both would be judged by one file and its inputs.

        :raises PluginError: if another server runs with this object
        """
        if self._running:
            raise PluginError(f"{self._file} guards another server: give each an Acf of its own")

    @hookimpl
    def server_started(self, server: Any) -> None:
        """Begin to watch the inputs, and to look host names up."""
        with self._changing:
            self._running = True
            self._in_force.start(server)

    @hookimpl
    def find_problems(self) -> Sequence[str]:
        """Report inputs without a value: their rules match no client now."""
        if not self._running:
            return []
        return [
            f"{self._file}: the input {name} has no value: it is not connected, or INVALID"
            for name in self._in_force.silent
        ]

    @hookimpl
    def selectors(self) -> Sequence[Selector]:
        """Return the assignments, so that an assignment of no node is a problem."""
        return self._assignments.selectors

    @hookimpl
    def reload_configuration(self) -> None:
        """Read the file again; a file that cannot be used is logged."""
        with contextlib.suppress(PluginError):
            self.reload()

    @hookimpl
    def server_stopping(self) -> None:
        """Stop to watch inputs and to look host names up."""
        with self._changing:
            self._running = False
            self._in_force.stop()


def _is_time(value: Any) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and 0 < value < threading.TIMEOUT_MAX


def _texts(what: str, given: Any) -> dict[str, str]:
    if not isinstance(given, Mapping) or not all(
        isinstance(text, str) for pair in given.items() for text in pair
    ):
        raise TypeError(f"acf: {what} must map str to str, not {given!r}")
    return dict(given)
