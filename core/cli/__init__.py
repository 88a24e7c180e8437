"""The ``roguebridge`` command."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any, NoReturn

import click

from roguebridge.core.cli.listing import check, map_command
from roguebridge.core.cli.options import debug_option
from roguebridge.core.cli.serve import serve
from roguebridge.core.cli.session import leave
from roguebridge.core.cli.terminal import complain
from roguebridge.core.plugin_manager import Plugins

_OWN = {"serve": serve, "map": map_command, "check": check}


class _Commands(click.Group):
    """Our commands, and those of plugins, which are asked only if they are needed."""

    _brought: dict[str, click.Command] | None = None

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self.commands, *self._of_plugins()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return self.commands.get(cmd_name) or self._of_plugins().get(cmd_name)

    def _of_plugins(self) -> dict[str, click.Command]:
        if self._brought is None:
            brought = click.Group()
            Plugins((), strict=False, report=lambda text: None).event("cli_commands", group=brought)
            self._brought = {n: c for n, c in brought.commands.items() if n not in self.commands}
        return self._brought


def _print_version(context: click.Context, param: click.Parameter, value: bool) -> None:
    if not value or context.resilient_parsing:
        return
    try:
        click.echo(f"roguebridge {version('roguebridge')}")
    except PackageNotFoundError:
        click.echo("roguebridge, not installed")
    context.exit()


@click.group(cls=_Commands, commands=_OWN, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version,
    help="Show the version and exit.",
)  # fmt: skip
@debug_option
def roguebridge() -> None:
    """Serve PyRogue trees to EPICS and other control systems."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit; nothing of a tree is left running.

    :param arguments: by default those of the process
    """
    leave(_run(arguments))


def _run(arguments: list[str] | None) -> int:
    try:
        result: Any = roguebridge.main(arguments, prog_name="roguebridge", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.ClickException as exc:
        exc.show()
        return exc.exit_code
    except (KeyboardInterrupt, click.Abort):
        return 130
    except SystemExit as exc:
        if isinstance(exc.code, str):
            complain(f"Error: {exc.code}")
        return exc.code if isinstance(exc.code, int) else int(exc.code is not None)


__all__ = ["main", "roguebridge"]
