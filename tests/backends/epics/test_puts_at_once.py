"""A put that nothing can block is done where it arrives; all others wait for a worker."""

import threading

import pytest
from support.clients import LIMIT, in_thread
from support.clients.lab import lab

from roguebridge.core.tree.pyrogue import only_stores


@pytest.fixture
def gate():
    gate = threading.Event()
    yield gate
    gate.set()


def build(gate, threads):
    """A tree with plain variables and one whose setter waits for ``gate``."""

    def populate(pr, root, dev):
        class Special(pr.LocalVariable):
            pass

        def slow(value):
            if value != 1:  # which the tree sets when it starts
                threads.append(threading.current_thread().name)
                assert gate.wait(LIMIT)

        dev.add(pr.LocalVariable(name="Plain", value=1))
        dev.add(pr.LocalVariable(name="Level", value=1.0, minimum=0.0, maximum=10.0))
        dev.add(pr.LocalVariable(name="Text", value="a"))
        dev.add(pr.LocalVariable(name="Mode", value=0, enum={0: "Off", 1: "On"}))
        dev.add(pr.LocalVariable(name="Slow", value=1, localSet=slow))
        dev.add(pr.LocalVariable(name="Getter", value=1, localGet=lambda: 1))
        dev.add(Special(name="Special", value=1))
        dev.add(pr.LinkVariable(name="Link", variable=dev.Plain))
        dev.add(pr.LocalCommand(name="Run", function=lambda: None))

    return populate


def test_only_plain_local_variables_do_no_more_than_to_store(tree, gate):
    with lab(tree, build(gate, [])) as served:
        plain = {"Dev.Plain", "Dev.Level", "Dev.Text", "Dev.Mode"}
        names = [*plain, "Dev.Slow", "Dev.Getter", "Dev.Special", "Dev.Link", "Dev.Run"]
        found = {name for name in [*names, "Dev.enable"] if only_stores(served.node(name))}
        assert found == plain
        node = served.node("Dev.Plain")
        node.__dict__["set"] = lambda value: None
        assert not only_stores(node)
        del node.__dict__["set"]


def test_what_registers_switch_off_may_block(tree):
    def populate(pr, root, dev):
        dev.add(pr.LocalVariable(name="Power", value=True))
        below = pr.Device(name="Below", enableDeps=[dev.Power])
        below.add(pr.LocalVariable(name="Plain", value=1))
        deeper = pr.Device(name="Deeper")
        deeper.add(pr.LocalVariable(name="Plain", value=1))
        below.add(deeper)
        dev.add(below)

    with lab(tree, populate) as served:
        assert only_stores(served.node("Dev.Power"))
        assert not only_stores(served.node("Dev.Below.Plain"))
        assert not only_stores(served.node("Dev.Below.Deeper.Plain"))


def test_it_is_done_though_all_workers_hang(tree, gate):
    def wait(value):
        assert value == 1 or gate.wait(LIMIT)

    def populate(pr, root, dev):
        for number in range(40):
            below = pr.Device(name=f"Slow{number}")
            below.add(pr.LocalVariable(name="V", value=1, localSet=wait))
            dev.add(below)
        dev.add(pr.LocalVariable(name="Plain", value=1.0))

    with lab(tree, populate) as served:
        for number in range(40):
            served.get(f"Dev.Slow{number}.V")
        served.get("Dev.Plain")
        slow = [in_thread(lambda n=number: served.put(f"Dev.Slow{n}.V", 2)) for number in range(40)]
        updates = served.monitor("Dev.Plain")
        for number in range(20):
            served.put("Dev.Plain", float(number))
            assert served.get("Dev.Plain").value == number
            assert served.node("Dev.Plain").value() == number
        updates.until(lambda value: value == 19.0)
        updates.close()
        gate.set()
        for put in slow:
            put.result(LIMIT)


def test_one_that_the_tree_holds_waits_for_a_worker_and_keeps_its_order(tree):
    def populate(pr, root, dev):
        dev.add(pr.LocalVariable(name="Plain", value=1))
        dev.add(pr.LocalVariable(name="Other", value=1))

    with lab(tree, populate) as served:
        node = served.node("Dev.Plain")
        served.get("Dev.Plain")
        served.get("Dev.Other")
        heard = []
        node.addListener(lambda path, value: heard.append(value.value))
        with node.lock:  # as a function of the tree may
            first = in_thread(lambda: served.put("Dev.Plain", 2))
            served.put("Dev.Other", 5)  # the network goes on
            assert not first.done()
        first.result(LIMIT)
        served.put("Dev.Plain", 3)
        assert node.value() == 3
        served.root.waitOnUpdate()
        assert heard[-1] == 3


def test_a_refused_value_is_answered_and_changes_nothing(tree, gate):
    with lab(tree, build(gate, [])) as served:
        served.get("Dev.Level")
        with pytest.raises(Exception, match="outside"):
            served.put("Dev.Level", 11.0)
        assert served.node("Dev.Level").value() == 1.0
        served.put("Dev.Level", 2.0)
        assert served.get("Dev.Level").value == 2.0


def test_one_with_a_function_runs_on_a_worker(tree, gate):
    threads = []
    with lab(tree, build(gate, threads)) as served:
        gate.set()
        served.put("Dev.Slow", 2)
        served.put("Dev.Plain", 2)
    assert len(threads) == 1
    assert threads[0].startswith("roguebridge")
