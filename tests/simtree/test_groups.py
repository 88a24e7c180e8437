"""Group inheritance and filters."""

import pytest
from support.trees import running


@pytest.fixture(scope="module")
def root(tree):
    pr = tree.pr
    root = pr.Root(name="Top")
    outer = pr.Device(name="Outer", groups=["A"], hidden=True)
    inner = pr.Device(name="Inner", groups="B")
    inner.add(pr.LocalVariable(name="V", value=1, groups=["C", "A"]))
    outer.add(inner)
    root.add(outer)
    root.add(pr.LocalVariable(name="Free", value=1))
    with running(root):
        yield root


def test_groups_of_ancestors_are_appended_once(root):
    assert root.Outer.groups == ["A", "Hidden"]
    assert root.Outer.Inner.groups == ["B", "A", "Hidden"]
    assert root.Outer.Inner.V.groups == ["C", "A", "Hidden", "B"]
    assert root.Outer.Inner.V.hidden
    assert not root.Free.hidden
    assert root.Outer.Inner.enable.groups == ["Enable", "A", "Hidden", "B"]


@pytest.mark.parametrize(
    ("include", "exclude", "passes"),
    [
        (None, None, True),
        ("", "", True),
        ([], [], True),
        ("C", None, True),
        ("X", None, False),
        (["X", "C"], None, True),
        (None, "C", False),
        (None, ["X", "C"], False),
        (None, ["X"], True),
        ("C", "A", False),
        (("C",), None, False),
        (None, ("C",), True),
    ],
)
def test_filter(root, include, exclude, passes):
    assert root.Outer.Inner.V.filterByGroup(include, exclude) is passes


def test_add_reaches_children_and_remove_does_not(tree):
    dev = tree.pr.Device(name="D")
    dev.add(tree.pr.LocalVariable(name="V", value=1))
    dev.addToGroup("G")
    assert "G" in dev.V.groups
    dev.removeFromGroup("G")
    assert "G" not in dev.groups
    assert "G" in dev.V.groups


def test_a_list_of_groups_is_shared(tree):
    groups = ["A"]
    one = tree.pr.LocalVariable(name="One", value=1, groups=groups)
    two = tree.pr.LocalVariable(name="Two", value=1, groups=groups)
    one.hidden = True
    assert two.hidden


def test_lists_by_group(root):
    assert list(root.Outer.Inner.variablesByGroup(incGroups="C")) == ["V"]
    assert "V" not in root.Outer.Inner.variablesByGroup(excGroups=["C"])
