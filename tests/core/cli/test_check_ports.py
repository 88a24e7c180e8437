"""``roguebridge check`` finds what keeps a server from listening, and nothing listens for that."""

import socket
from contextlib import contextmanager

import pytest

CHECK = ("check", "my_tree.py:MyRoot", "--base", "X")
CA = ("--backend", "ca")
OWN = {"pva": "EPICS_PVAS_SERVER_PORT", "ca": "EPICS_CAS_SERVER_PORT"}


@contextmanager
def taken_port(kind=socket.SOCK_STREAM):
    with socket.socket(type=kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        yield str(taken.getsockname()[1])


def free_port():
    with taken_port() as port:
        return port


def problems(shell, *arguments):
    done = shell.run(*CHECK, *arguments)
    assert done.returncode == 1, done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if line.startswith("Problem: ")]


@pytest.mark.parametrize("backend", OWN)
def test_a_port_of_its_own_that_is_in_use(shell, backend):
    with taken_port() as port:
        shell.environ[OWN[backend]] = port
        found = problems(shell, "--backend", backend)
    assert found == [f"Problem: {OWN[backend]}: port {port} is in use"]


def test_a_port_for_searches_that_is_in_use(shell):
    with taken_port(socket.SOCK_DGRAM) as port:
        shell.environ["EPICS_PVAS_BROADCAST_PORT"] = port
        found = problems(shell)
    assert found == [f"Problem: EPICS_PVAS_BROADCAST_PORT: UDP port {port} is in use"]


@pytest.mark.parametrize(
    ("setting", "value", "text"),
    [
        ("EPICS_PVAS_SERVER_PORT", "many", "EPICS_PVAS_SERVER_PORT: 'many' is no port number"),
        ("EPICS_PVAS_BROADCAST_PORT", "70000", "'70000' is no port number"),
        ("EPICS_PVAS_INTF_ADDR_LIST", "10.0.1", "PVAS_INTF_ADDR_LIST: '10.0.1' is no address"),
        ("EPICS_PVAS_BEACON_ADDR_LIST", "a:b:c", "PVAS_BEACON_ADDR_LIST: 'a:b:c': 'b:c' is no"),
    ],
)
def test_wrong_settings_of_pvaccess(shell, setting, value, text):
    shell.environ[setting] = value
    (problem,) = problems(shell)
    assert text in problem


@pytest.mark.parametrize(
    ("setting", "value", "text"),
    [
        ("EPICS_CAS_INTF_ADDR_LIST", "10.0.1", "EPICS_CAS_INTF_ADDR_LIST: '10.0.1' is no address"),
        ("EPICS_CAS_BEACON_ADDR_LIST", "a:b:c", "CAS_BEACON_ADDR_LIST: 'a:b:c': 'b:c' is no"),
        ("EPICS_CAS_INTF_ADDR_LIST", "192.0.2.1", "on 192.0.2.1: Cannot assign requested address"),
    ],
)
def test_wrong_settings_of_channel_access(shell, setting, value, text):
    shell.environ[setting] = value
    (problem,) = problems(shell, *CA)
    assert text in problem


def test_one_port_for_two_protocols(shell):
    port = free_port()
    shell.environ.update(dict.fromkeys(OWN.values(), port))
    (problem,) = problems(shell, "--backend", "pva", *CA)
    taken = f"TCP port {port} is taken by another protocol or server of this root"
    assert problem == f"Problem: ca: {taken}"


TWO = """
import roguebridge.backends.epics as pep
from my_tree import MyRoot


class Two(MyRoot):
    def __init__(self):
        super().__init__()
        for base in 'AB':
            conf = {{'EPICS_PVAS_SERVER_PORT': '{port}', 'EPICS_PVAS_INTF_ADDR_LIST': '127.0.0.1'}}
            self.addProtocol(pep.EpicsPvServer(base=base, root=self, conf=conf))
"""


def test_one_port_for_two_servers(shell):
    port = free_port()
    shell.write("two.py", TWO.format(port=port))
    done = shell.run("check", "two.py:Two")
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"Problem: TCP port {port} is taken by another protocol or server" in done.stdout


def test_free_ports_of_its_own_are_no_problem(shell):
    shell.environ.update({OWN["pva"]: free_port(), OWN["ca"]: free_port()})
    done = shell.run(*CHECK, "--backend", "pva", *CA)
    assert "Problem" not in done.stdout, done.stdout
    assert done.returncode == 0


RULES = """
from roguebridge.core import ConverterRule, Select, hookimpl

@hookimpl
def converter_rules():
    return [ConverterRule(len, Select(path='*.Gian'))]
"""


def test_a_rule_of_an_installed_plugin_that_selects_nothing_is_a_note(shell):
    shell.write("lab_rules.py", RULES)
    info = shell.folder / "lab_rules-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lab-rules\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[roguebridge]\nlab = lab_rules\n")
    done = shell.run(*CHECK, "-v", "--exclude", "NoServe")
    note = "Note: plugin lab: no node is selected by path='*.Gian', a rule of converter_rules; "
    assert [line for line in done.stdout.splitlines() if line.startswith(note)], done.stdout
    assert done.returncode == 0
    assert "Gian" not in shell.run(*CHECK).stdout
