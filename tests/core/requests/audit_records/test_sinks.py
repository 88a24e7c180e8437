"""Sinks that block or raise, beside others, and a server without one."""

import threading

import pytest
from support.engine.audit import Sink

from roguebridge.core.hooks.hookspecs import hookimpl

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


class Broken(Sink):
    @hookimpl
    def request_done(self, record):
        super().request_done(record)
        raise RuntimeError("no disk")


def test_a_sink_that_blocks_or_raises_delays_no_put_and_no_other_sink(audited, tree, caplog):
    blocked = Sink(open=False)
    site = audited(tree.pr.LocalVariable(name="V", value=5), plugins=[blocked, Broken()])
    client = site.client()
    for value in range(20):
        client.put("B:Top:V", value)
        assert site.sink.next().value == value
    assert blocked.taken.empty()
    blocked.gate.set()
    assert [blocked.next().value for _ in range(20)] == list(range(20))
    site.server.stop()
    assert (
        "plugin Broken: request_done failed: RuntimeError: no disk; 1 records so far" in caplog.text
    )
    assert (
        "plugin Broken: request_done failed: RuntimeError: no disk; 20 records so far"
        in caplog.text
    )


def test_a_broken_sink_is_in_the_report(audited, tree):
    broken = Broken()
    site = audited(tree.pr.LocalVariable(name="V", value=5), plugins=[broken])
    site.client().put("B:Top:V", 6)
    site.client().put("B:Top:V", 7)
    assert [broken.next().value for _ in range(2)] == [6, 7]  # of the first it is known then
    assert any(
        "plugin Broken: request_done failed: RuntimeError: no disk" in t
        for t in site.server.report()
    )
    assert (site.sink.next().value, site.sink.next().value) == (6, 7)


def test_without_a_sink_there_is_no_thread_for_one(serve, tree):
    site = serve(tree.pr.LocalVariable(name="V", value=5))
    site.client().put("B:Top:V", 6)
    assert not [t for t in threading.enumerate() if t.name.startswith("roguebridge-audit")]
    assert site.server.report() == ()
