"""Commands: arguments, results, updates; commands on registers."""

import threading

import pytest
from support.trees import LIMIT, running
from support.trees.listeners import Recorder


@pytest.fixture(scope="module")
def memory(tree):
    return tree.memory()


@pytest.fixture(scope="module")
def root(tree, memory):
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    d = pr.Device(name="D", memBase=memory)
    root.add(d)

    def add(name, function, **kwargs):
        d.add(pr.LocalCommand(name=name, function=function, **kwargs))

    def fail():
        raise ZeroDivisionError("on purpose")

    def keyword(*, arg):
        return arg

    @d.command(value="x")
    def Decorated(arg):
        return arg

    add("Plain", lambda: "done")
    add("Echo", lambda arg: arg, retValue=0)
    add("Text", lambda arg: arg, value="", retValue="")
    add("All", lambda root, dev, cmd, arg: (root, dev, cmd, arg))
    add("Keyword", keyword, value=1)
    add("Fail", fail)
    add("Enum", lambda arg: arg, enum={0: "zero", 1: "one"}, minimum=0, maximum=1)
    add("Floats", lambda: [1.0], retValue=[1.0])
    add("Nothing", None)
    d.add(pr.Command(name="Thread", function=threading.current_thread))

    def remote(name, offset, function, **kwargs):
        d.add(pr.RemoteCommand(name=name, offset=offset, function=function, **kwargs))

    remote("One", 0x0, pr.BaseCommand.touchOne)
    remote("Touch", 0x4, pr.BaseCommand.touch, bitSize=8)
    remote("Toggle", 0x8, pr.BaseCommand.toggle)
    remote("Seven", 0xC, pr.BaseCommand.createTouch(7))
    remote("Arg", 0x10, pr.BaseCommand.setArg)
    remote("Posted", 0x14, pr.BaseCommand.postedTouch)
    remote("Steps", 0x18, pr.BaseCommand.createToggle([3, 2]))
    remote("Verified", 0x1C, pr.BaseCommand.setAndVerifyArg)
    remote("Read", 0x20, pr.BaseCommand.read)
    remote("PostOne", 0x24, pr.BaseCommand.postedTouchOne)
    remote("PostZero", 0x28, pr.BaseCommand.postedTouchZero)
    remote("PostSix", 0x2C, pr.BaseCommand.createPostedTouch(6))
    remote("Zero", 0x30, pr.BaseCommand.touchZero)
    remote("Default", 0x34, pr.BaseCommand.setArg, value=9)
    remote("Own", 0x38, lambda cmd, arg: cmd.set(arg + 1))
    remote("Labels", 0x3C, pr.BaseCommand.setArg, enum={0: "off", 3: "on"})
    with running(root):
        yield root


@pytest.mark.parametrize(
    ("name", "arg", "returns", "type_name"),
    [
        ("Plain", False, None, "int"),
        ("Echo", True, "int", "int"),
        ("Text", True, "str", "str"),
        ("All", True, None, "int"),
        ("Keyword", False, None, "int"),
        ("Floats", False, "List[float]", "int"),
        ("Nothing", False, None, "int"),
        ("Decorated", True, None, "str"),
        ("Touch", True, None, "UInt8"),
        ("One", False, None, "UInt32"),
    ],
)
def test_declared(root, name, arg, returns, type_name):
    cmd = root.D.node(name)
    assert cmd.arg is arg
    assert cmd.retTypeStr == returns
    assert cmd.typeStr == type_name
    assert cmd.mode == "WO"
    assert cmd.isCommand


def test_calls(root):
    d = root.D
    assert d.Plain() == "done"
    assert d.Plain.call() == "done"
    assert d.Plain.callDisp() == "done"
    assert d.Floats.callDisp() == "[1.0]"
    assert d.Nothing() is None
    assert d.Nothing.callDisp() == "None"
    assert d.All(3) == (root, d, d.All, 3)
    assert d.Keyword(4) == 4
    assert d.Thread() is threading.current_thread()
    assert d.Decorated() == "x"


def test_exceptions_are_passed_on(root):
    with pytest.raises(ZeroDivisionError, match="on purpose"):
        root.D.Fail()


def test_the_argument_sticks(root):
    assert root.D.Echo(7) == 7
    assert root.D.Echo() == root.D.Echo(None) == 7
    assert root.D.Echo.value() == root.D.Echo.get() == 7


@pytest.mark.parametrize(
    ("name", "arg", "gets"),
    [
        ("Echo", "7", 7),
        ("Echo", "0x10", 16),
        ("Echo", 1.5, 1.5),
        ("Echo", [1], [1]),
        ("Text", "7", "7"),
        ("Text", "", ""),
        ("Enum", "one", 1),
        ("Enum", 9, 9),
    ],
)
def test_text_is_parsed_and_nothing_checked(root, name, arg, gets):
    assert root.D.node(name)(arg) == gets


@pytest.mark.parametrize(
    ("name", "arg"), [("Echo", "abc"), ("Echo", ""), ("Enum", "two"), ("Plain", "abc")]
)
def test_bad_text(root, tree, name, arg):
    with pytest.raises(tree.pr.VariableError, match="Invalid value"):
        root.D.node(name)(arg)


