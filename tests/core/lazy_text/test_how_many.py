"""Texts of arrays are not made for a server: which variables, what is left, and what is refused."""

import logging
import threading
from contextlib import ExitStack
from types import SimpleNamespace

import numpy as np
import pytest
from support.arrays import KINDS, count_texts, local, open_world, register
from support.fakes import WAIT
from support.killers import Switch
from support.listeners import Recorder

from roguebridge.core.culprit import Guard, delivered, guard, running_in
from roguebridge.core.lazy_text import LazyTexts, _told_by
from roguebridge.core.standin import standing

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")

SCALARS = {
    "int": local(0, 1),
    "float": local(0.0, 1.5),
    "bool": local(False, True),
    "str": local("a", "b"),
    "dict": local({"a": 1}, {"b": 2}),
    "enum": local(0, 1, enum={0: "No", 1: "Yes"}),
    "bytes": local(b"a", b"b"),
    "unformatted": KINDS["unformatted"],
}
LONG = {name: kind for name, kind in KINDS.items() if name not in ("unformatted", "any_enum")}


@pytest.fixture
def world(tree):
    """Give a function that starts a World with one variable."""
    with ExitStack() as stack:
        yield lambda kind, served=True: open_world(stack, tree, kind[0], served)


def take(world, kind):
    for step in kind[1]:
        step(world.variable)
        world.root.waitOnUpdate()


def replaced(root):
    return [v.path for v in root.variableList if "_doUpdate" in vars(v)]


# Which variables ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", LONG.values(), ids=LONG)
def test_arrays_and_lists(world, kind):
    served = world(kind)
    assert replaced(served.root) == ["Top.D.V"]
    assert served.texts.problems() == []
    served.stop_serving()
    assert replaced(served.root) == []


@pytest.mark.parametrize("kind", SCALARS.values(), ids=SCALARS)
def test_what_is_short_is_left_alone(world, kind):
    served = world(kind)
    assert replaced(served.root) == []
    take(served, kind)
    assert len(served.bridge.calls) == len(kind[1])
    served.stop_serving()
    take(served, kind)
    assert len(served.bridge.calls) == len(kind[1])


def test_no_value_is_read(tree, running):
    switch = Switch()
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    root.add(pr.LocalVariable(name="V", value=np.zeros(2), localGet=switch))
    root.add(pr.LinkVariable(name="L", linkedGet=lambda: switch() and np.zeros(2)))
    with running(root):
        switch.on = True
        texts = LazyTexts()
        for node in root.variableList:
            texts.listen(node, print)
            texts.unlisten(node, print)
    assert not switch.called.is_set()


def test_a_remote_node_is_asked_nothing():
    class Remote:
        """As of a VirtualClient: what it does not know it asks its server for."""

        def __init__(self):
            self.listeners = []

        def addListener(self, listener):
            self.listeners.append(listener)

        def delListener(self, listener):
            self.listeners.remove(listener)

        def __getattr__(self, name):
            raise AssertionError(f"the server was asked for {name}")

    node = Remote()
    texts = LazyTexts()
    texts.listen(node, print)
    assert node.listeners == [print]
    texts.unlisten(node, print)
    assert node.listeners == []


def test_enable_keeps_its_own_way(tree, running):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.LocalVariable(name="Power", value=True))
    root.add(tree.pr.Device(name="D", enableDeps=[root.Power]))
    with running(root):
        texts = LazyTexts()
        for node in root.variableList:
            texts.listen(node, Recorder())
        assert replaced(root) == []
        root.Power.set(False)
        root.waitOnUpdate()
        assert root.D.enable.value() == "deps"


# How many texts -------------------------------------------------------------------------------

ARRAYS = {
    "doubles": local(np.arange(3.0), np.ones(3), np.zeros(2)),
    "image": KINDS["image"],
    "bools": KINDS["bools"],
    "uint8": register("UInt", 8, [1, 2, 3], [4, 5, 6]),
    "labels": KINDS["labels"],
    "link": KINDS["link"],
    "mirror": KINDS["mirror"],
    "list": local([1.0], [2.0], [3.0]),
}


@pytest.fixture(params=ARRAYS)
def arrays(request):
    return ARRAYS[request.param]


