"""Records of what a stop finds at work or waiting, and a start that is held off."""

import threading

import pytest
from support.engine.audit import Sink
from support.engine.fakes import WAIT, join, threads_of_servers
from support.engine.site_plugins import Guard

from roguebridge.backends.soft import RemoteError
from roguebridge.core.errors import PluginError
from roguebridge.core.hooks.hookspecs import hookimpl
from roguebridge.core.requests.policy import ALLOW

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


class Careful:
    """Lets a server start only when all is well."""

    fault = RuntimeError("the disk is full")

    @hookimpl
    def server_starting(self, server):
        assert not server.running
        if self.fault is not None:
            raise self.fault


def test_what_runs_at_a_stop_has_failed_and_what_waits_is_dropped(audited, tree):
    entered, gate, ended = threading.Event(), threading.Event(), threading.Event()

    def slow(value):
        if value == 6:
            entered.set()
            assert gate.wait(WAIT)
            ended.set()

    variable = tree.pr.LocalVariable(name="V", value=5, localSet=slow)
    site = audited(variable, stop_timeout=0.05)
    client = site.client()
    puts = [client.start_put("B:Top:V", 6), client.start_put("B:Top:V", 7)]
    assert entered.wait(WAIT)
    site.server._backends[0].flush()
    site.server.stop()
    for put in puts:
        assert isinstance(put.exception(WAIT), RemoteError)
    records = [site.sink.next(), site.sink.next()]
    assert [(r.value, r.result, r.error) for r in records] == [
        (6, "failed", "server stopping: it was running and may take effect"),
        (7, "dropped", "server stopping"),
    ]
    gate.set()
    assert ended.wait(WAIT)
    join(*threads_of_servers())


@pytest.mark.parametrize("quick", [True, False])
def test_each_of_many_puts_in_the_midst_of_a_stop_is_recorded_once(audited, tree, quick):
    judged, entered, gate = [], threading.Event(), threading.Event()

    def slow(value):
        if value >= 20:
            entered.set()
            assert gate.wait(WAIT)

    guard = Guard(lambda request: judged.append(request.value) or ALLOW, quick)
    variable = tree.pr.LocalVariable(name="V", value=0, localSet=slow)
    site = audited(variable, plugins=[guard], put_reply_timeout=0.001, stop_timeout=1.0)
    clients = [site.client() for _ in range(4)]

    def put_many(first, client):
        for number in range(200):
            client.start_put("B:Top:V", 1000 * first + number, block=bool(number % 2))

    threads = [threading.Thread(target=put_many, args=pair) for pair in enumerate(clients)]
    for thread in threads:
        thread.start()
    assert entered.wait(WAIT)
    site.server.stop()
    gate.set()
    join(*threads)
    records = []
    while not site.sink.taken.empty():
        records.append(site.sink.next())
    values = sorted(record.value for record in records)
    assert len(set(values)) == len(values)
    assert set(judged) <= set(values)
    assert quick is False or sorted(judged) == values
    assert "dropped" in {record.result for record in records} <= {"done", "dropped", "failed"}
    join(*threads_of_servers())


def test_a_server_stops_in_time_with_a_sink_that_blocks(audited, tree, caplog):
    blocked = Sink(open=False)
    site = audited(tree.pr.LocalVariable(name="V", value=5), plugins=[blocked], stop_timeout=0.05)
    site.client().put("B:Top:V", 6)
    assert site.sink.next().value == 6
    assert blocked.entered.wait(WAIT)
    site.server.stop()
    assert "audit records are lost: 1; they were left at the stop" in caplog.text
    site.server.start()
    site.client().put("B:Top:V", 7)
    assert site.sink.next().value == 7
    blocked.gate.set()
    assert {blocked.next().value, blocked.next().value} == {6, 7}
    site.server.stop()
    join(*(t for t in threading.enumerate() if t.name.startswith("roguebridge-audit")))


def test_a_plugin_that_raises_before_the_start_stops_it(serve, tree):
    plugin = Careful()
    site = serve(tree.pr.LocalVariable(name="V", value=5), plugins=[plugin], start=False)
    text = "plugin Careful: the server must not start: the disk is full"
    with pytest.raises(PluginError, match=text):
        site.server.start()
    assert not site.server.running
    plugin.fault = None
    site.server.start()
    assert site.client().get("B:Top:V").value == 5
