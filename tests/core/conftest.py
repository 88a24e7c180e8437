"""A served tree on the in-memory backend, with clients; all ended whatever the test does."""

import queue
import sys
from contextlib import ExitStack

import pytest
from support.engine.fakes import WAIT, bridge_threads
from support.engine.holders import HolderBench

from roguebridge.core.hooks import sources as plugin_sources
from roguebridge.core.hooks.manager import Plugins
from roguebridge.core.server.server import PvServer


class Site:
    """A running root and its server."""

    def __init__(self, root, server):
        self.root = root
        self.server = server

    def client(self, user="ann", host="10.0.0.1"):
        return self.server._backends[0].client(user, host)

    def pv(self, name):
        return f"B:Top:{name}".replace(".", ":")

    def holder(self, name):
        return self.server.holders[f"Top.{name}"]


@pytest.fixture
def serve(tree, running):
    """Build, start and serve a root of the given nodes; gives a Site."""
    with ExitStack() as stack:

        def serve(*nodes, start=True, **options):
            root = tree.pr.Root(name="Top", pollEn=False)
            for node in nodes:
                root.add(node)
            options.setdefault("backends", ["soft"])
            server = PvServer("B", root, **options)
            stack.enter_context(running(root))
            stack.callback(server.stop)
            if start:
                server.start()
            return Site(root, server)

        yield serve


class Inbox(queue.SimpleQueue):
    """What arrives from other threads; every wait has a limit."""

    def next(self):
        return self.get(timeout=WAIT)


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def bench():
    """A holder that nobody looks at."""
    return HolderBench()


@pytest.fixture
def opened():
    """A holder whose PV is open and shows 5."""
    bench = HolderBench(5)
    bench.arrive()
    return bench


@pytest.fixture
def no_thread_is_left():
    """The test ends without a thread of the bridge."""
    yield
    assert bridge_threads() == []


@pytest.fixture
def installed(monkeypatch):
    """Say which plugins are installed."""
    points = []
    monkeypatch.setattr(plugin_sources, "entry_points", lambda group: points)
    return points


@pytest.fixture
def make(installed):
    """Build a manager."""

    def make(*plugins, **options):
        return Plugins(plugins, **options)

    return make


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder on the path, for modules of a site with names of their own."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]
