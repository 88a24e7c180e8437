"""What the records of puts and calls say: one for each, and the whole truth."""

import threading

import numpy as np
import pytest
from support.audit import Sink
from support.fakes import WAIT, join, make_put, make_rpc
from support.holders import Bench
from support.site_plugins import Guard, fail

from roguebridge.backends.soft import RemoteError
from roguebridge.core.access import ALLOW, Allow, Deny
from roguebridge.core.errors import PluginError
from roguebridge.core.hookspecs import hookimpl
from roguebridge.core.summary import ArraySummary
from roguebridge.core.workers import BUSY

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


@pytest.fixture
def audited(serve):
    """Serve nodes with a sink; in the end every request must have had one record."""
    sites = []

    def make(*nodes, plugins=(), sink=None, **options):
        sink = sink or Sink()
        site = serve(*nodes, plugins=[*plugins, sink], **options)
        site.sink = sink
        sites.append(site)
        return site

    yield make
    for site in sites:
        site.sink.gate.set()
        site.server.stop()
        assert site.sink.taken.empty(), site.sink.next()


class Broken(Sink):
    @hookimpl
    def request_done(self, record):
        super().request_done(record)
        raise RuntimeError("no disk")


class Careful:
    """Lets a server start only when all is well."""

    fault = RuntimeError("the disk is full")

    @hookimpl
    def server_starting(self, server):
        assert not server.running
        if self.fault is not None:
            raise self.fault


def what(record):
    return record.operation, record.value, record.old, record.result, record.error


def refused(ask):
    with pytest.raises(RemoteError) as caught:
        ask()
    return str(caught.value)


def test_a_put_is_recorded_with_the_value_before_it(audited, tree):
    site = audited(tree.pr.LocalVariable(name="V", value=5))
    client = site.client("ann", "10.0.0.1")
    client.put("B:Top:V", 6)
    site.root.V.set(7)  # nobody needs to have looked at it
    client.put("B:Top:V", 8)
    first, second = site.sink.next(), site.sink.next()
    assert what(first) == ("put", 6, 5, "done", "")
    assert what(second) == ("put", 8, 7, "done", "")
    assert (first.entry.pv_name, first.entry.path) == ("B:Top:V", "Top.V")
    who = first.credentials
    assert (who.user, who.host, who.protocol) == ("ann", "10.0.0.1", "soft")
    assert first.time_ns < second.time_ns
    assert (first.trap, first.returned, first.lost) == (False, None, 0)


def test_values_are_in_the_terms_of_the_pv(audited, tree):
    site = audited(
        tree.pr.LocalVariable(name="E", value=5, enum={0: "Zero", 5: "Five"}),
        tree.pr.LocalVariable(name="A", value=np.arange(3.0)),
        tree.pr.LocalVariable(name="Big", value=np.arange(100.0)),
    )
    client = site.client()
    client.put("B:Top:E", 0)
    assert what(site.sink.next())[1:3] == (0, 1)
    given = np.array([4.0, 5.0, 6.0])
    client.put("B:Top:A", given)
    given[:] = site.root.A.value()[:] = 0  # neither is what the record holds
    record = site.sink.next()
    assert (record.value.tolist(), record.old.tolist()) == ([4, 5, 6], [0, 1, 2])
    client.put("B:Top:Big", np.full(100, 7.0))
    record = site.sink.next()
    assert record.value == ArraySummary((100,), "float64", 7.0, 7.0, (7.0,) * 10)
    assert (record.old.minimum, record.old.maximum) == (0.0, 99.0)


def test_what_is_denied_is_recorded_with_the_value_shown(audited, tree):
    site = audited(
        tree.pr.LocalVariable(name="V", value=5, mode="RO"),
        tree.pr.LocalVariable(name="A", value=np.arange(3.0), mode="RO"),
    )
    client = site.client()
    text = refused(lambda: client.put("B:Top:V", 6))
    assert what(site.sink.next()) == ("put", 6, 5, "denied", text)
    refused(lambda: client.put("B:Top:A", np.zeros(3)))
    assert site.sink.next().old is None


def test_what_is_refused_before_the_tree_is_recorded_with_the_value_shown(audited, tree):
    site = audited(tree.pr.LocalVariable(name="V", value=5, maximum=10))
    text = refused(lambda: site.client().put("B:Top:V", 11))
    assert what(site.sink.next()) == ("put", 11, 5, "failed", text)


