"""The ``roguebridge`` command."""

from __future__ import annotations

import contextlib
from typing import Any, NoReturn

import click

from roguebridge.core.cli.failure import Exit, Failure, in_one_line
from roguebridge.core.cli.listing import check, map_command
from roguebridge.core.cli.options import debug_option
from roguebridge.core.cli.plugins import explain, plugins_command
from roguebridge.core.cli.serve import serve
from roguebridge.core.cli.session import leave
from roguebridge.core.cli.signals import Ended
from roguebridge.core.cli.terminal import complain, open_streams
from roguebridge.core.hooks.manager import Plugins
from roguebridge.core.version import __version__

_OWN = {
    "serve": serve,
    "map": map_command,
    "check": check,
    "explain": explain,
    "plugins": plugins_command,
}
_EPILOG = """\b
Exit status:
  0 done  1 problems found  2 wrong command line or configuration file
  3 the tree fails  4 it cannot be served  128+N ended by signal N
\b
Completion of commands, options and files in bash (or zsh, fish):
  eval "$(_ROGUEBRIDGE_COMPLETE=bash_source roguebridge)"
\b
Documentation:
  https://github.com/roguebridge/roguebridge/blob/main/docs/index.md
"""


class _Commands(click.Group):
    """Our commands, and those of plugins, which are asked only if they are needed."""

    _brought: dict[str, click.Command] | None = None

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self.commands, *self._of_plugins()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return self.commands.get(cmd_name) or self._of_plugins().get(cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as exc:  # of a plugin's command, or of ours
            raise Failure(Exit.PROBLEMS, in_one_line(exc)) from exc

    def _of_plugins(self) -> dict[str, click.Command]:
        if self._brought is None:
            brought = click.Group()
            Plugins().event("cli_commands", group=brought)
            self._brought = {n: c for n, c in brought.commands.items() if n not in self.commands}
        return self._brought


@click.group(
    cls=_Commands,
    commands=_OWN,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, message="roguebridge %(version)s")
@debug_option
def roguebridge() -> None:
    """Serve PyRogue trees to EPICS, and use the PVs.

    Backends: pva (PVAccess), ca (Channel Access), and those of plugins.
    """


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit; nothing of a tree is left running.

    :param arguments: by default those of the process
    """
    open_streams()
    leave(_run(arguments))


def _run(arguments: list[str] | None) -> int:
    try:
        result: Any = roguebridge.main(arguments, prog_name="roguebridge", standalone_mode=False)
        return result if isinstance(result, int) else Exit.OK
    except click.ClickException as exc:
        with contextlib.suppress(OSError):
            exc.show()
        return exc.exit_code
    except Ended as exc:
        return exc.exit_code
    except (KeyboardInterrupt, click.Abort):
        return 130
    except SystemExit as exc:
        if isinstance(exc.code, str):
            complain(f"Error: {exc.code}")
        return exc.code if isinstance(exc.code, int) else int(exc.code is not None)
    except Exception as exc:  # e.g. the help cannot be written
        complain(f"Error: {in_one_line(exc)}")
        return Exit.PROBLEMS


__all__ = ["Exit", "Failure", "complain", "main", "roguebridge"]
