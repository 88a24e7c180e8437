"""What servers leave behind: nothing, in any order."""

import numpy as np
import pytest
from support.trees.arrays import ARRAYS, count_texts, replaced, take
from support.trees.listeners import Recorder

from roguebridge.core.tree.patches.lazy_text import LazyTexts


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
