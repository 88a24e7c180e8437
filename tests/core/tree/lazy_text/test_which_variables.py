"""Which variables are told without a text: arrays and lists, no others."""

import numpy as np
import pytest
from support.trees.arrays import KINDS, local, replaced, take
from support.trees.killers import Switch
from support.trees.listeners import Recorder

from roguebridge.core.tree.patches.lazy_text import LazyTexts

SCALARS = {
    "int": local(0, 1),
    "float": local(0.0, 1.5),
    "bool": local(False, True),
    "str": local("a", "b"),
    "dict": local({"a": 1}, {"b": 2}),
    "enum": local(0, 1, enum={0: "No", 1: "Yes"}),
    "bytes": local(b"a", b"b"),
    "unformatted": KINDS["unformatted"],
}
LONG = {name: kind for name, kind in KINDS.items() if name not in ("unformatted", "any_enum")}


@pytest.mark.parametrize("kind", LONG.values(), ids=LONG)
def test_arrays_and_lists(world, kind):
    served = world(kind)
    assert replaced(served.root) == ["Top.D.V"]
    assert served.texts.problems() == []
    served.stop_serving()
    assert replaced(served.root) == []


@pytest.mark.parametrize("kind", SCALARS.values(), ids=SCALARS)
def test_what_is_short_is_left_alone(world, kind):
    served = world(kind)
    assert replaced(served.root) == []
    take(served, kind)
    assert len(served.bridge.calls) == len(kind[1])
    served.stop_serving()
    take(served, kind)
    assert len(served.bridge.calls) == len(kind[1])


def test_no_value_is_read(tree, running):
    switch = Switch()
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    root.add(pr.LocalVariable(name="V", value=np.zeros(2), localGet=switch))
    root.add(pr.LinkVariable(name="L", linkedGet=lambda: switch() and np.zeros(2)))
    with running(root):
        switch.on = True
        texts = LazyTexts()
        for node in root.variableList:
            texts.listen(node, print)
            texts.unlisten(node, print)
    assert not switch.called.is_set()


def test_a_remote_node_is_asked_nothing():
    class Remote:
        """As of a VirtualClient: what it does not know it asks its server for."""

        def __init__(self):
            self.listeners = []

        def addListener(self, listener):
            self.listeners.append(listener)

        def delListener(self, listener):
            self.listeners.remove(listener)

        def __getattr__(self, name):
            raise AssertionError(f"the server was asked for {name}")

    node = Remote()
    texts = LazyTexts()
    texts.listen(node, print)
    assert node.listeners == [print]
    texts.unlisten(node, print)
    assert node.listeners == []


def test_enable_keeps_its_own_way(tree, running):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.LocalVariable(name="Power", value=True))
    root.add(tree.pr.Device(name="D", enableDeps=[root.Power]))
    with running(root):
        texts = LazyTexts()
        for node in root.variableList:
            texts.listen(node, Recorder())
        assert replaced(root) == []
        root.Power.set(False)
        root.waitOnUpdate()
        assert root.D.enable.value() == "deps"
