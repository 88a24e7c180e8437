"""Searches, ports, settings; and that nothing leaves loopback."""

import contextlib
import gc
import os
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

import caproto as ca
import pytest
import support
from support.clients import LIMIT, wait_until

from roguebridge.backends.epics.ca.backend import CaBackend
from roguebridge.backends.epics.ca.settings import settings_of
from roguebridge.core.backend.contract import BackendOptions
from roguebridge.core.errors import BackendError
from roguebridge.core.server.server import PvServer


def build(pr, root):
    root.add(pr.LocalVariable(name="Var", value=1))


def search(port, *names, raw=b""):
    """What the server answers to a search: numbers of what it has, and the port for it."""
    asked = []
    for number, name in enumerate(names):  # caproto's own requests take 59 characters
        text = name.encode() + b"\0"
        text += bytes(-len(text) % 8)
        asked.append(struct.pack("!HHHHII", 6, len(text), 5, 13, number, number) + text)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(LIMIT)
        sock.bind(("127.0.0.1", 0))
        message = b"".join(map(bytes, [ca.VersionRequest(0, 13), *asked])) + raw
        sock.sendto(message, ("127.0.0.1", port))
        data, address = sock.recvfrom(65536)
        assert address == ("127.0.0.1", port)
        found = ca.Broadcaster(ca.CLIENT).recv(data, address)
    return {c.cid: c.port for c in found if isinstance(c, ca.SearchResponse)}


def port_of(served):
    return int(served.server.client_conf()["EPICS_CA_SERVER_PORT"])


def test_searches_are_answered_for_what_is_served_and_nothing_else(serve):
    served = serve(build)
    port = port_of(served)
    names = ["T:Top:Var", "No:Such", "T:Top:Var.DESC", "T:Top:Var$", "T:Top:Var.NO", "T:Top:Var."]
    names += ["T:Top:Var.PREC$", "T:Top:Var.DESC$", "T:Top:Var.VAL$", "T:Top:Var.$"]
    assert sorted(search(port, *names)) == [0, 2, 3, 5, 7, 8]


@pytest.mark.parametrize(("flag", "number"), [(1, 7), (1, 2**32 - 1), (0, 0)])
def test_answers_have_the_number_of_the_datagram_that_asked(serve, flag, number):
    served = serve(build)
    port = port_of(served)
    asked = struct.pack("!HHHHII", 0, 0, flag, 13, number, 0)
    asked += struct.pack("!HHHHII", 6, 16, 5, 13, 1, 1) + b"T:Top:Var".ljust(16, b"\0")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(LIMIT)
        for message in (asked, asked[16:]):  # the second has no number
            sock.sendto(message, ("127.0.0.1", port))
            command, _, told, _, echoed, _ = struct.unpack_from("!HHHHII", sock.recv(65536))
            assert command == 0
            assert (told, echoed if told else 0) == (flag, number)
            flag = number = 0


@pytest.mark.parametrize("asked", [b"", bytes(ca.RepeaterRegisterRequest("127.0.0.1"))])
def test_an_isolated_server_stands_for_the_repeater(serve, asked):
    served = serve(build)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(LIMIT)
        sock.bind(("127.0.0.1", 0))
        sock.sendto(asked, ("127.0.0.1", port_of(served)))  # libca sends an empty datagram
        (answer,) = ca.Broadcaster(ca.CLIENT).recv(*sock.recvfrom(65536))
    assert isinstance(answer, ca.RepeaterConfirmResponse)


def test_a_datagram_that_makes_no_sense_is_survived(serve):
    served = serve(build)
    port = port_of(served)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for data in (b"x", b"\xff" * 40, bytes(16), b"\0\x06\xff\xff" + bytes(12)):
            sock.sendto(data, ("127.0.0.1", port))
    assert search(port, "T:Top:Var") == {0: port}


