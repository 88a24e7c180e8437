"""Clients that come, go, hang or die while others work and the server stops and starts."""

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from support.clients import LIMIT, Gone, RemoteFailure, in_thread, wait_until

SPAN = 0.8  # seconds that a race is run for


def some(pr, root):
    for n in range(4):
        root.add(pr.LocalVariable(name=f"Var[{n}]", value=n))
    root.add(pr.LocalVariable(name="Wave", value=np.arange(100.0)))
    root.add(pr.LocalCommand(name="Echo", value=0, function=lambda arg: arg))


def together(calls):
    """Run calls on threads of their own; raise what the first raised."""
    for future in [in_thread(call) for call in calls]:
        future.result(LIMIT)


def test_a_client_leaving_as_another_comes_never_leaves_a_pv_without_value(site):
    served = site(some)
    end = time.monotonic() + SPAN
    rounds = []

    def come_and_go(number):
        while time.monotonic() < end:
            client = served.client()
            watch = client.monitor(served.pv("Var[0]"))
            assert client.get(served.pv("Var[1]")).value == 1
            assert watch.next().value == 0
            assert client.rpc(served.pv("Echo"), arg=number) == client.returned(number)
            client.put(served.pv(f"Var[{2 + number % 2}]"), number)
            client.close()
            rounds.append(number)

    together([lambda n=n: come_and_go(n) for n in range(4)])
    assert len(rounds) > 8
    # A PV whose last client left while it was being opened is closed when its next one leaves.
    last = served.client()
    for path in ("Var[0]", "Var[1]", "Var[2]", "Var[3]", "Echo"):
        last.get(served.pv(path))
        wait_until(lambda path=path: served.holder(path).is_open)
    last.close()
    wait_until(lambda: not any(holder.is_open for holder in served.server.holders.values()))


def test_the_last_value_arrives_whenever_a_client_comes(site):
    served = site(some)
    numbers = itertools.count(100)
    keeper = served.client()
    keeper.get(served.pv("Var[0]"))
    end = time.monotonic() + SPAN
    while time.monotonic() < end:
        client = served.client()
        last = [0]

        def update(last=last):
            for _ in range(20):
                last[0] = next(numbers)
                served.node("Var[0]").set(last[0])

        setter = in_thread(update)
        client.get(served.pv("Wave"))
        watch = client.monitor(served.pv("Var[0]"))
        setter.result(LIMIT)
        watch.until(lambda value, last=last: value == last[0])
        client.close()


def test_pvs_open_under_load_with_monitors_waiting_and_calls_arriving(site):
    served = site(some)
    stop = threading.Event()

    def update():
        for n in itertools.count():
            if stop.is_set():
                return
            served.node("Var[0]").set(n)
            served.node("Wave").set(np.full(100, float(n)))
            served.root.waitOnUpdate()

    updater = in_thread(update)

    def use():
        end = time.monotonic() + SPAN
        while time.monotonic() < end:
            client = served.client()
            watches = [client.monitor(served.pv(p)) for p in ("Var[0]", "Wave", "Echo", "Var[1]")]
            calls = [client.start_rpc(served.pv("Echo"), arg=n) for n in range(5)]
            for watch in watches:
                watch.next()
            returned = [client.returned(n) for n in range(5)]
            assert [call.result(LIMIT) for call in calls] == returned
            client.close()

    try:
        together([use] * 3)
    finally:
        stop.set()
        updater.result(LIMIT)


def test_the_server_stops_and_starts_under_load(site):
    served = site(some, stop_timeout=LIMIT)
    done = threading.Event()

    def load(number):
        while not done.is_set():
            try:
                client = served.client()
                while not done.is_set():
                    client.start_put(served.pv(f"Var[{number}]"), number).result(0.2)
                    client.start_rpc(served.pv("Echo"), arg=1).result(0.2)
                    client.start_get(served.pv("Wave")).result(0.2)
            except Exception:  # refused, disconnected, or nobody there
                time.sleep(0.001)
            finally:
                client.close()

    loads = [in_thread(lambda n=n: load(n)) for n in range(4)]
    try:
        for _ in range(8):
            time.sleep(0.05)
            served.server.stop()
            served.server.start()
    finally:
        done.set()
        for future in loads:
            future.result(LIMIT)
    assert served.client().get(served.pv("Var[1]")).value == 1


