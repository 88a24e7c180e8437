"""Small stand-ins for what surrounds one part of the engine."""

import inspect
import itertools
import threading
from types import SimpleNamespace

from roguebridge.core.backend.contract import ServedPv
from roguebridge.core.concurrency.clock import Clock, Timer
from roguebridge.core.mapping.pv_map import PvEntry
from roguebridge.core.requests.credentials import Credentials
from roguebridge.core.requests.request import PutRequest, Reply, RpcRequest
from roguebridge.core.values.converter import TypeConverter
from roguebridge.core.values.spec import NtKind, PvSpec, ScalarType

WAIT = 30.0  # seconds any single event may take before a test fails
ENTRY = PvEntry("Top.Dev.V", "B:Top:Dev:V", False, "RW")


def join(*threads):
    """Wait until threads have ended."""
    for thread in threads:
        thread.join(WAIT)
        assert not thread.is_alive(), f"{thread.name} does not end"


def threads_of_servers():
    """The bridge's threads that are alive, without that of the log, which ends by itself."""
    named = [t for t in threading.enumerate() if t.name.startswith("roguebridge")]
    return [t for t in named if t.name != "roguebridge-log"]


def bridge_threads():
    """Name the threads that servers have left or still need."""
    return [t.name for t in threads_of_servers()]


class FakeClock(Clock):
    """Stands still until told otherwise; timed calls are made by :meth:`advance`."""

    def __init__(self, ns=1_700_000_000_000_000_000):
        self.ns = ns
        self.seconds = 0.0
        self.timers = []
        self._order = itertools.count()

    def time_ns(self):
        return self.ns

    def monotonic(self):
        return self.seconds

    def call_later(self, delay, call):
        timer = Timer(call)
        self.timers.append((self.seconds + delay, next(self._order), timer))
        return timer

    def start(self):
        pass

    def stop(self):
        self.timers.clear()

    def advance(self, seconds):
        """Let time pass, with each call that comes due made at its time."""
        end, start = self.seconds + seconds, (self.seconds, self.ns)
        while due := [timer for timer in self.timers if timer[0] <= end]:
            first = min(due)
            self.timers.remove(first)
            self._move_to(first[0], start)
            first[2].fire()
        self._move_to(end, start)

    def _move_to(self, seconds, start):
        self.seconds = max(self.seconds, seconds)
        self.ns = max(self.ns, start[1] + int((self.seconds - start[0]) * 1e9))


class InlinePool:
    """A worker pool that runs each job at once, or when :meth:`run` is called."""

    def __init__(self, held=False):
        self.held = held
        self.jobs = []
        self.refusal = None

    def submit(self, job):
        if self.refusal is not None:
            return self.refusal
        if self.held:
            self.jobs.append(job)
        else:
            job.run()
        return None

    def run(self):
        """Run what was queued so far."""
        jobs, self.jobs = self.jobs, []
        for job in jobs:
            job.run()


class FakeServed(ServedPv):
    """Records what it is told; ``refuse`` is a set of values it does not take."""

    def __init__(self, refuse=()):
        self.refuse = refuse
        self.events = []
        self.spec = None

    def open(self, spec, reading):
        if reading.value in self.refuse:
            raise ValueError(f"{reading.value!r} does not fit")
        self.spec = spec
        self.events.append(("open", *reading))

    def post(self, reading):
        if reading.value in self.refuse:
            raise ValueError(f"{reading.value!r} does not fit")
        self.events.append(("post", *reading))

    def post_alarm(self, alarm, time_ns):
        self.events.append(("alarm", None, alarm, time_ns))

    @property
    def times(self):
        return [event[3] for event in self.events]

    @property
    def last(self):
        return self.events[-1][:3]


class FakeNode:
    """A variable whose value is whatever the test says; an exception is raised."""

    def __init__(self, value=0, path=ENTRY.path, hardware=False):
        self.present = value
        self.path = path
        self.name = path.rpartition(".")[2]
        self.mode = "RW"
        self.isCommand = False
        self.arg = True
        self.groups = []
        self.typeStr = "int"
        self.units = None
        self.listeners = []
        self.sets = []
        if hardware:
            self.numValues = 0

    def value(self):
        if isinstance(self.present, BaseException):
            raise self.present
        return self.present

    def get(self):
        return self.value()

    def set(self, value, write=True):
        self.sets.append(value if write else (value, "not written"))
        self.present = value

    def addListener(self, listener):
        self.listeners.append(listener)

    def delListener(self, listener):
        self.listeners.remove(listener)

    def update(self, value, status="None"):
        """Deliver an update as the tree does."""
        self.present = value
        for listener in self.listeners:
            listener(self.path, SimpleNamespace(value=value, status=status))


class FakeCommand(FakeNode):
    """A command with a function of the test's; what it was called with is in ``sets``."""

    def __init__(self, function, path=ENTRY.path):
        super().__init__(0, path)
        self.isCommand = True
        self.root = self.parent = None
        self._function = function
        self.arg = "arg" in inspect.getfullargspec(function).args

    def __call__(self, *arg):
        self.sets.append(arg)
        return self._functionWrap(self._function, self.root, self.parent, self, *arg or (None,))

    @staticmethod
    def _functionWrap(function, root, dev, cmd, arg):
        offered = {"root": root, "dev": dev, "cmd": cmd, "arg": arg}
        names = inspect.signature(function).parameters
        return function(**{name: offered[name] for name in names if name in offered})


class PlainConverter(TypeConverter):
    """Passes values through; exceptions given as values are raised."""

    def __init__(self, spec=None):
        self.spec = spec or PvSpec(NtKind.SCALAR, ScalarType.Int64)

    def to_pv(self, value):
        if isinstance(value, BaseException):
            raise value
        return value

    def to_tree(self, value):
        return value


class RecordedReply(Reply):
    """Keeps the answers; there must be one."""

    def __init__(self):
        self.answers = []
        self.answered = threading.Event()

    def done(self, result=None):
        self.answers.append(("done", result))
        self.answered.set()

    def error(self, text):
        self.answers.append(("error", text))
        self.answered.set()


def make_put(value=1, entry=ENTRY, roles=None, **options):
    """Give a put request and its reply."""
    reply = RecordedReply()
    who = Credentials("ann", "10.0.0.1", "test", roles=roles)
    return PutRequest(entry, who, reply, value, **options), reply


def make_rpc(arguments=(), entry=ENTRY):
    """Give a call and its reply."""
    reply = RecordedReply()
    return RpcRequest(entry, Credentials("ann", "10.0.0.1", "test"), reply, dict(arguments)), reply
