"""``roguebridge map`` and ``roguebridge check``: what would be served, without serving it."""

from __future__ import annotations

import csv
import io
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields
from fnmatch import fnmatchcase
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from roguebridge.core.cli.failure import Exit, Failure, in_one_line
from roguebridge.core.cli.options import ServerOptions, common_options, mapping_options
from roguebridge.core.cli.session import running_tree
from roguebridge.core.cli.signals import ended_by_signals
from roguebridge.core.cli.target import load_root
from roguebridge.core.cli.terminal import Steps, complain, say, stdout_for_results
from roguebridge.core.errors import RoguebridgeError
from roguebridge.core.mapfile import map_lines
from roguebridge.core.survey import Survey, SurveyedPv


@click.command("map")
@mapping_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "text"]),
    default="table",
    show_default=True,
    help="text is what --pv-map reads.",
)
@click.option("--filter", "glob", metavar="GLOB", help="Only PVs whose name or path matches.")
@common_options()
def map_command(target: tuple[str, str], form: str, glob: str | None, **options: Any) -> None:
    """Print which PVs the tree of MODULE:ROOT would be served as.

    The tree is started, because only then it knows its groups and types, and stopped; nothing is
    served. Problems go to stderr.
    """
    surveys = _survey(target, ServerOptions(**options))
    pvs = [pv for survey in surveys for pv in survey.pvs]
    if glob is not None:
        pvs = [pv for pv in pvs if fnmatchcase(pv.pv_name, glob) or fnmatchcase(pv.path, glob)]
    for survey in surveys:
        for text in survey.errors:
            complain(f"Problem: {text}")
    try:
        {"table": _table, "csv": _csv, "json": _json, "text": _text}[form](pvs)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough: as a process that SIGPIPE ends
        raise SystemExit(128 + signal.SIGPIPE) from None


@click.command()
@mapping_options
@common_options()
def check(target: tuple[str, str], **options: Any) -> None:
    """Build everything that serving MODULE:ROOT needs, and print every problem.

    The tree is started and stopped; nothing is served. The exit status is 0 if there is no problem.
    Warnings count as problems with --strict only.
    """
    chosen = ServerOptions(**options)
    strict, chosen.strict = chosen.strict, False  # every problem is wanted, not the first
    surveys = _survey(target, chosen)
    problems = 0
    for survey in surveys:
        for text in survey.errors:
            say(f"Problem: {text}")
        for text in survey.warnings:
            say(f"Warning: {text}")
        problems += len(survey.errors) + (len(survey.warnings) if strict else 0)
    count = sum(len(survey.pvs) for survey in surveys)
    say(f"{count} PVs, {problems or 'no'} problem{'s' * (problems != 1)}")
    if problems:
        raise SystemExit(Exit.PROBLEMS)


def _survey(target: tuple[str, str], options: ServerOptions) -> list[Survey]:
    steps = Steps()
    with ended_by_signals(), stdout_for_results():
        with steps.step("building the tree"):
            root = load_root(*target)
        servers = options.servers(root)
        for server in servers:
            server.starts_with_root = False
        with running_tree(root, steps), steps.step("looking at every node"):
            try:
                return [server.survey() for server in servers]
            except RoguebridgeError as exc:
                raise Failure(Exit.SERVER, str(exc)) from exc
            except Exception as exc:
                raise Failure(Exit.TREE, f"{root.name}: {in_one_line(exc)}") from exc


def _text(pvs: Sequence[SurveyedPv]) -> None:
    for line in map_lines((pv.pv_name, pv.path) for pv in pvs):
        click.echo(line)


def _json(pvs: Sequence[SurveyedPv]) -> None:
    click.echo(json.dumps([asdict(pv) for pv in pvs], indent=1))


def _csv(pvs: Sequence[SurveyedPv]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(SurveyedPv))
    for pv in pvs:
        writer.writerow({**asdict(pv), "groups": " ".join(pv.groups)}.values())
    click.echo(text.getvalue(), nl=False)


def _table(pvs: Sequence[SurveyedPv]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("PV", "path", "type", "served as", "mode", "units", "groups"):
        table.add_column(title, overflow="fold")
    for pv in pvs:
        cells = (pv.pv_name, pv.path, pv.type, pv.served_as, pv.mode, pv.units)
        table.add_row(*map(Text, cells), Text(" ".join(pv.groups)))
    console = Console(file=sys.stdout)
    if not console.is_terminal:  # whoever reads it wants whole lines
        console.width = Console(width=10**6).measure(table).maximum
    with console.capture() as text:  # rich would answer a broken pipe in its own way
        console.print(table)
    click.echo(text.get(), nl=False)