def test_what_the_tree_refuses_is_recorded_with_its_own_words(audited, tree):
    def refuse(value):
        if value == 6:
            raise RuntimeError("the pump is off")

    site = audited(tree.pr.LocalVariable(name="V", value=5, localSet=refuse))
    text = refused(lambda: site.client().put("B:Top:V", 6))
    assert what(site.sink.next()) == ("put", 6, 5, "failed", text)
    assert "the pump is off" in text


def test_a_put_that_fails_after_its_answer_is_recorded_once_as_failed(audited, tree):
    entered, gate = threading.Event(), threading.Event()

    def slow(value):
        if value == 6:
            entered.set()
            assert gate.wait(WAIT)
            raise RuntimeError("too late")

    variable = tree.pr.LocalVariable(name="V", value=5, localSet=slow)
    site = audited(variable, put_reply_timeout=0.01)
    site.client().put("B:Top:V", 6, block=False)
    assert entered.wait(WAIT)
    assert site.sink.taken.empty()
    gate.set()
    record = site.sink.next()
    assert what(record)[:4] == ("put", 6, 5, "failed")
    assert "too late" in record.error


def test_a_call_is_recorded_with_its_arguments_and_what_it_returned(audited, tree):
    site = audited(
        tree.pr.LocalCommand(name="Double", value=1, function=lambda arg: arg * 2),
        tree.pr.LocalCommand(name="Wave", function=lambda: np.arange(100)),
        tree.pr.LocalCommand(name="Fail", function=fail),
        tree.pr.LocalVariable(name="V", value=5),
    )
    client = site.client()
    client.rpc("B:Top:Double", arg=4)
    record = site.sink.next()
    assert what(record) == ("rpc", {"arg": 4}, None, "done", "")
    assert record.returned == 8
    client.rpc("B:Top:Wave")
    assert site.sink.next().returned.maximum == 99
    text = refused(lambda: client.rpc("B:Top:Fail"))
    assert what(site.sink.next()) == ("rpc", {}, None, "failed", text)
    client.rpc("B:Top:V", op="read")
    record = site.sink.next()
    assert (what(record), record.returned) == (("rpc", {"op": "read"}, None, "done", ""), 5)


def test_a_command_that_is_put_is_recorded_a_put_of_0_and_a_busy_one_too(audited, tree):
    entered, gate = threading.Event(), threading.Event()

    def hold():
        entered.set()
        assert gate.wait(WAIT)

    site = audited(tree.pr.LocalCommand(name="Go", function=hold))
    client = site.client()
    client.put("B:Top:Go", 0)
    assert what(site.sink.next()) == ("put", 0, 0, "done", "")
    first = client.start_put("B:Top:Go", 1)
    assert entered.wait(WAIT)
    text = refused(lambda: client.put("B:Top:Go", 1))
    assert what(site.sink.next()) == ("put", 1, 1, "denied", text)
    gate.set()
    first.result(WAIT)
    record = site.sink.next()
    assert (record.value, record.result, record.returned) == (1, "done", None)


def test_a_put_that_marks_nothing_is_recorded_without_a_value(audited, tree):
    site = audited(tree.pr.LocalVariable(name="V", value=5))
    site.client().start_put("B:Top:V", 6, marked=False).result(WAIT)
    assert what(site.sink.next()) == ("put", None, 5, "done", "")
    site.client().start_put("B:Top:V", 6, marked=False, process=True).result(WAIT)
    assert what(site.sink.next()) == ("put", None, 5, "done", "")


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize(
    "decide, trap",
    [(lambda request: Allow(trap=True), True), (lambda request: ALLOW, False)],
    ids=["trap", "plain"],
)
def test_a_policy_that_allows_with_a_trap_has_it_in_the_record(audited, tree, quick, decide, trap):
    guards = [Guard(decide, quick), Guard(lambda request: ALLOW, quick)]
    site = audited(tree.pr.LocalVariable(name="V", value=5), plugins=guards)
    site.client().put("B:Top:V", 6)
    record = site.sink.next()
    assert (record.result, record.trap) == ("done", trap)


