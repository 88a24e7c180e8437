"""The status PVs answer, and say what is wrong, while the tree hangs in every way it can."""

import contextlib
import threading

import pytest
from support.clients import LIMIT, in_thread, wait_until

from roguebridge.core.hooks import hookimpl
from roguebridge.core.values.alarm import NO_ALARM, Severity, Status

STUCK_AFTER = 0.6


def nodes(gate):
    """A tree whose polls, puts and commands may wait at the gate, and that is polled."""

    def read():
        gate()
        return 3

    def build(pr, root):
        def hold_polls():
            with root.pollBlock():
                gate(1)

        root.add(pr.LocalVariable(name="Other", value=1))
        root.add(pr.LocalVariable(name="Put", value=1, localSet=lambda value: gate(value)))
        root.add(pr.LocalVariable(name="Polled", value=1, mode="RO", localGet=read))
        root.add(pr.LocalCommand(name="Load", function=hold_polls))

    return build


@pytest.fixture
def hanging(site):
    """Serve such a tree; gives the served tree, a client, the gate and a watch of TREE_ALIVE."""

    def make(**options):
        gate = site.gate()
        served = site(nodes(gate), stuck_after=STUCK_AFTER, **options)
        served.root.PollEn.set(True)
        client = served.client()
        watch = client.monitor("T:RB:TREE_ALIVE")
        assert watch.next().alarm == NO_ALARM
        return served, client, gate, watch

    return make


def late(watch, client, words):
    """The first reading that says that the tree is late, and that starts with these words."""
    while True:
        reading = watch.next()
        if reading.alarm.severity == Severity.MAJOR:
            break
    assert reading.value >= STUCK_AFTER - 0.01
    if client.protocol != "ca":  # which has no room for a text
        assert reading.alarm.status == Status.DRIVER
        assert reading.alarm.message.startswith(words), reading.alarm


def alive(watch):
    while watch.next().alarm != NO_ALARM:
        pass


def answers(served):
    """Every status PV is answered to a client that comes now."""
    client = served.client()
    names = [name for name in served.server.list(own=True).values() if ":RB:" in name]
    assert len(names) > 25
    pending = {name: client.start_get(name) for name in names}
    for name, reading in pending.items():
        assert reading.result(LIMIT).alarm.severity != Severity.INVALID, name
    beats = client.monitor("T:RB:HEARTBEAT")
    first = beats.next().value
    beats.until(lambda value: value > first)


def test_they_answer_while_the_update_thread_is_held_up(hanging):
    served, client, gate, watch = hanging()
    served.root.Other.addListener(lambda path, value: gate())
    served.root.Other.set(2)
    gate.wait_entered(1)
    late(watch, client, "hung: Top.Other in ")
    answers(served)
    gate.open()
    alive(watch)


def test_they_answer_while_a_device_hangs_all_requests(hanging):
    served, client, gate, watch = hanging()
    put = client.start_put("T:Top:Put", 5)
    gate.wait_entered(1)
    late(watch, client, "hung: Top.Put in ")
    answers(served)
    gate.open()
    put.result(LIMIT)
    alive(watch)


def test_they_answer_while_a_poll_does_not_end(hanging):
    served, client, gate, watch = hanging()
    served.root.Polled.setPollInterval(0.05)
    gate.wait_entered(1)
    late(watch, client, "hung: ")
    answers(served)
    gate.open()
    alive(watch)


def test_a_command_that_holds_the_polls_off_is_busy_and_not_hung(hanging):
    served, client, gate, watch = hanging()
    done = client.start_put("T:Top:Load", 1)
    gate.wait_entered(1)
    late(watch, client, "busy: Top.Load for ")
    answers(served)
    gate.open()
    done.result(LIMIT)
    alive(watch)