def test_searches_over_tcp_are_answered_too(serve):
    served = serve(build)
    found = []
    client = served.client
    client.channel("T:Top:Var")
    really = client._handle
    client._handle = lambda command: (found.append(command), really(command))
    client.ask(ca.SearchRequest("T:Top:Var", 7, 13))
    client.ask(ca.SearchRequest("No:Such", 8, 13, reply=ca.DO_REPLY))
    wait_until(lambda: len([c for c in found if hasattr(c, "cid")]) == 2)
    answers = {type(c).__name__: c.cid for c in found if hasattr(c, "cid")}
    assert answers == {"SearchResponse": 7, "NotFoundResponse": 8}


@pytest.mark.parametrize(
    "junk",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff" * 64,
        bytes(ca.ReadNotifyRequest(6, 1, 999, 1)),
        bytes(ca.EventCancelRequest(6, 999, 1)),
        bytes(ca.ClearChannelRequest(999, 999)),
        bytes(ca.WriteRequest(b"\0" * 8, 6, 1, 999, 1)),
        bytes(ca.CreateChanRequest("x" * 500, 5, 13)),
    ],
    ids=["http", "ones", "read", "cancel", "clear", "write", "create"],
)
def test_a_client_that_makes_no_sense_harms_nobody(serve, junk):
    served = serve(build)
    good, bad = served.client, served.another()
    assert good.read("T:Top:Var").result(LIMIT).value == 1
    bad.read("T:Top:Var").result(LIMIT)
    bad.raw(junk)
    assert good.read("T:Top:Var").result(LIMIT).value == 1
    assert served.another().read("T:Top:Var").result(LIMIT).value == 1


def test_a_name_of_a_thousand_characters_travels(serve):
    name = "X" * 1000
    served = serve(build, pvMap={"Top.Var": name})
    assert search(port_of(served), name)
    assert served.client.read(name).result(LIMIT).value == 1


def test_names_that_look_like_filters_are_names(serve):
    names = ["a.b[3]", "Dev[0]:Var.{x}", "ü:größe"]
    served = serve(build, pvMap={"Top.Var": names})
    for name in names:
        assert served.client.read(name).result(LIMIT).value == 1


# Ports ----------------------------------------------------------------------------------------


def backend(conf=None, isolate=True):
    return CaBackend(BackendOptions(isolate, conf))


def test_one_port_serves_searches_and_connections_and_is_kept():
    one = backend()
    one.start()
    port = one._network.port
    assert port == one._network.udp_port
    one.stop()
    one.start()
    assert one._network.port == port
    one.stop()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        one.start()
        assert one._network.port != port
        one.stop()


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_port_given_to_the_server_is_had_or_refused(kind):
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        port = str(taken.getsockname()[1])
        one = backend({"EPICS_CAS_SERVER_PORT": port})
        with pytest.raises(BackendError, match=f"port {port}"):
            one.start()
        one.stop()
    one.start()
    assert one.where() == f"TCP port {port} on 127.0.0.1"
    one.stop()
    assert one.where() == ""


def test_a_port_that_is_only_wished_for_may_be_another(caplog):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        one = backend({"EPICS_CA_SERVER_PORT": str(port)})
        one.start()
        assert one._network.port != port == one._network.udp_port
        assert search(port, "x", raw=bytes(ca.RepeaterRegisterRequest("127.0.0.1"))) == {}
        one.stop()
    assert f"port {port} is in use: serving on port" in caplog.text


def test_an_address_that_this_host_has_not_is_refused():
    one = backend({"EPICS_CAS_INTF_ADDR_LIST": "192.0.2.1"})
    with pytest.raises(BackendError, match="192.0.2.1"):
        one.start()
    one.stop()


@pytest.mark.parametrize(
    "conf", [{"EPICS_CAS_SERVER_PORT": "x"}, {"EPICS_CA_SERVER_PORT": "70000"}]
)
def test_a_port_that_is_none_is_refused_at_once(conf):
    with pytest.raises(BackendError, match="is no port number"):
        backend(conf)


def test_settings_must_be_text():
    with pytest.raises(BackendError, match="conf must map str to str"):
        backend({"EPICS_CAS_SERVER_PORT": 5064})


