"""The value before a put, for which no put waits or fails."""

import pytest
from support.engine.audit import what
from support.engine.fakes import make_put
from support.engine.holders import HolderBench
from support.engine.site_plugins import fail

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


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


def test_a_put_while_the_value_of_the_tree_is_in_doubt_has_the_value_shown_before_it():
    bench = HolderBench(5)
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
    bench = HolderBench(5)
    bench.arrive()
    bench.node.present = RuntimeError("no value")
    request, reply = make_put(6, block=True)
    bench.holder.put(request)
    assert reply.answers == [("done", None)]
    assert [(r.result, r.old) for r in bench.records] == [("done", None)]


def test_nothing_is_read_or_kept_when_nobody_listens():
    bench = HolderBench(5)
    bench.arrive()
    bench.services.audit = None
    reads = []
    value = bench.node.value
    bench.node.value = lambda: reads.append(1) or value()
    request, _ = make_put(6, block=True)
    bench.holder.put(request)
    assert request.kept is request.old is None
    assert len(reads) == 1  # after the put, to show it
