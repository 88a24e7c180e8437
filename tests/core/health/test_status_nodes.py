"""The status PVs as nodes: named, described, and out of the way of the tree's own."""

import pytest
from support.engine.fakes import WAIT

from roguebridge.core.errors import MappingError, PutError
from roguebridge.core.health.status_nodes import STATUS_PVS, StatusNodes
from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.mapping.extra_nodes import ExtraNode
from roguebridge.core.server.server import PvServer
from roguebridge.core.tree.server_nodes import ServerVariable
from roguebridge.core.values.alarm import Severity


def test_each_says_what_it_is():
    for one in STATUS_PVS:
        assert one.description, one.name
        assert one.name == one.name.upper()


def test_they_are_listed_with_the_switches_on_request_only(serve):
    server = serve().server
    own = server.list(own=True)
    assert own["RB.HEARTBEAT"] == "B:RB:HEARTBEAT"
    assert own["RB.ReadOnly"] == "B:RB:ReadOnly"
    assert own["RB.CLIENT_CNT.soft"] == "B:RB:CLIENT_CNT:soft"
    assert not [path for path in server.list() if path.startswith("RB.")]
    assert own.keys() >= server.list().keys()


def test_they_are_explained(serve):
    found = serve().server.explain("RB.TREE_ALIVE")
    assert found.pv_names == ("B:RB:TREE_ALIVE",)
    assert found.served_as == "NTScalar float64"
    assert found.why == "it is one of the server's own"


def test_they_are_surveyed_though_nothing_is_served(serve):
    server = serve(start=False).server
    own = {pv.path: pv for pv in server.survey().own}
    assert own["RB.PROBLEMS"].served_as == "NTScalarArray str"
    assert own["RB.MEM_USED"].units == "B"
    assert server.survey().errors == ()


def test_a_device_of_the_tree_that_is_called_rb_keeps_its_names(tree, running):
    root = tree.pr.Root(name="Top", pollEn=False)
    device = tree.pr.Device(name="RB")
    device.add(tree.pr.LocalVariable(name="HEARTBEAT", value=42))
    root.add(device)
    names = {"Top.RB.HEARTBEAT": "B:RB:HEARTBEAT"}
    with running(root):
        server = PvServer("B", root, pvMap=names, backends=["soft"])
        server.start()
        client = server._backends[0].client()
        assert client.get("B:RB:HEARTBEAT").value == 42
        assert client.get("B:RB:READY").value == 1
        assert server.report() == (
            "RB.HEARTBEAT of the server is not served: PV name 'B:RB:HEARTBEAT' is that of "
            "Top.RB.HEARTBEAT",
        )
        client.close()
        server.stop()
        strict = PvServer("B", root, pvMap=names, backends=["soft"], strict=True)
        with pytest.raises(MappingError, match="RB.HEARTBEAT of the server is not served"):
            strict.start()


def test_a_plugin_that_brings_such_a_pv_keeps_its_name(serve):
    class Site:
        @hookimpl
        def extra_nodes(self, base):
            return [ExtraNode(f"{base}:RB:HEARTBEAT", ServerVariable("RB.Mine", 7))]

    site = serve(plugins=[Site()])
    client = site.client()
    assert client.get("B:RB:HEARTBEAT").value == 7
    client.close()


def test_nobody_can_set_one_even_without_the_policy(serve):
    site = serve(plugins=["no:mode"])
    client = site.client()
    with pytest.raises(Exception, match="RB.UPTIME is read-only"):
        client.put("B:RB:UPTIME", 5)
    client.close()
    nodes = StatusNodes("B", [], 10.0)
    with pytest.raises(PutError):
        nodes["UPTIME"].set(1)
    assert nodes["UPTIME"].get() == 0


def test_an_access_file_that_names_none_of_them_lets_everybody_read(serve, tmp_path):
    file = tmp_path / "site.acf"
    file.write_text("ASG(DEFAULT) { RULE(1, READ) }\n")
    site = serve(acf=str(file))
    client = site.client()
    assert client.get("B:RB:READY").alarm.severity is Severity.NONE
    with pytest.raises(Exception, match="not permitted"):
        client.put("B:RB:READY", 0)
    client.close()


def test_an_access_file_may_name_them(serve, tmp_path):
    file = tmp_path / "site.acf"
    file.write_text("ASG(DEFAULT) { RULE(1, READ) }\nASG(STATUS) { RULE(1, WRITE) }\n")
    site = serve(acf={"file": str(file), "assign": [{"path": "RB.*", "asg": "STATUS"}]})
    assert site.server.report() == ()
    assert "ASG(STATUS)" in str(site.server.explain("RB.READY").policies)


def test_neither_pace_nor_deadband_holds_them_back(serve, inbox):
    site = serve(update_rate=0.001, deadband=1e9)
    client = site.client()
    client.monitor("B:RB:HEARTBEAT", inbox.put)
    first = inbox.next().value
    while inbox.get(timeout=WAIT).value < first + 2:
        pass
    client.close()


def test_a_call_that_reads_one_is_answered(serve):
    client = serve().client()
    assert client.rpc("B:RB:READY", op="read").reading.value == 1
    client.close()


def test_the_hash_changes_with_arguments_and_pvs_only(tree, running):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.LocalVariable(name="V", value=1))

    def hash_of(**options):
        server = PvServer("B", root, backends=["soft"], **options)
        server.start()
        client = server._backends[0].client()
        found = client.get("B:RB:CONFIG_HASH").value
        while not found:
            found = client.get("B:RB:CONFIG_HASH").value
        client.close()
        server.stop()
        return found

    with running(root):
        first = hash_of()
        assert hash_of() == first
        others = {
            hash_of(stuck_after=11.0),
            hash_of(policies={"no_write": ["Slow"]}),
            hash_of(pvMap={"Top.V": "Mine"}),
            hash_of(plugins=["no:demo"]),
        }
        assert len({first, *others}) == 5


def test_a_snapshot_has_all_numbers_and_the_server_starts_again(serve):
    site = serve()
    numbers = site.server.health.snapshot()
    assert {one.name for one in STATUS_PVS} <= numbers.keys()
    assert numbers["CLIENT_CNT.soft"] == 0
    site.server.stop()
    assert site.server.health is None
    site.server.start()
    assert site.server.health.snapshot()["UPTIME"] == 0


def test_numbers_of_clients_that_no_backend_can_tell_are_minus_one(serve, monkeypatch):
    monkeypatch.setattr("roguebridge.backends.soft.backend.SoftBackend.clients", lambda self: -1)
    site = serve()
    assert site.server.health.snapshot()["CLIENT_CNT"] == -1
