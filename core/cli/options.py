"""The options that say what is served, and the servers they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import click

from roguebridge.core.cli.failure import DEBUG, Exit, Failure, failing
from roguebridge.core.cli.target import Target
from roguebridge.core.cli.terminal import set_up_logging
from roguebridge.core.mapfile import read_map
from roguebridge.core.rogue import protocols_of
from roguebridge.core.server import PvServer

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(slots=True)
class ServerOptions:
    """What the command line says about the server; empty where it says nothing."""

    base: str | None = None
    pv_map: str | None = None
    names: str | None = None
    name_case: str | None = None
    name_separator: str | None = None
    name_index: str | None = None
    name_prefix: Sequence[tuple[str, str]] = ()
    name_alias: Sequence[str] = ()
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    backend: Sequence[str] = ()
    plugin: Sequence[str] = ()
    strict: bool = False
    isolate: bool = False

    def servers(self, root: Any) -> list[PvServer]:
        """Return the servers of a root that has not started: the one asked for, else its own.

        The one asked for is added to the root, and starts with it.

        :raises Failure: if there is none, or it cannot be made
        """
        own = [server for server in protocols_of(root) if isinstance(server, PvServer)]
        if self.base is None:
            self._refuse_options_without_base()
            if not own:
                raise Failure(
                    Exit.USAGE, f"give --base: the root {root.name} brings no server of its own"
                )
            return own
        if not self.base:
            raise Failure(Exit.USAGE, "--base is empty")  # an unset variable of a script
        server = self._make(root, self.base)
        if not root.running:
            root.addProtocol(server)
        return [*own, server]

    def _refuse_options_without_base(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) not in (None, (), [], False):
                option = f"--{field.name.replace('_', '-')}"
                raise Failure(Exit.USAGE, f"{option} needs --base: it describes a new server")

    def _naming(self) -> Mapping[str, Any]:
        """Return what is said of names, as the arguments of ``TemplateNames``."""
        said = {
            "template": self.names,
            "case": self.name_case,
            "separator": self.name_separator,
            "index": self.name_index,
            "prefixes": dict(self.name_prefix) or None,
            "aliases": list(self.name_alias) or None,
        }
        found = {key: value for key, value in said.items() if value is not None}
        if found and self.pv_map is not None:
            raise Failure(Exit.USAGE, "--pv-map has names of its own: no other option names PVs")
        return found

    def _make(self, root: Any, base: str) -> PvServer:
        with failing(Exit.USAGE, "the server cannot be made", ours=Exit.USAGE):
            server = PvServer(
                base,
                root,
                incGroups=[group for group in self.include if group],
                excGroups=[group for group in self.exclude if group] if self.exclude else None,
                pvMap=None if self.pv_map is None else read_map(self.pv_map),
                backends=self.backend or ("pva",),
                plugins=self.plugin,
                names=self._naming() or None,
                strict=self.strict,
                isolate=self.isolate,
            )
        # A server goes on without a broken plugin; one that is asked for here is meant to work.
        for name, text in server.broken_plugins.items():
            if name in self.plugin:
                raise Failure(Exit.USAGE, text)
        return server


class _Prefix(click.ParamType):  # type: ignore[type-arg]
    """``PATH=PREFIX``."""

    name = "PATH=PREFIX"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Return path and prefix."""
        path, equals, prefix = str(value).partition("=")
        if not path or not equals:
            self.fail(f"{value!r} is not PATH=PREFIX, as in Top.Rf=RF01", param, ctx)
        return path, prefix


_MAPPING = (
    click.argument("target", type=Target(), metavar="MODULE:ROOT"),
    click.option("--base", metavar="B", help="First part of every PV name."),
    click.option(
        "--pv-map",
        metavar="F",
        type=click.Path(),
        help="Serve what this file lists, in lines 'pv -> path'.",
    ),
    click.option(
        "--names",
        metavar="T",
        help="Name PVs by this template, as in '{base}:{device}:{name}'; fields are base, root, "
        "path, device, parent and name.",
    ),
    click.option(
        "--name-case", type=click.Choice(["upper", "lower"]), help="Case of the names of PVs."
    ),
    click.option(
        "--name-separator", metavar="S", help="What is between the parts of a path (default ':')."
    ),
    click.option(
        "--name-index",
        metavar="F",
        help="How an index is written (default '[{}]'), as in '{:02d}'.",
    ),
    click.option(
        "--name-prefix",
        type=_Prefix(),
        multiple=True,
        help="Write this in place of the path of a device (repeatable).",
    ),
    click.option(
        "--name-alias",
        metavar="T",
        multiple=True,
        help="Serve each node under a name by this template too (repeatable).",
    ),
    click.option(
        "--include", metavar="G", multiple=True, help="Serve only nodes in this group (repeatable)."
    ),
    click.option(
        "--exclude",
        metavar="G",
        multiple=True,
        help="Serve no node in this group (repeatable; default NoServe, '' for none).",
    ),
    click.option(
        "--backend", metavar="N", multiple=True, help="Serve over this protocol (default pva)."
    ),
    click.option("--plugin", metavar="P", multiple=True, help="Use this module as a plugin."),
    click.option(
        "--strict", is_flag=True, help="Let every problem of the mapping end the command."
    ),
)


def _note_debug(context: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        context.find_root().meta[DEBUG] = True


def _note_level(context: click.Context, param: click.Parameter, value: str) -> None:
    set_up_logging(value)


_LEVELS = ("debug", "info", "warning", "error", "critical")
debug_option = click.option(
    "--debug",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_note_debug,
    help="Show the traceback of an error.",
)


def common_options(level: str = "warning") -> Callable[[Function], Function]:
    """Add ``--log-level`` and ``--debug``.

    :param level: the least level shown if the command line does not say
    """
    log_level = click.option(
        "--log-level",
        type=click.Choice(_LEVELS),
        default=level,
        show_default=True,
        expose_value=False,
        callback=_note_level,
        help="Least level of log records shown.",
    )
    return lambda function: _decorated(function, (log_level, debug_option))


def mapping_options(function: Function) -> Function:
    """Add MODULE:ROOT and what makes a :class:`ServerOptions`."""
    return _decorated(function, _MAPPING)


def isolate_option(function: Function) -> Function:
    """Add ``--isolate``."""
    return _decorated(
        function,
        (click.option("--isolate", is_flag=True, help="Listen on loopback only, on free ports."),),
    )


def _decorated(function: Function, options: Sequence[Callable[[Any], Any]]) -> Function:
    for option in reversed(options):
        function = option(function)
    return function
