"""The enable variable: four values, and what a disabled device does."""

import numpy as np
import pytest
from support.trees import running
from support.trees.listeners import Recorder


@pytest.fixture(scope="module")
def memory(tree):
    return tree.memory()


@pytest.fixture(scope="module")
def root(tree, memory):
    pr, calls = tree.pr, []
    root = pr.Root(name="Top", pollEn=False)
    root.calls = calls
    root.add(pr.LocalVariable(name="Ready", value=True))
    d = pr.Device(name="D", memBase=memory)
    root.add(d)
    d.add(pr.RemoteVariable(name="R", offset=0))
    d.add(pr.LocalVariable(name="L", value=0, localSet=lambda value: calls.append(value)))
    d.add(pr.LocalCommand(name="C", function=lambda: calls.append("ran") or 1))
    d.add(pr.Device(name="Child"))
    d.Child.add(pr.RemoteVariable(name="R", offset=8))
    root.add(pr.Device(name="Dep", enableDeps=[root.Ready]))
    root.add(pr.Device(name="Off", enabled=False))
    with running(root):
        yield root


@pytest.fixture(autouse=True)
def enabled(root):
    yield
    root.D.enable.set(True)
    root.waitOnUpdate()


def test_declared(root):
    enable = root.D.enable
    assert enable.enum == {
        False: "False",
        True: "True",
        "parent": "ParentFalse",
        "deps": "ExtDepFalse",
    }
    assert (enable.typeStr, enable.nativeType, enable.mode) == ("bool", bool, "RW")
    assert enable.value() is True
    assert enable.valueDisp() == "True"
    assert type(enable).__name__ == "EnableVariable"
    assert root.Off.enable.value() is False


def test_children_follow(root):
    updates = Recorder()
    root.D.Child.enable.addListener(updates)
    root.D.enable.set(False)
    root.waitOnUpdate()
    assert root.D.Child.enable.value() == "parent"
    assert root.D.Child.enable.valueDisp() == "ParentFalse"
    assert updates.values == ["parent"]
    root.D.enable.set(True)
    root.waitOnUpdate()
    assert updates.values == ["parent", True]
    root.D.Child.enable.delListener(updates)


@pytest.mark.parametrize("value", [0, np.False_, None, "False", "x"], ids=repr)
def test_only_the_object_false_disables(root, value):
    root.D.enable.set(value)
    assert root.D.enable.value() is True
    root.D.enable.set(False)
    root.D.enable.set(value)
    assert root.D.enable.value() is True


def test_text(root):
    root.D.enable.setDisp("False")
    assert root.D.enable.value() is False
    root.D.enable.setDisp("ParentFalse")
    assert root.D.enable.value() is False
    root.D.enable.setDisp("True")
    assert root.D.enable.value() is True


def test_arguments(root):
    with pytest.raises(TypeError):
        root.D.enable.set(True, verify=True)
    with pytest.raises(TypeError):
        root.D.enable.get(wait=True)


def test_a_disabled_device_is_silent(root, memory):
    root.D.R.set(1)
    root.D.Child.R.set(1)
    root.D.L.set(1)
    root.waitOnUpdate()
    root.D.enable.set(False)
    updates = Recorder()
    for var in (root.D.R, root.D.L, root.D.Child.R):
        var.addListener(updates)
    root.calls.clear()
    reads, writes = memory.reads(0), memory.writes(0)
    root.D.R.set(5)
    root.D.Child.R.set(6)
    root.D.L.set(7)
    assert root.D.C() is None
    assert (root.D.R.get(), root.D.Child.R.get(), root.D.L.get()) == (5, 6, 7)
    assert (memory.reads(0), memory.writes(0)) == (reads, writes)
    assert root.calls == []
    root.D.enable.set(True)
    root.waitOnUpdate()
    assert updates.calls == []
    assert root.D.C() == 1
    assert root.D.R.get() == 1
    for var in (root.D.R, root.D.L, root.D.Child.R):
        var.delListener(updates)


def test_dependencies(root):
    root.Ready.set(True)
    root.waitOnUpdate()
    assert root.Dep.enable.value() is True
    root.Ready.set(False)
    root.waitOnUpdate()
    assert root.Dep.enable.value() == "deps"
    assert root.Dep.enable.valueDisp() == "ExtDepFalse"
    root.Ready.set(True)
    root.waitOnUpdate()
    assert root.Dep.enable.value() is True


def test_the_root_mutes_all(root, memory):
    root.enable.set(False)
    root.calls.clear()
    assert root.D.C() is None
    assert root.D.enable.value() == "parent"
    root.enable.set(True)
    assert root.D.C() == 1
