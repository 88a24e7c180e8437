"""A client that leaves before its PV is open leaves nothing behind."""

from types import SimpleNamespace

from support.engine.fakes import ENTRY
from support.engine.holders import HolderBench

from roguebridge.backends.epics.pva.backlog import Backlog
from roguebridge.backends.epics.pva.requests import OperationReply
from roguebridge.backends.epics.pva.served_pv import PvaPv
from roguebridge.core.backend.contract import ServedPv
from roguebridge.core.errors import BackendError
from roguebridge.core.requests import QueuedBytes


class Queue:
    """The calls that wait for the server's thread."""

    def __init__(self):
        self.calls = []

    def call_soon(self, call, done):
        self.calls.append((call, done))

    def run(self):
        calls, self.calls = self.calls, []
        for call, done in calls:
            try:
                call()
            except Exception as exc:
                done(exc)
            else:
                done(None)


def pva(bench):
    """A PV of PVAccess that ``bench``'s holder serves, and the queue of its server's thread."""
    waiting = Queue()
    served = PvaPv(ENTRY, bench.holder, waiting)
    bench.holder.parts.publisher.publications = ()
    bench.holder.attach(served)
    return served, waiting


def test_its_pv_is_not_opened():
    bench = HolderBench(5)
    served, waiting = pva(bench)
    served.onFirstConnect()
    assert waiting.calls
    served.onLastDisconnect()
    waiting.run()
    assert not bench.holder.is_open
    before = bench.holder.updates
    bench.node.update(6)
    assert bench.holder.updates == before  # nobody looks, so nothing is converted


def test_the_next_client_sees_the_value_of_then():
    bench = HolderBench(5)
    served, waiting = pva(bench)
    served.onFirstConnect()
    served.onLastDisconnect()
    waiting.run()
    bench.node.update(6)
    served.onFirstConnect()
    waiting.run()
    assert bench.holder.is_open
    assert served.pv.current()["value"] == 6
    served.onLastDisconnect()
    assert not bench.holder.is_open


def test_one_that_comes_in_time_finds_it_opened():
    bench = HolderBench(5)
    served, waiting = pva(bench)
    served.onFirstConnect()
    served.onLastDisconnect()
    served.onFirstConnect()
    waiting.run()
    assert bench.holder.is_open
    served.onLastDisconnect()


def test_a_backend_that_stops_leaves_nobody_watched():
    class Stopping(ServedPv):
        def open(self, spec, reading):
            raise BackendError("stopping")

        def post(self, reading):
            raise AssertionError

        def post_alarm(self, alarm, time_ns):
            raise AssertionError

    bench = HolderBench(5)
    bench.holder.parts.publisher.publications = ()
    served = Stopping()
    bench.holder.attach(served)
    bench.holder.client_arrived(served)
    bench.node.update(6)
    assert bench.holder.updates == 0


def test_an_operation_that_may_be_large_is_let_go_of_at_once():
    answered = []
    op = SimpleNamespace(done=lambda *value, **error: answered.append((value, error)))
    spent = []
    thread = SimpleNamespace(spent=spent, backlog=Backlog(QueuedBytes(), list))
    OperationReply(op, thread, is_small=True).done()
    OperationReply(op, thread).error("no")
    assert answered == [((), {}), ((), {"error": "no"})]
    assert spent == [op]
