"""Link variables: mirrors, computed values, modes, dependencies."""

import pytest
from support.trees import running
from support.trees.listeners import Recorder


@pytest.fixture(scope="module")
def root(tree):
    pr, calls = tree.pr, []
    root = pr.Root(name="Top", pollEn=False)
    root.calls = calls
    d = pr.Device(name="D", memBase=tree.memory())
    root.add(d)
    d.add(pr.RemoteVariable(name="R", offset=0, maximum=100, units="V"))
    d.add(pr.LocalVariable(name="Ro", value=1, mode="RO"))
    d.add(pr.LocalVariable(name="En", value=0, enum={0: "off", 1: "on"}))
    d.add(pr.LinkVariable(name="Mirror", variable=d.R))
    d.add(pr.LinkVariable(name="MirrorRo", variable=d.Ro))
    d.add(pr.LinkVariable(name="MirrorEn", variable=d.En))
    d.add(pr.LinkVariable(name="Own", variable=d.R, units="A", disp="{:d}"))

    def linked_set(dev, var, value, write, index, verify, wait):
        calls.append((dev, var.path, value, write, index, verify, wait))
        if value == 13:
            raise OSError("unlucky")

    def linked_get(dev, var, read, index):
        calls.append((dev, var.path, read, index))
        return d.R.value() * 0.5

    d.add(
        pr.LinkVariable(
            name="Half", linkedGet=linked_get, linkedSet=linked_set, dependencies=[d.R], units="mV"
        )
    )
    d.add(pr.LinkVariable(name="Get", linkedGet=lambda: 5, dependencies=[d.R]))
    d.add(pr.LinkVariable(name="Set", linkedSet=lambda value: calls.append(value)))
    with running(root):
        yield root


def test_modes(root):
    modes = {v: root.D.node(v).mode for v in ("Mirror", "MirrorRo", "Half", "Get", "Set")}
    assert modes == {"Mirror": "RW", "MirrorRo": "RW", "Half": "RW", "Get": "RO", "Set": "WO"}


def test_a_mirror_copies_some_attributes(root):
    mirror = root.D.Mirror
    assert (mirror.disp, mirror.units, mirror.minimum, mirror.maximum) == ("{:#x}", "V", 0, 100)
    assert mirror.typeStr == "int"
    assert mirror.lock is None
    assert not hasattr(mirror, "numValues")
    assert root.D.MirrorEn.enum == {0: "off", 1: "on"}
    assert (root.D.Own.units, root.D.Own.disp) == ("A", "{:d}")
    assert root.D.Mirror.dependencies == [root.D.R]


def test_a_mirror_sets_and_gets(root, tree):
    root.D.Mirror.set(9)
    assert root.D.R.get() == root.D.Mirror.get() == root.D.Mirror.value() == 9
    assert root.D.Mirror.valueDisp() == "0x9"
    root.D.MirrorEn.setDisp("on")
    assert root.D.En.value() == 1
    with pytest.raises(tree.general_error, match="Value range error for R"):
        root.D.Mirror.set(101)
    root.D.MirrorRo.set(4)
    assert root.D.Ro.value() == 4


def test_arguments(root):
    root.calls.clear()
    root.D.Half.set(3)
    root.D.Half.set(4, write=False, verify=False, wait=False, index=2)
    assert root.calls == [
        (root.D, "Top.D.Half", 3, True, -1, True, True),
        (root.D, "Top.D.Half", 4, False, 2, False, False),
    ]
    root.calls.clear()
    root.D.R.set(8)
    root.waitOnUpdate()
    root.calls.clear()
    assert root.D.Half.get() == 4.0
    assert root.D.Half.value() == 4.0
    assert root.calls == [(root.D, "Top.D.Half", True, -1), (root.D, "Top.D.Half", False, -1)]
    assert root.D.Half.typeStr == "float"
    assert root.D.Half.precision == 8


def test_without_a_setter_set_does_nothing(root):
    root.D.Get.set(9)
    assert root.D.Get.value() == 5


def test_without_a_getter_the_value_is_none(root):
    assert root.D.Set.value() is None
    assert root.D.Set.typeStr == "NoneType"
    root.D.Set.set(77)
    assert root.calls[-1] == 77


def test_errors_are_passed_on(root):
    with pytest.raises(OSError, match="unlucky"):
        root.D.Half.set(13)


def test_updates_follow_the_source(root):
    updates = Recorder()
    root.waitOnUpdate()
    root.D.Half.addListener(updates)
    root.D.R.set(10)
    root.waitOnUpdate()
    assert updates.values == [5.0]
    root.D.Half.set(1)
    root.D.Half.get()
    root.waitOnUpdate()
    assert len(updates.calls) == 1
    root.D.Half.delListener(updates)


def test_limits_are_refused(tree):
    with pytest.raises(tree.pr.VariableError, match="min or max"):
        tree.pr.LinkVariable(name="L", linkedGet=lambda: 1, maximum=2)
