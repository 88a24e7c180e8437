"""Who is told: listeners of a variable and of the root, as they come, go and fail."""

import threading

from support.trees import LIMIT, running
from support.trees.listeners import Recorder


def test_a_function_is_kept_once_and_can_go(root):
    updates = Recorder()
    root.waitOnUpdate()
    root.D.A.addListener(updates)
    root.D.A.addListener(updates)
    root.D.A.set(1)
    root.waitOnUpdate()
    assert len(updates.calls) == 1
    root.D.A.delListener(updates)
    root.D.A.delListener(updates)
    root.D.A.set(2)
    root.waitOnUpdate()
    assert len(updates.calls) == 1


def test_a_listener_may_set_and_add(root, listen):
    updates = listen("B")
    late = Recorder()

    def first(path, value):
        root.D.A.addListener(late)
        root.D.B.set(value.value)

    root.D.A.addListener(first)
    root.D.A.set(9)
    updates.wait(1)
    root.waitOnUpdate()
    root.D.A.delListener(first)
    root.D.A.delListener(late)
    assert updates.values == [9]
    assert late.values == [9]


def test_a_listener_that_removes_itself_hides_the_next(root):
    after = Recorder()

    def once(path, value):
        root.D.A.delListener(once)

    root.waitOnUpdate()
    root.D.A.addListener(once)
    root.D.A.addListener(after)
    root.D.A.set(1)
    root.waitOnUpdate()
    assert after.calls == []
    root.D.A.set(2)
    root.waitOnUpdate()
    assert len(after.calls) == 1
    root.D.A.delListener(after)


def test_per_instance_do_update(root, listen, tree):
    var = root.D.A
    updates, everything = listen("A"), Recorder()
    root.addVarListener(everything, incGroups="GA")

    def replacement():
        value = tree.pr.VariableValue(var)
        value.valueDisp = "replaced"
        for func in var._BaseVariable__functions:
            func(var.path, value)
        return value

    var._doUpdate = replacement
    try:
        var.set(1)
        root.waitOnUpdate()
    finally:
        del var._doUpdate
    var.set(2)
    root.waitOnUpdate()
    assert [v.valueDisp for _, v in updates.calls] == ["replaced", "2"]
    assert [v.valueDisp for _, v in everything.calls] == ["replaced", "2"]
    assert isinstance(var._BaseVariable__functions, list)


def test_root_listeners(tree):
    pr = tree.pr
    root = pr.Root(name="Top", pollEn=False)
    root.add(pr.LocalVariable(name="A", value=0, groups=["GA", "X"]))
    root.add(pr.LocalVariable(name="B", value=0, groups=["GB"]))
    every, some, without, tuples, log = (Recorder() for _ in range(5))
    order = []
    root.addVarListener(lambda path, value: order.append(path), done=lambda: order.append("done"))
    root.addVarListener(every)
    root.addVarListener(some, incGroups=["GA", "GB"], excGroups="X")
    root.addVarListener(without, excGroups=["NoSql", "NoStream", "GA"])
    root.addVarListener(tuples, incGroups=("GA",))
    root.A.addListener(log)
    with running(root):
        root.waitOnUpdate()
        for recorder in (every, some, without):
            recorder.clear()
        order.clear()
        with root.updateGroup():
            root.A.set(1)
            root.B.set(2)
        root.A.set(3)
        root.waitOnUpdate()
        assert order == ["Top.A", "Top.B", "done", "Top.A", "done"]
        assert every.paths == ["Top.A", "Top.B", "Top.A"]
        assert some.paths == ["Top.B"]
        assert without.paths == ["Top.B"]
        assert tuples.calls == []
        assert every.calls[-1][1] is log.calls[-1][1]
    assert not hasattr(root, "delVarListener")


def test_a_root_listener_holds_off_adding_another(tree):
    root = tree.pr.Root(name="Top", pollEn=False)
    root.add(tree.pr.LocalVariable(name="A", value=0))
    inside, go, added = (threading.Event() for _ in range(3))

    def slow(path, value):
        if path == "Top.A":
            inside.set()
            go.wait(LIMIT)

    def add():
        root.addVarListener(Recorder())
        added.set()

    root.addVarListener(slow)
    with running(root):
        root.A.set(1)
        assert inside.wait(LIMIT)
        adder = threading.Thread(target=add)
        adder.start()
        assert not added.wait(0.05)
        go.set()
        assert added.wait(LIMIT)
        adder.join(LIMIT)


def test_a_failing_listener_of_the_log_is_not_logged_for_ever(tree, capfd):
    root, calls = tree.pr.Root(name="Top", pollEn=False), []

    def fail(path, value):
        calls.append(path)
        raise OSError("on purpose")

    root.add(tree.pr.LocalVariable(name="A", value=0))
    with running(root):
        root.waitOnUpdate()
        root.addVarListener(fail)
        root.A.set(1)
        for _ in range(3):  # the record of the failure is an update, too
            root.waitOnUpdate()
        assert calls == ["Top.A", "Top.SystemLogLast", "Top.SystemLog"]
