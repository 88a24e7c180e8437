"""``roguebridge map`` and ``roguebridge check``: what would be served, without serving it."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import signal
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from fnmatch import fnmatchcase
from shutil import get_terminal_size
from typing import Any, TextIO

import click

from roguebridge.core.cli.failure import Exit, Failure, failing
from roguebridge.core.cli.options import common_options, mapping_options
from roguebridge.core.cli.prepare import prepared
from roguebridge.core.cli.server_options import ServerOptions
from roguebridge.core.cli.terminal import claim_stdout, complain
from roguebridge.core.mapping.map_file import map_lines
from roguebridge.core.server.survey import Survey, SurveyedPv, taken_twice

_TITLES: tuple[str, ...] = ("PV", "path", "type", "served as", "mode", "units", "groups")


@click.command("map")
@mapping_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "text"]),
    default="table",
    show_default=True,
    help="--pv-map reads text.",
)
@click.option(
    "--filter",
    "glob",
    metavar="GLOB",
    help="Only PVs whose name or path matches; [0] matches an index too.",
)
@common_options()
def map_command(target: tuple[str, str], form: str, glob: str | None, **options: Any) -> None:
    """Print the PVs of a tree, without serving them.

    The tree is started, because it knows its groups and types only then, and stopped again.
    Problems go to stderr.
    """
    stdout = claim_stdout()
    surveys = _survey(target, ServerOptions(**options))
    # A map for --pv-map names nodes of the tree; the server brings its own.
    own = form != "text"
    pvs = [pv for survey in surveys for pv in (*survey.pvs, *(survey.own if own else ()))]
    if glob is not None:
        pvs = [pv for pv in pvs if any(_matches(text, glob) for text in (*pv.names, pv.path))]
    for survey in surveys:
        for text in survey.errors:
            complain(f"Problem: {text}")
    if form == "table":
        lines = _table(pvs, stdout.isatty())
    else:
        lines = {"csv": _csv, "json": as_json, "text": _text}[form](pvs)
    try:
        print_results(stdout, lines)
    except BrokenPipeError:
        raise SystemExit(128 + signal.SIGPIPE) from None  # as that signal would end it


@click.command()
@mapping_options
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="Also list rules of installed plugins that select no node.",
)
@common_options()
def check(target: tuple[str, str], verbose: bool, **options: Any) -> None:
    """Find all problems of a tree before it is served.

    The tree is started and stopped again; nothing is served. The exit status is 0 if there is no
    problem. With --strict warnings count too, except those about 64-bit integers and limits of a
    protocol.
    """
    stdout = claim_stdout()
    chosen = ServerOptions(**options)
    strict, chosen.strict = chosen.strict, False  # every problem is wanted, not the first
    surveys = _survey(target, chosen, tolerant=True)
    lines = []
    problems = warnings = 0
    taken: list[tuple[str, int]] = []
    for survey in surveys:
        shared = list(taken_twice(taken, survey.ports))
        taken += survey.ports
        lines += [f"Problem: {text}" for text in shared]
        problems += len(shared)
        lines += [f"Problem: {text}" for text in survey.errors]
        lines += [f"Warning: {text}" for text in (*survey.warnings, *survey.advice)]
        lines += [f"Note: {text}" for text in survey.notes if verbose]
        problems += len(survey.errors) + (len(survey.warnings) if strict else 0)
        warnings += len(survey.advice) + (0 if strict else len(survey.warnings))
    count = sum(len(survey.pvs) for survey in surveys)
    lines.append(", ".join([f"{count} PVs", *_counted(problems, warnings)]))
    with contextlib.suppress(BrokenPipeError):  # the exit status is enough
        print_results(stdout, lines)
    if problems:
        raise SystemExit(Exit.PROBLEMS)


def _counted(problems: int, warnings: int) -> Iterable[str]:
    if problems or not warnings:
        yield f"{problems or 'no'} problem{'s' * (problems != 1)}"
    if warnings:
        yield f"{warnings} warning{'s' * (warnings != 1)}"


def _survey(
    target: tuple[str, str], options: ServerOptions, tolerant: bool = False
) -> list[Survey]:
    with (
        prepared(target, options, tolerant) as (root, servers),
        failing(Exit.TREE, f"{root.name} cannot be surveyed", ours=Exit.SERVER),
    ):
        return [server.survey() for server in servers]


def print_results(stdout: TextIO, lines: Iterable[str]) -> None:
    """Print lines on what :func:`.claim_stdout` has given.

    :raises BrokenPipeError: if the reader has gone
    :raises Failure: if they cannot be written
    """
    try:
        for line in lines:
            stdout.write(line + "\n")
        stdout.flush()
    except OSError as exc:
        with contextlib.suppress(OSError):
            stdout.close()  # else the end of the process tries again
        if isinstance(exc, BrokenPipeError):  # the reader has seen enough
            raise
        raise Failure(Exit.PROBLEMS, f"the result cannot be written: {exc.strerror}") from exc


def _matches(text: str, glob: str) -> bool:
    return fnmatchcase(text, glob) or fnmatchcase(text, glob.replace("[", "[[]"))


def _text(pvs: Sequence[SurveyedPv]) -> Iterable[str]:
    return map_lines((name, pv.path) for pv in pvs for name in pv.names)


def as_json(found: Sequence[Any]) -> Iterable[str]:
    """Return some dataclasses as the lines of a JSON list."""
    return [json.dumps([asdict(one) for one in found], indent=1, ensure_ascii=False)]


def _csv(pvs: Sequence[SurveyedPv]) -> Iterable[str]:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(SurveyedPv))
    for pv in pvs:
        lists = {"groups": " ".join(pv.groups), "aliases": " ".join(pv.aliases)}
        writer.writerow({**asdict(pv), **lists}.values())
    return [text.getvalue().removesuffix("\n")]


def _table(pvs: Sequence[SurveyedPv], terminal: bool) -> Iterable[str]:
    rows: list[Sequence[str]] = [
        (pv.pv_name, pv.path, pv.type, pv.served_as, pv.mode, pv.units, " ".join(pv.groups))
        for pv in pvs
    ]
    titles = _TITLES
    if any(pv.aliases for pv in pvs):
        titles = (*titles, "aliases")
        rows = [(*row, " ".join(pv.aliases)) for row, pv in zip(rows, pvs, strict=True)]
    return _fitted(titles, rows) if terminal else aligned([titles, *rows])


def _fitted(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """A table as wide as the terminal: what is too long goes on below."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console = Console(file=io.StringIO(), force_terminal=True, width=get_terminal_size().columns)
    with console.capture() as text:
        console.print(table)
    return text.get().splitlines()


def aligned(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Return rows with their columns aligned; whole lines, for whoever reads them from a file."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield " ".join("  ".join(cells).splitlines()).rstrip()
