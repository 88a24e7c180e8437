"""``roguebridge serve``: a tree on the network until a signal comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from roguebridge.core.cli.failure import Exit, failing
from roguebridge.core.cli.options import common_options, isolate_option, mapping_options
from roguebridge.core.cli.server_options import ServerOptions
from roguebridge.core.cli.session import Session
from roguebridge.core.cli.signals import StopSignals
from roguebridge.core.cli.systemd import ServiceManager
from roguebridge.core.cli.target import load_root
from roguebridge.core.cli.terminal import say, step
from roguebridge.core.errors import BackendError
from roguebridge.core.server.server import PvServer


@click.command()
@mapping_options
@isolate_option
@common_options()
def serve(target: tuple[str, str], **options: Any) -> None:
    """Serve a tree until Ctrl-C or SIGTERM.

    MODULE is a module or a Python file. ROOT is a Root, its class, or a function that makes one.
    Without --base and --config the servers that the root adds itself are started.
    """
    chosen = ServerOptions(**options)
    serve_root(lambda: load_root(*target, chosen.root_arguments), chosen)


def serve_root(make_root: Any, options: ServerOptions) -> None:
    """Serve until a signal comes, then stop server and root.

    :param make_root: makes the root, not started
    :param options: the server
    :raises Failure: if it cannot be made, started or served
    """
    manager = ServiceManager()

    def tell_stop() -> None:
        manager.stopping()
        say("Stopping (a second signal ends it at once).")

    with StopSignals(tell_stop) as signals:
        with step("building the tree"):
            root = make_root()
        signals.listen()
        with Session(root) as session:
            servers = options.servers(root)
            try:
                if not signals.requested:
                    session.start()
                    _start(servers)
                    signals.listen()
                    if any(server.reloads for server in servers):
                        signals.on_hangup = lambda: _reload(servers, manager)
                if not signals.requested:
                    _tell(servers)
                    manager.ready(_status(servers))
                signals.wait()
            finally:
                for server in servers:
                    server.stop()
        say("Stopped.")


def _start(servers: Sequence[PvServer]) -> None:
    """Start the servers of a root that was running before: they have not started with it."""
    with failing(Exit.SERVER, "the server cannot start", ours=Exit.SERVER):
        for server in servers:
            server.start()


def _reload(servers: Sequence[PvServer], manager: ServiceManager) -> None:
    say("Reading the configuration again.")
    manager.reloading()
    for server in servers:
        server.reload()
    manager.ready(_status(servers))


def _status(servers: Sequence[PvServer]) -> str:
    return ", ".join(f"{server.base}: {len(server.list())} PVs" for server in servers)


def _tell(servers: Sequence[PvServer]) -> None:
    for server in servers:
        where = ", ".join(f"{name} ({place})" if place else name for name, place in server.where())
        count = len(server.list(own=True))
        say(f"Serving {count} PVs of {server.root.name} as {server.base}:... over {where}.")
        if server.isolated:
            say("Clients on this machine find it with")
            for name, value in _client_settings(server):
                say(f"  export {name}={value}")


def _client_settings(server: PvServer) -> list[tuple[str, str]]:
    found = {}
    for name, _ in server.where():
        try:
            found.update(server.client_conf(name))
        except BackendError:  # not a protocol of the network
            continue
    return sorted(found.items())
