"""A backend with scripted owners, and a real server on a tree; both on loopback only."""

import queue
import threading

import numpy as np

from roguebridge.backends.epics.ca.backend import CaBackend
from roguebridge.backends.epics.pva.backend import PvaBackend
from roguebridge.backends.soft import SoftBackend
from roguebridge.core.backend.contract import BackendOptions
from roguebridge.core.mapping.pv_map import PvEntry
from roguebridge.core.server.server import PvServer
from roguebridge.core.values.alarm import NO_ALARM
from roguebridge.core.values.reading import Reading
from roguebridge.core.values.spec import Column, NtKind, PvSpec, ScalarType
from support.clients import LIMIT, client_of, in_thread
from support.docs import pagelines

KINDS = {"soft": SoftBackend, "pva": PvaBackend, "ca": CaBackend}
DOUBLE = PvSpec(NtKind.SCALAR, ScalarType.Float64)
T0 = 1_600_000_000_000_000_007


def at(value, n=0, alarm=NO_ALARM):
    """A reading, the n-th of a PV."""
    return Reading(value, alarm, T0 + n)


INT8 = PvSpec(NtKind.SCALAR, ScalarType.Int8)
TEXT = PvSpec(NtKind.SCALAR, ScalarType.String)
FLAG = PvSpec(NtKind.SCALAR, ScalarType.Bool)
ENUM = PvSpec(NtKind.ENUM, ScalarType.Int32, choices=("Off", "On", "Auto"))
SHORTS = PvSpec(NtKind.SCALAR_ARRAY, ScalarType.Int16)
WORDS = PvSpec(NtKind.SCALAR_ARRAY, ScalarType.String)
IMAGE = PvSpec(NtKind.NDARRAY, ScalarType.UInt16)
TABLE = PvSpec(
    NtKind.TABLE,
    ScalarType.String,
    columns=(
        Column("n", "n", ScalarType.Int16),
        Column("a_b", "a b", ScalarType.String),
        Column("on", "on", ScalarType.Bool),
    ),
)

VALUES = {
    "int8": (INT8, -128, 127),
    "int64": (PvSpec(NtKind.SCALAR, ScalarType.Int64), -(2**63), 2**63 - 1),
    "uint64": (PvSpec(NtKind.SCALAR, ScalarType.UInt64), 0, 2**64 - 1),
    "float32": (PvSpec(NtKind.SCALAR, ScalarType.Float32), 0.5, -1.25),
    "float64": (DOUBLE, 0.1, -1e300),
    "bool": (FLAG, True, False),
    "text": (TEXT, "größer", ""),
    "enum": (ENUM, 2, 0),
    "array": (SHORTS, np.array([1, -2, 3], np.int16), np.zeros(0, np.int16)),
    "words": (WORDS, ["a", "", "µ"], ["b"]),
    "image": (
        IMAGE,
        np.arange(12, dtype=np.uint16).reshape(3, 4),
        np.ones((2, 2, 2), np.float64),
    ),
    "table": (
        TABLE,
        {"n": np.array([1, -2], np.int16), "a_b": ["x", "µ"], "on": np.array([True, False])},
        {"n": np.zeros(0, np.int16), "a_b": [], "on": np.zeros(0, bool)},
    ),
}


def same(a, b):
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)
    return np.array_equal(a, b) and np.shape(a) == np.shape(b)


class Owner:
    """A PvOwner that notes what it is told; it opens the PV on a thread of its own, if at all.

    :param first: what the PV opens with at once; None to have the test call :meth:`open`
    """

    def __init__(self, spec, first):
        self.spec = spec
        self.first = first
        self.served = None
        self.arrivals = queue.SimpleQueue()
        self.partings = queue.SimpleQueue()
        self.requests = queue.SimpleQueue()
        self.threads = set()
        self._lock = threading.Lock()
        self._connected = self._open = False

    def open(self, reading):
        with self._lock:
            if not self._connected or self._open:
                return
            self._open = True
        self.served.open(self.spec, reading)

    def post(self, reading):
        self.served.post(reading)

    # On the backend's network threads

    def client_arrived(self, served):
        assert served is self.served
        self.threads.add(threading.get_ident())
        with self._lock:
            self._connected = True
        if self.first is not None:
            in_thread(lambda: self.open(self.first))
        self.arrivals.put(served)

    def clients_gone(self, served):
        assert served is self.served
        with self._lock:
            self._connected = False
            was_open, self._open = self._open, False
        self.partings.put(was_open)
        return was_open

    def put(self, request):
        self.threads.add(threading.get_ident())
        self.requests.put(request)

    def rpc(self, request):
        self.threads.add(threading.get_ident())
        self.requests.put(request)

    def may(self, entry, credentials, operation, tell):
        self.threads.add(threading.get_ident())
        tell(True)

    def rights_key(self, entry):
        return entry.pv_name

    def rights_state(self, credentials):
        return ()

    # For the test

    def arrived(self):
        return self.arrivals.get(timeout=LIMIT)

    def gone(self):
        return self.partings.get(timeout=LIMIT)

    def request(self):
        return self.requests.get(timeout=LIMIT)


class BackendBench:
    """A backend and its clients; everything is closed at the end.

    :param kind: one of ``KINDS``, or ``lines`` for that of the page on backends
    """

    def __init__(self, kind):
        self.kind = kind
        make = pagelines.backend if kind == "lines" else KINDS[kind]
        self.backend = make(BackendOptions(isolate=True))
        self._client_of = pagelines.LineAdapter if kind == "lines" else client_of
        self._clients = []

    def serve(self, spec=DOUBLE, first=None, name="pv", is_command=False):
        owner = Owner(spec, first)
        owner.entry = PvEntry(f"Top.{name}", name, is_command, "RW")
        owner.served = self.backend.serve(owner.entry, owner)
        return owner

    def open_pv(self, spec, first):
        """A started backend with one PV that opens at once, and a client of it."""
        owner = self.serve(spec, first)
        self.backend.start()
        return owner, self.client()

    def call(self, spec=DOUBLE, **arguments):
        """A call of a command whose PV is closed: client, what it waits for, and the request."""
        owner = self.serve(spec, is_command=True)
        self.backend.start()
        client = self.client()
        pending = client.start_rpc("pv", **arguments)
        if not client.has_calls:  # a put waits for the PV to open
            owner.arrived()
            assert owner.requests.empty() and not pending.done()
            owner.open(at(spec.zero()))
        return client, pending, owner.request()

    def client(self):
        client = self._client_of(self.backend)
        self._clients.append(client)
        return client

    def close(self):
        for client in self._clients:
            client.close()
        self.backend.stop()


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