def test_updates_only_with_an_argument(root):
    updates = Recorder()
    root.waitOnUpdate()
    for name in ("Plain", "Echo", "Keyword"):
        root.D.node(name).addListener(updates)
    root.D.Plain()
    root.D.Keyword(3)
    root.D.Echo(5)
    root.waitOnUpdate()
    assert updates.paths == ["Top.D.Echo"]
    assert updates.values == [5]


def test_set_does_nothing(root):
    root.D.Echo(5)
    root.D.Echo.set(6)
    root.D.Echo.post(6)
    root.D.Echo.setDisp("6")
    assert root.D.Echo.value() == 5


def test_parallel_runs(tree):
    inside, go = threading.Semaphore(0), threading.Event()

    def run():
        inside.release()
        go.wait(LIMIT)

    root = tree.pr.Root(name="Top")
    root.add(tree.pr.LocalCommand(name="Run", function=run))
    with running(root):
        threads = [threading.Thread(target=root.Run) for _ in range(2)]
        for thread in threads:
            thread.start()
        both = [inside.acquire(timeout=LIMIT) for _ in threads]
        go.set()
        for thread in threads:
            thread.join(LIMIT)
    assert both == [True, True]


@pytest.mark.parametrize(
    ("name", "arg", "offset", "left", "writes"),
    [
        ("One", None, 0x0, 1, 1),
        ("Touch", 9, 0x4, 9, 1),
        ("Touch", None, 0x4, 1, 1),
        ("Toggle", None, 0x8, 0, 2),
        ("Seven", None, 0xC, 7, 1),
        ("Arg", 5, 0x10, 5, 1),
        ("Posted", 6, 0x14, 6, 1),
        ("Steps", None, 0x18, 2, 2),
        ("Verified", 5, 0x1C, 5, 1),
        ("PostOne", None, 0x24, 1, 1),
        ("PostZero", None, 0x28, 0, 1),
        ("PostSix", None, 0x2C, 6, 1),
        ("Zero", None, 0x30, 0, 1),
        ("Default", None, 0x34, 9, 1),
        ("Default", 4, 0x34, 4, 1),
        ("Own", 4, 0x38, 5, 1),
        ("Own", "0x10", 0x38, 17, 1),
        ("Labels", "on", 0x3C, 3, 1),
    ],
)
def test_registers_are_written(root, memory, name, arg, offset, left, writes):
    updates = Recorder()
    cmd = root.D.node(name)
    root.waitOnUpdate()
    cmd.addListener(updates)
    before = memory.writes(offset)
    cmd(arg)
    assert memory.peek(offset, 1) == bytes([left])
    assert memory.writes(offset) - before == writes
    assert memory.reads(offset) == 0
    assert cmd.value() == left
    root.waitOnUpdate()
    assert len(updates.calls) == writes
    cmd.delListener(updates)


def test_register_errors(root, memory, tree):
    with pytest.raises(tree.general_error, match="Failed to extract value"):
        root.D.Arg()
    with pytest.raises(tree.general_error, match="Value range error for Touch"):
        root.D.Touch(256)
    with pytest.raises(TypeError):
        root.D.Arg.set(1, verify=True)
    root.D.Arg.set(1)
    memory.fail_write(0x10)
    with pytest.raises(tree.general_error, match="NAK"):
        root.D.Arg(8)
    memory.clear()
    assert root.D.Arg.value() == 8
    assert memory.peek(0x10, 1) == b"\x01"


def test_a_stuck_register_passes_verification(root, memory):
    memory.stuck(0x1C)  # write only: the comparison is with the cache
    root.D.Verified(8)
    memory.clear()
    assert root.D.Verified.value() == 8
    assert memory.reads(0x1C) == 0


def test_reading_a_command_register_does_not_touch_it(root, memory):
    root.D.Read()
    assert memory.reads(0x20) == 0
    assert root.D.One.get() == root.D.One.value()


def test_the_argument_of_a_register_does_not_stick(root):
    assert root.D.Default(4) is None
    assert root.D.Default() is None
    assert root.D.Default.value() == 9


def test_replacing_the_function(root):
    cmd = root.D.Nothing
    cmd.replaceFunction(lambda arg: arg)
    assert cmd(3) == 3
    assert cmd.arg is False  # that was decided at the beginning
    cmd.replaceFunction(None)
    assert cmd(3) is None


def test_exceptions_are_logged(root, caplog):
    with pytest.raises(ZeroDivisionError):
        root.D.Fail()
    assert [r.name for r in caplog.records] == ["pyrogue.Command.BaseCommand.Top.D.Fail"]
    assert caplog.records[0].exc_info is not None


def test_none_and_missing_arguments_are_the_same(root):
    assert root.D.Text("left") == "left"
    assert root.D.Text(None) == "left"
    assert root.D.Text.call() == "left"
    assert root.D.Text("") == ""
    assert root.D.Text() == ""
