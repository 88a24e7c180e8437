"""A put or call is executed once and answered once, whatever becomes of server and client."""

import pytest
from support.clients import LIMIT, RemoteFailure, in_thread, wait_until

STOPPING = "server stopping"


def gated(gate):
    """A variable whose localSet, and a command whose function, is the gate."""

    def build(pr, root):
        root.add(pr.LocalVariable(name="Var", value=0, localSet=lambda value: gate(value)))
        root.add(pr.LocalCommand(name="Cmd", value=0, function=lambda arg: gate(arg)))
        root.add(pr.LocalCommand(name="Go", function=lambda: gate("go")))

    return build


OPERATIONS = {
    "put": (lambda site, client, n, **o: client.start_put(site.pv("Var"), n, **o)),
    "call": (lambda site, client, n, **o: client.start_rpc(site.pv("Cmd"), arg=n)),
    "trigger": (lambda site, client, n, **o: client.start_put(site.pv("Go"), n, **o)),
}
WHERE = {"put": "Var", "call": "Cmd", "trigger": "Go"}


@pytest.fixture(params=sorted(OPERATIONS))
def operation(request):
    return request.param


def restarted(site):
    """Start the server again and let the old clients come back and do what they have left."""
    site.server.start()
    fresh = site.client()
    assert fresh.get(site.pv("Var")) is not None
    return fresh


def test_what_ends_while_the_server_stops_is_answered_and_not_repeated(site, operation):
    gate = site.gate()
    served = site(gated(gate), put_reply_timeout=None, stop_timeout=LIMIT)
    client = served.client()
    watch = client.monitor(served.pv("Var"))
    watch.next()
    pending = OPERATIONS[operation](served, client, 5)
    gate.wait_entered()
    refused = refusal_begins(served)
    stopped = in_thread(served.server.stop)
    refused.result(LIMIT)
    assert not stopped.done()
    gate.open()
    pending.result(LIMIT)
    stopped.result(LIMIT)
    restarted(served)
    if client.protocol == "pva":
        watch.next()  # the old client is connected again
    assert gate.entered == 1


def test_what_outlasts_stop_gets_an_error_and_is_not_repeated(site, operation):
    gate = site.gate()
    served = site(gated(gate), put_reply_timeout=None, stop_timeout=0.05)
    client = served.client()
    watch = client.monitor(served.pv("Go"))
    watch.next()
    pending = OPERATIONS[operation](served, client, 5)
    gate.wait_entered()
    served.server.stop()
    with pytest.raises(RemoteFailure, match=STOPPING):
        pending.result(LIMIT)
    served.server.start()
    if client.protocol == "pva":
        watch.next()
    gate.open()
    gate.wait_left()
    served.server.stop()
    assert gate.entered == 1


def test_what_was_queued_when_the_server_stops_gets_an_error_and_never_runs(site, operation):
    gate = site.gate()
    served = site(gated(gate), put_reply_timeout=None, stop_timeout=0.05)
    client = served.client()
    watch = client.monitor(served.pv("Go"))
    watch.next()
    pending = [OPERATIONS[operation](served, client, n) for n in (1, 2, 3, 4)]
    gate.wait_entered()
    served.backend.flush()
    served.server.stop()
    for put in pending:
        with pytest.raises(RemoteFailure, match=STOPPING):
            put.result(LIMIT)
    served.server.start()
    if client.protocol == "pva":
        watch.next()
    gate.open()
    gate.wait_left()
    served.server.stop()
    assert gate.entered == 1


def refusal_begins(served):
    """A future that ends when the server's pools take no new jobs."""
    pool = served.holder("Var").services.commands
    return in_thread(lambda: wait_until(lambda: not pool._accepting))