def test_none_for_a_server_alone(world, arrays):
    served = world(arrays)
    made = count_texts(served.variable)
    take(served, arrays)
    assert len(served.bridge.calls) >= len(arrays[1])
    assert made == []


def test_none_for_nobody_at_all_but_what_the_tree_makes_itself(world, arrays):
    plain = world(arrays, served=False)
    made = count_texts(plain.variable)
    take(plain, arrays)
    assert len(made) >= len(arrays[1])


def test_one_for_all_who_ask(world, arrays):
    served = world(arrays)
    asked = []
    for _ in range(2):
        served.variable.addListener(lambda path, told: asked.append(told.valueDisp))
    served.root.addVarListener(
        lambda path, told: asked.append(told.valueDisp) if path == "Top.D.V" else None
    )
    made = count_texts(served.variable)
    take(served, arrays)
    assert len(asked) == 3 * len(made) == 3 * len(served.bridge.calls)


@pytest.mark.parametrize("name", ["doubles", "uint8", "link", "mirror"])
def test_none_if_others_listen_and_do_not_ask(world, name):
    served = world(ARRAYS[name])
    served.variable.addListener(lambda path, told: told.value)
    served.root.addVarListener(lambda path, told: told.status)
    made = count_texts(served.variable)
    take(served, ARRAYS[name])
    assert made == []


def test_a_list_that_others_may_keep_is_made_text_at_once(world):
    # No copy of it would be safe from what the tree does to its elements.
    served = world(ARRAYS["list"])
    served.variable.addListener(lambda path, told: None)
    made = count_texts(served.variable)
    take(served, ARRAYS["list"])
    assert len(made) == 2


def test_the_array_itself_is_told(world):
    served = world(ARRAYS["doubles"])
    served.variable.addListener(served.bridge)
    for value in (np.arange(4.0), np.arange(5.0)):
        served.variable.set(value)
        served.root.waitOnUpdate()
        assert served.bridge.values[-1] is value
        served.variable.addListener(lambda path, told: None)  # also if somebody else listens


def test_no_copy_is_made_for_a_server_alone(world):
    class Array(np.ndarray):
        copies = 0

        def copy(self, order="C"):
            type(self).copies += 1
            return super().copy(order)

    served = world(ARRAYS["doubles"])
    served.variable.set(np.arange(4.0).view(Array))
    served.root.waitOnUpdate()
    assert Array.copies == 0
    served.variable.addListener(lambda path, told: None)
    served.variable.set(np.arange(4.0).view(Array))
    served.root.waitOnUpdate()
    assert Array.copies == 1


def test_what_is_queued_behind_an_array_does_not_wait_for_a_text(world):
    served = world(local(np.zeros(2), disp="{:.3f}"))
    made = count_texts(served.variable)
    before = []
    served.device.Next.addListener(lambda path, told: before.append(len(made)))
    for number in range(3):
        served.variable.set(np.full(1000, float(number)))
        served.device.Next.set(number)
    served.root.waitOnUpdate()
    assert before == [0, 0, 0]
    assert len(served.bridge.calls) == 3


def test_a_text_that_does_not_fit_ends_nothing_until_somebody_asks(world):
    served = world(local(np.zeros(2, int), disp="{:d}"))
    served.variable.set(np.array([1.5]))
    served.device.Next.set(1)
    served.root.waitOnUpdate()
    assert served.root._updateThread.is_alive()
    (told,) = (told for _, told in served.bridge.calls)
    with pytest.raises(ValueError, match="format code"):
        told.valueDisp  # noqa: B018


# What is left ---------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_several_servers(world, order):
    kind = ARRAYS["doubles"]
    served = world(kind)
    servers = [(served.texts, served.bridge)]
    for _ in range(2):
        servers.append((LazyTexts(), Recorder()))
        servers[-1][0].listen(served.variable, servers[-1][1])
    made = count_texts(served.variable)
    for number in order:
        assert replaced(served.root) == ["Top.D.V"]
        heard = [len(bridge.calls) for _, bridge in servers]
        take(served, kind)
        assert made == []
        texts, bridge = servers[number]
        assert len(bridge.calls) == heard[number] + len(kind[1])
        texts.unlisten(served.variable, bridge)
    assert replaced(served.root) == []
    for bridge in (bridge for _, bridge in servers):
        bridge.clear()
    take(served, kind)
    assert len(made) == len(kind[1])
    assert not any(bridge.calls for _, bridge in servers)


