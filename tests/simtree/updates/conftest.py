"""A root with variables that depend on each other, and what is heard of them."""

import numpy as np
import pytest
from support.trees import running
from support.trees.listeners import Recorder


def add_link(pr, device, name, sources, getter):
    device.add(pr.LinkVariable(name=name, dependencies=sources, linkedGet=getter))


@pytest.fixture(scope="module")
def root(tree):
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    d = pr.Device(name="D", memBase=tree.memory())
    root.add(d)
    d.add(pr.LocalVariable(name="A", value=0, groups=["GA"]))
    d.add(pr.LocalVariable(name="B", value=0, groups=["GB"]))
    d.add(pr.LocalVariable(name="Arr", value=np.zeros(3)))
    d.add(pr.LocalVariable(name="Off", value=0, updateNotify=False))
    d.add(pr.RemoteVariable(name="R", offset=0))
    add_link(pr, d, "Sum", [d.A, d.B], lambda: d.A.value() + d.B.value())
    add_link(pr, d, "Twice", [d.Sum], lambda: 2 * d.Sum.value())
    with running(root):
        yield root


@pytest.fixture
def listen(root):
    """Record the updates of some variables during a test."""
    added = []

    def add(*names):
        root.waitOnUpdate()
        recorder = Recorder()
        for name in names:
            root.D.node(name).addListener(recorder)
            added.append((root.D.node(name), recorder))
        return recorder

    yield add
    for var, recorder in added:
        var.delListener(recorder)
