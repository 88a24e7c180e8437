"""Nodes of the server's own are served like those of a tree."""

import pytest

from roguebridge.core.errors import PutError
from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.mapping.extra_nodes import ExtraNode
from roguebridge.core.tree.server_nodes import ServerCommand, ServerVariable


class Own:
    """A plugin that brings nodes."""

    def __init__(self, *nodes):
        self.nodes = nodes

    @hookimpl
    def extra_nodes(self, base):
        return [ExtraNode(f"{base}:{node.path.replace('.', ':')}", node) for node in self.nodes]


@pytest.fixture
def own(tree, serve):
    """Serve own nodes beside a tree; gives client and server."""

    def own(*nodes, **options):
        site = serve(tree.pr.LocalVariable(name="V", value=1), plugins=[Own(*nodes)], **options)
        return site.client(), site.server

    return own


def test_a_variable_is_got_put_and_monitored(own, inbox):
    node = ServerVariable("RB.Level", 3, description="a level")
    client, _ = own(node)
    client.monitor("B:RB:Level", inbox.put)
    assert inbox.next().value == 3
    client.put("B:RB:Level", 4)
    assert inbox.next().value == 4
    node.update(5)
    assert inbox.next().value == 5
    assert client.get("B:RB:Level").value == 5
    assert node.get() == 5
    client.close()


def test_a_put_may_be_refused(own):
    def only_even(value):
        if value % 2:
            raise PutError("RB.Level must be even")

    node = ServerVariable("RB.Level", 2, on_set=only_even)
    client, _ = own(node)
    with pytest.raises(Exception, match="RB.Level must be even"):
        client.put("B:RB:Level", 3)
    assert client.get("B:RB:Level").value == 2
    client.put("B:RB:Level", 4)
    assert node.value() == 4
    client.close()


def test_a_put_that_is_not_to_be_written_is_taken_all_the_same():
    node = ServerVariable("RB.Level", 2)
    node.set(4, write=False)
    assert node.value() == 4


def test_a_mode_is_kept_to(own):
    client, _ = own(ServerVariable("RB.Fixed", 2.5, mode="RO"))
    with pytest.raises(Exception, match="read-only"):
        client.put("B:RB:Fixed", 3.0)
    client.close()


def test_a_command_is_called_and_put(own):
    calls = []
    plain = ServerCommand("RB.Plain", lambda: calls.append("plain"), groups=["Site"])
    with_argument = ServerCommand("RB.Argued", lambda arg: calls.append(arg) or arg * 2)
    client, server = own(plain, with_argument)
    client.put("B:RB:Plain", 1)
    assert client.rpc("B:RB:Argued", arg=4) == 8
    client.rpc("B:RB:Plain")
    assert calls == ["plain", 4, "plain"]
    assert server.explain("RB.Plain").kind == "command"
    client.close()


def test_a_method_can_be_a_command():
    class Counter:
        count = 0

        def add(self, arg):
            self.count += arg

    counter = Counter()
    ServerCommand("RB.Add", counter.add)(3)
    assert counter.count == 3


def test_a_listener_is_told_once_and_a_failing_one_harms_no_other(caplog):
    node = ServerVariable("RB.Level", 1)
    heard = []

    def failing(path, value):
        raise RuntimeError("no")

    def listener(path, value):
        heard.append((path, value.value, value.status))

    node.addListener(failing)
    node.addListener(listener)
    node.addListener(listener)
    node.update(2)
    assert heard == [("RB.Level", 2, "None")]
    assert "RB.Level: a listener failed" in caplog.text
    node.delListener(listener)
    node.delListener(listener)
    node.update(3)
    assert len(heard) == 1
    assert node.genDisp(3) == "3"


def test_own_nodes_are_not_of_the_mapping_but_have_a_holder(own):
    node = ServerVariable("RB.Level", 1)
    _, server = own(node)
    assert "RB.Level" not in server.list()
    assert "RB.Level" not in server.holders
    assert server.find("B:RB:Level").node is node
    assert all(pv.path != "RB.Level" for pv in server.survey().pvs)


def test_a_name_that_is_taken_or_not_legal_is_reported_and_the_rest_is_served(own, caplog):
    bad = ServerVariable("RB.Bad name", 1)
    twice = ServerVariable("RB.Level", 1), ServerVariable("RB.Level", 2)
    client, server = own(bad, *twice)
    assert client.get("B:RB:Level").value == 1
    assert server.report() == (
        "RB.Bad name of plugin Own is not served: PV name 'B:RB:Bad name' contains ' '",
        "RB.Level of plugin Own is not served: PV name 'B:RB:Level' is that of RB.Level",
    )
    assert server.survey().errors == server.report()
    assert "RB.Bad name of plugin Own is not served" in caplog.text
    client.close()


def test_two_nodes_of_one_path_are_reported(tree, serve):
    class Same:
        @hookimpl
        def extra_nodes(self, base, root):
            assert root.running
            return [ExtraNode(f"{base}:one", root.V), ExtraNode(f"{base}:two", root.V)]

    site = serve(tree.pr.LocalVariable(name="V", value=1), plugins=[Same()])
    assert site.server.report() == tuple(
        f"Top.V of plugin Same is not served: there is another node of this path for PV name "
        f"'B:{name}'"
        for name in ("one", "two")
    )


def test_what_is_missed_by_its_poll_is_no_matter_for_own_nodes(own):
    client, server = own(ServerVariable("RB.Level", 1), poll_watched=0.1, read_on_connect=True)
    assert client.get("B:RB:Level").alarm.severity == 0
    assert server.report() == ()
    client.close()
