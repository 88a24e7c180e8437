"""A small tree that a test fills, served over PVAccess, and a client that gives raw Values."""

import queue
from contextlib import contextmanager

from p4p import Value
from p4p.client.thread import Context
from p4p.nt import NTURI

from roguebridge.backends.epics import EpicsPvServer
from support.trees import running

LIMIT = 30.0


class RawBench:
    """A tree that a test fills, and what starts, serves and talks to it."""

    def __init__(self, tree, **options):
        self.pr = tree.pr
        self.memory = tree.memory()
        self.root = tree.pr.Root(name="Top", pollEn=False, **options)
        self.root.addInterface(self.memory)
        self.device = tree.pr.Device(name="Dev", memBase=self.memory, offset=0)
        self.root.add(self.device)

    def local(self, name, **options):
        self.root.add(self.pr.LocalVariable(name=name, **options))

    def register(self, name, offset, bits=32, model="UInt", **options):
        base = getattr(self.pr, model)
        self.device.add(
            self.pr.RemoteVariable(name=name, offset=offset, bitSize=bits, base=base, **options)
        )

    @contextmanager
    def served(self, **options):
        self.server = EpicsPvServer(base="B", root=self.root, isolate=True, **options)
        self.root.addProtocol(self.server)
        with running(self.root):
            conf = {"conf": self.server.client_conf(), "useenv": False, "nt": False}
            with Context("pva", **conf) as self.client:
                yield self.client

    def get(self, path):
        return self.client.get("B:Top:" + path, timeout=LIMIT)

    def put(self, path, field, content):
        value = Value(self.get(path).type())
        value[field] = content
        self.client.put("B:Top:" + path, value, timeout=LIMIT, get=False, wait=True)

    def call(self, path, **arguments):
        codes = {int: "l", float: "d", str: "s"}
        request = NTURI([(name, codes[type(v)]) for name, v in arguments.items()])
        name = "B:Top:" + path
        return self.client.rpc(name, request.wrap(name, kws=arguments), timeout=LIMIT)

    def monitor(self, path):
        updates = queue.Queue()
        subscription = self.client.monitor("B:Top:" + path, updates.put)
        return subscription, lambda limit=LIMIT: updates.get(timeout=limit)

    def until(self, path, severity):
        """The first event with a severity: an error is answered before the alarm shows."""
        subscription, update = self.monitor(path)
        while (event := update())["alarm.severity"] != severity:
            pass
        subscription.close()
        return event
