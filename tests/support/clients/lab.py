"""A small tree of the test's own, served over PVAccess on loopback, with a p4p client."""

from contextlib import contextmanager

from p4p import Type, Value
from p4p.client.thread import Context
from p4p.nt import NTURI

from roguebridge.backends.epics import EpicsPvServer
from support.clients.served import LIMIT, Updates
from support.trees import running

NO_ALARM = (0, 0, "")


class Lab:
    """A running root ``Top`` with a device ``Dev`` on a faulty memory, and its server."""

    def __init__(self, root, memory, server, client, raw):
        self.root, self.memory, self.server, self.client, self.raw = (
            root, memory, server, client, raw,
        )  # fmt: skip

    def pv(self, path):
        return "Base:Top:" + path.replace(".", ":")

    def node(self, path):
        return self.root.getNode("Top." + path)

    def holder(self, path):
        return self.server.holders["Top." + path]

    def get(self, path):
        """The raw Value of a PV."""
        return self.client.get(self.pv(path), timeout=LIMIT).raw

    def put(self, path, value, **kwargs):
        self.client.put(self.pv(path), value, timeout=LIMIT, **kwargs)

    def put_raw(self, path, fields, request="field()record[block=true]"):
        """Put a Value that marks just ``fields``, a dict of dotted names; {} marks nothing."""
        kind = self.get(path).type()
        values = Value(kind)
        for name, content in fields.items():
            values[name] = content
        self.raw.put(self.pv(path), values, request=request, timeout=LIMIT)

    def rpc(self, path, **arguments):
        """Call with NTURI, text and numbers as they are; gives the raw reply."""
        codes = {int: "l", float: "d", bool: "?", str: "s"}
        query = [(name, codes[type(value)]) for name, value in arguments.items()]
        uri = NTURI(query).wrap(self.pv(path), kws=arguments)
        reply = self.client.rpc(self.pv(path), uri, timeout=LIMIT)
        return getattr(reply, "raw", reply)

    def rpc_bare(self, path, **texts):
        """Call with the arguments in the top-level structure, no NTURI."""
        kind = Type([(name, "s") for name in texts])
        reply = self.client.rpc(self.pv(path), Value(kind, texts), timeout=LIMIT)
        return getattr(reply, "raw", reply)

    def monitor(self, path):
        return Updates(self.client, self.pv(path))


def triple(value):
    """The alarm of a raw Value, or of what the client made of it."""
    value = getattr(value, "raw", value)
    return tuple(value["alarm"][field] for field in ("severity", "status", "message"))


def stamp(value):
    """The time of a Value in ns."""
    time = getattr(value, "raw", value)["timeStamp"]
    return time["secondsPastEpoch"] * 10**9 + time["nanoseconds"]


@contextmanager
def lab(tree, build, timeout=None, **options):
    """Serve what ``build(pr, root, device)`` adds."""
    keywords = {} if timeout is None else {"timeout": timeout}
    root = tree.pr.Root(name="Top", pollEn=False, **keywords)
    memory = tree.memory()
    root.addInterface(memory)
    device = tree.pr.Device(name="Dev", memBase=memory, offset=0)
    root.add(device)
    build(tree.pr, root, device)
    server = EpicsPvServer(base="Base", root=root, isolate=True, **options)
    root.addProtocol(server)
    with running(root):
        conf = server.client_conf()
        with (
            Context("pva", conf=conf, useenv=False) as client,
            Context("pva", conf=conf, useenv=False, nt=False) as raw,
        ):
            yield Lab(root, memory, server, client, raw)
