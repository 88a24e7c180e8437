"""Puts on their way to the tree and back."""

import threading

import pytest
from support.engine.fakes import WAIT
from support.engine.site_plugins import Audit

from roguebridge.backends.soft import RemoteError


def test_a_get_after_the_answer_gives_the_new_value(serve, tree):
    site = serve(tree.pr.LocalVariable(name="V", value=0))
    client = site.client()
    for value in range(1, 200):
        client.put("B:Top:V", value)
        assert client.get("B:Top:V").value == value


def test_a_put_to_what_the_tree_holds_waits_and_the_network_does_not(serve, tree):
    site = serve(*(tree.pr.LocalVariable(name=name, value=0) for name in ("V", "W")))
    client = site.client()
    for name in ("V", "W"):
        client.put(f"B:Top:{name}", 5)  # once it is answered, the PV has opened
    with site.root.V.lock:  # as a function of the tree may
        held = client.start_put("B:Top:V", 6, block=True)
        client.put("B:Top:W", 7)
        assert not held.done()
    assert held.result(WAIT) is None
    assert (client.get("B:Top:V").value, site.root.V.value()) == (6, 6)


def test_a_read_only_variable_refuses_puts_with_its_mode(serve, tree):
    site = serve(tree.pr.LocalVariable(name="V", value=5, mode="RO"))
    with pytest.raises(RemoteError, match=r"Put not permitted: B:Top:V is read-only \(mode RO\)"):
        site.client().put("B:Top:V", 6)
    assert site.root.V.value() == 5


def test_a_put_that_marks_no_value_changes_nothing_and_is_answered(serve, tree):
    site = serve(tree.pr.LocalVariable(name="V", value=5, mode="RO"))
    assert site.client().start_put("B:Top:V", 6, marked=False).result(WAIT) is None
    assert site.root.V.value() == 5


def test_a_value_out_of_range_is_refused_before_the_tree(serve, tree):
    sets = []
    site = serve(
        tree.pr.LocalVariable(
            name="V", value=5, minimum=0, maximum=10, localSet=lambda value: sets.append(value)
        )
    )
    sets.clear()
    with pytest.raises(RemoteError, match=r"11 is outside 0 \.\. 10"):
        site.client().put("B:Top:V", 11)
    assert sets == []


def test_an_exception_of_the_tree_reaches_the_client_with_its_text(serve, tree):
    def refuse(value):
        if value == 6:
            raise ValueError("six is right out")

    site = serve(tree.pr.LocalVariable(name="V", value=5, localSet=refuse))
    client = site.client()
    with pytest.raises(RemoteError, match="six is right out"):
        client.put("B:Top:V", 6)
    client.put("B:Top:V", 7)
    assert client.get("B:Top:V").value == 7


def test_an_exception_without_text_is_named(serve, tree):
    def refuse(value):
        if value == 6:
            raise ZeroDivisionError

    site = serve(tree.pr.LocalVariable(name="V", value=5, localSet=refuse))
    with pytest.raises(RemoteError, match="ZeroDivisionError"):
        site.client().put("B:Top:V", 6)


def test_a_put_that_does_not_block_is_answered_in_time_and_its_failure_shown(serve, tree, inbox):
    entered, gate = threading.Event(), threading.Event()

    def slow(value):
        if value == 6:
            entered.set()
            assert gate.wait(WAIT)
            raise RuntimeError("too late")

    site = serve(tree.pr.LocalVariable(name="V", value=5, localSet=slow), put_reply_timeout=0.01)
    client = site.client()
    client.monitor("B:Top:V", inbox.put)
    client.put("B:Top:V", 6, block=False)
    assert entered.is_set() or entered.wait(WAIT)
    gate.set()
    while inbox.next().alarm.message != "WRITE":
        pass
    client.put("B:Top:V", 7)
    reading = client.get("B:Top:V")
    assert (reading.value, reading.alarm.message) == (7, "")


def test_a_put_that_is_refused_after_its_answer_shows_it_in_the_alarm(serve, tree, inbox):
    entered, gate = threading.Event(), threading.Event()

    def slow(value):
        if value == 6:
            entered.set()
            assert gate.wait(WAIT)

    variable = tree.pr.LocalVariable(name="V", value=5, maximum=10, localSet=slow)
    site = serve(variable, put_reply_timeout=0.01)
    client = site.client()
    client.monitor("B:Top:V", inbox.put)
    assert inbox.next().value == 5
    first = client.start_put("B:Top:V", 6)
    assert entered.wait(WAIT)
    client.put("B:Top:V", 11, block=False)
    gate.set()
    first.result(WAIT)
    while (reading := inbox.next()).alarm.message != "WRITE":
        pass
    assert reading.value == 6


def test_the_puts_of_a_client_that_has_gone_are_dropped(serve, tree, inbox):
    entered, gate = threading.Event(), threading.Event()
    seen = []

    def slow(value):
        seen.append(value)
        if value == 6:
            entered.set()
            assert gate.wait(WAIT)

    site = serve(tree.pr.LocalVariable(name="V", value=5, localSet=slow), plugins=[Audit(inbox)])
    seen.clear()
    client, other = site.client(), site.client()
    running = client.start_put("B:Top:V", 6)
    assert entered.wait(WAIT)
    client.start_put("B:Top:V", 7)
    last = other.start_put("B:Top:V", 8)
    site.server._backends[0].flush()
    client.close()
    gate.set()
    assert last.result(WAIT) is None
    assert running.done()
    assert seen == [6, 8]
    assert [inbox.next().result for _ in range(3)] == ["done", "dropped", "done"]
