"""What the trees offer: a marker among their updates, and nodes that change others."""

import threading
from types import SimpleNamespace

import pytest
from support.engine.fakes import WAIT, FakeCommand, FakeNode

from roguebridge.core.tree.pyrogue import changes_others
from roguebridge.core.tree.server_nodes import ServerCommand, ServerVariable
from roguebridge.core.tree.update_queue import send_group, takes_markers


def build(tree):
    """A root with nodes that change others, and some that do not."""
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    device = pr.Device(name="D", memBase=tree.memory())
    root.add(device)
    device.add(pr.RemoteVariable(name="Alone", offset=0, bitSize=8))
    device.add(pr.RemoteVariable(name="Read", offset=4, bitSize=8))
    device.add(pr.RemoteVariable(name="Whole", offset=8, bitSize=8, overlapEn=True))
    device.add(pr.RemoteVariable(name="Low", offset=8, bitSize=4, overlapEn=True))
    root.add(pr.LocalVariable(name="Plain", value=0))
    root.add(pr.LocalVariable(name="Source", value=0))
    root.add(pr.LocalVariable(name="Sets", value=0, localSet=lambda value: None))
    root.add(pr.LinkVariable(name="Link", mode="RO", dependencies=[root.Source],
                             linkedGet=lambda: 2 * root.Source.value()))  # fmt: skip
    root.add(pr.LinkVariable(name="Mirror", variable=device.Read))
    root.add(pr.LocalCommand(name="Go", function=lambda: None))
    return root


@pytest.mark.parametrize("name", ["D.Alone", "Plain", "RogueVersion"])
def test_a_variable_nobody_depends_on_changes_itself_only(tree, running, name):
    with running(build(tree)) as root:
        assert changes_others(root.getNode(f"Top.{name}")) is False


@pytest.mark.parametrize(
    "name", ["D.Read", "D.Whole", "D.Low", "D.enable", "Source", "Sets", "Link", "Mirror", "Go"]
)
def test_what_has_dependents_or_functions_may_change_others(tree, running, name):
    with running(build(tree)) as root:
        assert changes_others(root.getNode(f"Top.{name}")) is True


def test_a_set_of_its_own_may_change_others(tree, running):
    class Own(tree.pr.LocalVariable):
        def set(self, value, **kwargs):
            super().set(value, **kwargs)

    root = build(tree)
    root.add(Own(name="Own", value=0))
    with running(root):
        assert changes_others(root.Own)
        root.Plain.set = lambda value: None
        assert changes_others(root.Plain)


def test_nodes_that_are_in_no_tree_may_change_others():
    assert changes_others(ServerVariable("RB.V", 0))
    assert changes_others(ServerCommand("RB.C", lambda: None))
    assert changes_others(FakeNode())
    assert changes_others(FakeCommand(lambda: None))


def test_both_trees_take_a_marker_and_set_it_after_the_updates_before(tree, running):
    root = build(tree)
    told = []
    with running(root):
        root.Link.addListener(lambda path, value: told.append(value.value))
        assert takes_markers(root)
        root.Source.set(3)
        marker = threading.Event()
        root._updateQueue.put(marker)
        assert marker.wait(WAIT)
        assert told == [6]


def test_a_root_that_tells_in_a_way_of_its_own_is_known_by_what_it_derives_from(tree, running):
    class Root(tree.pr.Root):
        def _updateWorker(self):
            super()._updateWorker()

    with running(Root(name="Top", pollEn=False)) as root:
        assert takes_markers(root)


def test_an_older_or_a_remote_root_takes_none():
    class Older:
        def __init__(self):
            self._updateQueue = SimpleNamespace(put=None)

        def _updateWorker(self):
            return len(self._updateQueue.get())

    class Remote:
        def __getattr__(self, name):
            raise AssertionError(f"asked for {name}")

    class Odd(Older):
        _updateWorker = staticmethod(len)

    assert not takes_markers(Older())
    assert not takes_markers(Remote())
    assert not takes_markers(Odd())
    assert not takes_markers(SimpleNamespace(_updateQueue=None))


def test_a_group_that_is_open_is_sent_and_goes_on(tree, running):
    root = build(tree)
    told = []
    with running(root):
        root.Plain.addListener(lambda path, value: told.append(value.value))
        with root.updateGroup():
            send_group(root)
            root.waitOnUpdate()
            assert told == []
            root.Plain.set(1)
            root.waitOnUpdate()
            assert told == []
            send_group(root)
            root.waitOnUpdate()
            assert told == [1]
            root.Plain.set(2)
            root.waitOnUpdate()
            assert told == [1]
        root.waitOnUpdate()
        assert told == [1, 2]
        send_group(root)
        root.Plain.set(3)
        root.waitOnUpdate()
        assert told == [1, 2, 3]


def test_a_thread_that_never_set_anything_has_no_group(answers):
    site = answers()
    send_group(site.root)


def test_a_group_that_cannot_be_sent_is_logged(answers, caplog):
    site = answers()
    site.root._updateTrack = None
    site.end(1, "Top.V")
    assert "Top.V: its updates may come after the answer" in caplog.text
    site.root.deliver()
    assert site.settle() == [1]
