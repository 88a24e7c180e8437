"""What the records of puts and calls say: one for each, and the whole truth."""

import threading

import numpy as np
import pytest
from support.engine.audit import refused, what
from support.engine.fakes import WAIT, make_put, make_rpc
from support.engine.holders import HolderBench
from support.engine.site_plugins import Guard, fail

from roguebridge.core.concurrency.workers import BUSY
from roguebridge.core.requests.audit_values import ArraySummary
from roguebridge.core.requests.policy import ALLOW, Allow, Deny

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


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


def test_what_finds_the_workers_busy_is_recorded_as_dropped():
    bench = HolderBench(5)
    bench.arrive()
    bench.variables.refusal = BUSY
    request, reply = make_put(6)
    bench.holder.put(request)
    assert reply.answers == [("error", BUSY)]
    assert [what(record) for record in bench.records] == [("put", 6, 5, "dropped", BUSY)]


@pytest.mark.parametrize("make, what", [(make_put, "put"), (make_rpc, "call")])
def test_what_a_backend_cannot_read_is_answered_logged_and_recorded(make, what, caplog):
    bench = HolderBench(5)
    bench.arrive()
    request, reply = make()
    bench.holder.refuse(request, f"the {what} cannot be read")
    assert reply.answers == [("error", f"the {what} cannot be read")]
    (record,) = bench.records
    assert (record.result, record.error) == ("failed", f"the {what} cannot be read")
    assert record.old == (5 if make is make_put else None)
    assert f"failed: the {what} cannot be read" in caplog.text