def test_listening_twice_and_ending_twice(world):
    served = world(ARRAYS["doubles"])
    served.texts.listen(served.variable, served.bridge)
    served.variable.set(np.zeros(1))
    served.root.waitOnUpdate()
    assert len(served.bridge.calls) == 1
    served.stop_serving()
    assert replaced(served.root) == []
    served.stop_serving()
    assert replaced(served.root) == []


def test_listeners_that_come_and_go_before_and_after(world):
    kind = ARRAYS["doubles"]
    served = world(kind, served=False)
    before, after = Recorder(), Recorder()
    served.variable.addListener(before)
    texts = LazyTexts()
    texts.listen(served.variable, served.bridge)
    served.variable.addListener(after)
    take(served, kind)
    assert len(before.calls) == len(after.calls) == len(served.bridge.calls) == len(kind[1])
    assert [a is b for (_, a), (_, b) in zip(before.calls, after.calls, strict=True)] == [True] * 2
    served.variable.delListener(before)
    texts.unlisten(served.variable, served.bridge)
    take(served, kind)
    assert (len(before.calls), len(after.calls)) == (len(kind[1]), 2 * len(kind[1]))


def test_nothing_of_a_class_or_module_is_changed(tree, world):
    pr = tree.pr
    served = world(ARRAYS["doubles"], served=False)
    classes = [pr.LocalVariable, pr.LinkVariable, pr.RemoteVariable, pr.VariableValue, pr.Root]
    classes += [cls for cls in pr.LocalVariable.__mro__ if cls is not object]
    before = [dict(vars(cls)) for cls in classes]
    module = dict(vars(pr))
    texts = LazyTexts()
    texts.listen(served.variable, served.bridge)
    instance = set(vars(served.variable)) - {"_doUpdate"}
    take(served, ARRAYS["doubles"])
    texts.unlisten(served.variable, served.bridge)
    assert [dict(vars(cls)) for cls in classes] == before
    assert dict(vars(pr)) == module
    assert set(vars(served.variable)) == instance


def test_under_the_wrapper_of_another_it_is_left_transparent(world):
    kind = ARRAYS["doubles"]
    served = world(kind)
    ours = served.variable._doUpdate
    served.variable._doUpdate = other = lambda: ours()
    made = count_texts(served.variable)
    served.stop_serving()
    assert served.variable._doUpdate is other
    everything = Recorder()
    served.root.addVarListener(everything)
    take(served, kind)
    assert len(made) == len(kind[1])
    assert everything.paths.count("Top.D.V") == len(kind[1])


# Together with a guard ------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["guard", "texts"])
@pytest.mark.parametrize("left", ["guard", "texts"])
def test_a_guard_and_lazy_texts_in_any_order(world, first, left):
    kind = ARRAYS["doubles"]
    served = world(kind, served=False)
    variable, texts, failed = served.variable, LazyTexts(), []

    def tell(path, exc):
        failed.append((path, type(exc)))

    if first == "texts":
        texts.listen(variable, served.bridge)
    guarded = guard(variable, tell)
    if first == "guard":
        texts.listen(variable, served.bridge)
    made = count_texts(variable)
    switch = Switch()
    variable.addListener(switch)
    everything = Recorder()
    served.root.addVarListener(everything)
    switch.on = True
    take(served, kind)
    # It fails, which is told, ends nothing, and keeps nothing from the root's listeners.
    assert failed == [("Top.D.V", OSError)] * 2
    told = [told for path, told in everything.calls if path == "Top.D.V"]
    assert [len(one.value) for one in told] == [3, 2]
    assert made == []
    assert [one.valueDisp for one in told] == ["[1.0, 1.0, 1.0]", "[0.0, 0.0]"]
    assert len(made) == 2

    if left == "guard":
        guarded.tell_no_more(tell)
        switch.on = False
        take(served, kind)
        assert len(made) == 2  # still lazy
        texts.unlisten(variable, served.bridge)
    else:
        texts.unlisten(variable, served.bridge)
        take(served, kind)
        assert len(made) == 4  # no longer
        assert len(failed) == 4  # still guarded
        guarded.tell_no_more(tell)
    assert replaced(served.root) == []


