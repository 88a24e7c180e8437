"""The command ``roguebridge demo``."""

from __future__ import annotations

from typing import Any

import click

from roguebridge.core.cli.failure import Exit, Failure, in_one_line
from roguebridge.core.cli.options import common_options, isolate_option
from roguebridge.core.cli.serve import serve_root
from roguebridge.core.cli.server_options import ServerOptions
from roguebridge.core.cli.signals import StopSignals
from roguebridge.core.cli.terminal import say, step


@click.command()
@click.option("--serve", is_flag=True, help="Only serve the detector, until Ctrl-C or SIGTERM.")
@click.option(
    "--web", is_flag=True, help="Serve the detector to browsers too, and print the address."
)
@isolate_option
@common_options("critical")  # the client fails on purpose
def demo(serve: bool, web: bool, isolate: bool) -> None:
    """Show Roguebridge at work: a made-up detector and its client.

    The detector runs on Rogue if that is installed, else on the stand-in tree. Other machines can
    reach it only with --serve and without --isolate. With --web browsers of this machine reach it.
    """
    if web:
        serve_root(lambda: _detector_at_work(isolate), ServerOptions())
        return
    if serve:
        serve_root(lambda: _detector(isolate), ServerOptions())
        return
    with StopSignals():
        try:
            with step("getting ready"):  # importing Rogue takes its time
                from .demo import main
            main()
        except Exception as exc:
            raise Failure(Exit.PROBLEMS, f"demo failed: {in_one_line(exc)}") from exc


def _detector(isolate: bool) -> Any:
    from .detector import Detector

    return Detector(isolate=isolate)


def _detector_at_work(isolate: bool) -> Any:
    from .at_work import AtWork, view
    from .detector import Detector

    # Of a backend that is not installed the server says what to install.
    root = Detector(isolate=isolate, backends=["pva", "web"])
    root.addProtocol(AtWork(root, lambda url: say(f"Open {url}{view(root)}")))
    return root
