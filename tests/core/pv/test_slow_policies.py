"""Access policies that take their time, and requests that wait."""

import threading

import pytest
from support.engine.fakes import WAIT
from support.engine.site_plugins import Audit, Guard, Policy

from roguebridge.backends.soft import RemoteError
from roguebridge.core.mapping.select import Select
from roguebridge.core.requests.policy import ALLOW, Deny


class Undecided(Policy):
    """Does not tell whether it is quick."""

    @property
    def quick(self):
        raise RuntimeError("who knows")

    @quick.setter
    def quick(self, value):
        pass


@pytest.mark.parametrize("quick", ["no", 1, None])
def test_a_policy_that_does_not_say_that_it_is_quick_is_asked_on_a_worker(serve, tree, quick):
    threads = []

    def decide(request):
        threads.append(threading.current_thread().name)
        return ALLOW

    guard = Guard(decide)
    guard.policy.quick = quick
    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[guard])
    site.client().put("B:Top:V", 6)
    guard.policy = Undecided(decide)
    site.server.stop()
    site.server.start()
    site.client().put("B:Top:V", 7)
    assert [name.rpartition("-")[0] for name in threads] == ["roguebridge-access"] * 2


def test_a_put_that_has_waited_is_judged_again_where_the_policy_asks_for_it(serve, tree, inbox):
    entered, go_on = threading.Event(), threading.Event()
    closed = []

    def slow(value):
        if value != 5:  # the default, at the start
            entered.set()
            go_on.wait(WAIT)

    asked = threading.Semaphore(0)

    def decide(request):
        asked.release()
        return Deny("closed by now") if closed else ALLOW

    guard = Guard(decide, quick=True)
    guard.policy.asked_again = True
    variable = tree.pr.LocalVariable(name="V", value=5, localSet=slow)
    site = serve(variable, plugins=[guard, Audit(inbox)])
    client = site.client()
    first = client.start_put("B:Top:V", 6, block=True)
    assert entered.wait(WAIT)
    second = client.start_put("B:Top:V", 7, block=True)
    for _ in range(3):  # the first one twice: as it came, and as it began
        assert asked.acquire(timeout=WAIT)
    closed.append(True)
    go_on.set()
    first.result(WAIT)
    with pytest.raises(RemoteError, match="closed by now"):
        second.result(WAIT)
    assert site.root.V.value() == 6
    assert [inbox.next().result, inbox.next().result] == ["done", "denied"]


def test_a_policy_that_waits_holds_nothing_else_up(serve, tree):
    go_on = threading.Event()

    def wait(request):
        go_on.wait(WAIT)
        return ALLOW

    names = [f"V{number}" for number in range(40)]
    nodes = [tree.pr.LocalVariable(name=name, value=5) for name in (*names, "Free")]
    site = serve(*nodes, plugins=[Guard(wait, select=Select(path="Top.V*"))])
    client = site.client()
    waiting = [client.start_put(f"B:Top:{name}", 6) for name in names]
    client.put("B:Top:Free", 7, block=True)
    client.put("B:RB:ReadOnly", 1)
    with pytest.raises(RemoteError, match="read-only"):
        client.put("B:Top:Free", 8)
    client.put("B:RB:ReadOnly", 0)
    go_on.set()
    for one in waiting:
        one.result(WAIT)


def test_the_read_only_switch_turns_while_all_hardware_hangs(serve, tree):
    go_on, begun = threading.Event(), threading.Semaphore(0)

    def hang(value):
        if value:
            begun.release()
            go_on.wait(WAIT)

    hung = []
    devices = []
    for number in range(9):
        device = tree.pr.Device(name=f"D{number}")
        for index in range(4):
            device.add(tree.pr.LocalVariable(name=f"V{index}", value=0, localSet=hang))
        devices.append(device)
    site = serve(*devices, tree.pr.LocalVariable(name="Free", value=5))
    client = site.client()
    for device in devices:
        for index in range(4):
            hung.append(client.start_put(f"B:Top:{device.name}:V{index}", 1, block=True))
    for _ in range(32):  # all threads there are
        assert begun.acquire(timeout=WAIT)
    late = client.start_put("B:Top:Free", 6, block=True)
    client.put("B:RB:ReadOnly", 1)
    assert client.get("B:RB:ReadOnly").value == 1
    go_on.set()
    with pytest.raises(RemoteError, match="read-only"):
        late.result(WAIT)
    assert site.root.Free.value() == 5
    refused = 0
    for one in hung:
        try:
            one.result(WAIT)
        except RemoteError as refusal:
            assert "read-only" in str(refusal)  # it had not begun
            refused += 1
    assert refused == 4


def test_a_slow_policy_holds_up_neither_other_pvs_nor_the_order_of_its_own(serve, tree, inbox):
    gate = threading.Event()

    def decide(request):
        inbox.put(request.value)
        assert gate.wait(WAIT)
        return ALLOW

    seen = []
    variable = tree.pr.LocalVariable(name="V", value=0, localSet=lambda value: seen.append(value))
    other = tree.pr.LocalVariable(name="W", value=0)
    site = serve(variable, other, plugins=[Guard(decide)], put_reply_timeout=None)
    seen.clear()
    client = site.client()
    futures = [client.start_put("B:Top:V", value) for value in (1, 2, 3)]
    assert inbox.next() == 1
    client.put("B:Top:W", 7)
    assert site.root.W.value() == 7
    assert seen == []
    gate.set()
    for future in futures:
        future.result(WAIT)
    assert seen == [1, 2, 3]


def test_a_put_whose_client_has_gone_is_not_judged_any_more(serve, tree, inbox):
    entered, gate, asked = threading.Event(), threading.Event(), []

    def decide(request):
        asked.append(request.value)
        entered.set()
        assert gate.wait(WAIT)
        return ALLOW

    variable = tree.pr.LocalVariable(name="V", value=5)
    site = serve(variable, plugins=[Guard(decide), Audit(inbox)])
    client = site.client()
    for value in (6, 7):
        client.start_put("B:Top:V", value)
    assert entered.wait(WAIT)
    site.server._backends[0].flush()
    client.close()
    gate.set()
    dropped = [inbox.next() for _ in range(2)]
    assert asked == [6]
    assert sorted((r.value, r.result, r.error) for r in dropped) == [
        (6, "dropped", "the client has gone"),
        (7, "dropped", "the client has gone"),
    ]
    assert site.root.V.value() == 5


def test_an_undecided_put_is_not_answered_as_accepted(serve, tree, inbox):
    gate = threading.Event()

    def decide(request):
        inbox.put("asked")
        assert gate.wait(WAIT)
        return Deny("after all")

    site = serve(
        tree.pr.LocalVariable(name="V", value=5), plugins=[Guard(decide)], put_reply_timeout=0.0
    )
    client = site.client()
    future = client.start_put("B:Top:V", 6, block=False)
    assert inbox.next() == "asked"
    client.put("B:Top:ForceWrite", 1)
    assert not future.done()
    gate.set()
    with pytest.raises(RemoteError, match="after all"):
        future.result(WAIT)
    assert site.root.V.value() == 5
