"""Our backends under test, and a real server on a tree; all on loopback only."""

import threading

from roguebridge.backends.epics.ca.backend import CaBackend
from roguebridge.backends.epics.pva.backend import PvaBackend
from roguebridge.backends.soft import SoftBackend
from roguebridge.backends.web.plugin import Web
from roguebridge.core.server.server import PvServer
from support.clients import LIMIT, client_of
from support.clients.web_adapter import WEB


def web_backend(options):
    return Web(**WEB)._make(options)


KINDS = {"soft": SoftBackend, "pva": PvaBackend, "ca": CaBackend, "web": web_backend}


class Gate:
    """Stands in a tree callback: counts who comes, and lets nobody through while shut.

    Until it is armed it is not there: a root that starts sets all its variables.
    """

    def __init__(self, is_open=False):
        self._changed = threading.Condition()
        self._is_open = is_open
        self.armed = False
        self.entered = 0
        self.left = 0
        self.values = []

    def __call__(self, value=None):
        if not self.armed:
            return
        with self._changed:
            self.entered += 1
            self.values.append(value)
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self._is_open, LIMIT), "the gate stayed shut"
            self.left += 1
            self._changed.notify_all()

    def open(self):
        with self._changed:
            self._is_open = True
            self._changed.notify_all()

    def shut(self):
        with self._changed:
            self._is_open = False

    def wait_entered(self, count=1):
        with self._changed:
            assert self._changed.wait_for(lambda: self.entered >= count, LIMIT)

    def wait_left(self, count=1):
        with self._changed:
            assert self._changed.wait_for(lambda: self.left >= count, LIMIT)


class Site:
    """A running tree, its server, and the server's clients."""

    def __init__(self, kind, root, **options):
        options.setdefault("queue_commands", True)
        if kind == "web":
            options.setdefault("web", WEB)
        self.root = root
        self.server = PvServer(
            base="T", root=root, backends=[kind], isolate=True, excGroups=["Hidden"], **options
        )
        self._clients = []

    @property
    def backend(self):
        return self.server._backends[0]

    def pv(self, path):
        return f"T:{self.root.name}:" + path.replace(".", ":")

    def node(self, path):
        return self.root.getNode(f"{self.root.name}.{path}")

    def holder(self, path):
        return self.server.holders[f"{self.root.name}.{path}"]

    def client(self):
        client = client_of(self.backend)
        self._clients.append(client)
        return client

    def close(self):
        for client in self._clients:
            client.close()
        self.server.stop()
