"""The hooks of Roguebridge, which a plugin may implement.

Build-time hooks are called once per server and return rules; only rules run per node. Events are
called as things happen, never per update. A plugin is an object or module with functions marked
:data:`hookimpl`; it takes the arguments it needs, by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pluggy

from ..backend.contract import Backend, BackendOptions
from ..mapping.extra_nodes import ExtraNode
from ..mapping.selectors import Selector
from ..pv.holder import PvHolder
from ..requests.request import RequestRecord
from .rules import ConverterRule, NamingRule, PolicyRule, TimeSourceRule

PROJECT = "roguebridge"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

BackendFactory = Callable[[BackendOptions], Backend]


class Hooks:
    """The hook specifications."""

    @hookspec
    def naming_rules(self, base: str) -> Sequence[NamingRule]:  # type: ignore[empty-body]
        """Return rules that name PVs in automatic mode; the first matching rule names a node.

        :param base: the server's ``base``
        """

    @hookspec
    def converter_rules(self) -> Sequence[ConverterRule]:  # type: ignore[empty-body]
        """Return rules that choose converters; the first matching rule makes a node's."""

    @hookspec
    def policy_rules(self) -> Sequence[PolicyRule]:  # type: ignore[empty-body]
        """Return rules that guard puts and calls; every matching policy must allow.

        A plugin that fails to return its rules stops the start of the server.
        """

    @hookspec
    def time_source_rules(self) -> Sequence[TimeSourceRule]:  # type: ignore[empty-body]
        """Return rules that take a value's time from the value; the first matching rule counts."""

    @hookspec
    def extra_nodes(self, base: str, root: Any) -> Sequence[ExtraNode]:  # type: ignore[empty-body]
        """Return nodes that are served though they are not in the tree.

        Policies, converters and time sources are chosen for them as for those of the tree.

        :param base: the server's ``base``
        :param root: the root of the served tree, running
        """

    @hookspec
    def register_backends(self) -> Mapping[str, BackendFactory]:  # type: ignore[empty-body]
        """Return backends by name; each is made when a server is built with that name."""

    @hookspec
    def holder_opened(self, holder: PvHolder) -> None:
        """A PV has been opened for its first client.

        :param holder: with its ``spec`` and ``converter`` in place
        """

    @hookspec
    def request_done(self, record: RequestRecord) -> None:
        """A put or call has ended, was denied, has failed or was dropped: the audit trail.

        Each plugin has its own thread for these calls; no put waits for it.

        :param record: the request, its client and its outcome
        """

    @hookspec
    def selectors(self) -> Sequence[Selector]:  # type: ignore[empty-body]
        """Return the selectors of nodes besides rules: assignments, globs of a setting.

        One that selects no node is a problem, as a rule is that does not.
        """

    @hookspec
    def find_problems(self, server: Any) -> Sequence[str]:  # type: ignore[empty-body]
        """Return the problems of the plugin's arguments, one text each.

        Asked when a server has started, by its ``report()``, and by ``survey()``, when all rules
        have been asked of all nodes; nothing is to be changed.

        :param server: a :class:`~roguebridge.core.server.server.PvServer`, perhaps not running
        """

    @hookspec
    def find_refusals(self, server: Any) -> Sequence[str]:  # type: ignore[empty-body]
        """Return the reasons why :func:`server_starting` would stop a start, one text each.

        Asked by ``survey()``, which ``roguebridge check`` prints; nothing is to be changed.

        :param server: a :class:`~roguebridge.core.server.server.PvServer`, perhaps not running
        """

    @hookspec
    def server_starting(self, server: Any) -> None:
        """The server is about to listen; what this raises stops the start.

        :param server: a :class:`~roguebridge.core.server.server.PvServer`
        """

    @hookspec
    def server_started(self, server: Any) -> None:
        """The server listens.

        :param server: a :class:`~roguebridge.core.server.server.PvServer`
        """

    @hookspec
    def reload_configuration(self, server: Any) -> None:
        """Files that the plugin has read are to be read again, while the server goes on.

        :param server: a :class:`~roguebridge.core.server.server.PvServer`
        """

    @hookspec
    def server_stopping(self, server: Any) -> None:
        """The server is about to stop; clients are still connected.

        :param server: a :class:`~roguebridge.core.server.server.PvServer`
        """

    @hookspec
    def cli_commands(self, group: Any) -> None:
        """Add commands to the ``roguebridge`` command line.

        :param group: the command group
        """
