"""The commands ``get``, ``put``, ``monitor``, ``call`` and ``info``."""

from __future__ import annotations

import json
import queue
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

from roguebridge.core.cli import Exit, Failure, complain
from roguebridge.core.values import shown

from .globs import is_glob
from .reading import ClientError, PvReading, plain

Function = Callable[..., Any]


def _options(function: Function) -> Function:
    for option in (
        click.option("--ca", is_flag=True, help="Use Channel Access (default PVAccess)."),
        click.option("--timeout", type=click.FloatRange(0, min_open=True), default=5.0,
                     show_default=True, metavar="SECONDS", help="Wait so long for an answer."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line."),
    ):  # fmt: skip
        function = option(function)
    return function


def _client(ca: bool, timeout: float) -> Any:
    if not ca:
        from .pva import PvaClient

        return PvaClient(timeout)
    try:
        from .ca import CaClient
    except ImportError as exc:
        raise Failure(
            Exit.USAGE,
            f"--ca needs caproto ({exc}): python -m pip install 'roguebridge[ca]'",
        ) from exc
    return CaClient(timeout)


@click.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@_options
def get(names: tuple[str, ...], ca: bool, timeout: float, as_json: bool) -> int:
    """Print the values of PVs: value, units, alarm, time and age.

    A NAME with *, ? or [] in quotes stands for all PVs of a served tree that match.
    """
    status, found = _expanded(names, timeout)
    if not found:
        return status
    with _client(ca, timeout) as client:
        return max(status, _print(client.get(found), as_json))


@click.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@_options
def info(names: tuple[str, ...], ca: bool, timeout: float, as_json: bool) -> int:
    """Print type, units, limits, choices of PVs, and whether you may write them.

    A NAME may have wildcards, as with get.
    """
    status, found = _expanded(names, timeout)
    if not found:
        return status
    with _client(ca, timeout) as client:
        for name, answer in client.info(found):
            if isinstance(answer, ClientError):
                complain(f"{name}: {answer}")
                status = Exit.PROBLEMS
            elif as_json:
                told = {"name": name, **dict(answer.details()), "may_write": answer.may_write}
                click.echo(json.dumps(told, ensure_ascii=False))
            else:
                click.echo(name)
                for title, text in answer.details():
                    click.echo(f"  {title:16} {text}")
    return status


@click.command()
@click.argument("pairs", metavar="NAME VALUE...", nargs=-1, required=True)
@_options
def put(pairs: tuple[str, ...], ca: bool, timeout: float, as_json: bool) -> int:
    """Put a value to each PV, wait until it is written, and print it.

    NAME and VALUE may be repeated. A value is a number, a text, or the label or index of a choice.
    An array is a JSON list, a table a JSON object of columns. Write -- before a value that
    begins with a minus.
    """
    if len(pairs) % 2:
        raise click.UsageError(f"{pairs[-1]} has no value: give NAME VALUE, for each PV")
    status = Exit.OK
    with _client(ca, timeout) as client:
        for name, text in zip(pairs[::2], pairs[1::2], strict=True):
            try:
                client.put(name, text)
            except ClientError as exc:
                complain(f"{name}: {exc}")
                status = Exit.PROBLEMS
                continue
            status = max(status, _print(client.get([name]), as_json))
    return status


@click.command()
@click.argument("name")
@click.argument("arguments", metavar="[VALUE | NAME=VALUE...]", nargs=-1)
@_options
def call(name: str, arguments: tuple[str, ...], ca: bool, timeout: float, as_json: bool) -> int:
    """Call the command NAME and print its result.

    Give a single argument as VALUE, others as NAME=VALUE, which may be repeated.
    """
    if len(arguments) == 1 and "=" not in arguments[0]:
        given = {"arg": arguments[0]}
    else:
        given = {}
        for argument in arguments:
            key, equals, text = argument.partition("=")
            if not key or not equals or key in given:
                raise click.UsageError(f"{argument!r} is not NAME=VALUE, each name once")
            given[key] = text
    with _client(ca, timeout) as client:
        try:
            result = client.call(name, given)
        except ClientError as exc:
            complain(f"{name}: {exc}")
            return Exit.PROBLEMS
    value = result.value if isinstance(result, PvReading) else result
    if as_json:
        click.echo(json.dumps({"name": name, "result": plain(value)}, ensure_ascii=False))
    elif value is not None:
        click.echo(
            value if isinstance(value, str) else json.dumps(plain(value), ensure_ascii=False)
        )
    return Exit.OK


@click.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option("--count", type=click.IntRange(min=1), metavar="N", help="End after N updates.")
@_options
def monitor(
    names: tuple[str, ...], count: int | None, ca: bool, timeout: float, as_json: bool
) -> int:
    """Print PVs when they change, until Ctrl-C.

    A NAME may have wildcards, as with get.
    """
    news: queue.Queue[tuple[str, PvReading | ClientError]] = queue.Queue()
    seen: set[str] = set()
    status, found = _expanded(names, timeout)
    if not found:
        return status
    with _client(ca, timeout) as client:
        watches = [client.monitor(name, lambda *update: news.put(update)) for name in found]
        due = time.monotonic() + timeout
        while count is None or count > 0:
            wait = None if len(seen) == len(found) else max(0.0, due - time.monotonic())
            try:
                update = news.get(timeout=wait)
            except queue.Empty:
                for name in found:
                    if name not in seen:
                        complain(f"{name}: no answer in {timeout:g} s; still waiting")
                        seen.add(name)
                continue
            if isinstance(update[1], ClientError) and update[0] not in seen:
                continue  # not connected yet
            seen.add(update[0])
            _print([update], as_json)
            count = None if count is None else count - isinstance(update[1], PvReading)
        for watch in watches:
            watch.close()
    return status


def _expanded(names: Sequence[str], timeout: float) -> tuple[Exit, list[str]]:
    """Return the names, and in the place of each glob those that match; errors are printed.

    Globs are asked over PVAccess: Channel Access cannot carry the answer.
    """
    status, found = Exit.OK, list[str]()
    for name in names:
        if not is_glob(name):
            found.append(name)
            continue
        try:
            with _client(False, timeout) as client:
                found += client.listings.names(name)
        except ClientError as exc:
            complain(f"{shown(name)}: {exc}")
            status = Exit.PROBLEMS
    return status, found


def _print(answers: Iterable[tuple[str, PvReading | ClientError]], as_json: bool) -> Exit:
    status = Exit.OK
    for name, answer in answers:
        if isinstance(answer, ClientError):
            complain(f"{name}: {answer}")
            status = Exit.PROBLEMS
        elif as_json:
            click.echo(json.dumps(answer.data(time.time()), ensure_ascii=False))
        else:
            click.echo(answer.line(time.time()))
    return status


COMMANDS = (get, put, monitor, call, info)
