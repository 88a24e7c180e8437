"""What waits for what: registers, local variables, commands."""

import threading

import pytest
from support.trees import LIMIT, running


class Step:
    """A callback that stops in the middle until told to go on."""

    def __init__(self):
        self.armed = False
        self.inside, self.go = threading.Event(), threading.Event()

    def __call__(self):
        if self.armed:
            self.inside.set()
            self.go.wait(LIMIT)
        return 1

    def __enter__(self):
        self.armed = True
        return self

    def __exit__(self, *exc):
        self.armed = False
        self.go.set()
        self.inside.clear()


class Call(threading.Thread):
    """A call on a thread of its own."""

    def __init__(self, function, *args, **kwargs):
        super().__init__()
        self.call = lambda: function(*args, **kwargs)
        self.over = threading.Event()
        self.start()

    def run(self):
        self.call()
        self.over.set()

    def waits(self):
        return not self.over.wait(0.05)

    def ends(self):
        return self.over.wait(LIMIT)


@pytest.fixture(scope="module")
def memory(tree):
    return tree.memory()


@pytest.fixture(scope="module")
def root(tree, memory):
    pr = tree.pr
    root = pr.Root(name="Top", timeout=5.0, pollEn=False)
    root.setter, root.getter, root.command_step = Step(), Step(), Step()
    d = pr.Device(name="D", memBase=memory)
    root.add(d)
    d.add(pr.RemoteVariable(name="Low", offset=0, bitSize=8))
    d.add(pr.RemoteVariable(name="High", offset=0, bitSize=8, bitOffset=8))
    d.add(pr.RemoteVariable(name="Other", offset=4))
    d.add(pr.LinkVariable(name="Mirror", variable=d.High))
    d.add(pr.LocalVariable(name="Set", value=0, localSet=lambda: root.setter()))
    d.add(pr.LocalVariable(name="Get", value=0, localGet=lambda: root.getter()))
    d.add(
        pr.LocalVariable(
            name="Both", value=0, localSet=lambda: root.setter(), localGet=lambda: root.getter()
        )
    )
    d.add(pr.LocalVariable(name="Free", value=0))
    d.add(pr.LocalCommand(name="Run", function=lambda: root.command_step()))
    with running(root):
        yield root


@pytest.mark.parametrize(
    ("name", "method", "args"),
    [
        ("Low", "set", (2,)),
        ("High", "set", (2,)),
        ("High", "value", ()),
        ("High", "valueDisp", ()),
        ("High", "getVariableValue", (False,)),
        ("Mirror", "value", ()),
    ],
)
def test_a_transaction_holds_its_block(root, memory, name, method, args):
    with memory.hold(0) as gate:
        first = Call(root.D.Low.set, 1)
        assert gate.entered.wait(LIMIT)
        second = Call(getattr(root.D.node(name), method), *args)
        assert second.waits()
        assert Call(root.D.Other.set, 3).ends()
        assert Call(root.D.Free.set, 3).ends()
        memory.clear()
    assert first.ends()
    assert second.ends()


def test_staging_waits_for_a_transaction(root, memory):
    with memory.hold(0) as gate:
        first = Call(root.D.Low.set, 1)
        assert gate.entered.wait(LIMIT)
        second = Call(root.D.High.set, 7, write=False)
        assert second.waits()
        memory.clear()
    assert first.ends()
    assert second.ends()
    root.D.High.write()


def test_a_setter_holds_its_variable_but_not_its_value(root):
    with root.setter as step:
        first = Call(root.D.Set.set, 1)
        assert step.inside.wait(LIMIT)
        second = Call(root.D.Set.set, 2)
        assert second.waits()
        assert root.D.Set.value() == 1
        assert Call(root.D.Free.set, 2).ends()
    assert first.ends()
    assert second.ends()
    root.setter = Step()


def test_a_setter_holds_the_getter(root):
    with root.setter as step:
        first = Call(root.D.Both.set, 1)
        assert step.inside.wait(LIMIT)
        second = Call(root.D.Both.value)
        assert second.waits()
    assert first.ends()
    assert second.ends()
    root.setter = Step()


def test_a_getter_holds_itself(root):
    with root.getter as step:
        first = Call(root.D.Get.value)
        assert step.inside.wait(LIMIT)
        second = Call(root.D.Get.value)
        assert second.waits()
    assert first.ends()
    assert second.ends()
    root.getter = Step()


def test_a_command_holds_nothing(root):
    with root.command_step as step:
        first = Call(root.D.Run)
        assert step.inside.wait(LIMIT)
        step.inside.clear()
        second = Call(root.D.Run)
        assert step.inside.wait(LIMIT)
        assert Call(root.D.Free.set, 2).ends()
    assert first.ends()
    assert second.ends()
