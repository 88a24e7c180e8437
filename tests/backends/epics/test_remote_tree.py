"""The tree of another process, reached by Rogue's client: what its PVs show when the link is down.

Without Rogue: tests/core/tree/test_remote_link.py.
"""

import importlib
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import support
from p4p.client.thread import Context, RemoteError
from support.clients.served import LIMIT, Updates
from support.trees import TREES, running, silent_stdout

from roguebridge.backends.epics import EpicsPvServer

if not any(tree.name == "pyrogue" for tree in TREES):
    pytest.skip("pyrogue is not importable", allow_module_level=True)

interfaces = importlib.import_module("pyrogue.interfaces")
CHILD = Path(support.__file__).parent / "trees" / "zmq_server.py"
COMM = (3, 2, "COMM")
NO_ALARM = (0, 0, "")


@contextmanager
def tree_process(port=0):
    """A tree in another process; gives the process and its port."""
    with subprocess.Popen(
        [sys.executable, str(CHILD), str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            line = next(line for line in process.stdout if line.startswith("port "))
            yield process, int(line.split()[1])
        finally:
            process.kill()


@contextmanager
def remote(port):
    """Rogue's client of the tree, with a link that is down after two seconds without an answer."""
    with silent_stdout():
        client = interfaces.VirtualClient(
            "127.0.0.1", port, linkTimeout=2.0, requestStallTimeout=2.0
        )
    try:
        yield client
    finally:
        client.stop()


@contextmanager
def served(root):
    """The tree's server, and a client of it."""
    server = EpicsPvServer(base="Base", root=root, isolate=True, open_timeout=0.5)
    server.start()
    try:
        with Context("pva", conf=server.client_conf(), useenv=False) as client:
            yield client
    finally:
        server.stop()


def shows(alarm):
    return lambda value: triple(value) == alarm


def triple(value):
    return tuple(value.raw["alarm." + name] for name in ("severity", "status", "message"))


@pytest.fixture
def site():
    """The process of a tree, its port, and a client of a server for the tree."""
    with ExitStack() as stack:
        process, port = stack.enter_context(tree_process())
        root = stack.enter_context(remote(port)).root
        yield process, port, stack.enter_context(served(root))


def test_the_pvs_of_a_remote_tree_are_bad_while_its_link_is_down(site):
    process, _, client = site
    monitor = Updates(client, "Base:Top:A")
    assert monitor.until(shows(NO_ALARM)) == 1.5
    process.send_signal(signal.SIGSTOP)
    try:
        assert monitor.until(shows(COMM)) == 1.5
        assert triple(client.get("Base:Top:A", timeout=LIMIT)) == COMM
        assert triple(client.get("Base:Top:B", timeout=LIMIT)) == COMM  # of a first client
        with pytest.raises(RemoteError, match="Top.A: the link to the server of its tree is down"):
            client.put("Base:Top:A", 2.5, timeout=LIMIT)
    finally:
        process.send_signal(signal.SIGCONT)
    assert monitor.until(shows(NO_ALARM)) == 1.5
    client.put("Base:Top:A", 2.5, timeout=LIMIT)
    assert monitor.until(lambda value: value == 2.5)
    monitor.close()


def test_the_pvs_of_a_remote_tree_show_the_values_of_a_server_that_was_started_again(site):
    process, port, client = site
    client.put("Base:Top:A", 2.5, timeout=LIMIT)
    monitor = Updates(client, "Base:Top:A")
    assert monitor.until(shows(NO_ALARM)) == 2.5
    process.kill()
    assert monitor.until(shows(COMM)) == 2.5
    with tree_process(port):
        assert monitor.until(shows(NO_ALARM)) == 1.5
        monitor.close()


def test_a_link_made_of_a_remote_variable_inherits_its_state():
    pr = importlib.import_module("pyrogue")
    with tree_process() as (process, port), remote(port) as client:
        source = client.root.A
        root = pr.Root(name="Top", pollEn=False)
        root.add(
            pr.LinkVariable(
                name="Twice", dependencies=[source], linkedGet=lambda: source.value() * 2
            )
        )
        with running(root), served(root) as reader:
            monitor = Updates(reader, "Base:Top:Twice")
            assert monitor.until(shows(NO_ALARM)) == 3.0
            process.send_signal(signal.SIGSTOP)
            monitor.until(shows(COMM))
            process.send_signal(signal.SIGCONT)
            assert monitor.until(shows(NO_ALARM)) == 3.0
            monitor.close()
