"""Variables whose texts are made as before, which is told."""

import logging

import numpy as np
from support.trees.arrays import ARRAYS, replaced, take
from support.trees.listeners import Recorder

from roguebridge.core.tree.patches.lazy_text import LazyTexts


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
        "Top.D.V: arrays are made text at each update, which is slow: its _doUpdate has been "
        "replaced"
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
