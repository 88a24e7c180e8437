"""``roguebridge plugins`` and ``roguebridge explain``: what is in force, and from which plugin."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import click

from roguebridge.core.cli.failure import Exit, failing
from roguebridge.core.cli.listing import aligned, as_json, print_results
from roguebridge.core.cli.options import common_options, mapping_options
from roguebridge.core.cli.prepare import prepared
from roguebridge.core.cli.server_options import ServerOptions
from roguebridge.core.cli.terminal import claim_stdout, complain
from roguebridge.core.config.arguments import plugin_options
from roguebridge.core.hooks.manager import Plugins
from roguebridge.core.hooks.sources import PluginInfo
from roguebridge.core.server.explain import Explanation, RuleUse

_form = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="json is for programs.",
)


@click.command("plugins")
@click.option(
    "--config", metavar="FILE", type=click.Path(), help="Use the plugins of this YAML file too."
)
@click.option("--plugin", metavar="PLUGIN", multiple=True, help="Use this plugin too (repeatable).")
@_form
@common_options(level="critical")
def plugins_command(config: str | None, plugin: Sequence[str], form: str) -> None:
    """List the plugins of a server, those asked first at the top.

    These are the built-in and the installed ones, and those of the environment variable
    ROGUEBRIDGE_PLUGINS. Problems go to stderr, with exit status 1.
    """
    with contextlib.suppress(FileNotFoundError):  # the folder is gone
        sys.path.insert(0, os.getcwd())
    stdout = claim_stdout()
    plugins = _plugins(config, plugin)
    infos = plugins.infos()
    print_results(stdout, as_json(infos) if form == "json" else _table(infos))
    for text in plugins.problems:
        complain(f"Problem: {text}")
    if plugins.problems:
        raise SystemExit(Exit.PROBLEMS)


def _plugins(config: str | None, given: Sequence[str]) -> Plugins:
    if config is None:
        return Plugins(given)
    with failing(Exit.USAGE, f"{config} cannot be used", ours=Exit.USAGE):
        from roguebridge.core.config.file import read_config

        overrides = {"base": "any"}  # which plugins have no say in
        said = read_config(config, overrides)
        arguments = said.arguments(overrides)
        with said.located(overrides):
            sections = ("names", "policies", "acf", "audit", "web")
            options = plugin_options(*map(arguments.get, sections))
            return Plugins([*arguments.get("plugins", ()), *given], options=options)


def _table(infos: Sequence[PluginInfo]) -> Iterable[str]:
    rows = [
        (info.name, info.version, info.source, info.state, " ".join(info.hooks)) for info in infos
    ]
    return aligned([("plugin", "version", "source", "state", "hooks"), *rows])


@click.command()
@mapping_options
@click.argument("path", metavar="PATH")
@_form
@common_options()
def explain(target: tuple[str, str], path: str, form: str, **options: Any) -> None:
    """Explain why the node PATH is served, or is not.

    Prints the rules that name, convert and guard the node, each with its plugin. The tree is
    started and stopped again; nothing is served. The exit status is 1 if the node is not served.
    """
    stdout = claim_stdout()
    with prepared(target, ServerOptions(**options)) as (root, servers):
        what = f"{path} of {root.name} cannot be explained"
        with failing(Exit.TREE, what, ours=Exit.SERVER):
            found = [server.explain(path) for server in servers]
    lines = (line for one in found for line in _lines(one))
    print_results(stdout, as_json(found) if form == "json" else lines)
    if not all(one.served for one in found):
        raise SystemExit(Exit.PROBLEMS)


def _lines(one: Explanation) -> Iterator[str]:
    yield f"{one.path}: {one.kind or 'no variable or command'}"
    names = ", ".join(one.pv_names)
    yield f"  served as    {names}: {one.why}" if names else f"  not served   {one.why}"
    if not one.kind:
        return
    if one.name is not None:
        yield f"  name         {_rule(one.name)}"
    yield f"  converter    {'none' if one.converter is None else _rule(one.converter)}"
    if one.served_as:
        yield f"  type         {one.served_as}"
    yield f"  time         {'that of delivery' if not one.time_source else _rule(one.time_source)}"
    for policy in one.policies:
        yield f"  policy       {_rule(policy)}"
    for loss in one.losses:
        yield f"  not whole    {loss}"


def _rule(rule: RuleUse) -> str:
    return f"{rule.made}  (plugin {rule.plugin}; selects {rule.selects})"
