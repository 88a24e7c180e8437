"""What the pva backend relies on in p4p's undocumented classes."""

import ctypes
import subprocess
import sys
import threading

import pytest
from p4p import Type, Value
from p4p._p4p import Server, ServerOperation, SharedPV
from p4p.server import StaticProvider
from support.clients import LIMIT, PvaAdapter, RemoteFailure

ALARM = ("S", "alarm_t", [("severity", "i"), ("status", "i"), ("message", "s")])
TIME = ("S", "time_t", [("secondsPastEpoch", "l"), ("nanoseconds", "i"), ("userTag", "i")])
TYPE = Type([("value", "d"), ("alarm", ALARM), ("timeStamp", TIME)], id="epics:nt/NTScalar:1.0")
CONF = {
    "EPICS_PVAS_INTF_ADDR_LIST": "127.0.0.1",
    "EPICS_PVA_ADDR_LIST": "127.0.0.1",
    "EPICS_PVA_AUTO_ADDR_LIST": "NO",
    "EPICS_PVAS_SERVER_PORT": "0",
    "EPICS_PVAS_BROADCAST_PORT": "0",
}


class Handler:
    """Notes each callback, with the thread it came on."""

    def __init__(self):
        self.calls = []
        self.on_put = lambda op: op.done()
        self.changed = threading.Condition()

    def _note(self, name):
        with self.changed:
            self.calls.append((name, threading.get_ident()))
            self.changed.notify_all()

    def onFirstConnect(self):
        self._note("first")

    def onLastDisconnect(self):
        self._note("last")
        self.pv.close()

    def put(self, op):
        self._note("put")
        self.on_put(op)

    def rpc(self, op):
        self._note("rpc")
        op.done(error="no")

    @property
    def names(self):
        return [name for name, _ in self.calls]

    def wait(self, names):
        with self.changed:
            assert self.changed.wait_for(lambda: self.names == names, LIMIT), self.names


@pytest.fixture
def pv():
    handler = Handler()
    handler.pv = SharedPV(handler)
    provider = StaticProvider()
    provider.add("pv", handler.pv)
    handler.server = Server(conf=CONF, useenv=False, providers=[(provider, 0)])
    handler.server.start()
    yield handler
    handler.server.stop()


@pytest.fixture
def client(pv):
    made = PvaAdapter(pv.server.conf())
    yield made
    made.close()


def test_a_handler_hears_first_connect_put_rpc_and_last_disconnect_on_one_thread(pv, client):
    get = client.start_get("pv")
    pv.wait(["first"])
    assert not pv.pv.isOpen()
    pv.pv.open(Value(TYPE, {"value": 1.0}))
    assert get.result(LIMIT).value == 1.0
    client.put("pv", 2.0)
    with pytest.raises(RemoteFailure, match="no"):
        client.rpc("pv")
    client.close()
    pv.wait(["first", "put", "rpc", "last"])
    assert len({thread for _, thread in pv.calls}) == 1
    pv.server.stop()
    assert not pv.pv.isOpen()


def test_an_operation_tells_who_asks_and_how(pv, client):
    ops = []
    pv.on_put = lambda op: (ops.append(op), op.done())
    get = client.start_get("pv")
    pv.wait(["first"])
    pv.pv.open(Value(TYPE, {"value": 1.0}))
    get.result(LIMIT)
    client.put("pv", 2.0, block=True)
    (op,) = ops
    assert isinstance(op, ServerOperation)
    assert op.value().changedSet() == {"value"}
    assert op.peer().startswith("127.0.0.1:")
    assert op.account()
    assert isinstance(op.roles(), set)
    assert op.pvRequest().todict()["record"]["_options"]["block"] == "true"


def test_a_cancel_callback_is_called_when_the_client_leaves_and_only_then(pv, client):
    cancelled, ops = threading.Event(), []

    def put(op):
        op.onCancel(cancelled.set)
        ops.append(op)

    pv.on_put = put
    get = client.start_get("pv")
    pv.wait(["first"])
    pv.pv.open(Value(TYPE, {"value": 1.0}))
    get.result(LIMIT)
    client.start_put("pv", 2.0)
    pv.wait(["first", "put"])
    assert not cancelled.is_set()
    client.close()
    assert cancelled.wait(LIMIT)
    ops.pop().done()  # harmless


