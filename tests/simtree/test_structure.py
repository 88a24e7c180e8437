"""Names, paths, look-up, order and built-ins."""

import pytest
from support.trees import running

BUILT_IN = {
    "enable",
    "ReadDevice",
    "WriteDevice",
    "RogueVersion",
    "SystemLog",
    "SystemLogLast",
    "Time",
    "LocalTime",
    "PollEn",
    "ReadAll",
    "WriteAll",
}


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


def test_built_ins(root):
    names = [v.path.removeprefix("Top.") for v in root.variableList]
    assert names[:3] == ["enable", "ReadDevice", "WriteDevice"]
    assert set(names) >= BUILT_IN
    assert root.RogueVersion.typeStr == "str"
    assert root.RogueVersion.mode == "RO"
    assert root.Time.typeStr == "float"
    assert root.PollEn.value() is True
    assert root.SystemLog.groups == ["NoStream", "NoSql", "NoState", "Hidden"]
    assert root.SystemLogLast.groups == ["NoStream", "NoState", "Hidden"]
    assert root.ReadAll.hidden
    assert root.Dev.ReadDevice.hidden


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


@pytest.mark.parametrize("name", ["Last", "add", "path", "enable", "Mat", "Sub[0]"])
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
