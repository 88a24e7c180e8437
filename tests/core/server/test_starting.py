"""The start of a server: once, again, beside others, and what its clients are told."""

import threading

import pytest
from support.engine.fakes import bridge_threads, join
from support.trees.stopped import StoppedRoot

from roguebridge.core.errors import BackendError, NotRunningError, PluginError
from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.hooks.rules import PolicyRule
from roguebridge.core.mapping.pv_names import standard_name
from roguebridge.core.pv.holder import PvHolder
from roguebridge.core.server.server import PvServer

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


def test_a_root_that_does_not_run_is_not_touched_and_the_error_says_what_to_do():
    server = PvServer("B", StoppedRoot(), backends=["soft"])
    for start in (server.start, server._start):
        with pytest.raises(NotRunningError, match=r"'Top' is not running.*addProtocol.*start\(\)"):
            start()
    assert not server.running
    server.stop()


def test_a_real_root_that_does_not_run_is_refused(tree):
    server = PvServer("B", tree.pr.Root(name="Top"), backends=["soft"])
    with pytest.raises(NotRunningError):
        server.start()


def test_a_tree_is_served_under_its_standard_names(serve, tree):
    site = serve(tree.pr.LocalVariable(name="V", value=5))
    assert site.server.running
    nodes = site.root.variableList
    assert list(site.server.list().items()) == [
        (node.path, standard_name("B", node.path)) for node in nodes
    ]
    assert list(site.server.holders) == [node.path for node in nodes]
    assert site.client().get("B:Top:V").value == 5
    assert site.server.report() == ()


def test_as_protocol_the_server_starts_and_stops_with_the_root(tree, running):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.LocalVariable(name="V", value=5))
    server = PvServer("B", root, backends=["soft"])
    root.addProtocol(server)
    with running(root):
        assert server.running
        assert server._backends[0].client().get("B:Top:V").value == 5
    assert not server.running
    assert bridge_threads() == []


def test_start_twice_starts_once(serve):
    site = serve()
    threads = bridge_threads()
    holders = dict(site.server.holders)
    site.server.start()
    site.server._start()
    assert bridge_threads() == threads
    assert dict(site.server.holders) == holders


def test_start_from_many_threads_starts_once(serve):
    started = []

    class Listener:
        @hookimpl
        def server_started(self, server):
            started.append(server)

    site = serve(start=False, plugins=[Listener()])
    threads = [threading.Thread(target=site.server.start) for _ in range(8)]
    for thread in threads:
        thread.start()
    join(*threads)
    assert started == [site.server]


def test_a_reload_is_told_to_the_plugins_that_listen_while_the_server_runs(serve, caplog):
    reloaded = []

    class Reads:
        @hookimpl
        def reload_configuration(self, server):
            reloaded.append(server)

    class Fails:
        @hookimpl
        def reload_configuration(self):
            raise RuntimeError("no such file")

    site = serve(start=False, plugins=[Fails(), Reads()])
    assert site.server.reloads
    site.server.reload()
    assert reloaded == []
    site.server.start()
    site.server.reload()
    assert reloaded == [site.server]
    assert "reload_configuration failed" in caplog.text


def test_a_server_without_such_plugins_has_nothing_to_reload(serve):
    site = serve()
    assert not site.server.reloads
    site.server.reload()
    assert site.server.running


def test_a_server_can_be_started_again_and_again(serve, tree):
    site = serve(tree.pr.LocalVariable(name="V", value=5))
    for value in range(3):
        site.server.stop()
        assert bridge_threads() == []
        assert not site.server.running
        site.root.V.set(value)
        site.server.start()
        assert site.client().get("B:Top:V").value == value


def test_two_servers_of_one_root_do_not_disturb_each_other(serve, tree):
    site = serve(tree.pr.LocalVariable(name="V", value=5))
    other = PvServer("C", site.root, backends=["soft"])
    other.start()
    client = other._backends[0].client()
    assert client.get("C:Top:V").value == 5
    other.stop()
    client = site.client()
    client.put("B:Top:V", 6)
    assert client.get("B:Top:V").value == 6


def test_the_holder_class_may_be_ones_own(tree, running):
    class Holder(PvHolder):
        __slots__ = ()

    class Server(PvServer):
        holder_class = Holder

    with running(tree.pr.Root(name="Top", pollEn=False)) as root:
        server = Server("B", root, backends=["soft"])
        server.start()
        assert {type(holder) for holder in server.holders.values()} == {Holder}
        server.stop()


def test_client_settings_of_a_backend_that_is_not_there_are_an_error(serve):
    site = serve()
    with pytest.raises(BackendError, match="'pva' is not in use"):
        site.server.client_conf("pva")
    with pytest.raises(BackendError, match="backend 'soft' has no client settings"):
        site.server.client_conf()


@pytest.mark.parametrize("isolate", [True, False])
def test_a_server_tells_where_it_listens(serve, isolate):
    site = serve(isolate=isolate)
    assert site.server.isolated is isolate
    assert site.server.where() == (("soft", ""),)


def test_a_rule_that_ends_the_process_is_named(tree, serve):
    def leave(node):
        raise SystemExit(7)

    class Site:
        @hookimpl
        def policy_rules(self):
            return [PolicyRule(lambda node: None, leave)]

    site = serve(tree.pr.LocalVariable(name="V", value=1), plugins=[Site()], start=False)
    text = r"plugin Site: Top.enable: a rule of policy_rules failed: SystemExit: 7"
    with pytest.raises(PluginError, match=text):
        site.server.start()
