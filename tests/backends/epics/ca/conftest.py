"""Trees served over Channel Access, alone or beside PVAccess, and clients of them."""

import contextlib

import pytest
from support.clients.caclient import CaClient
from support.clients.caserved import CaServed
from support.clients.rawca import RawClient

from roguebridge.core.server.server import PvServer


@pytest.fixture
def serve(tree, running):
    """Makes served trees: ``serve(build, **server options)``; ``build(pr, root)`` adds nodes."""
    with contextlib.ExitStack() as stack:

        def make(build, base="T", plugins=(), backends=("ca",), memory=False, **options):
            root = tree.pr.Root(name="Top", pollEn=False)
            if memory:
                root.addInterface(made := tree.memory())
                build(tree.pr, root, made)
            else:
                build(tree.pr, root)
            stack.enter_context(running(root))
            server = PvServer(base, root, isolate=True, backends=backends, plugins=plugins,
                              **options)  # fmt: skip
            server.start()
            stack.callback(server.stop)
            served = CaServed(root, server)
            stack.callback(served.close)
            return served

        yield make


@pytest.fixture
def connect():
    """Makes clients of a server's settings, which leave at the end."""
    with contextlib.ExitStack() as stack:

        def make(conf, user="ops"):
            client = CaClient(conf, user)
            stack.callback(client.close)
            return client

        yield make


@pytest.fixture
def raw():
    """Makes clients that speak in bytes, of served trees."""
    with contextlib.ExitStack() as stack:

        def make(served, **options):
            client = RawClient(served.server.client_conf("ca"), **options)
            stack.callback(client.close)
            return client

        yield make