def test_a_guarded_array_that_fails_is_told_as_it_was(world):
    served = world(local(np.zeros(2), highAlarm=5, typeCheck=False))
    failed = []
    guarded = guard(served.variable, lambda path, exc: failed.append(type(exc)))
    everything = Recorder()
    served.root.addVarListener(everything)
    steps = [np.ones(1), np.zeros(3), np.zeros(3)]  # PyRogue compares one element only
    for value in steps:
        served.variable.set(value)
        served.root.waitOnUpdate()
    told = [told for path, told in everything.calls if path == "Top.D.V"]
    assert failed == [ValueError] * 2
    assert [one.valueDisp for one in told] == ["[1.0]"] * 3
    assert len({id(one) for one in told}) == 3
    assert guarded.told


def test_a_server_guards_revives_and_restores(serve, tree):
    site = serve(tree.pr.LocalVariable(name="V", value=np.zeros(2)))
    assert replaced(site.root) == ["Top.V"]
    made, switch, heard = count_texts(site.root.V), Switch(), Recorder()
    site.root.V.addListener(switch)
    site.root.V.addListener(heard)
    switch.on = True
    for _ in range(2):  # the second time it is guarded
        switch.called.clear()
        site.root.V.set(np.ones(2))
        assert switch.called.wait(WAIT)
    assert standing(site.root.V, Guard) is not None
    switch.on = False
    site.root.V.set(np.ones(3))
    heard.wait(1)
    assert made == []
    site.server.stop()
    assert replaced(site.root) == []


def test_a_late_text_that_holds_all_up_is_the_fault_of_its_variable(world):
    served = world(local(np.zeros(2)))
    reached, go, kept = threading.Event(), threading.Event(), {}

    def hold(value):
        reached.set()
        assert go.wait(WAIT)
        return "text"

    served.variable.genDisp = hold
    served.root.addVarListener(  # as a ZmqServer, which sends what it was told after the batch
        kept.__setitem__, done=lambda: [told.valueDisp for told in kept.values()]
    )
    try:
        with served.root.updateGroup():
            served.variable.set(np.ones(2))
            served.device.Next.set(1)
        assert reached.wait(WAIT)
        assert delivered(running_in(served.root._updateThread)) is served.variable
    finally:
        go.set()
    served.root.waitOnUpdate()


# What is refused ------------------------------------------------------------------------------


def test_a_class_with_a_way_of_its_own_is_left_alone(tree, running, caplog):
    class Special(tree.pr.LocalVariable):
        count = 0

        def _doUpdate(self):
            type(self).count += 1
            return super()._doUpdate()

    root = tree.pr.Root(name="Top", pollEn=False)
    root.add([Special(name=name, value=np.zeros(2)) for name in ("A", "B", "C")])
    with running(root):
        texts, bridge = LazyTexts(), Recorder()
        for name in ("A", "B"):
            texts.listen(root.node(name), bridge)
        assert replaced(root) == []
        assert Special.count == 0
        root.A.set(np.ones(3))
        root.waitOnUpdate()
        assert (Special.count, len(bridge.calls)) == (1, 1)
        reason = "its class Special has a _doUpdate of its own"
        text = f"arrays are made text at each update, which is slow: {reason}"
        assert texts.problems() == [f"Top.A and 1 more: {text}"]
        assert [r.getMessage() for r in caplog.records if "text" in r.message] == [f"Top.A: {text}"]
        for name in ("A", "B"):
            texts.unlisten(root.node(name), bridge)
        root.A.set(np.ones(3))
        root.waitOnUpdate()
        assert len(bridge.calls) == 1


def test_the_place_of_somebody_else_is_left_alone(world):
    served = world(ARRAYS["doubles"], served=False)
    original = served.variable._doUpdate
    served.variable._doUpdate = other = lambda: original()
    texts = LazyTexts()
    texts.listen(served.variable, served.bridge)
    assert served.variable._doUpdate is other
    assert texts.problems() == [
        "Top.D.V: arrays are made text at each update, which is slow: something else has taken "
        "the place of its _doUpdate"
    ]
    take(served, ARRAYS["doubles"])
    assert len(served.bridge.calls) == 2
    texts.unlisten(served.variable, served.bridge)
    assert served.variable._doUpdate is other


