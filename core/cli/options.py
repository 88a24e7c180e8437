"""The options of commands: those that say what is served, and those that all have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from roguebridge.core.cli.failure import DEBUG
from roguebridge.core.cli.server_options import SPELLING, Timeout
from roguebridge.core.cli.target import Target
from roguebridge.core.cli.terminal import set_up_logging
from roguebridge.core.config.numbers import check_number
from roguebridge.core.config.options import OPTIONS, ROOT_ARGUMENTS
from roguebridge.core.pv.pacing import deadband_of, period_of

Function = TypeVar("Function", bound=Callable[..., Any])


def _prefix(text: str) -> tuple[str, str]:
    path, equals, prefix = text.partition("=")
    if not path or not equals:
        raise click.BadParameter(f"{text!r} is not PATH=PREFIX, as in Top.Rf=RF01")
    return path, prefix


def _argument(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise click.BadParameter(f"{text!r} is not NAME=VALUE, as in ip=10.0.0.2")
    return name, value


def _by_path(read: Callable[[Any], object], example: str) -> dict[str, Any]:
    """Return an option ``[GLOB=]VALUE``, which gives glob and value; no glob is for all.

    :param read: judges the value, as that of the server's argument is judged
    :param example: a value, for the error
    """

    def convert(given: str) -> tuple[str, float | str | None]:
        glob, equals, text = given.rpartition("=")
        found: float | str | None = None
        try:
            if text != "none":
                found = text if "%" in text else float(text)
                read(found)
        except ValueError:
            words = f"{given!r} is not [GLOB=]VALUE with a value such as {example}"
            raise click.BadParameter(words) from None
        if equals and not glob:
            raise click.BadParameter(f"{given!r} has no glob")
        return glob, found

    return {"type": convert, "multiple": True, "metavar": "[GLOB=]VALUE"}


def _timeout(text: str) -> Timeout:
    """Return the seconds that an option gives, or that there is no limit."""
    try:
        seconds = None if text == "none" else float(text)
        check_number("completion_timeout", seconds)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not one such as 2, 0 or none") from None
    return Timeout(seconds)


#: argument of a server -> how its option is read; whose argument is not here takes text as it is
_READ: dict[str, dict[str, Any]] = {
    "incGroups": {"multiple": True, "metavar": "GROUP"},
    "excGroups": {"multiple": True, "metavar": "GROUP"},
    "pvMap": {"type": click.Path(), "metavar": "FILE"},
    "backends": {"multiple": True, "metavar": "NAME"},
    "plugins": {"multiple": True, "metavar": "PLUGIN"},
    "names": {"metavar": "TEMPLATE"},
    "clamp": {"multiple": True, "metavar": "GLOB"},
    "allow_nan": {"multiple": True, "metavar": "GLOB"},
    "update_rate": _by_path(period_of, "10, 0.5 or none"),
    "deadband": _by_path(deadband_of, "0.1, 1% or none"),
    "completion_timeout": {"type": _timeout, "metavar": "SECONDS"},
    "max_queued_bytes": {"type": click.IntRange(min=1), "metavar": "BYTES"},
    "group_cache": {"type": click.FloatRange(min=0), "metavar": "SECONDS"},
    "max_name": {"type": click.IntRange(16, 65_536), "metavar": "N"},
    "case": {"type": click.Choice(["upper", "lower"])},
    "prefixes": {"type": _prefix, "multiple": True, "metavar": "PATH=PREFIX"},
    "aliases": {"multiple": True, "metavar": "TEMPLATE"},
    "strict": {"is_flag": True},
    "isolate": {"is_flag": True},
    "status": {"flag_value": "off"},
    "command_status": {"is_flag": True},
}


def _option(name: str) -> Callable[[Any], Any]:
    option = OPTIONS[name]
    return click.option(option.flag, name, help=option.cli_help, **_READ.get(name, {}))


def _spelling(name: str, help: str) -> Callable[[Any], Any]:
    return click.option(SPELLING[name], name, help=help, **_READ.get(name, {}))


_MAPPING = (
    click.argument("target", type=Target(), metavar="MODULE:ROOT"),
    click.option(
        "--config",
        type=click.Path(),
        metavar="FILE",
        help=(
            "Read the options from this YAML file. An option of the command line replaces that of "
            "the file; --plugin adds to it."
        ),
    ),
    click.option(
        ROOT_ARGUMENTS.flag,
        "args",
        type=_argument,
        multiple=True,
        metavar="NAME=VALUE",
        help=ROOT_ARGUMENTS.help,
    ),
    *(_option(name) for name in OPTIONS if OPTIONS[name].flag and name != "isolate"),
    _spelling("case", help="Write PV names in this case."),
    _spelling("separator", help="Text between the parts of a path (default ':')."),
    _spelling("index", help="Format of an index, as in '{:02d}' (default '[{}]')."),
    _spelling("prefixes", help="Write PREFIX in place of this path of a device (repeatable)."),
    _spelling("aliases", help="Template of further names of each node (repeatable)."),
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
        help="Show log records of this level and above.",
    )
    return lambda function: _decorated(function, (log_level, debug_option))


#: adds ``--isolate``
isolate_option = _option("isolate")


def mapping_options(function: Function) -> Function:
    """Add MODULE:ROOT and what makes a :class:`ServerOptions`."""
    return _decorated(function, _MAPPING)


def _decorated(function: Function, options: Sequence[Callable[[Any], Any]]) -> Function:
    for option in reversed(options):
        function = option(function)
    return function