def test_requests_that_come_while_the_server_stops_are_refused(site, operation):
    gate = site.gate()
    served = site(gated(gate), put_reply_timeout=None, stop_timeout=LIMIT)
    client = served.client()
    client.get(served.pv("Var"))
    client.get(served.pv("Go"))
    running = client.start_rpc(served.pv("Cmd"), arg=1)
    gate.wait_entered()
    refused = refusal_begins(served)
    stopped = in_thread(served.server.stop)
    refused.result(LIMIT)
    with pytest.raises(RemoteFailure, match=STOPPING):
        OPERATIONS[operation](served, client, 5).result(LIMIT)
    gate.open()
    running.result(LIMIT)
    stopped.result(LIMIT)
    assert gate.entered == 1


def test_a_put_that_does_not_block_is_answered_while_it_runs(site):
    gate = site.gate()
    served = site(gated(gate), put_reply_timeout=0.02, stop_timeout=LIMIT)
    client = served.client()
    watch = client.monitor(served.pv("Var"))
    watch.next()
    client.put(served.pv("Var"), 5, block=False)
    assert gate.left == 0
    refused = refusal_begins(served)
    stopped = in_thread(served.server.stop)
    refused.result(LIMIT)
    gate.open()
    stopped.result(LIMIT)
    restarted(served)
    assert gate.values == [5]


def test_a_put_that_blocks_is_not_answered_while_it_runs(site):
    gate = site.gate()
    served = site(gated(gate), put_reply_timeout=0.0, stop_timeout=LIMIT)
    client = served.client()
    client.get(served.pv("Var"))
    blocking = client.start_put(served.pv("Var"), 5, block=True)
    gate.wait_entered()
    client.put(served.pv("Go"), 1, block=False)  # the clock has run
    assert not blocking.done()
    gate.open()
    blocking.result(LIMIT)


def test_a_put_answered_early_is_executed_though_its_client_leaves(site):
    gate = site.gate()
    served = site(gated(gate), put_reply_timeout=0.02, stop_timeout=LIMIT)
    client, other = served.client(), served.client()
    other.get(served.pv("Var"))
    client.put(served.pv("Var"), 1, block=False)
    client.put(served.pv("Var"), 2, block=False)
    client.close()
    gate.open()
    gate.wait_left(2)
    assert gate.values == [1, 2]
    other.put(served.pv("Var"), 3)
    assert gate.values == [1, 2, 3]


def test_what_runs_when_its_client_leaves_is_executed_once_and_what_waits_is_dropped(
    site, operation
):
    gate = site.gate()
    served = site(gated(gate), put_reply_timeout=None)
    client = served.client()
    client.get(served.pv(WHERE[operation]))
    for n in (1, 2, 3):
        OPERATIONS[operation](served, client, n)
    gate.wait_entered()
    served.backend.flush()
    client.close()
    other = served.client()
    other.get(served.pv(WHERE[operation]))
    gate.open()
    OPERATIONS[operation](served, other, 9).result(LIMIT)
    assert gate.entered == 2


def test_a_server_stopped_from_inside_a_command_answers_its_caller_and_runs_it_once(site):
    runs = []
    made = []

    def build(pr, root):
        root.add(pr.LocalVariable(name="Var", value=0))
        root.add(pr.LocalCommand(name="Stop", function=lambda: (runs.append(1), stop())))

    def stop():
        made[0].server.stop()

    served = site(build, stop_timeout=LIMIT)
    made.append(served)
    client = served.client()
    watch = client.monitor(served.pv("Var"))
    watch.next()
    pending = client.start_rpc(served.pv("Stop"))
    with pytest.raises(RemoteFailure, match=STOPPING):
        pending.result(LIMIT)
    wait_until(lambda: not served.server.running)
    restarted(served)
    if client.protocol == "pva":
        watch.next()
    assert len(runs) == 1


def test_puts_to_one_pv_run_in_the_order_they_came(site):
    gate = site.gate(is_open=True)
    served = site(gated(gate), put_reply_timeout=None)
    client = served.client()
    client.get(served.pv("Var"))
    pending = [client.start_put(served.pv("Var"), n) for n in range(300)]
    for put in pending:
        put.result(LIMIT)
    assert gate.values == list(range(300))