def test_a_claim_of_the_lock_keeps_the_threads_state_between_callbacks(pv, client):
    local, found = threading.local(), []

    def put(op):
        found.append(getattr(local, "number", None))
        local.number = len(found)
        step = steps.pop(0)
        if step == "claim":
            ctypes.pythonapi.PyGILState_Ensure()
        elif step == "release":
            ctypes.pythonapi.PyGILState_Release(0)
        op.done()

    steps = ["", "claim", "", "release", ""]
    pv.on_put = put
    get = client.start_get("pv")
    pv.wait(["first"])
    pv.pv.open(Value(TYPE, {"value": 1.0}))
    get.result(LIMIT)
    while steps:
        client.put("pv", 2.0)
    assert found == [None, None, 2, 3, None]


def test_start_of_a_running_server_waits_for_its_thread(pv, client):
    entered, go_on = threading.Event(), threading.Event()

    def put(op):
        entered.set()
        go_on.wait(LIMIT)
        op.done()

    pv.on_put = put
    get = client.start_get("pv")
    pv.wait(["first"])
    pv.pv.open(Value(TYPE, {"value": 1.0}))
    get.result(LIMIT)
    pending = client.start_put("pv", 2.0)
    assert entered.wait(LIMIT)
    passed = threading.Event()
    barrier = threading.Thread(target=lambda: (pv.server.start(), passed.set()))
    barrier.start()
    assert not passed.wait(0.05)
    go_on.set()  # the barrier has let go of the interpreter lock: this thread runs
    assert passed.wait(LIMIT)
    barrier.join(LIMIT)
    pending.result(LIMIT)


def test_letting_go_of_an_answered_operation_waits_until_its_answer_is_written(pv, client):
    ops = []
    pv.on_put = ops.append
    get = client.start_get("pv")
    pv.wait(["first"])
    pv.pv.open(Value(TYPE, {"value": 1.0}))
    get.result(LIMIT)
    pending = client.start_put("pv", 2.0)
    pv.wait(["first", "put"])
    ops[0].done()
    ops.clear()
    pv.server.stop()
    pending.result(LIMIT)


def test_a_post_of_another_type_raises(pv, client):
    get = client.start_get("pv")
    pv.wait(["first"])
    pv.pv.open(Value(TYPE, {"value": 1.0}))
    get.result(LIMIT)
    with pytest.raises(Exception, match="exact type"):
        pv.pv.post(Value(Type([("value", "i")]), {"value": 1}))
    assert pv.pv.current()["value"] == 1.0


OPENING = """
import os, sys, threading
from p4p import Type, Value
from p4p._p4p import Server, SharedPV
from p4p.client.raw import Context
from p4p.server import StaticProvider

value = Value(Type([("value", "d")], id="epics:nt/NTScalar:1.0"), {"value": 1.0})
calls = threading.Semaphore(0)

class Handler:
    def onFirstConnect(self): pass
    def onLastDisconnect(self): pass
    def rpc(self, op):
        op.done(value)
        calls.release()

pv = SharedPV(Handler())
provider = StaticProvider()
provider.add("pv", pv)
server = Server(conf=eval(sys.argv[1]), useenv=False, providers=[(provider, 0)])
server.start()
client = Context("pva", conf=server.conf(), useenv=False, nt=False)
monitors = [client.monitor("pv", lambda: None) for _ in range(50)]

def call():
    while True:
        answered = threading.Event()
        operation = client.rpc("pv", lambda _: answered.set(), value)
        answered.wait()
        operation.close()

threading.Thread(target=call, daemon=True).start()
for _ in range(50):
    calls.acquire(timeout=30)
opened = threading.Event()
threading.Thread(target=lambda: (pv.open(value), opened.set()), daemon=True).start()
print("opened" if opened.wait(2) else "stuck", flush=True)
os._exit(0)
"""


@pytest.mark.xfail(reason="pvxs 1.5.3 opens a SharedPV with its lock held", strict=False)
def test_a_pv_opens_with_monitors_waiting_while_calls_arrive():
    arguments = [sys.executable, "-c", OPENING, repr(CONF)]
    for _ in range(2):
        result = subprocess.run(arguments, capture_output=True, timeout=LIMIT, check=True)
        assert result.stdout == b"opened\n"