def test_settings_count_before_the_environment_and_that_only_if_not_isolated(monkeypatch):
    monkeypatch.setenv("EPICS_CAS_INTF_ADDR_LIST", "10.0.0.1:99 10.0.0.2")
    monkeypatch.setenv("EPICS_CA_SERVER_PORT", "6064")
    monkeypatch.setenv("EPICS_CAS_BEACON_ADDR_LIST", "10.0.0.255 10.1.0.255:7000")
    monkeypatch.setenv("EPICS_CAS_AUTO_BEACON_ADDR_LIST", "NO")
    monkeypatch.setenv("EPICS_CAS_BEACON_PERIOD", "3.5")
    monkeypatch.setenv("EPICS_CAS_IGNORE_ADDR_LIST", "10.9.0.1")
    found = settings_of({}, isolate=False)
    assert found.interfaces == ("10.0.0.1", "10.0.0.2") and found.host == "10.0.0.1"
    assert (found.port, found.own, found.period) == (6064, False, 3.5)
    assert found.beacons == (("10.0.0.255", 5065), ("10.1.0.255", 7000))
    assert found.ignored == {"10.9.0.1"}
    found = settings_of({"EPICS_CAS_SERVER_PORT": "7064", "EPICS_CA_REPEATER_PORT": "7065"}, False)
    assert (found.port, found.own, found.beacons[0]) == (7064, True, ("10.0.0.255", 7065))
    found = settings_of({}, isolate=True)
    assert (found.interfaces, found.port, found.beacons) == (("127.0.0.1",), 0, ())
    monkeypatch.undo()
    found = settings_of({}, isolate=False)
    assert found.everywhere and found.port == 5064 and found.host == "127.0.0.1"
    assert found.beacons == (("255.255.255.255", 5065),)
    found = settings_of({"EPICS_CAS_INTF_ADDR_LIST": "127.0.0.1"}, isolate=False)
    assert found.beacons == (("127.0.0.1", 5065),)
    with pytest.raises(BackendError, match="is no number"):
        settings_of({"EPICS_CAS_BEACON_PERIOD": "often"}, isolate=False)


def test_the_list_of_a_client_is_none_of_beacons(monkeypatch):
    """As of an IOC since EPICS base 3.15: its clients' addresses are not told of it."""
    monkeypatch.setenv("EPICS_CA_ADDR_LIST", "10.0.0.7")
    monkeypatch.setenv("EPICS_CA_AUTO_ADDR_LIST", "NO")
    assert settings_of({}, isolate=False).beacons == (("255.255.255.255", 5065),)
    conf = {"EPICS_CAS_AUTO_BEACON_ADDR_LIST": "NO"}
    assert settings_of(conf, isolate=False).beacons == ()
    conf["EPICS_CAS_BEACON_ADDR_LIST"] = "10.0.0.8"
    assert settings_of(conf, isolate=False).beacons == (("10.0.0.8", 5065),)


def test_a_server_that_cannot_listen_leaves_no_port_open(monkeypatch):
    async def refuse(*args, **options):
        raise OSError(98, "no more")

    one = backend()
    with monkeypatch.context() as patched:
        patched.setattr("asyncio.base_events.BaseEventLoop.create_server", refuse)
        with pytest.raises(BackendError, match=r"cannot listen on \d+: no more"):
            one.start()
    one.start()  # a socket left open would be a warning, which is an error
    one.stop()
    gc.collect()


def test_clients_that_connect_while_the_server_stops_are_ended():
    one = backend()
    for _ in range(20):
        one.start()
        address = "127.0.0.1", one._network.port
        stopped = threading.Event()

        def storm(address=address, stopped=stopped):
            while not stopped.is_set():
                with contextlib.suppress(OSError):
                    socket.create_connection(address, LIMIT).close()

        thread = threading.Thread(target=storm)
        thread.start()
        network = one._network
        wait_until(lambda network=network: network.circuits)
        one.stop()
        stopped.set()
        thread.join()
        assert not network.circuits
        gc.collect()  # a connection left open would be a warning, which is an error