def test_a_lock_of_the_whole_tree_that_a_command_holds_is_busy(site):
    gate, lock = site.gate(), threading.RLock()

    def locked(then):
        with lock:
            return then()

    def build(pr, root):
        root.add(pr.LocalVariable(name="V", value=1, localSet=lambda value: locked(lambda: None)))
        root.add(pr.LocalVariable(name="G", value=1, localGet=lambda: locked(lambda: 1)))
        root.add(pr.LocalCommand(name="Long", function=lambda: locked(gate)))

    served = site(build, stuck_after=STUCK_AFTER, put_reply_timeout=None)
    served.root.PollEn.set(True)
    client = served.client()
    watch = client.monitor("T:RB:TREE_ALIVE")
    done = client.start_put("T:Top:Long", 1)
    gate.wait_entered(1)
    put = client.start_put("T:Top:V", 2)
    served.root.G.setPollInterval(0.05)
    late(watch, client, "busy: Top.Long for ")
    answers(served)
    gate.open()
    put.result(LIMIT)
    done.result(LIMIT)
    alive(watch)


def test_requests_that_cannot_wait_any_longer_hear_what_holds_the_tree_up(site):
    gate = site.gate()
    served = site(nodes(gate), stuck_after=STUCK_AFTER, max_queued_bytes=2500)
    client = served.client()
    watch = client.monitor("T:RB:TREE_ALIVE")
    first = client.start_put("T:Top:Put", 1)
    second = client.start_put("T:Top:Put", 2)
    gate.wait_entered(1)
    late(watch, client, "hung: Top.Put in ")
    with pytest.raises(Exception) as refused:
        client.put("T:Top:Put", 3)
    if client.protocol != "ca":  # it has codes instead of texts
        assert "busy: " in str(refused.value)
        assert "; the tree is hung: Top.Put in " in str(refused.value)
    gate.open()
    first.result(LIMIT)
    second.result(LIMIT)


def test_only_pvs_of_the_tree_show_that_it_delivers_no_updates(hanging):
    served, client, gate, watch = hanging()
    other = client.monitor("T:Top:Other")
    served.root.Other.addListener(lambda path, value: gate())
    served.root.Other.set(2)
    gate.wait_entered(1)
    while other.next().alarm.severity != Severity.INVALID:
        pass
    assert client.get("T:RB:ReadOnly").alarm == NO_ALARM
    invalid = client.monitor("T:RB:INVALID_CNT")
    invalid.until(lambda value: value == 1)
    gate.open()
    invalid.until(lambda value: value == 0)


def test_they_are_read_only(site):
    served = site(lambda pr, root: None)
    client = served.client()
    with pytest.raises(Exception, match="read-only|access|denied|10[0-9]"):
        client.put("T:RB:HEARTBEAT", 7)
    assert client.get("T:RB:PUT_ERR_CNT").value == 0


def test_puts_are_counted_by_how_they_end(site):
    def refuse(value):
        if value == 2:  # PyRogue sets the first value when it starts
            raise ValueError("no")

    def build(pr, root):
        root.add(pr.LocalVariable(name="Good", value=1))
        root.add(pr.LocalVariable(name="Bad", value=1, localSet=refuse))
        root.add(pr.LocalVariable(name="Shut", value=1, groups=["NoWrite"]))

    served = site(build)
    client = served.client()
    counts = {
        name: client.monitor(f"T:RB:{name}")
        for name in ("PUT_CNT", "PUT_ERR_CNT", "PUT_DENIED_CNT", "PUT_ERR_RATE", "PUT_P99")
    }
    for _ in range(3):
        client.put("T:Top:Good", 2)
    for name in ("Shut", "Shut", "Bad"):
        with contextlib.suppress(Exception):
            client.put(f"T:Top:{name}", 2)
    wanted = {"PUT_CNT": 6, "PUT_ERR_CNT": 1, "PUT_DENIED_CNT": 2, "PUT_ERR_RATE": 1}
    for name, count in wanted.items():
        counts[name].until(lambda value, count=count: value == count)
    assert 0 < counts["PUT_P99"].until(lambda value: value > 0).value < LIMIT


