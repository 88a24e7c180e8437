"""The options of commands: those that say what is served, and those that all have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from roguebridge.core.cli.failure import DEBUG
from roguebridge.core.cli.server_options import Timeout
from roguebridge.core.cli.target import Target
from roguebridge.core.cli.terminal import set_up_logging
from roguebridge.core.pv.pacing import deadband_of, period_of
from roguebridge.core.requests.completion import checked_timeout

Function = TypeVar("Function", bound=Callable[..., Any])


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


class _ByPath(click.ParamType):  # type: ignore[type-arg]
    """``[GLOB=]VALUE``; the value is judged as that of the server's argument is.

    :param read: judges it
    :param example: a value, for the error
    """

    name = "[GLOB=]VALUE"

    def __init__(self, read: Callable[[Any], object], example: str) -> None:
        self._read = read
        self._example = example

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, float | str | None]:
        """Return glob and value; the glob of what is for all is empty."""
        glob, equals, text = str(value).rpartition("=")
        found: float | str | None = None
        try:
            if text != "none":
                found = text if "%" in text else float(text)
                self._read(found)
        except ValueError:
            self.fail(
                f"{value!r} is not [GLOB=]VALUE with a value such as {self._example}", param, ctx
            )
        if equals and not glob:
            self.fail(f"{value!r} has no glob", param, ctx)
        return glob, found


class _Timeout(click.ParamType):  # type: ignore[type-arg]
    """Seconds, or ``none``."""

    name = "seconds"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Timeout:
        """Read the option."""
        if isinstance(value, Timeout):
            return value
        try:
            return Timeout(None if value == "none" else checked_timeout(float(value)))
        except ValueError:
            self.fail(f"{value!r} is not one such as 2, 0 or none", param, ctx)


_MAPPING = (
    click.argument("target", type=Target(), metavar="MODULE:ROOT"),
    click.option("--base", metavar="B", help="First part of every PV name."),
    click.option(
        "--config",
        metavar="F",
        type=click.Path(),
        help="Serve as this YAML file says; other options go over it, and --plugin adds to it.",
    ),
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
        "--update-rate",
        type=_ByPath(period_of, "10, 0.5 or none"),
        multiple=True,
        help="Post at most so many updates per second and PV, as in 10 or 'Top.Camera.*=1' "
        "(repeatable; the first glob that matches counts).",
    ),
    click.option(
        "--deadband",
        type=_ByPath(deadband_of, "0.1, 1% or none"),
        multiple=True,
        help="Post no smaller change of a number, as in 0.1, 1% or 'Top.Temp*=0.5' (repeatable "
        "likewise).",
    ),
    click.option(
        "--clamp",
        metavar="GLOB",
        multiple=True,
        help="Set a number that is put outside the limits of a variable with this path to the "
        "limit, in place of refusing it (repeatable; '*' for all).",
    ),
    click.option(
        "--allow-nan",
        metavar="GLOB",
        multiple=True,
        help="Take NaN for variables with this path, though they have limits (repeatable).",
    ),
    click.option(
        "--completion-timeout",
        type=_Timeout(),
        metavar="S",
        help="Let the answer to a put or call wait at most so many seconds until all that it "
        "changed is shown (default 1; 0 for not at all, none for no limit).",
    ),
    click.option(
        "--max-queued-bytes",
        type=click.IntRange(min=1),
        metavar="N",
        help="Let the puts and calls of one client that wait or run have so many bytes, those of "
        "all four times as many (default 64000000); more are refused as busy.",
    ),
    click.option(
        "--group-cache",
        type=click.FloatRange(min=0),
        metavar="SECONDS",
        help="How long the groups of a user count before they are looked up again (default 60).",
    ),
    click.option(
        "--max-name",
        type=click.IntRange(16, 65_536),
        metavar="N",
        help="Characters of the names that clients give themselves (default 256).",
    ),
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
