"""The lists of addresses of both protocols, and a second server on several interfaces."""

import contextlib
import socket

import pytest
from p4p.client.thread import Context
from support.trees import TREES, running

from roguebridge.backends.epics import EpicsPvServer
from roguebridge.backends.epics.addresses import resolved, resolved_lists
from roguebridge.core.errors import BackendError

SIMTREE = TREES[0]
LISTS = [
    ("ca", "EPICS_CAS_INTF_ADDR_LIST"), ("ca", "EPICS_CAS_BEACON_ADDR_LIST"),
    ("ca", "EPICS_CAS_IGNORE_ADDR_LIST"), ("pva", "EPICS_PVAS_INTF_ADDR_LIST"),
    ("pva", "EPICS_PVAS_BEACON_ADDR_LIST"), ("pva", "EPICS_PVAS_IGNORE_ADDR_LIST"),
    ("pva", "EPICS_PVA_ADDR_LIST"),
]  # fmt: skip
PREFIX = {"ca": "EPICS_CAS", "pva": "EPICS_PVAS"}


@pytest.fixture
def names(monkeypatch):
    """The hosts that a name server knows, and the names it was asked for."""
    asked = []

    def look_up(host, *rest):
        asked.append(host)
        if host != "ioc.example":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("127.0.0.1", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def server_of(backend, isolate=False, **conf):
    root = SIMTREE.pr.Root(name="Top", pollEn=False)
    root.add(SIMTREE.pr.LocalVariable(name="V", value=5))
    quiet = {f"{PREFIX[backend]}_AUTO_BEACON_ADDR_LIST": "NO"}
    server = EpicsPvServer(
        base="B", root=root, backends=[backend], isolate=isolate, conf={**quiet, **conf}
    )
    root.addProtocol(server)
    return root, server


@pytest.mark.parametrize(("backend", "setting"), [LISTS[0], *LISTS[3:6]])
def test_a_name_is_resolved_once_when_the_server_starts(names, backend, setting):
    root, _ = server_of(backend, isolate=True, **{setting: "ioc.example"})
    assert names == []
    with running(root):
        pass
    assert names == ["ioc.example"]


@pytest.mark.parametrize(("backend", "setting"), LISTS)
@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("no.such.host", "'no.such.host' cannot be resolved: Name or service not known"),
        ("300.1.1.1", "'300.1.1.1' is no address"),
        ("10.1", "'10.1' is no address"),
        ("ioc.example:70000", "'ioc.example:70000': '70000' is no port number"),
        ("127.0.0.1:x", "'127.0.0.1:x': 'x' is no port number"),
    ],
)
def test_what_is_no_address_is_refused_with_setting_word_and_reason(
    names, backend, setting, word, reason
):
    local = {f"{PREFIX[backend]}_INTF_ADDR_LIST": "127.0.0.1"}
    root, _ = server_of(backend, **{**local, setting: f"127.0.0.1 {word}"})
    with pytest.raises(BackendError) as refusal, running(root):
        pass
    begins = "the PVAccess server cannot start: " if backend == "pva" else ""
    assert str(refusal.value) == f"{begins}{setting}: {reason}"


def test_addresses_keep_ports_and_what_pvxs_knows(names):
    text = "127.0.0.1  ioc.example:5075 224.0.0.1,1@127.0.0.1 [::1]:5076"
    assert resolved("LIST", text) == [
        "127.0.0.1", "127.0.0.1:5075", "224.0.0.1,1@127.0.0.1", "[::1]:5076",
    ]  # fmt: skip


def test_the_list_of_clients_counts_only_without_one_for_beacons(names):
    given = {"EPICS_PVAS_BEACON_ADDR_LIST": "ioc.example"}
    environ = {"EPICS_PVA_ADDR_LIST": "no.such.host"}
    assert resolved_lists(given, environ) == {"EPICS_PVAS_BEACON_ADDR_LIST": "127.0.0.1"}
    with pytest.raises(BackendError, match="EPICS_PVA_ADDR_LIST: 'no.such.host'"):
        resolved_lists({}, environ)


@contextlib.contextmanager
def taken(host):
    """A free UDP port number whose TCP port on one address is in use."""
    with socket.socket() as sock:
        try:
            sock.bind((host, 0))
        except OSError:
            pytest.skip("there is one loopback address only")
        sock.listen()
        yield str(sock.getsockname()[1])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2"])
@pytest.mark.parametrize("backend", ["ca", "pva"])
def test_a_port_in_use_on_one_interface_moves_all_to_one_other(backend, host, monkeypatch):
    with taken(host) as port:
        shared = {"ca": "EPICS_CA_SERVER_PORT", "pva": "EPICS_PVA_SERVER_PORT"}[backend]
        monkeypatch.setenv(shared, port)
        conf = {f"{PREFIX[backend]}_INTF_ADDR_LIST": "127.0.0.1 127.0.0.2"}
        root, server = server_of(backend, **conf)
        with running(root):
            where = server._backends[0].where()
            assert where.endswith("on 127.0.0.1 127.0.0.2")
            other = int(where.split()[2])
            assert other != int(port)
            for interface in ("127.0.0.1", "127.0.0.2"):
                socket.create_connection((interface, other), 10).close()
            if backend == "pva":
                with Context("pva", conf=server.client_conf(), useenv=False) as client:
                    assert client.get("B:Top:V", timeout=30) == 5