def test_twenty_starts_and_stops_leave_nothing_behind(site):
    served = site(some, start=False)
    node = served.node("Var[0]")

    def cycle():
        served.server.start()
        client = served.client()
        watch = client.monitor(served.pv("Var[0]"))
        watch.next()
        client.put(served.pv("Var[1]"), 5)
        assert client.rpc(served.pv("Echo"), arg=3) == client.returned(3)
        client.close()
        served.server.stop()

    def counts():
        listeners = node._BaseVariable__functions if real else node._functions
        return threading.active_count(), len(os.listdir("/proc/self/fd")), len(listeners)

    real = hasattr(node, "_BaseVariable__functions")
    for _ in range(3):  # libraries keep some threads and descriptors from their first use on
        cycle()
    wait_until(lambda: not any("roguebridge" in t.name for t in threading.enumerate()))
    before = counts()
    for _ in range(20):
        cycle()
    wait_until(lambda: all(now <= then for now, then in zip(counts(), before, strict=True)))


VICTIM = """
import json, sys
from p4p.client.thread import Context
client = Context("pva", conf=json.loads(sys.argv[1]), useenv=False)
watch, target = sys.argv[2:]
count = [0]
def show(value):
    count[0] += 1
    if count[0] == 20:
        print("watching", flush=True)
subscription = client.monitor(watch, show)
client.get(watch)
client.put(target, 7, wait=True, timeout=60)
"""


class TestKilledClient:
    @pytest.fixture
    def kind(self):
        return "pva"

    def test_it_harms_nobody_and_its_put_is_executed_once(self, site):
        gate = site.gate()

        def build(pr, root):
            some(pr, root)
            root.add(pr.LocalVariable(name="Slow", value=0, localSet=lambda value: gate(value)))

        served = site(build)
        client = served.client()
        watch = client.monitor(served.pv("Var[0]"))
        watch.next()
        done = threading.Event()

        def update():
            for n in itertools.count(1):
                if done.is_set():
                    return
                served.node("Var[0]").set(n)
                time.sleep(0.001)

        updater = in_thread(update)
        conf = json.dumps(served.backend.client_conf())
        arguments = [sys.executable, "-c", VICTIM, conf, served.pv("Var[0]"), served.pv("Slow")]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE) as victim:
            try:
                assert victim.stdout.readline() == b"watching\n"
                gate.wait_entered()
            finally:
                victim.send_signal(signal.SIGKILL)
                victim.wait(LIMIT)
        wait_until(lambda: not served.holder("Slow").is_open)
        client.put(served.pv("Var[1]"), 9)
        assert client.get(served.pv("Var[1]")).value == 9
        gate.open()
        gate.wait_left()
        done.set()
        updater.result(LIMIT)
        last = served.node("Var[0]").value()
        watch.until(lambda value: value == last)
        assert client.get(served.pv("Slow")).value == 7
        client.put(served.pv("Slow"), 8)
        assert gate.values == [7, 8]


def test_a_client_that_leaves_while_its_answers_are_on_the_way_harms_nobody(site):
    served = site(some, put_reply_timeout=0.0)
    keeper = served.client()
    end = time.monotonic() + SPAN
    while time.monotonic() < end:
        client = served.client()
        pending = [client.start_put(served.pv("Var[0]"), n, block=n % 2 == 0) for n in range(10)]
        pending += [client.start_rpc(served.pv("Echo"), arg=n) for n in range(10)]
        pending[-1].result(LIMIT)
        client.close()
        for future in pending:
            try:
                future.result(LIMIT)
            except (Gone, RemoteFailure):
                continue
        assert keeper.get(served.pv("Var[1]")).value == 1
