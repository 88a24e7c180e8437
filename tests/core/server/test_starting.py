"""A server: its arguments, its start, its mapping, and its end."""

import logging
import threading

import pytest
from support.fakes import WAIT, bridge_threads, join

from roguebridge.backends.soft import RemoteError
from roguebridge.core.errors import BackendError, MappingError, NotRunningError, PluginError
from roguebridge.core.holder import PvHolder
from roguebridge.core.hookspecs import hookimpl
from roguebridge.core.naming import standard_name
from roguebridge.core.rules import PolicyRule
from roguebridge.core.server import PvServer

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


class StoppedRoot:
    """A root before its start: nothing may be asked of it but whether it runs."""

    name = "Top"
    running = False

    def __getattr__(self, name):
        raise AssertionError(f"{name} was touched before the root runs")


# The constructor --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"base": None}, "base must be a str"),
        ({"base": 5}, "base must be a str"),
        ({"pvMap": 5}, "pvMap must be a dict"),
        ({"pvMap": ["Top.A"]}, "pvMap must be a dict"),
        ({"incGroups": 5}, "incGroups must be"),
        ({"excGroups": [1]}, "excGroups must be"),
        ({"backends": "soft"}, "backends and plugins must be lists"),
        ({"plugins": "site"}, "backends and plugins must be lists"),
    ],
)
def test_an_argument_of_the_wrong_type_is_a_type_error(arguments, words):
    given = {"base": "B", "root": StoppedRoot(), "backends": ["soft"]} | arguments
    with pytest.raises(TypeError, match=words):
        PvServer(**given)


def test_an_unknown_backend_is_named_with_those_there_are():
    with pytest.raises(BackendError, match=r"unknown backend 'nope'; there are \[.*'soft'.*\]"):
        PvServer("B", StoppedRoot(), backends=["nope"])


def test_an_unknown_backend_error_tells_of_broken_plugins():
    with pytest.raises(BackendError, match="no.such.plugin"):
        PvServer("B", StoppedRoot(), backends=["nope"], plugins=["no.such.plugin"])


def test_no_backend_at_all_is_an_error():
    with pytest.raises(BackendError, match="no backend given"):
        PvServer("B", StoppedRoot(), backends=[])


def test_a_broken_plugin_raises_when_strict():
    with pytest.raises(PluginError, match="no.such.plugin"):
        PvServer("B", StoppedRoot(), backends=["soft"], plugins=["no.such.plugin"], strict=True)


def test_building_a_server_starts_no_thread_and_touches_no_tree():
    server = PvServer("B", StoppedRoot(), backends=["soft"])
    assert bridge_threads() == []
    assert (server.running, server.list(), dict(server.holders)) == (False, {}, {})
    assert server.base == "B"
    assert server.root.name == "Top"


# Starting ---------------------------------------------------------------------------------


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


def test_the_default_leaves_out_no_serve_only(serve, tree):
    site = serve(
        tree.pr.LocalVariable(name="Secret", value=1, groups=["NoServe"]),
        tree.pr.LocalVariable(name="Plain", value=1, groups=["Hidden"]),
    )
    assert "Top.Secret" not in site.server.list()
    assert "Top.Plain" in site.server.list()


def test_an_empty_exclusion_excludes_nothing(serve, tree):
    site = serve(tree.pr.LocalVariable(name="Secret", value=1, groups=["NoServe"]), excGroups=[])
    assert "Top.Secret" in site.server.list()


@pytest.mark.parametrize("groups", ["Mine", ["Mine"], ("Mine",), {"Mine"}])
def test_groups_may_be_any_collection(serve, tree, groups):
    mine = tree.pr.LocalVariable(name="V", value=1, groups=["Mine"])
    assert list(serve(mine, incGroups=groups).server.list()) == ["Top.V"]


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


# Mapping ----------------------------------------------------------------------------------


def test_an_explicit_map_serves_exactly_its_paths(serve, tree):
    pv_map = {"root.V": "My:V", "Top.enable": "My:E"}
    site = serve(tree.pr.LocalVariable(name="V", value=5, groups=["NoServe"]), pvMap=pv_map)
    assert site.server.list() == {"Top.enable": "My:E", "Top.V": "My:V"}
    assert pv_map == {"root.V": "My:V", "Top.enable": "My:E"}
    assert site.client().get("My:V").value == 5
    with pytest.raises(KeyError):
        site.client().get("B:Top:V")


def test_a_later_change_of_the_callers_dict_changes_nothing(serve):
    pv_map = {"Top.enable": "E"}
    site = serve(pvMap=pv_map, start=False)
    pv_map["Top.Time"] = "T"
    site.server.start()
    assert site.server.list() == {"Top.enable": "E"}


def test_an_empty_map_serves_nothing_and_says_so(serve, caplog):
    site = serve(pvMap={})
    assert site.server.list() == {}
    assert site.server.report() == ("the explicit map is empty: nothing is served",)
    assert "nothing is served" in caplog.text


def test_problems_are_logged_and_reported_and_the_rest_is_served(serve, caplog):
    site = serve(pvMap={"Top.enable": "E", "Top.enabel": "X", "Top.Time": "a b"})
    assert site.server.list() == {"Top.enable": "E"}
    assert len(site.server.report()) == 2
    for text in site.server.report():
        assert text in caplog.text
    assert "the nearest path is Top.enable" in site.server.report()[1]


