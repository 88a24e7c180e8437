"""The server as its user meets it: mapping modes, list and dump, life cycle, client settings."""

import socket
import threading

import pytest
from p4p.client.thread import Context
from support.clients.served import serving
from support.engine.fakes import bridge_threads

from roguebridge.backends.epics import EpicsPvHolder, EpicsPvServer
from roguebridge.core import BackendError, MappingError, NotRunningError

LIMIT = 30.0


@pytest.fixture
def root(tree, running):
    """A small running root; servers are added by the test."""
    pr = tree.pr
    made = pr.Root(name="Top", pollEn=False)
    made.add(pr.LocalVariable(name="A", value=1))
    made.add(pr.LocalVariable(name="B", value=2, groups=["NoServe"]))
    made.add(pr.LocalVariable(name="C", value=3, groups=["Slow", "Other"]))
    device = pr.Device(name="Dev[3]")
    device.add(pr.LocalVariable(name="V", value=4))
    made.add(device)
    with running(made):
        yield made


def server_of(root, **options):
    return EpicsPvServer(base="Base", root=root, isolate=True, **options)


def get(server, pv_name):
    with Context("pva", conf=server.client_conf(), useenv=False) as client:
        return client.get(pv_name, timeout=LIMIT)


def test_automatic_mode_serves_all_that_passes_the_groups_in_tree_order(root):
    server = server_of(root)
    server.start()
    try:
        names = server.list()
        wanted = [n.path for n in root.variableList if "NoServe" not in n.groups]
        assert list(names) == wanted
        assert names["Top.Dev[3].V"] == "Base:Top:Dev[3]:V"
        assert "Top.B" not in names
        assert list(server.holders) == wanted
        assert type(server.holders["Top.A"]) is EpicsPvHolder
        assert get(server, "Base:Top:Dev[3]:V") == 4
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("options", "served", "left_out"),
    [
        ({"excGroups": []}, {"A", "B", "C"}, set()),
        ({"excGroups": "Slow"}, {"A", "B"}, {"C"}),
        ({"excGroups": ("Other", "NoServe")}, {"A"}, {"B", "C"}),
        ({"excGroups": {"Slow"}}, {"A", "B"}, {"C"}),
        ({"incGroups": "Slow"}, {"C"}, {"A", "B"}),
        ({"incGroups": ("Slow", "NoServe"), "excGroups": []}, {"B", "C"}, {"A"}),
        ({"incGroups": {"Other"}, "excGroups": ["Slow"]}, set(), {"A", "B", "C"}),
    ],
)
def test_groups_may_be_a_str_a_sequence_or_a_set(root, options, served, left_out):
    server = server_of(root, **options)
    server.start()
    paths = {path.removeprefix("Top.") for path in server.list()}
    server.stop()
    assert served <= paths
    assert not left_out & paths


def test_explicit_mode_serves_exactly_the_map_whatever_the_groups(root):
    wanted = {"Top.B": "mine:b", "Top.A": "mine:a"}
    given = dict(wanted)
    server = server_of(root, pvMap=given)
    server.start()
    try:
        assert server.list() == wanted
        assert list(server.list()) == ["Top.A", "Top.B"]
        assert get(server, "mine:b") == 2
        assert given == wanted
    finally:
        server.stop()


def test_a_dump_can_be_edited_and_loaded(root, tmp_path, capsys):
    file = tmp_path / "map.txt"
    first = server_of(root)
    first.start()
    first.dump()
    first.dump(file)
    first.stop()
    assert file.read_text() == capsys.readouterr().out
    lines = file.read_text().splitlines()
    assert lines == [f"{pv} -> {path}" for path, pv in first.list().items()]

    again = server_of(root, pvMap=str(file))
    again.start()
    again.stop()
    assert again.list() == first.list()

    file.write_text("# only one\n\nmy:own:name -> Top.A\n")
    edited = server_of(root, pvMap=file)
    edited.start()
    try:
        assert edited.list() == {"Top.A": "my:own:name"}
        assert get(edited, "my:own:name") == 1
    finally:
        edited.stop()


