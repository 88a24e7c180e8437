"""Names, paths, look-up and order."""

import pytest
from support.trees import running


def build(pr):
    root = pr.Root(name="Top")
    dev = pr.Device(name="Dev", description="a device")
    root.add(dev)
    for index in (0, 3):
        sub = pr.Device(name=f"Sub[{index}]")
        sub.add(pr.LocalVariable(name="V", value=index))
        dev.add(sub)
    for i in range(2):
        for j in range(2):
            dev.add(pr.LocalVariable(name=f"Mat[{i}][{j}]", value=10 * i + j))
    dev.add(pr.LocalCommand(name="Go", function=lambda: None))
    dev.add(pr.LocalVariable(name="Last", value=1.5, units="V", mode="RO", tag="x"))
    return root


@pytest.fixture(scope="module")
def root(tree):
    with running(build(tree.pr)) as root:
        yield root


def test_paths(root):
    assert root.path == "Top"
    assert root.Dev.path == "Top.Dev"
    assert root.Dev.node("Sub[3]").V.path == "Top.Dev.Sub[3].V"
    assert root.Dev.node("Mat[0][1]").path == "Top.Dev.Mat[0][1]"
    assert root.Dev.parent is root
    assert root.parent is root
    assert root.Dev.Last.root is root


def test_arrays_are_dicts_by_index(root):
    assert list(root.Dev.Sub) == [0, 3]
    assert root.Dev.Sub[3] is root.Dev.node("Sub[3]")
    assert root.Dev.Mat[1][0].value() == 10
    assert root.Dev.node("Sub") is None
    with pytest.raises(AttributeError):
        _ = root.Dev.Nothing


@pytest.mark.parametrize("first", ["Top", "root"])
def test_get_node_finds_absolute_paths(root, first):
    assert root.getNode(first) is root
    assert root.getNode(f"{first}.Dev.Sub[3].V") is root.Dev.Sub[3].V
    assert root.getNode(f"{first}.Dev.Mat[1][1]") is root.Dev.Mat[1][1]


@pytest.mark.parametrize(
    "path",
    ["Dev", "Other.Dev", "Top.Dev.", "Top.Dev.Sub", "Top.Dev.Sub[*]", "Top.No", "", "Top.Time.x"],
)
def test_get_node_answers_none(root, path):
    assert root.getNode(path) is None


def test_get_node_refuses_other_types(root):
    with pytest.raises(TypeError):
        root.getNode(3)


def test_get_node_remembers_misses(tree):
    root = tree.pr.Root(name="Top")
    assert root.getNode("Top.Late") is None
    root.add(tree.pr.LocalVariable(name="Late", value=1))
    assert root.getNode("Top.Late") is None


def test_variable_list_is_depth_first_with_commands(root):
    below = [v.path.removeprefix("Top.Dev.") for v in root.Dev.variableList]
    assert below == [
        "enable",
        "ReadDevice",
        "WriteDevice",
        "Sub[0].enable",
        "Sub[0].ReadDevice",
        "Sub[0].WriteDevice",
        "Sub[0].V",
        "Sub[3].enable",
        "Sub[3].ReadDevice",
        "Sub[3].WriteDevice",
        "Sub[3].V",
        "Mat[0][0]",
        "Mat[0][1]",
        "Mat[1][0]",
        "Mat[1][1]",
        "Go",
        "Last",
    ]


def test_children_by_kind(root):
    assert list(root.Dev.devices) == ["Sub[0]", "Sub[3]"]
    assert list(root.Dev.commands) == ["ReadDevice", "WriteDevice", "Go"]
    assert "Go" not in root.Dev.variables
    assert list(root.Dev.variables)[0] == "enable"
    assert [d.name for d in root.Dev.deviceList] == ["Sub[0]", "Sub[3]"]


def test_kinds(root, tree):
    dev, var, cmd = root.Dev, root.Dev.Last, root.Dev.Go
    assert [(n.isDevice, n.isVariable, n.isCommand) for n in (dev, var, cmd)] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]
    assert root.isDevice
    assert cmd.isinstance(tree.pr.BaseVariable)
    assert isinstance(cmd, tree.pr.BaseVariable)
    assert not var.isinstance(tree.pr.BaseCommand)
    assert tree.pr.LocalCommand is tree.pr.BaseCommand is tree.pr.Command
    assert type(cmd).__name__ == "BaseCommand"


def test_attributes_of_nodes(root):
    last = root.Dev.Last
    assert root.Dev.description == "a device"
    assert last.description == ""
    assert last.units == "V"
    assert last.getExtraAttribute("tag") == "x"
    assert last.getExtraAttribute("none") is None
    for name in ("numValues", "valueBits", "bitSize"):
        assert not hasattr(last, name)


def test_nothing_is_added_after_start(root, tree):
    with pytest.raises(tree.pr.NodeError, match="Tree is already started"):
        root.Dev.add(tree.pr.LocalVariable(name="Late", value=1))


