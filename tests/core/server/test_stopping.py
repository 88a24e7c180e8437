"""A server that is stopped with work at hand."""

import logging
import threading

import pytest
from support.engine.fakes import WAIT, join, threads_of_servers

from roguebridge.backends.soft import RemoteError

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


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
    drain = site.server._lifecycle.run.services.variables.drain

    def draining(timeout):
        refusing.set()
        return drain(timeout)

    site.server._lifecycle.run.services.variables.drain = draining
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
    held = threads_of_servers()
    gate.set()
    join(*held)
    assert site.root.V.value() == 6