@pytest.mark.parametrize("quick", [True, False])
def test_a_policy_that_raises_or_denies_is_recorded_once(audited, tree, quick):
    site = audited(
        tree.pr.LocalVariable(name="V", value=5),
        plugins=[Guard(lambda r: Deny("not you") if r.value == 6 else fail(), quick)],
    )
    assert refused(lambda: site.client().put("B:Top:V", 6)) == "not you"
    assert what(site.sink.next()) == ("put", 6, 5, "denied", "not you")
    text = refused(lambda: site.client().put("B:Top:V", 7))
    assert what(site.sink.next()) == ("put", 7, 5, "denied", text)


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
    join(*(t for t in threading.enumerate() if t.name.startswith("roguebridge")))


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
    join(*(t for t in threading.enumerate() if t.name.startswith("roguebridge")))


def test_what_finds_the_workers_busy_is_recorded_as_dropped():
    bench = Bench(5)
    bench.arrive()
    bench.variables.refusal = BUSY
    request, reply = make_put(6)
    bench.holder.put(request)
    assert reply.answers == [("error", BUSY)]
    assert [what(record) for record in bench.records] == [("put", 6, 5, "dropped", BUSY)]


@pytest.mark.parametrize("make, what", [(make_put, "put"), (make_rpc, "call")])
def test_what_a_backend_cannot_read_is_answered_logged_and_recorded(make, what, caplog):
    bench = Bench(5)
    bench.arrive()
    request, reply = make()
    bench.holder.refuse(request, f"the {what} cannot be read")
    assert reply.answers == [("error", f"the {what} cannot be read")]
    (record,) = bench.records
    assert (record.result, record.error) == ("failed", f"the {what} cannot be read")
    assert record.old == (5 if make is make_put else None)
    assert f"failed: the {what} cannot be read" in caplog.text


def test_a_put_while_the_value_of_the_tree_is_in_doubt_has_the_value_shown_before_it():
    bench = Bench(5)
    bench.arrive()
    bench.node.get = fail  # the failed put cannot be read back
    bench.node.set = fail
    request, _ = make_put(6, block=True)
    bench.node.present = 6  # PyRogue keeps what was refused
    bench.holder.put(request)
    del bench.node.set
    request, _ = make_put(7, block=True)
    bench.holder.put(request)
    assert [(r.result, r.old) for r in bench.records] == [("failed", 6), ("done", 5)]


def test_no_put_waits_for_a_function_that_would_give_the_value_before_it(audited, tree):
    done = []

    def get():
        done.append("get")
        return 5

    variable = tree.pr.LocalVariable(
        name="V", value=5, localGet=get, localSet=lambda value: done.append("set")
    )
    site = audited(variable)
    client = site.client()
    assert client.get("B:Top:V").value == 5
    done.clear()
    client.put("B:Top:V", 6)
    assert done[0] == "set"
    assert what(site.sink.next()) == ("put", 6, 5, "done", "")


def test_a_value_before_the_put_that_cannot_be_had_fails_no_put():
    bench = Bench(5)
    bench.arrive()
    bench.node.present = RuntimeError("no value")
    request, reply = make_put(6, block=True)
    bench.holder.put(request)
    assert reply.answers == [("done", None)]
    assert [(r.result, r.old) for r in bench.records] == [("done", None)]


def test_nothing_is_read_or_kept_when_nobody_listens():
    bench = Bench(5)
    bench.arrive()
    bench.services.audit = None
    reads = []
    value = bench.node.value
    bench.node.value = lambda: reads.append(1) or value()
    request, _ = make_put(6, block=True)
    bench.holder.put(request)
    assert request.kept is request.old is None
    assert len(reads) == 1  # after the put, to show it


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
    assert "plugin Broken: request_done failed: no disk; 1 records so far" in caplog.text
    assert "plugin Broken: request_done failed: no disk; 20 records so far" in caplog.text


def test_a_broken_sink_is_in_the_report(audited, tree):
    broken = Broken()
    site = audited(tree.pr.LocalVariable(name="V", value=5), plugins=[broken])
    site.client().put("B:Top:V", 6)
    site.client().put("B:Top:V", 7)
    assert [broken.next().value for _ in range(2)] == [6, 7]  # of the first it is known then
    assert any("plugin Broken: request_done failed: no disk" in t for t in site.server.report())
    assert (site.sink.next().value, site.sink.next().value) == (6, 7)


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


def test_without_a_sink_there_is_no_thread_for_one(serve, tree):
    site = serve(tree.pr.LocalVariable(name="V", value=5))
    site.client().put("B:Top:V", 6)
    assert not [t for t in threading.enumerate() if t.name.startswith("roguebridge-audit")]
    assert site.server.report() == ()
