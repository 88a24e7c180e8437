"""A client that sends thousands of puts in a row, over real connections."""

import threading
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
from support.clients import LIMIT, PvaAdapter, wait_until
from support.clients.rawpva import RawPva

from roguebridge.backends.epics import EpicsPvServer
from roguebridge.backends.epics.pva import backlog

MANY = 2000


@pytest.fixture
def site(tree, running):
    """A server with a variable that only stores, and one that notes what it is set to."""
    sets, gate, begun = [], threading.Event(), threading.Event()
    gate.set()

    def note(value):
        sets.append(value)
        begun.set()
        assert gate.wait(LIMIT)

    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.LocalVariable(name="Plain", value=-1.0))
    root.add(tree.pr.LocalVariable(name="Noting", value=-1.0, localSet=note))
    root.add(tree.pr.LocalVariable(name="Other", value=-1.0))
    with running(root), ExitStack() as stack:
        server = EpicsPvServer(base="T", root=root, isolate=True)
        server.start()
        stack.callback(server.stop)
        stack.callback(gate.set)
        sets.clear()
        begun.clear()

        def client():
            made = RawPva(server.client_conf(), b"me")
            stack.callback(made.close)
            return made

        yield SimpleNamespace(
            root=root, server=server, sets=sets, gate=gate, begun=begun, client=client
        )


def flood(client, pv_name, values, first=1, block=False):
    """Send puts in one go; returns the numbers of their operations."""
    sid = client.channel(pv_name)
    numbers = range(first, first + len(values))
    client.begin(sid, numbers, block)
    client.send_puts(sid, dict(zip(numbers, values, strict=True)))
    return list(numbers)


@pytest.mark.parametrize("block", [False, True])
def test_the_puts_of_two_clients_to_one_pv_are_done_in_order_and_answered_once(site, block):
    one, two = site.client(), site.client()
    threads, answers = [], {one: [], two: []}
    for client, start in ((one, 0), (two, MANY)):
        flood(client, "T:Top:Noting", range(start, start + MANY), block=block)

        def listen(client=client):
            answers[client] += [client.answer() for _ in range(MANY)]

        threads.append(threading.Thread(target=listen))
        threads[-1].start()
    for thread in threads:
        thread.join(LIMIT)
        assert not thread.is_alive()
    for found in answers.values():
        assert sorted(found) == [(number, "") for number in range(1, MANY + 1)]
    wait_until(lambda: len(site.sets) == 2 * MANY)
    assert [value for value in site.sets if value < MANY] == list(range(MANY))
    assert [value for value in site.sets if value >= MANY] == list(range(MANY, 2 * MANY))
    assert site.server._queued._sum == 0


def test_another_client_is_served_while_thousands_of_puts_are_done(site):
    count = 10_000
    done = []
    site.root.Plain.addListener(lambda path, value: done.append(path))
    reader = PvaAdapter(site.server.client_conf())
    reader.get("T:Top:Other")
    flooding = site.client()
    flood(flooding, "T:Top:Plain", range(count))
    seen = []
    wait_until(lambda: done)
    while not seen or seen[-1] < count:
        reader.get("T:Top:Other")
        seen.append(len(done))
    reader.close()
    assert len([number for number in seen if number < count]) >= 3
    assert [flooding.answer() for _ in range(count)] == [(n, "") for n in range(1, count + 1)]
    assert site.root.Plain.value() == count - 1


def test_a_stop_answers_all_that_waits(site, monkeypatch):
    monkeypatch.setattr(backlog, "IN_HAND", 5)
    client = site.client()
    site.gate.clear()
    numbers = flood(client, "T:Top:Noting", range(MANY), block=True)
    assert site.begun.wait(LIMIT)
    pool = site.server._lifecycle.run.services.variables
    stopping = threading.Thread(target=site.server.stop)
    stopping.start()
    wait_until(lambda: not pool._accepting)
    site.gate.set()
    answers = [client.answer() for _ in numbers]
    stopping.join(LIMIT)
    assert not stopping.is_alive()
    with pytest.raises(EOFError):
        client.answer()
    assert sorted(number for number, _ in answers) == numbers
    refused = [text for _, text in answers if text]
    assert set(refused) == {"server stopping"}
    assert len(refused) >= MANY // 2
    assert site.sets == list(range(len(site.sets)))
    assert len(site.sets) + len(refused) == MANY


def test_what_waits_of_a_client_that_vanishes_is_dropped(site, monkeypatch):
    monkeypatch.setattr(backlog, "IN_HAND", 5)
    monkeypatch.setattr(backlog, "BUDGET", 0.0001)
    client, other = site.client(), site.client()
    site.gate.clear()
    flood(client, "T:Top:Noting", range(MANY), block=True)
    assert site.begun.wait(LIMIT)
    flood(other, "T:Top:Noting", [MANY], block=True)  # comes after them

    def waiting():
        nodes = site.server._backends[0]._thread.backlog._nodes
        return list(nodes.get("Top.Noting", ()))

    wait_until(lambda: len({operation.client for operation in waiting()}) == 2)
    left = len(waiting()) - 1
    client.close()
    wait_until(lambda: all(operation.cancelled for operation in waiting()[:-1]))
    site.gate.set()
    assert other.answer() == (1, "")
    assert left > MANY // 2
    assert site.sets[-1] == MANY
    assert len(site.sets) <= 1 + MANY - left
    wait_until(lambda: site.server._queued._sum == 0)
