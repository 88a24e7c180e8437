"""Adds the command ``roguebridge demo``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from roguebridge.core.hooks import hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def cli_commands(group: click.Group) -> None:
    """Add ``demo``."""
    from .command import demo  # servers, which load this too, need nothing of a command line

    group.add_command(demo)
