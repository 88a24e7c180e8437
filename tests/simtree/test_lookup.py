"""Finding nodes: find, nodeMatch, groups, recursion, array devices, device defaults."""

import pytest
from support.trees import running


def channel_class(pr):
    class Channel(pr.Device):
        def __init__(self, level=1, **kwargs):
            super().__init__(**kwargs)
            self.level = level
            self.add(pr.LocalVariable(name="Level", value=level, units="V", groups=["G"]))
            self.add(pr.LocalVariable(name="Ready", value=True, mode="RO", units="s"))

    return Channel


@pytest.fixture(scope="module")
def root(tree):
    pr = tree.pr
    channel = channel_class(pr)
    root = pr.Root(name="Top", pollEn=False)
    dev = pr.Device(name="D", memBase=tree.memory(), defaults={"R[*]": 7, "S[2]": 9, "Go": 4})
    root.add(dev)
    dev.add(pr.ArrayDevice(arrayClass=channel, number=3, stride=0x10, arrayArgs={"level": 5}))
    dev.addRemoteVariables(3, 4, name="R", offset=0x100, bitSize=8)
    for i in (0, 2, 3):
        dev.add(pr.LocalVariable(name=f"S[{i}]", value=i))
    for i in range(2):
        for j in range(2):
            dev.add(pr.LocalVariable(name=f"M[{i}][{j}]", value=1))
    dev.add(pr.LocalVariable(name="Numbers", value=[1, 2]))
    dev.add(pr.LocalCommand(name="Go", value=0, function=lambda arg: arg))
    with running(root):
        yield root


def names(nodes):
    return [n.path.removeprefix("Top.D.") for n in nodes]


@pytest.mark.parametrize(
    ("pattern", "found", "keys"),
    [
        ("Numbers", ["Numbers"], None),
        ("Numbers[1]", ["Numbers"], ["1"]),
        ("S[2]", ["S[2]"], None),
        ("S[*]", ["S[0]", "S[2]", "S[3]"], None),
        ("S[:]", ["S[0]", "S[2]", "S[3]"], None),
        ("S[0:3]", ["S[0]", "S[2]"], None),
        ("S[1:]", ["S[2]", "S[3]"], None),
        ("S[::2]", ["S[0]", "S[2]"], None),
        ("S[1]", [], None),
        ("S[x]", [], None),
        ("S", [], None),
        ("M[*][1]", ["M[0][1]", "M[1][1]"], None),
        ("M[0][*]", ["M[0][0]", "M[0][1]"], None),
        ("M[*]", [], None),
        ("S[*][0]", [], None),
        ("None", [], None),
        ("None[0]", [], None),
    ],
)
def test_node_match(root, pattern, found, keys):
    nodes, left = root.D.nodeMatch(pattern)
    assert (names(nodes), left) == (found, keys)


def test_defaults_of_a_device_may_name_arrays_and_commands(root):
    assert [v.value() for v in root.D.R.values()] == [7, 7, 7]
    assert [v.value() for v in root.D.S.values()] == [0, 9, 3]
    assert root.D.Go() == 4


def test_find(root, tree):
    pr, array = tree.pr, "ChannelArray.Channel"
    find = root.D.ChannelArray.find
    assert names(find(name="Level")) == [f"{array}[{i}].Level" for i in range(3)]
    assert names(find(name="Re.*y$|enable", typ=pr.LocalVariable)) == [
        f"{array}[{i}].Ready" for i in range(3)
    ]
    assert names(find(typ=pr.Device)) == [f"{array}[{i}]" for i in range(3)]
    assert names(find(typ=pr.LocalVariable, units="V", mode="RW")) == [
        f"{array}[{i}].Level" for i in range(3)
    ]
    assert names(find(typ=pr.LocalVariable, value=5)) == [f"{array}[{i}].Level" for i in range(3)]
    assert len(find()) == len(root.D.ChannelArray.nodeList)
    assert find(recurse=False, typ=pr.LocalVariable) == []
    assert find(nothing=1) == []
    with pytest.raises(TypeError):
        find(typ=pr.BaseVariable, units="V")  # enable has units None


def test_array_devices(root, tree):
    array = root.D.ChannelArray
    assert [d.name for d in array.deviceList] == [f"Channel[{i}]" for i in range(3)]
    assert [d.offset for d in array.Channel.values()] == [0, 0x10, 0x20]
    assert [d.Level.value() for d in array.Channel.values()] == [5, 5, 5]
    assert root.getNode("Top.D.ChannelArray.Channel[2].Level") is array.Channel[2].Level
    named = tree.pr.ArrayDevice(
        name="Own",
        arrayClass=channel_class(tree.pr),
        number=2,
        arrayArgs=[{"name": "Left", "level": 1}, {"level": 2}],
    )
    assert [(d.name, d.level) for d in named.deviceList] == [("Left", 1), ("Channel[1]", 2)]


def test_by_group(root):
    channel = root.D.ChannelArray.Channel[0]
    assert list(channel.variablesByGroup(incGroups="G")) == ["Level"]
    assert list(channel.commandsByGroup(excGroups=["Hidden"])) == []
    assert list(root.devicesByGroup(incGroups="None")) == []
    assert "Level" not in channel.getNodes(type(channel.Level), excGroups="G")


def test_recursion(tree):
    calls = []

    class Counted(tree.pr.Device):
        def note(self, by=1):
            calls.append((self.name, by))

    top = Counted(name="A")
    top.add(Counted(name="B"))
    top.B.add(Counted(name="C"))
    top.callRecursive("note", nodeTypes=[Counted], by=2)
    assert calls == [("A", 2), ("B", 2), ("C", 2)]
    calls.clear()
    top.makeRecursive("note", [Counted])(by=3)
    assert calls == [("A", 3), ("B", 3), ("C", 3)]
    with pytest.raises(AttributeError):
        top.callRecursive("note")


def test_hiding_variables(tree):
    dev = tree.pr.Device(name="D")
    dev.add([tree.pr.LocalVariable(name=n, value=1) for n in "ABC"])
    dev.hideVariables(True, ["A"])
    dev.hideVariables(True, [dev.B])
    assert [dev.node(n).hidden for n in "ABC"] == [True, True, False]
    dev.hideVariables(False)
    assert [dev.node(n).hidden for n in "ABC"] == [False, False, False]
    dev.hideVariables(True)
    assert dev.enable.hidden


def test_packed_registers(tree):
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    root.add(pr.Device(name="D", memBase=tree.memory()))
    root.D.addRemoteVariables(3, 4, pack=True, name="F", offset=0, base=pr.Int)
    root.D.addRemoteCommands(2, 4, name="C", offset=0x20, function=pr.BaseCommand.touchOne)
    with running(root):
        assert [v.hidden for v in root.D.F.values()] == [True] * 3
        assert not root.D.F_All.hidden
        root.D.F_All.set("1_2_3")
        assert [v.get() for v in root.D.F.values()] == [3, 2, 1]
        assert root.D.F_All.get() == "1_2_3"
        root.D.F_All.set("")
        root.D.F[0].set(9)
        assert root.D.F_All.value() == "1_2_9"
        assert [c.name for c in root.D.C.values()] == ["C[0]", "C[1]"]