def test_the_server_cannot_be_stopped_on_its_own_thread():
    one = backend()
    one.start()
    with pytest.raises(BackendError, match="cannot be stopped on its own thread"):
        one.loop.call(lambda: one.loop.call(one.stop))
    assert one.where()
    one.stop()


# Loopback -------------------------------------------------------------------------------------


def test_beacons_tell_of_a_server_that_is_not_isolated(monkeypatch):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.settimeout(LIMIT)
        ear.bind(("127.0.0.1", 0))
        conf = {
            "EPICS_CAS_INTF_ADDR_LIST": "127.0.0.1",
            "EPICS_CAS_AUTO_BEACON_ADDR_LIST": "NO",
            "EPICS_CAS_BEACON_ADDR_LIST": f"127.0.0.1:{ear.getsockname()[1]}",
            "EPICS_CA_SERVER_PORT": str(free_port()),
        }
        one = backend(conf, isolate=False)
        one.start()
        heard = [ca.Broadcaster(ca.CLIENT).recv(*ear.recvfrom(1000))[0] for _ in range(3)]
        assert [beacon.beacon_id for beacon in heard] == [0, 1, 2]
        assert {beacon.server_port for beacon in heard} == {one._network.port}
        conf = one.client_conf()
        assert "EPICS_CA_REPEATER_PORT" not in conf
        assert conf["EPICS_CA_ADDR_LIST"] == "127.0.0.1"
        one.stop()


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


WATCHED = """
import os, sys
seen = []
def hook(event, arguments):
    if event in ("socket.bind", "socket.connect", "socket.sendto", "socket.sendmsg"):
        seen.append((event, arguments[1]))
sys.addaudithook(hook)
import roguebridge.simtree as pr
from roguebridge.core.server.server import PvServer
before = dict(os.environ)
class Root(pr.Root):
    def __init__(self):
        super().__init__(name="Top", pollEn=False)
        self.add(pr.LocalVariable(name="Var", value=1))
with Root() as root:
    server = PvServer("T", root, backends=["ca"], isolate=True)
    server.start()
    sys.path.insert(0, sys.argv[1])
    from support.clients.caclient import CaClient
    client = CaClient(server.client_conf("ca"))
    assert client.read("T:Top:Var").result(30).value == 1
    client.close()
    server.stop()  # the first beacon would have come with the start
assert dict(os.environ) == before, "the environment has changed"
for event, address in seen:
    if isinstance(address, tuple):
        assert address[0] == "127.0.0.1", (event, address)
assert any(event == "socket.bind" for event, _ in seen)
print("loopback only")
"""


def test_nothing_leaves_loopback_and_the_environment_stays():
    hostile = {
        "EPICS_CAS_INTF_ADDR_LIST": "0.0.0.0",  # noqa: S104
        "EPICS_CAS_BEACON_ADDR_LIST": "255.255.255.255",
        "EPICS_CA_ADDR_LIST": "255.255.255.255",
        "EPICS_CA_SERVER_PORT": "5064",
        "EPICS_CAS_SERVER_PORT": "5064",
    }
    tests = Path(support.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, tests],
        env={**os.environ, **hostile}, capture_output=True, text=True, timeout=LIMIT,
    )  # fmt: skip
    assert done.stdout == "loopback only\n", done.stderr


def test_without_caproto_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "roguebridge.backends.epics.ca.backend", None)
    with pytest.raises(BackendError, match=r"python -m pip install 'roguebridge\[ca\]'"):
        PvServer("T", None, backends=["ca"])


def test_a_server_has_settings_for_each_of_its_protocols(serve):
    served = serve(build, backends=["pva", "ca"])
    assert "EPICS_PVA_ADDR_LIST" in served.server.client_conf()
    assert served.server.client_conf("ca")["EPICS_CA_ADDR_LIST"] == "127.0.0.1"
    assert [name for name, _ in served.server.where()] == ["pva", "ca"]
    assert served.value("Var") == 1
