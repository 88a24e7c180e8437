"""Registers that the tree has read are known, though a broken variable ended its update thread."""

import threading

import pytest
from support.clients.lab import NO_ALARM, lab, triple

UDF = (3, 2, "UDF")
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnhandledThreadExceptionWarning"  # of the tree
)


def build(pr, root, device):
    """Registers before and behind a text that is none, and links to them."""
    for number in range(4):
        device.add(
            pr.RemoteVariable(name=f"R[{number}]", offset=0x20 * number, bitSize=32, mode="RO")
        )
        device.add(
            pr.RemoteVariable(
                name=f"Text[{number}]", offset=0x20 * number + 8, bitSize=64, base=pr.String,
                mode="RO",
            )
        )  # fmt: skip
    raw = pr.RemoteVariable(name="Raw", offset=0x100, bitSize=32, mode="RO", groups=["NoServe"])
    device.add(raw)
    root.add(pr.LinkVariable(name="Mirror", variable=device.R[3]))
    root.add(pr.LinkVariable(name="Of", dependencies=[raw], linkedGet=lambda: raw.value() + 1))


def break_texts(served):
    for number in (1, 2):
        served.memory.poke(0x20 * number + 8, b"\xff" * 8)


def revived(served, dead):
    """Wait until the tree has another update thread, and it delivers."""
    for _ in range(2000):
        if served.root._updateThread is not dead and served.server._lifecycle.run.fault is None:
            served.root.waitOnUpdate()
            return
        threading.Event().wait(0.01)
    raise AssertionError("the update thread is not revived")


@pytest.fixture
def served(tree):
    with lab(tree, build) as made:
        break_texts(made)
        made.memory.poke(0x60, b"\x07\0\0\0")
        yield made


def read_all(served):
    """Read everything as ``initRead`` does, in one batch, which ends the update thread."""
    dead = served.root._updateThread
    served.root.ReadAll()
    dead.join(30)
    revived(served, dead)


def test_what_was_read_when_the_update_thread_died_is_known_without_another_read(served):
    read_all(served)
    reads = served.memory.reads(0x60)
    paths = [f"Dev.R[{number}]" for number in range(4)]
    assert [triple(served.get(path)) for path in paths] == [NO_ALARM] * 4
    assert served.get("Dev.R[3]")["value"] == 7
    assert served.memory.reads(0x60) == reads


@pytest.mark.parametrize(("path", "value"), [("Mirror", 7), ("Of", 1)])
def test_links_of_what_was_read_are_good(served, path, value):
    read_all(served)
    shown = served.get(path)
    assert (shown["value"], triple(shown)) == (value, NO_ALARM)


def test_an_open_pv_shows_what_was_read(served):
    monitor = served.monitor("Mirror")
    assert triple(monitor.next()) == UDF
    read_all(served)
    assert monitor.until(lambda update: triple(update) == NO_ALARM) == 7
    monitor.close()


def test_what_the_tree_has_not_read_stays_undefined(served):
    dead = served.root._updateThread
    with pytest.raises(Exception, match="String"):
        served.node("Dev.Text[1]").get()
    dead.join(30)
    revived(served, dead)
    assert triple(served.get("Dev.R[3]")) == UDF
    assert served.memory.reads(0x60) == 0


def test_where_nobody_knows_what_was_read_hardware_is_asked(served):
    served.server._lifecycle.run._updates_lost(())
    assert triple(served.get("Dev.R[3]")) == NO_ALARM
    assert served.memory.reads(0x60) == 1


def test_a_register_that_is_never_told_of_is_read_for_its_first_client(tree):
    def add(pr, root, device):
        device.add(pr.RemoteVariable(name="R", offset=0, bitSize=32, mode="RO", updateNotify=False))

    with lab(tree, add) as served:
        served.memory.poke(0, b"\x07\0\0\0")
        shown = served.get("Dev.R")
        assert (shown["value"], triple(shown)) == (7, NO_ALARM)
