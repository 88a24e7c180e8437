"""Errors, delays and locks of registers on a faulty memory."""

import threading

import pytest
from support.trees import LIMIT, running
from support.trees.listeners import Recorder

TIMEOUT = 0.2


@pytest.fixture(scope="module")
def memory(tree):
    return tree.memory()


@pytest.fixture(scope="module")
def shared(tree, memory):
    pr = tree.pr
    root = pr.Root(name="Top", timeout=TIMEOUT, pollEn=False)
    d = pr.Device(name="D", memBase=memory)
    root.add(d)
    d.add(pr.RemoteVariable(name="A", offset=0))
    d.add(pr.RemoteVariable(name="B", offset=4))
    d.add(pr.RemoteVariable(name="NoVerify", offset=8, verify=False))
    d.add(pr.RemoteVariable(name="Retry", offset=12, retryCount=2))
    d.add(pr.RemoteVariable(name="Low", offset=16, bitSize=8))
    d.add(pr.RemoteVariable(name="High", offset=16, bitSize=8, bitOffset=8))
    d.add(pr.LocalVariable(name="Local", value=0))
    with running(root):
        yield root


@pytest.fixture
def root(shared, memory):
    shared.D.A.set(1)
    shared.D.B.set(1)
    shared.waitOnUpdate()
    yield shared
    memory.clear()


@pytest.fixture
def updates(root):
    recorder = Recorder()
    for name in ("A", "B", "NoVerify"):
        root.D.node(name).addListener(recorder)
    yield recorder
    for name in ("A", "B", "NoVerify"):
        root.D.node(name).delListener(recorder)


def test_failed_read(root, memory, updates, tree):
    memory.poke(0, b"\x55")
    memory.fail_read(0)
    with pytest.raises(tree.general_error, match=r"Transaction error for block Top\.D\.A .*NAK"):
        root.D.A.get()
    root.waitOnUpdate()
    assert updates.calls == []
    assert root.D.A.value() == 1
    memory.clear()
    assert root.D.A.get() == 0x55


def test_verify_mismatch_keeps_the_rejected_value(root, memory, updates, tree):
    memory.stuck(0)
    with pytest.raises(tree.general_error) as caught:
        root.D.A.set(7)
    text = str(caught.value)
    assert text.startswith("Block::checkTransaction: General Error: Verify error for block Top.D.A")
    assert text.endswith("Byte: 0. Got: 0x01, Exp: 0x07, Mask: 0xff")
    root.waitOnUpdate()
    assert updates.calls == []
    assert root.D.A.value() == 7
    assert root.D.A.get() == 1
    root.waitOnUpdate()
    assert updates.values == [1]


def test_write_error_shows_as_verify_error(root, memory, tree):
    memory.fail_write(0)
    with pytest.raises(tree.general_error, match="Verify error"):
        root.D.A.set(7)
    assert root.D.A.value() == 7


def test_write_error_goes_unseen_if_the_value_matches(root, memory, updates):
    memory.fail_write(0)
    root.D.A.set(1)
    root.waitOnUpdate()
    assert updates.values == [1]


@pytest.mark.parametrize("name", ["A", "NoVerify"])
def test_write_error_without_verify(root, memory, tree, name):
    memory.fail_write(0)
    memory.fail_write(8)
    with pytest.raises(tree.general_error, match="Transaction error for block .* Error NAK"):
        root.D.node(name).set(7, verify=False)


def test_timeout(root, memory, updates, tree):
    memory.hang(0)
    with pytest.raises(
        tree.general_error,
        match=r"Timeout waiting for register transaction \d+ message response\.",
    ):
        root.D.A.get()
    with pytest.raises(tree.general_error, match="Timeout"):
        root.D.A.set(3)
    memory.clear()
    root.waitOnUpdate()
    assert updates.calls == []
    assert root.D.A.value() == 3
    root.D.A.set(2)
    assert root.D.A.get() == 2


def test_retries(root, memory, tree):
    memory.fail_read(12)
    before = memory.reads(12)
    with pytest.raises(tree.general_error, match="NAK"):
        root.D.Retry.get()
    assert memory.reads(12) - before == 3


def test_value_waits_for_a_transaction_on_its_block(root, memory):
    done = threading.Event()

    def read():
        root.D.High.value()
        done.set()

    with memory.hold(16) as gate:
        writer = threading.Thread(target=root.D.Low.set, args=(1,))
        writer.start()
        assert gate.entered.wait(LIMIT)
        reader = threading.Thread(target=read)
        reader.start()
        root.D.Local.set(1)
        root.D.B.set(2)
        assert root.D.B.value() == 2
        assert not done.wait(0.05)
    assert done.wait(LIMIT)
    for thread in (writer, reader):
        thread.join(LIMIT)


def test_blocks_work_in_parallel(root, memory):
    with memory.hold(0) as first, memory.hold(4) as second:
        threads = [threading.Thread(target=var.set, args=(3,)) for var in (root.D.A, root.D.B)]
        for thread in threads:
            thread.start()
        assert first.entered.wait(LIMIT)
        assert second.entered.wait(LIMIT)
    for thread in threads:
        thread.join(LIMIT)
    assert (root.D.A.get(), root.D.B.get()) == (3, 3)


def test_an_update_waits_for_its_block(root, memory):
    updates = Recorder()
    root.D.Local.addListener(updates)
    with memory.hold(0) as gate:
        with root.updateGroup():
            writer = threading.Thread(target=root.D.A.set, args=(4,))
            writer.start()
            assert gate.entered.wait(LIMIT)
            root.D.A._queueUpdate()
        root.D.Local.set(2)
        with pytest.raises(AssertionError):
            wait_briefly(updates)
    writer.join(LIMIT)
    updates.wait(1)
    root.D.Local.delListener(updates)


def wait_briefly(updates):
    with updates._changed:
        assert updates._changed.wait_for(lambda: updates.calls, 0.05)


def test_wait_false_sends_no_update_until_waited_for(root, updates):
    root.D.A.set(9, wait=False)
    root.waitOnUpdate()
    assert updates.calls == []
    root.D.waitBlocks(variable=root.D.A)
    root.waitOnUpdate()
    assert updates.values == [9]


def test_read_all(root, memory, updates):
    memory.poke(0, b"\x21")
    memory.poke(4, b"\x22")
    root.ReadAll()
    root.waitOnUpdate()
    assert updates.paths == ["Top.D.A", "Top.D.B", "Top.D.NoVerify"]
    assert updates.values[:2] == [0x21, 0x22]


def test_read_device_stops_at_the_first_error(root, memory, updates, tree):
    memory.fail_read(0)
    with pytest.raises(tree.general_error, match="NAK"):
        root.D.ReadDevice()
    root.waitOnUpdate()
    assert updates.calls == []
    memory.clear()


def test_write_all(root, memory):
    root.D.B.set(0x31, write=False)
    root.WriteAll()
    assert memory.peek(4, 1) == b"\x31"
    memory.poke(4, b"\x32")
    root.D.WriteDevice()
    assert memory.peek(4, 1) == b"\x31"
