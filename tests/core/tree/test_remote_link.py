"""The PVs of a remote tree and its link, on a stand-in of Rogue's client.

With Rogue's own: tests/backends/epics/test_remote_tree.py.
"""

import pytest
from support.engine.fakes import FakeNode
from support.engine.holders import HolderBench

from roguebridge.core.tree.remote_link import RemoteLink, client_of, without_link
from roguebridge.core.values.alarm import COMM, NO_ALARM


class Client:
    """Rogue's client, as far as links go."""

    def __init__(self, linked=True):
        self.linked = linked
        self.monitors = []

    def addLinkMonitor(self, function):  # noqa: N802
        self.monitors.append(function)

    def remLinkMonitor(self, function):  # noqa: N802
        self.monitors.remove(function)

    def turn(self, linked):
        self.linked = linked
        for function in self.monitors:
            function(linked)


@pytest.fixture
def client():
    return Client()


@pytest.fixture
def benches():
    return [HolderBench(5), HolderBench(6)]


@pytest.fixture
def link(client, benches):
    """The link of two PVs."""
    link = RemoteLink(client)
    for bench in benches:
        link.add(bench.holder)
    link.listen()
    return link


def test_all_pvs_are_bad_while_the_link_is_down(link, client, benches):
    for bench in benches:
        bench.arrive()
    client.turn(False)
    assert [bench.served.last for bench in benches] == [("alarm", None, COMM)] * 2
    client.turn(True)
    assert [bench.served.last for bench in benches] == [("post", n, NO_ALARM) for n in (5, 6)]


def test_a_first_client_finds_the_link_down(link, client, benches):
    client.linked = False  # its monitors are not told yet
    benches[0].arrive()
    assert benches[0].served.last == ("open", 5, COMM)


def test_a_link_that_is_down_at_the_start_is_found(client, benches):
    client.linked = False
    link = RemoteLink(client)
    link.add(benches[0].holder)
    link.listen()
    assert link.alarm is COMM


def test_a_late_word_of_a_change_does_not_count(link, client):
    client.turn(False)
    for function in client.monitors:
        function(True)  # of a change before the last
    assert link.alarm is COMM


def test_only_a_change_is_shown(link, client, benches):
    benches[0].arrive()
    for linked in (True, False, False):
        client.turn(linked)
    assert [event[2] for event in benches[0].served.events] == [NO_ALARM, COMM]


class Broken:
    """A PV that cannot be shown."""

    path = "Top.Broken"

    def add_cause(self, cause):
        self.cause = cause

    def cause_changed(self):
        raise RuntimeError("no PV")


def test_a_pv_that_cannot_be_shown_harms_no_other_nor_the_client(client, benches, caplog):
    link = RemoteLink(client)
    link.add(Broken())
    link.add(benches[0].holder)
    link.listen()
    benches[0].arrive()
    client.turn(False)
    assert benches[0].served.last == ("alarm", None, COMM)
    assert "Top.Broken: its link could not be shown" in caplog.text


def test_nothing_is_followed_after_the_end(link, client):
    link.unlisten()
    assert client.monitors == []


def test_a_node_without_a_link_takes_no_put(client):
    node = FakeNode(1, "Top.A")
    assert (client_of(node), without_link(node)) == (None, None)
    node._client = client
    assert (client_of(node), without_link(node)) == (client, None)
    client.linked = False
    assert without_link(node) == "Top.A: the link to the server of its tree is down"
    node._client = object()  # something of a site's own
    assert (client_of(node), without_link(node)) == (None, None)
