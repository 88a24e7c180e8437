"""What every root has before anybody adds anything."""

import threading

import pytest
from support.trees import LIMIT, running
from support.trees.listeners import Recorder

# path below the root, class, typeStr, mode, groups (H is Hidden), poll interval, arg, retTypeStr
TABLE = """
enable                        EnableVariable  bool   RW  Enable                    0  -  -
ReadDevice                    BaseCommand     bool   WO  H                         0  +  -
WriteDevice                   BaseCommand     str    WO  H                         0  +  -
RogueVersion                  LocalVariable   str    RO  -                         0  -  -
RogueDirectory                LocalVariable   str    RO  -                         0  -  -
SystemLog                     LocalVariable   str    RO  NoStream,NoSql,NoState,H  0  -  -
SystemLogLast                 LocalVariable   str    RO  NoStream,NoState,H        0  -  -
ForceWrite                    LocalVariable   bool   RW  H                         0  -  -
InitAfterConfig               LocalVariable   bool   RW  H                         0  -  -
Time                          LocalVariable   float  RO  NoSql,H                   0  -  -
LocalTime                     LinkVariable    str    RO  NoStream,NoSql,NoState    0  -  -
PollEn                        LocalVariable   bool   RW  NoStream,NoSql,NoState    0  -  -
WriteAll                      BaseCommand     int    WO  H                         0  -  -
ReadAll                       BaseCommand     int    WO  H                         0  -  -
SaveState                     BaseCommand     str    WO  H                         0  +  -
SaveConfig                    BaseCommand     str    WO  H                         0  +  -
LoadConfig                    BaseCommand     str    WO  H                         0  +  -
RemoteVariableDump            BaseCommand     str    WO  H                         0  +  -
RemoteConfigDump              BaseCommand     str    WO  H                         0  +  -
Initialize                    BaseCommand     int    WO  H                         0  -  -
HardReset                     BaseCommand     int    WO  H                         0  -  -
CountReset                    BaseCommand     int    WO  H                         0  -  -
ClearLog                      BaseCommand     int    WO  H                         0  -  -
SetYamlConfig                 BaseCommand     str    WO  H                         0  +  -
GetYamlConfig                 BaseCommand     bool   WO  H                         0  +  str
GetYamlState                  BaseCommand     bool   WO  H                         0  +  str
LoadConfigProcess.enable        EnableVariable  bool   RW  Enable                    0  -  -
LoadConfigProcess.ReadDevice    BaseCommand     bool   WO  H                         0  +  -
LoadConfigProcess.WriteDevice   BaseCommand     str    WO  H                         0  +  -
LoadConfigProcess.Start         BaseCommand     int    WO  -                         0  -  -
LoadConfigProcess.Stop          BaseCommand     int    WO  -                         0  -  -
LoadConfigProcess.Running       LocalVariable   bool   RO  -                         1  -  -
LoadConfigProcess.Progress      LocalVariable   float  RO  -                         1  -  -
LoadConfigProcess.Message       LocalVariable   str    RO  -                         1  -  -
LoadConfigProcess.Step          LocalVariable   int    RO  -                         1  -  -
LoadConfigProcess.TotalSteps    LocalVariable   int    RO  -                         1  -  -
LoadConfigProcess.UpdatePeriod  LocalVariable   float  RW  H                         0  -  -
LoadConfigProcess.LoadMode      LocalVariable   int    RW  -                         0  -  -
LoadConfigProcess.ConfigFile    LocalVariable   str    RW  -                         0  -  -
LoadConfigProcess.YamlString    LocalVariable   str    RW  -                         0  -  -
SaveConfigProcess.enable        EnableVariable  bool   RW  Enable                    0  -  -
SaveConfigProcess.ReadDevice    BaseCommand     bool   WO  H                         0  +  -
SaveConfigProcess.WriteDevice   BaseCommand     str    WO  H                         0  +  -
SaveConfigProcess.Start         BaseCommand     int    WO  -                         0  -  -
SaveConfigProcess.Stop          BaseCommand     int    WO  -                         0  -  -
SaveConfigProcess.Running       LocalVariable   bool   RO  -                         1  -  -
SaveConfigProcess.Progress      LocalVariable   float  RO  -                         1  -  -
SaveConfigProcess.Message       LocalVariable   str    RO  -                         1  -  -
SaveConfigProcess.Step          LocalVariable   int    RO  -                         1  -  -
SaveConfigProcess.TotalSteps    LocalVariable   int    RO  -                         1  -  -
SaveConfigProcess.UpdatePeriod  LocalVariable   float  RW  H                         0  -  -
SaveConfigProcess.DataType      LocalVariable   int    RW  -                         0  -  -
SaveConfigProcess.SaveMode      LocalVariable   int    RW  -                         0  -  -
SaveConfigProcess.ConfigFile    LocalVariable   str    RW  -                         0  -  -
SaveConfigProcess.YamlString    LocalVariable   str    RO  -                         0  -  -
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]


def row(node):
    groups = ",".join("H" if g == "Hidden" else g for g in node.groups)
    command = node.isCommand
    return [
        node.path.removeprefix("Top."),
        type(node).__name__,
        node.typeStr,
        node.mode,
        groups or "-",
        str(int(node.pollInterval)),
        "+" if command and node.arg else "-",
        (node.retTypeStr or "-") if command else "-",
    ]


@pytest.fixture(scope="module")
def root(tree):
    with running(tree.pr.Root(name="Top", pollEn=False)) as root:
        yield root


def test_there_are_55_in_this_order(root):
    assert len(ROWS) == 55
    assert [row(node) for node in root.variableList] == ROWS
    assert [len(root.variables), len(root.commands), len(root.devices)] == [10, 16, 2]


def test_hidden_is_a_group_and_nothing_else(root):
    for node, expected in zip(root.variableList, ROWS, strict=True):
        assert node.hidden is expected[4].endswith("H")
    assert not root.hidden
    assert not root.LoadConfigProcess.hidden


def test_first_values(root):
    assert root.LoadConfigProcess.LoadMode.enum == {0: "File", 1: "String"}
    assert root.SaveConfigProcess.DataType.enum == {0: "Config", 1: "Status"}
    assert root.SaveConfigProcess.SaveMode.valueDisp() == "File"
    assert root.SystemLog.value() == "[]"
    assert root.SystemLogLast.value() == ""
    assert root.ForceWrite.value() is root.InitAfterConfig.value() is False
    # Step and TotalSteps begin at 1: their localSet makes the progress 1 at start
    assert root.LoadConfigProcess.Progress.value() == 1.0
    assert root.LoadConfigProcess.Progress.valueDisp() == "1.00"
    assert root.LoadConfigProcess.Progress.units == "Pct"


def test_the_classes_are_processes(root, tree):
    assert [d.name for d in root.find(typ=tree.pr.Process)] == [
        "LoadConfigProcess",
        "SaveConfigProcess",
    ]
    assert isinstance(root.LoadConfigProcess, tree.pr.LoadConfigProcess)
    assert isinstance(root.SaveConfigProcess, tree.pr.SaveConfigProcess)


class Hooked:
    """Notes the hooks that the built-in commands call."""

    @staticmethod
    def make(pr, calls):
        class Counter(pr.Device):
            def initialize(self):
                calls.append((self.path, "initialize"))
                super().initialize()

            def hardReset(self):
                calls.append((self.path, "hardReset"))
                super().hardReset()

            def countReset(self):
                calls.append((self.path, "countReset"))
                super().countReset()

        outer = Counter(name="Outer")
        outer.add(Counter(name="Inner"))
        return outer


def test_commands_that_reach_all_devices(tree):
    calls = []
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(Hooked.make(tree.pr, calls))
    with running(root):
        for command, hook in (
            ("Initialize", "initialize"),
            ("HardReset", "hardReset"),
            ("CountReset", "countReset"),
        ):
            root.SystemLogLast.set("something")
            assert root.node(command)() is None
            assert calls == [("Top.Outer", hook), ("Top.Outer.Inner", hook)]
            assert root.SystemLogLast.value() == ("" if hook == "hardReset" else "something")
            calls.clear()
        assert root.ReadAll() is True
        assert root.WriteAll() is True
        root.ClearLog()
        assert root.SystemLogLast.value() == ""


def test_force_write(tree):
    memory = tree.memory()
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.Device(name="D", memBase=memory))
    root.D.add(tree.pr.RemoteVariable(name="R", offset=0, value=5))
    with running(root):
        root.WriteAll()
        root.WriteAll()
        assert memory.writes(0) == 1
        root.ForceWrite.set(True)
        root.WriteAll()
        assert memory.writes(0) == 2


def run(process):
    """Start a process and wait for its end; gives progress and message."""
    over = threading.Event()
    seen = []

    def listen(path, value):
        seen.append(value.value)
        if value.value is False:
            over.set()

    process.Running.addListener(listen)
    process.Start()
    assert over.wait(LIMIT)
    process.Running.delListener(listen)
    return process.Progress.value(), process.Message.value()


def test_a_configuration_from_nowhere(root):
    load = root.LoadConfigProcess
    load.LoadMode.setDisp("File")
    assert run(load) == (1.0, "Error: ConfigFile is empty")
    load.LoadMode.setDisp("String")
    assert run(load) == (1.0, "Error: YamlString is empty")
    load.Stop()


def test_root_listeners_hear_them_at_their_poll(tree):
    root, updates, last = tree.pr.Root(name="Top"), Recorder(), Recorder()
    root.addVarListener(updates)
    root.SaveConfigProcess.TotalSteps.addListener(last)
    with running(root):
        last.wait(1)
        root.waitOnUpdate()
        assert {f"Top.{r[0]}" for r in ROWS if r[5] == "1"} <= set(updates.paths)


class TestOnlySimtree:
    """It has neither YAML nor files, and says so."""

    @pytest.fixture
    def sim(self, tree, root):
        if tree.name != "simtree":
            pytest.skip("PyRogue reads and writes them")
        return tree

    @pytest.mark.parametrize(
        "name",
        [
            *("SaveState", "SaveConfig", "LoadConfig", "RemoteVariableDump", "RemoteConfigDump"),
            *("SetYamlConfig", "GetYamlConfig", "GetYamlState"),
        ],
    )
    def test_commands_refuse(self, sim, root, name):
        with pytest.raises(sim.pr.CommandError, match=f"Top.{name}: .*no YAML and no files"):
            root.node(name)()

    def test_processes_show_it(self, sim, root):
        root.LoadConfigProcess.LoadMode.setDisp("String")
        root.LoadConfigProcess.YamlString.set("Top: {}")
        for process in (root.LoadConfigProcess, root.SaveConfigProcess):
            progress, message = run(process)
            assert progress == 1.0
            assert message.startswith("Error: ")
            assert message.endswith("no YAML and no files")
