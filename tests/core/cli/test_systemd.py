"""What ``roguebridge serve`` tells systemd: the test listens where systemd would."""

import queue
import signal
import socket

import pytest
from support.trees import LIMIT

from roguebridge.core.cli.systemd import ServiceManager

RULES = "ASG(DEFAULT) { RULE(1, WRITE) }\n"


class Systemd:
    """A socket like systemd's; takes the states apart."""

    def __init__(self, address):
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self._socket.settimeout(2 * LIMIT)

    def next(self):
        """Return the next state as a dict; wait for it."""
        fields = self._socket.recv(4096).decode().split("\n")
        return dict(field.split("=", 1) for field in fields)

    def close(self):
        self._socket.close()


@pytest.fixture
def systemd(tmp_path):
    found = Systemd(str(tmp_path / "notify"))
    yield found
    found.close()


def test_ready_comes_when_clients_can_connect_and_stopping_when_the_signal_has_come(shell, systemd):
    shell.environ["NOTIFY_SOCKET"] = systemd.address
    with shell.start("serve", "my_tree.py:MyRoot", "--base", "X", "--isolate") as process:
        state = systemd.next()
        assert state.pop("READY") == "1"
        assert state.pop("STATUS").startswith("X: ")
        assert not state
        process.signal(signal.SIGTERM)
        assert systemd.next() == {"STOPPING": "1", "STATUS": "stopping"}
        assert process.end() == 0


def test_a_reload_is_told_at_its_begin_and_its_end(shell, systemd):
    shell.environ["NOTIFY_SOCKET"] = systemd.address
    (shell.folder / "rules.acf").write_text(RULES)
    (shell.folder / "site.yaml").write_text("base: X\nisolate: true\nacf: rules.acf\n")
    with shell.start("serve", "my_tree.py:MyRoot", "--config", "site.yaml") as process:
        assert systemd.next()["READY"] == "1"
        process.signal(signal.SIGHUP)
        begin, end = systemd.next(), systemd.next()
        assert begin.pop("RELOADING") == "1"
        assert int(begin.pop("MONOTONIC_USEC")) > 0
        assert not begin
        assert end["READY"] == "1"
        process.signal(signal.SIGTERM)
        assert process.end() == 0


def test_a_start_that_fails_is_never_ready(shell, systemd):
    shell.environ["NOTIFY_SOCKET"] = systemd.address
    done = shell.run("serve", "my_tree.py:NoRoot", "--base", "X", "--isolate")
    assert done.returncode != 0
    systemd._socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        systemd.next()


def test_a_socket_that_is_gone_stops_nothing(shell, tmp_path):
    shell.environ["NOTIFY_SOCKET"] = str(tmp_path / "gone")
    with shell.start("serve", "my_tree.py:MyRoot", "--base", "X", "--isolate") as process:
        process.until("Serving")
        process.signal(signal.SIGTERM)
        assert process.end() == 0
        text = "\n".join(process.errors)
        assert "cannot send READY=1 to systemd: [Errno 2] No such file or directory" in text
        assert "Traceback" not in text


def test_the_watchdog_is_fed_only_while_the_service_is_alive(tmp_path):
    systemd = Systemd(f"@{tmp_path}/notify")  # in Linux's abstract namespace
    trouble = None
    asked = queue.Queue()

    def why():
        asked.put(trouble)
        return trouble

    manager = ServiceManager({"NOTIFY_SOCKET": systemd.address, "WATCHDOG_USEC": "2000"})
    assert manager.watchdog == 0.002
    manager.keep_alive(why)
    assert systemd.next() == {"WATCHDOG": "1"}
    trouble = "hung: tree.py:7"
    while systemd.next() != {"STATUS": "hung: tree.py:7"}:
        pass
    while asked.get(timeout=LIMIT) is None:
        pass
    for _ in range(3):  # asked again and again, it says nothing more
        assert asked.get(timeout=LIMIT) == trouble
    trouble = None
    assert systemd.next() == {"WATCHDOG": "1"}
    manager.stopping()
    while systemd.next() != {"STOPPING": "1", "STATUS": "stopping"}:
        pass
    manager._watcher.join(LIMIT)
    assert not manager._watcher.is_alive()
    systemd.close()


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"NOTIFY_SOCKET": ""},
        {"WATCHDOG_USEC": "1000"},
        {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "soon"},
        {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"},
    ],
    ids=str,
)
def test_without_a_watchdog_nothing_watches(environment):
    manager = ServiceManager(environment)
    manager.keep_alive(lambda: None)
    assert manager._watcher is None
