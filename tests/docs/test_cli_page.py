"""The page of the command line tells of every command and every exit status."""

import re

import click
from support.docs.pages import ROOT

from roguebridge.core.cli import roguebridge
from roguebridge.core.cli.failure import Exit

PAGE = (ROOT / "docs/reference/cli.md").read_text(encoding="utf-8")


def test_every_exit_status_has_its_line():
    section = PAGE.partition("## Exit status")[2].partition("\n## ")[0]
    listed = [int(number) for number in re.findall(r"^\| (\d+) \|", section, re.M)]
    assert listed == [int(status) for status in Exit]


def test_the_generated_part_holds_every_command():
    assert ".. click:: roguebridge.core.cli:roguebridge" in PAGE
    with click.Context(roguebridge) as context:
        names = roguebridge.list_commands(context)
        clients = ["get", "put", "monitor", "call", "info"]
        assert names == ["serve", "map", "check", "explain", "plugins", "demo", *clients]
        for name in names:
            command = roguebridge.get_command(context, name)
            assert command.help
            options = [param for param in command.params if isinstance(param, click.Option)]
            assert all(option.help for option in options)
