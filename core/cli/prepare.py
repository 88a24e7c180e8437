"""A started tree and its servers, which do not listen: for commands that only report."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from roguebridge.core.cli.server_options import ServerOptions
from roguebridge.core.cli.session import Session
from roguebridge.core.cli.signals import StopSignals
from roguebridge.core.cli.target import load_root
from roguebridge.core.cli.terminal import step
from roguebridge.core.server.server import PvServer


@contextlib.contextmanager
def prepared(
    target: tuple[str, str], options: ServerOptions, tolerant: bool = False
) -> Iterator[tuple[Any, list[PvServer]]]:
    """Give the running root and its servers; the root is stopped at the end.

    :param target: module and object
    :param options: the server asked for
    :param tolerant: as in :meth:`.ServerOptions.servers`
    :raises Failure: if anything of it cannot be had
    """
    with StopSignals() as signals:
        with step("building the tree"):
            root = load_root(*target, options.root_arguments)
        signals.listen()
        with Session(root) as session:
            servers = options.servers(root, tolerant)
            for server in servers:
                server.starts_with_root = False
            session.start()
            with step("looking at every node"):
                yield root, servers
