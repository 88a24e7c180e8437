"""Adds the commands of the clients; p4p and caproto are imported when one of them runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from roguebridge.core.hooks import hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def cli_commands(group: click.Group) -> None:
    """Add ``get``, ``put``, ``monitor``, ``call`` and ``info``."""
    from .commands import COMMANDS

    for command in COMMANDS:
        group.add_command(command)