def test_invalid_pvs_are_counted_while_they_have_clients(site):
    def build(pr, root):
        device = pr.Device(name="Dev")
        device.add(pr.LocalVariable(name="V", value=1))
        root.add(device)

    served = site(build)
    client, viewer = served.client(), served.client()
    count = viewer.monitor("T:RB:INVALID_CNT")
    assert count.next().value == 0
    value = client.monitor("T:Top:Dev:V")
    value.next()
    served.root.Dev.enable.set(False)
    assert count.until(lambda value: value == 1).alarm.severity == Severity.MINOR
    served.root.Dev.enable.set(True)
    count.until(lambda value: value == 0)
    served.root.Dev.enable.set(False)
    count.until(lambda value: value == 1)
    client.close()
    count.until(lambda value: value == 0)


def test_clients_and_watched_pvs_are_counted(site):
    served = site(lambda pr, root: root.add(pr.LocalVariable(name="V", value=1)))
    viewer = served.client()
    clients = viewer.monitor(f"T:RB:CLIENT_CNT:{viewer.protocol}")
    watched = viewer.monitor("T:RB:WATCHED_CNT")
    before = watched.next().value
    sockets = 2 if viewer.protocol == "web" else 1  # its client has one for each monitor
    clients.until(lambda value: value == sockets)
    client = served.client()
    client.monitor("T:Top:V").next()
    watched.until(lambda value: value > max(before, 2))
    if viewer.protocol == "soft":
        clients.until(lambda value: value == 2)


def test_problems_are_there_when_somebody_looks(site):
    def build(pr, root):
        root.add(pr.LocalVariable(name="V", value=1, localGet=lambda: 1 / 0))

    served = site(build)
    client = served.client()
    with contextlib.suppress(Exception):
        client.get("T:Top:V")
    wait_until(lambda: served.server.report())
    problems = client.monitor("T:RB:PROBLEMS")
    problems.until(len)
    assert client.get("T:RB:PROBLEM_CNT").value >= 1


def test_a_report_that_hangs_holds_up_nothing_but_the_problems(site):
    gate = site.gate(is_open=True)

    class Slow:
        @hookimpl
        def find_problems(self):
            gate()
            return ["late"]

    served = site(lambda pr, root: None, plugins=[Slow()])
    gate.shut()
    client = served.client()
    before = gate.entered
    assert list(client.get("T:RB:PROBLEMS").value) == []
    gate.wait_entered(before + 1)
    answers(served)
    gate.open()
    problems = client.monitor("T:RB:PROBLEMS")
    problems.until(lambda value: list(value) == ["late"])


def test_without_status_there_are_none(site):
    served = site(lambda pr, root: None, status=False)
    assert served.server.health is None
    assert [name for name in served.server.list(own=True).values() if ":RB:" in name] == [
        "T:RB:ReadOnly"
    ]


def test_the_server_stops_while_the_tree_hangs(hanging):
    served, client, gate, watch = hanging()
    served.root.Other.addListener(lambda path, value: gate())
    served.root.Other.set(2)
    gate.wait_entered(1)
    late(watch, client, "hung: ")
    in_thread(served.server.stop).result(LIMIT)


def test_updates_to_clients_are_counted_but_not_those_of_the_server_itself(site):
    served = site(lambda pr, root: root.add(pr.LocalVariable(name="V", value=0)))
    client = served.client()
    rate = client.monitor("T:RB:UPDATE_RATE")
    client.monitor("T:RB:HEARTBEAT")
    value = client.monitor("T:Top:V")
    value.next()
    assert rate.next().value == 0.0
    for number in range(1, 51):
        served.root.V.set(number)
    value.until(lambda shown: shown == 50)
    assert 2.0 < rate.until(lambda shown: shown > 0).value <= 51 / 4