def test_a_tree_that_is_not_known_is_left_alone(tree, world, monkeypatch):
    served = world(ARRAYS["doubles"], served=False)
    base = next(cls for cls in type(served.variable).__mro__ if "_doUpdate" in vars(cls))
    original = base._doUpdate

    def _doUpdate(self):
        self._lastUpdate = 1
        return original(self)

    monkeypatch.setattr(base, "_doUpdate", _doUpdate)
    texts = LazyTexts()
    texts.listen(served.variable, served.bridge)
    assert replaced(served.root) == []
    (problem,) = texts.problems()
    assert problem.endswith("this version of PyRogue delivers updates in a way that is not known")
    take(served, ARRAYS["doubles"])
    assert len(served.bridge.calls) == 2
    texts.unlisten(served.variable, served.bridge)


def test_a_root_that_is_not_known_is_left_alone(world, monkeypatch):
    served = world(ARRAYS["doubles"], served=False)
    monkeypatch.setattr(served.root, "_varListeners", ())
    texts = LazyTexts()
    texts.listen(served.variable, served.bridge)
    assert replaced(served.root) == []
    assert len(texts.problems()) == 1
    texts.unlisten(served.variable, served.bridge)


def test_a_server_reports_and_logs_it(serve, tree, caplog):
    class Special(tree.pr.LocalVariable):
        def _doUpdate(self):
            return super()._doUpdate()

    with caplog.at_level(logging.WARNING, "roguebridge"):
        site = serve(Special(name="V", value=np.zeros(2)))
    text = "Top.V: arrays are made text at each update, which is slow: its class Special"
    assert [t for t in site.server.report() if t.startswith(text)]
    (record,) = [r for r in caplog.records if r.name == "roguebridge.lazy_text"]
    assert record.getMessage().startswith(text)
    site.server.stop()
    assert site.server.report() == ()


# What a tree must do to be known --------------------------------------------------------------


class Value:
    def __init__(self, var):
        self.value = var.get(read=False, index=-1)
        self.valueDisp = var.genDisp(self.value)
        self.disp = var.disp
        self.enum = var.enum
        self.updated = False
        self.status, self.severity = var._alarmState(self.value)


def deliver(self, kind=Value):
    told = kind(self)
    for listener in self._BaseVariable__functions:
        listener(self.path, told)
    return told


def test_it_is_known_by_what_it_does():
    assert _told_by(deliver) is Value


def more_fields(self):
    told = deliver(self)
    told.time = 1
    return told


def another_order(self):
    told = deliver(self)
    told.value = vars(told).pop("value")
    return told


def asks_more(self):
    self.name  # noqa: B018
    return deliver(self)


def asks_more_of_what_it_has(self):
    self.path  # noqa: B018
    return deliver(self)


def tells_nobody(self):
    return Value(self)


def tells_another(self):
    deliver(self)
    return Value(self)


def tells_in_another_way(self):
    told = Value(self)
    for listener in self._BaseVariable__functions:
        listener(told, self.path)
    return told


def keeps_something(self):
    told = deliver(self)
    self.last = told
    return told


def reads(self):
    self.get(read=True, index=-1)
    return deliver(self)


def judges_something_else(self):
    self._alarmState(None)
    return deliver(self)


class Derived(Value):
    pass


class Slotted:
    __slots__ = ("value",)

    def __init__(self, var):
        self.value = var.get(read=False, index=-1)


class Reading(Value):
    def __init__(self, var):
        super().__init__(SimpleNamespace())


@pytest.mark.parametrize(
    "update",
    [
        more_fields, another_order, asks_more, asks_more_of_what_it_has, tells_nobody,
        tells_another, tells_in_another_way, keeps_something, reads, judges_something_else,
        lambda self: deliver(self, Derived),
        lambda self: deliver(self, Slotted),
        lambda self: deliver(self, Reading),
        lambda self: None,
        lambda: None,
    ],
    ids=lambda f: f.__name__,
)  # fmt: skip
def test_it_is_not_known_by_what_it_does_otherwise(update):
    assert _told_by(update) is None