def test_all_problems_of_a_mapping_are_reported_and_the_rest_is_served(root):
    pv_map = {
        "Top.A": "a",
        "Top.Dev[2].V": "v",
        "Top.Dev[3]": "dev",
        "Top.C": "with space",
        "Top.Dev[3].V": "a.b",
    }
    server = server_of(root, pvMap=pv_map)
    server.start()
    try:
        assert server.list() == {"Top.A": "a", "Top.Dev[3].V": "a.b"}
        report = "\n".join(server.report())
        assert "'Top.Dev[2].V' is not in the tree; the nearest path is Top.Dev[3].V" in report
        assert "Top.Dev[3] is a device" in report
        assert "Top.C" in report and "with space" in report
        assert "a.b" in report
        assert get(server, "a.b") == 4
    finally:
        server.stop()
    strict = server_of(root, pvMap=pv_map, strict=True)
    with pytest.raises(MappingError) as raised:
        strict.start()
    assert len(raised.value.problems) == 4
    assert not strict.running


def test_two_explicit_entries_on_one_name_always_raise(root):
    server = server_of(root, pvMap={"Top.A": "same", "Top.C": "same"})
    with pytest.raises(MappingError, match="Top.A and Top.C both map to PV same"):
        server.start()
    assert not server.running


def test_an_empty_map_serves_nothing_and_says_so(root):
    server = server_of(root, pvMap={})
    server.start()
    assert server.list() == {}
    assert "nothing is served" in " ".join(server.report())
    server.stop()


def test_a_root_that_does_not_run_is_not_touched(tree):
    pr = tree.pr
    idle = pr.Root(name="Top", pollEn=False)
    device = pr.Device(name="Dev", memBase=tree.memory())
    device.add(pr.RemoteVariable(name="V", offset=0, bitSize=32, base=pr.UInt, mode="RW"))
    idle.add(device)
    server = server_of(idle)
    with pytest.raises(NotRunningError, match="addProtocol.*before root.start"):
        server._start()
    with pytest.raises(NotRunningError):
        server.start()
    assert server.list() == {}
    server.stop()


def test_a_server_registered_twice_starts_once(tree, running):
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    root.add(pr.LocalVariable(name="A", value=1))
    server = server_of(root)
    root.addProtocol(server)
    root.addProtocol(server)
    with running(root):
        assert get(server, "Base:Top:A") == 1
        listener = server.holders["Top.A"].listener
        assert root.A._BaseVariable__functions.count(listener.on_update) == 1
    assert not server.running


def test_stop_is_idempotent_frees_the_port_and_starts_again_on_it(root):
    server = server_of(root)
    server.stop()
    server.start()
    conf = server.client_conf()
    server.stop()
    server.stop()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", int(conf["EPICS_PVA_SERVER_PORT"])))
    with pytest.raises(BackendError, match="not running"):
        server.client_conf()
    server.start()
    try:
        assert server.client_conf() == conf
        root.A.set(9)
        with Context("pva", conf=conf, useenv=False) as client:
            assert client.get("Base:Top:A", timeout=LIMIT) == 9
    finally:
        server.stop()


def test_a_client_finds_the_server_again_after_its_restart(root):
    import queue

    server = server_of(root)
    server.start()
    updates = queue.Queue()
    with Context("pva", conf=server.client_conf(), useenv=False) as client:
        subscription = client.monitor("Base:Top:A", updates.put)
        assert updates.get(timeout=LIMIT) == 1
        server.stop()
        root.A.set(5)
        server.start()
        assert updates.get(timeout=LIMIT) == 5
        root.A.set(6)
        assert updates.get(timeout=LIMIT) == 6
        subscription.close()
    server.stop()


