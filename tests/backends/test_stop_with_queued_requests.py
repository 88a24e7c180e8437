"""A server that is stopped keeps ``stop_timeout``, and answers all, however much is queued."""

import threading

from support.clients import LIMIT, wait_until
from support.engine.audit import Sink
from support.engine.fakes import FakeClock
from support.engine.site_plugins import Guard

from roguebridge.core.mapping import Select
from roguebridge.core.requests import ALLOW

CLIENTS = 4
DEVICES = 6  # of which each takes four of the workers for itself
NODES = 10  # of each device
STOP_TIMEOUT = 2.0
MOMENTS = 1.0  # what comes after the requests has a fifth of a second for each step


class StoppersClock(FakeClock):
    """All that the stopping thread waits for takes as long as it may: its time passes at once."""

    stopper = None

    def call_later(self, delay, call):
        timer = super().call_later(delay, call)
        if threading.current_thread() is self.stopper and call.__name__ == "expire":
            self.seconds += delay
            timer.fire()
        return timer


def test_a_stop_keeps_its_time_and_answers_all_that_many_clients_have_queued(site):
    gate, policy, sink = site.gate(), site.gate(), Sink(open=False)

    def build(pr, root):
        for n in range(DEVICES):
            device = pr.Device(name=f"Dev[{n}]")
            for m in range(NODES):
                hung = pr.LocalVariable(name=f"Var[{m}]", value=0, localSet=lambda value: gate())
                device.add(hung)
            device.add(pr.LocalCommand(name="Go", function=gate))
            root.add(device)
        root.add(pr.LocalVariable(name="Judged", value=0))

    def decide(request):
        policy()
        return ALLOW

    clock = StoppersClock()
    served = site(
        build, clock=clock, put_reply_timeout=None, stop_timeout=STOP_TIMEOUT,
        queue_commands=True, plugins=[sink, Guard(decide, select=Select(path="Top.Judged"))],
    )  # fmt: skip
    clients = [served.client() for _ in range(CLIENTS)]
    names = [served.pv(f"Dev[{n}].Var[{m}]") for n in range(DEVICES) for m in range(NODES)]
    names += [served.pv(f"Dev[{n}].Go") for n in range(DEVICES)] + [served.pv("Judged")]
    for client in clients:
        for name in names:
            client.get(name)  # a PV that is open takes puts while its device hangs
    puts = [client.start_put(name, 1) for client in clients for name in names]
    try:
        wait_until(lambda: served.server._queued._sum >= 1000 * len(puts))  # all have come
        gate.wait_entered(4 * DEVICES)
        policy.wait_entered(1)
        began = clock.seconds
        clock.stopper = threading.Thread(target=served.server.stop)
        clock.stopper.start()
        clock.stopper.join(LIMIT)
        assert not clock.stopper.is_alive()
        assert clock.seconds - began <= STOP_TIMEOUT + MOMENTS
        for put in puts:
            assert put.exception(LIMIT) is not None
    finally:
        sink.gate.set()
