"""Who else hears an array sees the same as without a server: two equal trees, field by field."""

from contextlib import ExitStack

import pytest
from support.trees import LIMIT
from support.trees.arrays import KINDS, as_seen, open_world
from support.trees.listeners import Recorder


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


@pytest.fixture
def twins(tree, kind):
    """The same tree twice: heard by nobody, and by a server."""
    with ExitStack() as stack:
        yield [open_world(stack, tree, kind[0], served) for served in (False, True)]


def run(kind, worlds, watch):
    """Take all steps in both worlds; gives what ``watch`` returns, called before."""
    watched = [watch(world) for world in worlds]
    for step in kind[1]:
        for world in worlds:
            step(world.variable)
            world.root.waitOnUpdate()
    return watched


def told_at_once(world):
    calls = []
    world.variable.addListener(lambda path, told: calls.append((path, as_seen(told))))
    return calls


def told_and_kept(world):
    kept = Recorder()
    world.variable.addListener(kept)
    return kept.calls


def told_by_root(world):
    kept = Recorder()
    world.root.addVarListener(mine_only(kept))
    return kept.calls


def mine_only(listener):
    """Leave out what both trees tell of themselves."""
    return lambda path, told: listener(path, told) if path == "Top.D.V" else None


def test_a_listener_that_looks_at_once(kind, twins):
    plain, served = run(kind, twins, told_at_once)
    assert plain == served
    assert len(plain) >= len(kind[1])
    assert len(twins[1].bridge.calls) == len(plain)


@pytest.mark.parametrize("watch", [told_and_kept, told_by_root])
def test_one_that_keeps_what_it_is_told_and_looks_later(kind, twins, watch):
    # Meanwhile the tree has changed some of the arrays in place: the text is of the moment.
    plain, served = run(kind, twins, watch)
    assert [(path, as_seen(told)) for path, told in plain] == [
        (path, as_seen(told)) for path, told in served
    ]
    assert len(plain) >= len(kind[1])


def test_one_that_wants_texts(kind, twins):
    def watch(world):  # as PyRogue's listeners in C++
        texts = []
        world.variable.addListener(lambda path, told: texts.append((path, told.valueDisp)))
        return texts

    plain, served = run(kind, twins, watch)
    assert plain == served
    assert len(plain) >= len(kind[1])


def test_groups_and_batches(kind, twins):
    def watch(world):
        world.variable.addToGroup("Mine")
        heard = []

        def hear(path, told):
            heard.append((path, told.valueDisp))

        def done():
            if heard and heard[-1] != "done":
                heard.append("done")

        world.root.addVarListener(hear, done=done, incGroups="Mine")
        world.root.addVarListener(mine_only(lambda *told: heard.append("out")), excGroups="Mine")
        return heard

    plain, served = run(kind, twins, watch)
    assert plain == served
    assert plain[1::2] == ["done"] * (len(plain) // 2)
    assert len(plain) >= 2 * len(kind[1])


def test_a_wait_for_updates(tree, kind, twins):
    def watch(world):
        return tree.pr.VariableWaitClass(world.variable, timeout=LIMIT)

    for wait in run(kind, twins, watch):
        assert wait.wait()
        (told,) = wait.get_values().values()
        assert told.updated is True
    plain, served = run(kind, twins, watch)
    assert [as_seen(t) for t in plain.get_values().values()] == [
        as_seen(t) for t in served.get_values().values()
    ]


@pytest.mark.parametrize("field", ["value", "valueDisp", "updated", "status"])
def test_a_wait_for_a_condition(tree, kind, twins, field):
    def watch(world):
        seen = []

        def test(values):
            (told,) = values
            seen.append(as_seen(told) if field == "value" else getattr(told, field))
            return told.updated

        world.seen = seen
        return tree.pr.VariableWaitClass([world.variable], test, timeout=LIMIT)

    for wait in run(kind, twins, watch):
        assert wait.wait()
    plain, served = (world.seen for world in twins)
    assert plain[-1] == served[-1]
