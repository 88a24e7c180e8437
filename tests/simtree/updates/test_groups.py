"""Updates of a group come together, sources before their dependents."""

import threading

import pytest
from support.trees import LIMIT


def test_a_group_is_one_batch(root, listen):
    updates = listen("A", "B")
    with root.updateGroup():
        for i in range(5):
            root.D.A.set(i)
            root.D.B.set(i)
        root.waitOnUpdate()
        assert updates.calls == []
    root.waitOnUpdate()
    assert updates.calls[0][1].value == 4
    assert updates.paths == ["Top.D.A", "Top.D.B"]


def test_groups_nest_and_end_on_exceptions(root, listen):
    updates = listen("A")
    with pytest.raises(OSError, match="inner"), root.updateGroup():
        with root.updateGroup():
            root.D.A.set(1)
        root.waitOnUpdate()
        assert updates.calls == []
        raise OSError("inner")
    root.waitOnUpdate()
    assert len(updates.calls) == 1


def test_groups_are_per_thread(root, listen):
    updates = listen("A")
    with root.updateGroup():
        other = threading.Thread(target=root.D.A.set, args=(1,))
        other.start()
        other.join(LIMIT)
        root.waitOnUpdate()
        assert len(updates.calls) == 1


def test_a_group_with_a_period_does_not_wait_for_its_end(root, listen):
    updates = listen("A")
    with root.updateGroup(period=0.01):
        for i in range(100_000):
            root.D.A.set(i)
            if updates.calls:
                break
        assert updates.calls


def test_dependents_follow_their_sources_once(root, listen):
    updates = listen("A", "B", "Sum", "Twice")
    with root.updateGroup():
        root.D.A.set(1)
        root.D.B.set(2)
    root.waitOnUpdate()
    assert updates.paths == ["Top.D.A", "Top.D.B", "Top.D.Sum", "Top.D.Twice"]
    assert updates.values[2:] == [3, 6]