def test_strict_raises_with_all_problems_and_leaves_nothing_behind(serve):
    site = serve(pvMap={"Top.enabel": "X", "Top.Time": "a b"}, strict=True, start=False)
    with pytest.raises(MappingError) as caught:
        site.server.start()
    assert len(caught.value.problems) == 2
    assert not site.server.running
    assert bridge_threads() == []
    assert set(site.server.report()) == set(caught.value.problems)


def test_explicit_duplicates_raise_without_strict(serve):
    site = serve(pvMap={"Top.enable": "X", "Top.Time": "X"}, start=False)
    with pytest.raises(MappingError, match=r"Top.enable and Top.Time both map to PV X"):
        site.server.start()
    assert not site.server.running


def test_a_dumped_map_edited_and_loaded_serves_the_same_nodes(serve, tree, tmp_path, capsys):
    site = serve(tree.pr.LocalVariable(name="V", value=5), incGroups=None)
    file = tmp_path / "map.txt"
    site.server.dump(file)
    site.server.dump()
    assert capsys.readouterr().out == file.read_text()
    assert "B:Top:V -> Top.V" in file.read_text().splitlines()
    file.write_text("# mine\n" + file.read_text().replace("B:Top:V ->", "Mine:V ->"))
    other = PvServer("unused", site.root, pvMap=file, backends=["soft"])
    other.start()
    assert other.list() == site.server.list() | {"Top.V": "Mine:V"}
    assert other._backends[0].client().get("Mine:V").value == 5
    other.stop()


def test_an_unusable_map_file_stops_the_start(serve, tmp_path):
    (tmp_path / "bad.txt").write_text("nonsense\n")
    for name in ("bad.txt", "missing.txt"):
        site = serve(pvMap=str(tmp_path / name), start=False)
        with pytest.raises(MappingError, match=name):
            site.server.start()
        assert not site.server.running


# Client settings --------------------------------------------------------------------------


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


# Stopping with work at hand ---------------------------------------------------------------


def test_stop_waits_for_what_is_pending_and_refuses_what_comes_late(serve, tree):
    entered, gate = threading.Event(), threading.Event()

    def slow(value):
        if value != 5:  # that is the default, set as the root starts
            entered.set()
            gate.wait(WAIT)

    site = serve(tree.pr.LocalVariable(name="V", value=5, localSet=slow), put_reply_timeout=None)
    client = site.client()
    running = client.start_put("B:Top:V", 6)
    assert entered.wait(WAIT)
    queued = client.start_put("B:Top:V", 7)
    site.server._backends[0].flush()
    refusing = threading.Event()
    drain = site.server._serving.services.variables.drain

    def draining(timeout):
        refusing.set()
        return drain(timeout)

    site.server._serving.services.variables.drain = draining
    stopper = threading.Thread(target=site.server.stop)
    stopper.start()
    assert refusing.wait(WAIT)
    with pytest.raises(RemoteError, match="server stopping"):
        client.put("B:Top:V", 8)
    gate.set()
    assert running.result(WAIT) is None
    assert queued.result(WAIT) is None
    join(stopper)
    assert site.root.V.value() == 7


def test_stop_gives_up_on_a_tree_that_hangs_and_says_so(serve, tree, caplog):
    caplog.set_level(logging.ERROR, "roguebridge.server")
    entered, gate = threading.Event(), threading.Event()

    def slow(value):
        if value != 5:  # that is the default, set as the root starts
            entered.set()
            gate.wait(WAIT)

    site = serve(
        tree.pr.LocalVariable(name="V", value=5, localSet=slow),
        put_reply_timeout=None,
        stop_timeout=0.05,
    )
    client = site.client()
    client.spec("B:Top:V")
    running = client.start_put("B:Top:V", 6)
    assert entered.wait(WAIT)
    queued = client.start_put("B:Top:V", 7)
    site.server._backends[0].flush()
    site.server.stop()
    for future in (running, queued):
        with pytest.raises(Exception, match="server stopping"):
            future.result(WAIT)
    assert "is still held by a call into the tree" in caplog.text
    held = [t for t in threading.enumerate() if t.name.startswith("roguebridge")]
    gate.set()
    join(*held)
    assert site.root.V.value() == 6


@pytest.mark.parametrize("made", [None, object()])
def test_a_factory_that_makes_no_backend_is_named(tree, made):
    class Site:
        @hookimpl
        def register_backends(self):
            return {"mine": lambda options: made}

    root = tree.pr.Root(name="Top", pollEn=False)
    with pytest.raises(BackendError, match="the factory of the backend 'mine' made"):
        PvServer("B", root, backends=["mine"], plugins=[Site()])


def test_a_rule_that_ends_the_process_is_named(tree, serve):
    def leave(node):
        raise SystemExit(7)

    class Site:
        @hookimpl
        def policy_rules(self):
            return [PolicyRule(lambda node: None, leave)]

    site = serve(tree.pr.LocalVariable(name="V", value=1), plugins=[Site()], start=False)
    text = r"plugin Site: Top.enable: a rule of policy_rules failed: SystemExit\(7\)"
    with pytest.raises(PluginError, match=text):
        site.server.start()
