"""A process that is forked while a server runs keeps nothing of it."""

import contextlib
import gc
import multiprocessing
import os
import weakref
from pathlib import Path

import pytest
from support.clients import LIMIT
from support.clients.rawca import ECHO, packed

from roguebridge.core.concurrency import forks
from roguebridge.core.concurrency.event_loop import EventLoopThread
from roguebridge.core.errors import BackendError


class Child:
    """A forked process, that lives until the end."""

    def __init__(self):
        context = multiprocessing.get_context("fork")
        self._runs, self._stay = context.Event(), context.Event()
        self._process = context.Process(target=self._live, daemon=True)

    def _live(self):
        self._runs.set()
        self._stay.wait()

    def start(self):
        """Return when it runs: it has given up its parent's sockets by then."""
        self._process.start()
        assert self._runs.wait(LIMIT)

    def ports(self):
        """The local ports of its sockets, and of those of its parent."""
        held = set()
        for pid in (os.getpid(), self._process.pid):
            folder = f"/proc/{pid}/fd"
            for name in os.listdir(folder):
                with contextlib.suppress(OSError):  # closed meanwhile
                    held.add(os.readlink(f"{folder}/{name}"))
        text = "".join(Path(f"/proc/net/{kind}").read_text() for kind in ("tcp", "udp"))
        lines = [line.split() for line in text.splitlines()]
        return {int(line[1][-4:], 16) for line in lines if f"socket:[{line[9]}]" in held}

    def end(self):
        self._stay.set()
        self._process.join()


@pytest.fixture
def child():
    made = Child()
    yield made
    made.end()


@pytest.fixture
def served(serve):
    return serve(lambda pr, root: root.add(pr.LocalVariable(name="V", value=1.0)))


@pytest.mark.skipif(not os.path.exists("/proc/net/tcp"), reason="the owners of ports are not told")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_stop_ends_connections_and_frees_ports_though_a_child_lives(served, raw, child):
    client = raw(served)
    client.channel("T:Top:V")
    child.start()
    for _ in range(5):
        client.send(packed(ECHO))  # the parent's loop goes on
        assert client.until(ECHO)
        ((_, where),) = served.server.where()
        port = int(where.split()[2])
        assert port in child.ports()
        served.server.stop()
        assert client.ended() == []
        assert port not in child.ports()
        served.server.start()
        client = raw(served)
        client.channel("T:Top:V")
        if served.server.where() == (("ca", where),):
            return
    pytest.fail(f"other processes have taken port {port} and four before")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_connection_that_one_side_left_ends_though_a_child_lives(served, raw, child):
    client = raw(served)
    child.start()
    client.send(packed(99))  # no message: the server ends the connection
    assert client.ended() == []


def test_in_a_child_the_sockets_are_no_longer_the_parents(served, raw):
    raw(served).channel("T:Top:V")
    backend = next(b for b in served.server._lifecycle.run.backends if b.name == "ca")
    network = backend._network
    sockets = [sock.fileno() for sock in network._sockets()]
    assert len(sockets) >= 3
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("roguebridge.backends.epics.ca.network.drop", found.extend)
        network.forked()
    assert found == sockets


def test_a_descriptor_that_is_dropped_is_another_file_of_the_same_number():
    reader, writer = os.pipe()
    forks.drop([writer, -1])
    assert os.read(reader, 1) == b""
    assert os.write(writer, b"x") == 1  # to nowhere
    os.close(reader)
    os.close(writer)


def test_in_a_child_the_loop_does_not_run():
    loop = EventLoopThread("mine")
    loop.start()
    thread, running = loop._thread, loop._asyncio
    loop._lock.acquire()  # as a thread that the child does not have may have done
    loop.forked()
    assert not loop.running
    assert not loop.post(lambda: None)
    with pytest.raises(BackendError):
        loop.check()
    loop.stop()
    running.call_soon_threadsafe(running.stop)
    thread.join()


def test_what_is_gone_is_not_kept_for_children():
    known = weakref.ref(EventLoopThread("mine"))
    gc.collect()
    assert known() is None
