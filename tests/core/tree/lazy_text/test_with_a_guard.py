"""Lazy texts of a variable that a watchdog has guarded too."""

import threading

import numpy as np
import pytest
from support.engine.fakes import WAIT
from support.trees.arrays import ARRAYS, count_texts, local, replaced, take
from support.trees.killers import Switch
from support.trees.listeners import Recorder

from roguebridge.core.tree.patches.lazy_text import LazyTexts
from roguebridge.core.tree.patches.update_frames import delivered, running_in
from roguebridge.core.tree.patches.update_guard import guard

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


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
    assert vars(site.root.V)["_doUpdate"].guard is not None
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
