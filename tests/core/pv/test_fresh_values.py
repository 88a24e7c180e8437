"""Served values that are kept fresh, or said to be old, on trees that poll."""

import pytest
from support.engine.fakes import FakeClock
from support.trees.listeners import Recorder

from roguebridge.core.server.server import PvServer
from roguebridge.core.values.alarm import NO_ALARM, TIMEOUT

FAST = 0.05


@pytest.mark.parametrize("argument", ["missed_polls", "poll_watched"])
def test_a_wrong_number_is_told_by_the_constructor(argument):
    with pytest.raises(ValueError, match=argument):
        PvServer("B", None, backends=["soft"], **{argument: -1})


@pytest.fixture
def polled(tree, running):
    """Serve a register, polled or not; gives the root, its memory and the server."""
    memory = tree.memory()
    root = tree.pr.Root(name="Top", timeout=0.5)
    device = tree.pr.Device(name="D", memBase=memory)
    root.add(device)
    device.add(tree.pr.RemoteVariable(name="Polled", offset=0, pollInterval=FAST))
    device.add(tree.pr.RemoteVariable(name="Still", offset=4))
    servers = []

    def serve(**options):
        server = PvServer("B", root, backends=["soft"], **options)
        servers.append(server)
        server.start()
        return root, memory, server

    with running(root):
        yield serve
        for server in servers:
            server.stop()
        memory.clear()


def watch(server, name, inbox):
    client = server._backends[0].client("ann", "10.0.0.1")
    return client.monitor(f"B:Top:D:{name}", inbox.put)


def next_with(inbox, alarm):
    while True:
        reading = inbox.next()
        if reading.alarm == alarm:
            return reading


def test_a_pv_whose_polls_fail_is_stale_and_recovers(polled, inbox):
    clock = FakeClock()
    root, memory, server = polled(clock=clock)
    memory.poke(0, b"\x07")
    watch(server, "Polled", inbox)
    while next_with(inbox, NO_ALARM).value != 7:
        pass
    with root.pollBlock():
        root.waitOnUpdate()
        for _ in range(10):
            clock.advance(0.5)
        assert next_with(inbox, TIMEOUT).value == 7
    assert next_with(inbox, NO_ALARM).value == 7


def test_polls_that_are_switched_off_are_no_fault_and_are_told(polled, inbox):
    clock = FakeClock()
    root, memory, server = polled(clock=clock)
    watch(server, "Polled", inbox)
    next_with(inbox, NO_ALARM)
    assert not any("polls are off" in line for line in server.report())
    root.PollEn.set(False)
    root.waitOnUpdate()
    for _ in range(20):
        clock.advance(0.5)
    told = [line for line in server.report() if "polls are off (Top.PollEn is False)" in line]
    assert len(told) == 1
    assert "Top.D.Polled" in told[0]
    assert all(inbox.get().alarm == NO_ALARM for _ in range(inbox.qsize()))
    with root.pollBlock():  # and from now on polls are missed
        root.PollEn.set(True)
        root.waitOnUpdate()
        clock.advance(0.5)
        assert inbox.empty() or all(inbox.get().alarm == NO_ALARM for _ in range(inbox.qsize()))
        for _ in range(10):
            clock.advance(0.5)
        next_with(inbox, TIMEOUT)


def test_a_register_is_polled_for_a_client_and_until_the_server_stops(polled, inbox):
    root, memory, server = polled(poll_watched=FAST)
    updates = Recorder()
    root.D.Still.addListener(updates)
    watch(server, "Still", inbox)
    updates.wait(3)
    assert root.D.Still.pollInterval == FAST
    memory.poke(4, b"\x09")
    while inbox.next().value != 9:
        pass
    server.stop()
    assert (root.D.Still.pollInterval, root.D.Polled.pollInterval) == (0, FAST)