@pytest.mark.parametrize(
    "name", ["Last", "add", "path", "enable", "Mat", "Sub[0]", "find", "setName", "__init__"]
)
def test_name_collisions(tree, name):
    dev = build(tree.pr).node("Dev")
    with pytest.raises(tree.pr.NodeError, match="Name collision"):
        dev.add(tree.pr.LocalVariable(name=name, value=1))


def test_before_start_path_and_groups_are_incomplete(tree):
    root = tree.pr.Root(name="Top")
    dev = tree.pr.Device(name="Dev", groups=["A"])
    dev.add(tree.pr.LocalVariable(name="V", value=1))
    root.add(dev)
    assert dev.V.path == "V"
    assert dev.V.groups == []
    assert dev.V.root is None
    with running(root):
        assert dev.V.path == "Top.Dev.V"
        assert dev.V.groups == ["A"]


def test_odd_names(tree):
    root = tree.pr.Root(name="Top")
    for name in ("a b", "x:y", "u.v"):
        root.add(tree.pr.LocalVariable(name=name, value=name))
    with running(root):
        assert root.getNode("Top.a b").value() == "a b"
        assert root.getNode("Top.x:y").value() == "x:y"
        assert root.getNode("Top.u.v") is None
        assert root.node("u.v").value() == "u.v"


def test_odd_names_are_logged(tree, caplog):
    dev = tree.pr.Device(name="D")
    dev.add(tree.pr.LocalVariable(name="plain_1", value=1))
    assert caplog.records == []
    for name in ("a b", "x[y]"):
        caplog.clear()
        dev.add(tree.pr.LocalVariable(name=name, value=1))
        assert [r.levelname for r in caplog.records] == ["WARNING"]
    assert not hasattr(dev, "x")


@pytest.mark.parametrize("name", ["blocks", "hub", "manager", "pollQueue", "log", "value", "nodeX"])
def test_names_that_are_free(tree, name):
    root = tree.pr.Root(name="Top")
    root.add(tree.pr.Device(name="D"))
    for dev in (root, root.D):
        dev.add(tree.pr.LocalVariable(name=name, value=3))
        assert getattr(dev, name).value() == 3


def test_what_can_be_added(tree):
    pr, dev = tree.pr, tree.pr.Device(name="D")

    def var(name):
        return pr.LocalVariable(name=name, value=1)

    dev.add([var("A"), var("B")])
    dev.add(())
    dev.add(var(name) for name in ("C", "D"))  # a generator: looked through, then it is empty
    assert list(dev.nodes)[3:] == ["A", "B"]
    for thing in (None, 3, [var("E"), 3]):
        with pytest.raises(AttributeError):
            dev.add(thing)
    assert list(dev.nodes)[3:] == ["A", "B"]
    with pytest.raises(pr.NodeError, match="to non device node A"):
        dev.A.add(var("E"))


def test_nothing_is_added_twice_once_started(tree):
    root, var = tree.pr.Root(name="Top"), tree.pr.LocalVariable(name="V", value=1)
    root.add(var)
    with pytest.raises(tree.pr.NodeError, match="Name collision"):
        root.add(var)
    with running(root):
        pass
    with pytest.raises(tree.pr.NodeError, match="Node is already attached"):
        tree.pr.Device(name="D").add(var)


def test_arrays_of_nodes(tree):
    dev = tree.pr.Device(name="D")
    dev.addNodes(tree.pr.Device, number=2, stride=0x100, name="S", offset=0x10)
    dev.addNode(tree.pr.LocalVariable, name="V", value=2)
    assert [(d.name, d.offset) for d in dev.devices.values()] == [("S[0]", 0x10), ("S[1]", 0x110)]
    assert dev.S[1].offset == 0x110
    assert "V" in dir(dev)
    assert dev.V in dev
    assert "V" not in dev
    for names in (("A[0]", "A[0][1]"), ("B[0][1]", "B[0]"), ("C[00]", "C[0]")):
        dev.add(tree.pr.LocalVariable(name=names[0], value=1))
        with pytest.raises(tree.pr.NodeError, match="Name collision"):
            dev.add(tree.pr.LocalVariable(name=names[1], value=1))


def test_before_start_some_things_are_safe(tree):
    root = tree.pr.Root(name="Top")
    dev = tree.pr.Device(name="D", memBase=tree.memory())
    root.add(dev)
    dev.add(tree.pr.LocalVariable(name="V", value=5, enum={5: "five"}))
    dev.add(tree.pr.RemoteVariable(name="R", offset=0))
    assert (dev.R.name, dev.R.mode, dev.R.typeStr, dev.R.disp) == ("R", "RW", "UInt32", "{:#x}")
    assert (dev.V.value(), dev.V.valueDisp(), dev.V.enum) == (5, "five", {5: "five"})
    assert (root.path, root.root, root.parent) == ("Top", None, None)
    assert root.running is dev.running is False
    with pytest.raises(AttributeError):
        dev.V.set(6)  # an update without a root to send it
    with pytest.raises(AttributeError):
        tree.pr.LocalCommand(name="C", function=lambda: 1)()
