"""How many texts of an array are made, for a server and for others."""

import numpy as np
import pytest
from support.trees.arrays import ARRAYS, count_texts, local, take


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
