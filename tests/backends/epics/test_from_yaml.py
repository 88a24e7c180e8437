"""A server from a configuration file, as a client sees it."""

import json

import pytest
from p4p.client.thread import Context, RemoteError
from support.clients.served import LIMIT

from roguebridge.backends.epics import ConfigError, EpicsPvHolder, EpicsPvServer

SITE = """
base: Lab
isolate: true
excGroups: [Hidden]
missed_polls: null
policies:
  no_write: [Calibration]
  operators:
    users: [nobody-of-that-name]
    paths: ['*.Magnet']
"""


@pytest.fixture
def build(tree):
    """Make a root that has not started."""
    pr = tree.pr

    def build():
        root = pr.Root(name="Top", pollEn=False)
        root.add(pr.LocalVariable(name="Gain", value=1, minimum=0, maximum=9))
        root.add(pr.LocalVariable(name="Offset", value=2, groups=["Calibration"]))
        root.add(pr.LocalVariable(name="Magnet", value=3))
        root.add(pr.LocalVariable(name="Secret", value=4, groups=["Hidden"]))
        root.add(pr.LocalVariable(name="Shown", value=5, groups=["NoServe"]))
        return root

    return build


@pytest.fixture
def write(tmp_path):
    def write(text, name="site.yaml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


class Client:
    def __init__(self, server):
        self.context = Context("pva", conf=server.client_conf(), useenv=False)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.context.close()

    def get(self, name):
        return self.context.get(name, timeout=LIMIT)

    def put(self, name, value):
        self.context.put(name, value, timeout=LIMIT)


def test_what_the_file_says_is_in_force(build, write, running):
    root = build()
    server = EpicsPvServer.from_yaml(root, write(SITE))
    root.addProtocol(server)
    with running(root), Client(server) as client:
        assert type(server) is EpicsPvServer
        assert type(server.holders["Top.Gain"]) is EpicsPvHolder
        assert server.isolated
        assert client.get("Lab:Top:Shown") == 5
        assert "Top.Secret" not in server.list()
        client.put("Lab:Top:Gain", 7)
        assert root.Gain.value() == 7
        for name in ("Offset", "Magnet"):
            before = root.getNode(f"Top.{name}").value()
            with pytest.raises(RemoteError, match="Put not permitted"):
                client.put(f"Lab:Top:{name}", 8)
            assert root.getNode(f"Top.{name}").value() == before


def test_what_the_caller_says_counts_instead(build, write, running):
    root = build()
    file = write(SITE)
    overrides = {"base": "Mine", "policies": {}, "pvMap": {"Top.Magnet": "Magnet"}}
    server = EpicsPvServer.from_yaml(root, str(file), **overrides)
    root.addProtocol(server)
    with running(root), Client(server) as client:
        assert server.base == "Mine"
        assert server.list() == {"Top.Magnet": "Magnet"}
        client.put("Magnet", 8)
        assert client.get("Magnet") == 8


def test_names_and_audit_of_the_file_are_in_force(build, write, running, tmp_path):
    root = build()
    (tmp_path / "conf").mkdir()
    names = "names: {template: '{base}-{name}', case: upper, aliases: '{name}'}\n"
    file = write(f"base: Lab\nisolate: true\n{names}audit: puts.log\n", "conf/site.yaml")
    server = EpicsPvServer.from_yaml(root, file)
    root.addProtocol(server)
    with running(root):
        with Client(server) as client:
            client.put("LAB-GAIN", 5)
            assert client.get("Gain") == 5
        server.stop()  # which writes what is left
    (line,) = (tmp_path / "conf/puts.log").read_text(encoding="utf-8").splitlines()
    record = json.loads(line)
    assert (record["pv"], record["new"], record["old"]) == ("LAB-GAIN", 5, 1)


ACF = """
UAG(operators) {nobody-of-that-name}
ASG(DEFAULT) { RULE(1, WRITE) }
ASG(MAGNETS) { RULE(1, READ) RULE(1, WRITE) { UAG($(who)) } }
"""


def test_an_access_security_file_is_found_beside_the_configuration(build, write, running):
    root = build()
    write(ACF, "site.acf")
    file = write(
        "base: Lab\nisolate: true\nacf:\n  file: site.acf\n  macros: {who: operators}\n"
        "  assign:\n  - {asg: MAGNETS, path: '*.Magnet'}\n"
    )
    server = EpicsPvServer.from_yaml(root, file)
    root.addProtocol(server)
    with running(root), Client(server) as client:
        client.put("Lab:Top:Gain", 5)
        with pytest.raises(RemoteError, match="Put not permitted"):
            client.put("Lab:Top:Magnet", 5)
        assert client.get("Lab:Top:Magnet") == 3


def test_two_servers_of_one_file_have_nothing_in_common(build, write, running):
    root = build()
    write("MapA -> Top.Gain\n", "site.map")
    file = write("base: A\nisolate: true\npvMap: site.map\n")
    servers = [EpicsPvServer.from_yaml(root, file) for _ in range(2)]
    for server in servers:
        root.addProtocol(server)
    with running(root):
        for number, server in enumerate(servers, 3):
            with Client(server) as client:
                client.put("MapA", number)
                assert client.get("MapA") == number
        servers[0].stop()
        with Client(servers[1]) as client:
            assert client.get("MapA") == 4


def test_a_file_with_a_mistake_makes_no_server(build, write):
    file = write(SITE.replace("users:", "user:"))
    with pytest.raises(ConfigError) as caught:
        EpicsPvServer.from_yaml(build(), file)
    assert caught.value.problems == (
        f"{file}:8: policies.operators.users: it is missing",
        f"{file}:9: policies.operators.user: it is not known; the nearest is users",
    )