def test_several_servers_and_roots_live_in_one_process(tree):
    with serving(tree) as one, serving(tree) as other:
        second = EpicsPvServer(base="Second", root=one.root, isolate=True)
        second.start()
        one.put("Int", 11)
        other.put("Int", 22)
        assert one.get("Int")["value"] == 11
        assert other.get("Int")["value"] == 22
        assert get(second, "Second:Top:Int") == 11
        second.stop()
        assert one.get("Int")["value"] == 11


def test_the_environment_rules_unless_isolated(tree, root, monkeypatch):
    monkeypatch.setenv("EPICS_PVAS_INTF_ADDR_LIST", "127.0.0.1")
    monkeypatch.setenv("EPICS_PVAS_BEACON_ADDR_LIST", "127.0.0.1")
    monkeypatch.setenv("EPICS_PVAS_AUTO_BEACON_ADDR_LIST", "NO")
    monkeypatch.setenv("EPICS_PVAS_SERVER_PORT", "0")
    monkeypatch.setenv("EPICS_PVAS_BROADCAST_PORT", "0")
    server = EpicsPvServer(base="Base", root=root)
    server.start()
    try:
        conf = server.client_conf()
        assert conf["EPICS_PVA_NAME_SERVERS"].startswith("127.0.0.1:")
        assert get(server, "Base:Top:A") == 1
    finally:
        server.stop()


def test_conf_says_where_to_listen(root):
    conf = {
        "EPICS_PVAS_INTF_ADDR_LIST": "127.0.0.2",
        "EPICS_PVAS_BEACON_ADDR_LIST": "127.0.0.2",
        "EPICS_PVAS_AUTO_BEACON_ADDR_LIST": "NO",
        "EPICS_PVAS_SERVER_PORT": "0",
        "EPICS_PVAS_BROADCAST_PORT": "0",
    }
    server = EpicsPvServer(base="Base", root=root, conf=conf)
    server.start()
    try:
        assert server.client_conf()["EPICS_PVA_NAME_SERVERS"].startswith("127.0.0.2:")
        assert get(server, "Base:Top:A") == 1
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"base": 3}, TypeError, "base must be a str"),
        ({"pvMap": ["Top.A"]}, TypeError, "pvMap must be a dict"),
        ({"incGroups": 5}, TypeError, "incGroups must be"),
        ({"excGroups": ["a", 1]}, TypeError, "excGroups must be"),
        ({"backends": "pva"}, TypeError, "must be lists"),
        ({"backends": ["nope"]}, BackendError, "unknown backend 'nope'.*pva.*soft"),
        ({"backends": []}, BackendError, "no backend"),
        ({"conf": {"EPICS_PVAS_SERVER_PORT": 5}}, BackendError, "conf must map str to str"),
        ({"conf": "EPICS_PVAS_SERVER_PORT"}, BackendError, "conf must map str to str"),
    ],
)
def test_wrong_arguments_are_refused_at_once(tree, options, error, text):
    root = tree.pr.Root(name="Top", pollEn=False)
    with pytest.raises(error, match=text):
        EpicsPvServer(**{"base": "Base", "root": root, **options})


def test_a_failed_start_leaves_nothing_behind_and_the_root_can_be_stopped(tree):
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    root.add(pr.LocalVariable(name="A", value=1))
    server = EpicsPvServer(
        base="Base", root=root, conf={"EPICS_PVAS_INTF_ADDR_LIST": "no.such.host.invalid"}
    )
    root.addProtocol(server)
    before = threading.active_count()
    try:
        with pytest.raises(Exception, match="PVAccess server cannot start"):
            root.start()
        assert bridge_threads() == []
        assert root.A._BaseVariable__functions == []
        assert not server.running
    finally:
        root.stop()
    assert threading.active_count() <= before


def test_served_by_the_soft_backend_alone(root):
    server = EpicsPvServer(base="Base", root=root, backends=["soft"])
    server.start()
    try:
        (backend,) = server._backends
        client = backend.client()
        client.put("Base:Top:A", 5)
        assert root.A.value() == 5
        assert client.get("Base:Top:A").value == 5
        client.close()
    finally:
        server.stop()
