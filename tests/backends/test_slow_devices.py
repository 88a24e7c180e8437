"""A slow or hung device holds up nobody else; a PV opens in time, with a value or without."""

import numpy as np
from support.clients import LIMIT, wait_until
from support.engine.fakes import FakeClock

from roguebridge.core.values.alarm import CALC, NO_ALARM, TIMEOUT


def devices(gate):
    def build(pr, root):
        for name in ("Slow", "Fast"):
            device = pr.Device(name=name)
            hook = (lambda value: gate(value)) if name == "Slow" else (lambda value: None)
            for n in range(40):
                device.add(pr.LocalVariable(name=f"Var[{n}]", value=0, localSet=hook))
            root.add(device)

    return build


def test_a_hung_device_delays_no_puts_to_another(site):
    gate = site.gate()
    served = site(devices(gate), put_reply_timeout=None)
    client = served.client()
    hung = [client.start_put(served.pv(f"Slow.Var[{n}]"), 1) for n in range(40)]
    gate.wait_entered(4)
    for n in range(40):
        client.put(served.pv(f"Fast.Var[{n}]"), n)
        assert client.get(served.pv(f"Fast.Var[{n}]")).value == n
    assert gate.entered == 4  # no more than its share of the workers
    assert not any(put.done() for put in hung)
    gate.open()
    for put in hung:
        put.result(LIMIT)
    assert gate.entered == 40


def reading(gate, value=5):
    """A variable whose value comes through the gate."""

    def get():
        gate()
        return value

    def build(pr, root):
        root.add(pr.LocalVariable(name="Var", value=value, localGet=get))
        root.add(pr.LocalVariable(name="Other", value=1))
        root.add(pr.LocalCommand(name="Echo", value=0, function=lambda arg: arg))

    return build


def test_a_pv_whose_first_read_hangs_opens_invalid_and_the_value_follows(site):
    gate = site.gate()
    served = site(reading(gate), open_timeout=0.1)
    client = served.client()
    watch = client.monitor(served.pv("Var"))
    blind = watch.next()
    assert blind.alarm == TIMEOUT
    assert gate.left == 0
    assert client.get(served.pv("Other")).value == 1
    gate.open()
    seen = watch.next()
    while not (seen.alarm == NO_ALARM and seen.value in (5, "5")):
        seen = watch.next()
    assert seen.time_ns > blind.time_ns


def test_a_type_that_was_found_late_is_served_to_the_next_client(site):
    gate = site.gate()
    served = site(reading(gate), open_timeout=0.05)
    client = served.client()
    client.get(served.pv("Var"))
    wait_until(lambda: served.holder("Var").is_open)
    gate.open()
    gate.wait_left()
    client.close()
    wait_until(lambda: not served.holder("Var").is_open)
    assert served.client().get(served.pv("Var")).value == 5


def test_a_pv_whose_first_read_raises_opens_invalid_and_recovers(site):
    failing = []

    def get():
        if failing:
            raise RuntimeError("no contact")
        return 5

    def build(pr, root):
        root.add(pr.LocalVariable(name="Var", value=0, localGet=get))

    served = site(build)
    failing.append(True)
    watch = served.client().monitor(served.pv("Var"))
    first = watch.next()
    assert first.alarm == CALC
    failing.clear()
    served.node("Var").get()
    good = watch.next()
    assert (good.value, good.alarm) == (5, NO_ALARM)


def test_calls_reach_a_device_whose_reads_hang(site):
    gate = site.gate()
    served = site(reading(gate), open_timeout=LIMIT)
    client = served.client()
    waiting = client.start_get(served.pv("Var"))
    gate.wait_entered()
    assert client.rpc(served.pv("Echo"), arg=4) == client.returned(4)
    assert not waiting.done()
    gate.open()
    assert waiting.result(LIMIT).value == 5


def test_a_server_stops_in_time_though_a_read_hangs(site):
    gate = site.gate()
    served = site(reading(gate), open_timeout=LIMIT, stop_timeout=0.05)
    client = served.client()
    client.start_get(served.pv("Var"))
    gate.wait_entered()
    served.server.stop()
    gate.open()
    gate.wait_left()
    served.server.start()
    assert served.client().get(served.pv("Var")).value == 5


def test_a_hung_array_put_keeps_its_value_though_the_client_leaves(site):
    gate = site.gate()

    def build(pr, root):
        root.add(
            pr.LocalVariable(
                name="Wave", value=np.zeros(1000), localSet=lambda value: gate(value.copy())
            )
        )

    served = site(build, put_reply_timeout=None)
    client = served.client()
    client.get(served.pv("Wave"))
    for n in (1, 2):
        client.start_put(served.pv("Wave"), np.full(1000, float(n)))
    gate.wait_entered()
    client.close()
    gate.open()
    gate.wait_left()
    assert np.all(gate.values[0] == 1.0)


def test_an_array_read_late_follows_the_blind_opening(site):
    gate, clock = site.gate(is_open=True), FakeClock()

    def get():
        gate()
        return np.arange(4.0)

    def build(pr, root):
        root.add(pr.LocalVariable(name="Wave", value=np.zeros(4), localGet=get))

    served = site(build, clock=clock)
    first = served.client()
    first.get(served.pv("Wave"))  # the type is known from now on
    wait_until(lambda: served.holder("Wave").is_open)
    first.close()
    wait_until(lambda: not served.holder("Wave").is_open)
    gate.shut()
    reads = gate.entered
    watch = served.client().monitor(served.pv("Wave"))
    gate.wait_entered(reads + 1)
    clock.advance(1.5)
    assert watch.next().alarm == TIMEOUT
    gate.open()
    late = watch.next()
    assert np.array_equal(late.value, np.arange(4.0))
    assert late.alarm == NO_ALARM
