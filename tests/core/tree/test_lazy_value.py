"""Value objects whose text is made when somebody asks: nobody can tell them from the tree's own."""

import copy
import pickle
import threading
import weakref
from functools import singledispatch

import numpy as np
import pytest
from support.engine.fakes import WAIT, join

from roguebridge.core.tree.patches.lazy_value import maker_of

FIELDS = ["value", "valueDisp", "disp", "enum", "updated", "status", "severity"]


class Variable:
    """As much of a variable as a value object asks for; counts the texts."""

    def __init__(self, value=None):
        self.array = np.arange(3.0) if value is None else value
        self.disp = "{:.1f}"
        self.enum = {1: "one"}
        self.made = []
        self.broken = False

    def get(self, read=True, index=-1):
        return self.array

    def genDisp(self, value):
        self.made.append(threading.current_thread())
        if self.broken:
            raise ValueError("no text")
        return f"text of {value}"

    def _alarmState(self, value):
        return "AlarmHigh", "AlarmMinor"


@pytest.fixture
def kind(tree):
    return tree.pr.VariableValue


@pytest.fixture
def variable():
    return Variable()


@pytest.fixture
def own(kind, variable):
    """The tree's own object."""
    return kind(variable)


@pytest.fixture
def told(kind, variable, own):
    """The lazy one; no text has been made."""
    told = maker_of(kind).later(variable, variable.array, variable.array)
    variable.made.clear()
    return told


def test_the_plain_fields_cost_no_text(variable, own, told):
    for name in FIELDS:
        if name != "valueDisp":
            assert getattr(told, name) is getattr(own, name)
    told.updated = True
    assert told.updated is True
    assert variable.made == []


def test_the_text_is_made_once(variable, own, told):
    assert [told.valueDisp, told.valueDisp, vars(told)["valueDisp"]] == [own.valueDisp] * 3
    assert len(variable.made) == 1


def test_once_asked_it_is_the_trees_own(kind, told):
    assert told.valueDisp
    assert type(told) is kind


def test_before_it_passes_for_it(kind, variable, told):
    assert isinstance(told, kind)
    assert type(told).__mro__ == kind.__mro__
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        assert getattr(type(told), name) == getattr(kind, name)
    assert variable.made == []

    @singledispatch
    def name_of(value):
        return "object"

    name_of.register(kind, lambda value: "value")
    assert name_of(told) == "value"


def test_its_fields(own, told):
    assert list(vars(told).items()) == list(vars(own).items())
    assert list(vars(told)) == FIELDS


def test_repr_and_str(own, told):
    assert repr(told) == repr(own)
    assert str(told) == str(own)


def test_it_equals_nothing_but_itself(own, told):
    assert told == told  # noqa: PLR0124
    assert told != own
    assert len({told, own}) == 2


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_pickles_as_the_trees_own(kind, variable, own, told, protocol):
    data = pickle.dumps(told, protocol)
    assert data == pickle.dumps(own, protocol)
    assert type(told) is kind
    loaded = pickle.loads(data)  # noqa: S301
    assert type(loaded) is kind
    assert loaded.valueDisp == own.valueDisp
    assert len(variable.made) == 1


def test_pickled_in_pure_python(own, told):
    assert pickle._dumps([told]) == pickle._dumps([own])


def test_a_copy_is_another_without_a_text(kind, variable, own, told):
    other = copy.copy(told)
    other.updated = True
    assert isinstance(other, kind)
    assert (told.updated, variable.made) == (False, [])
    assert other.valueDisp == told.valueDisp == own.valueDisp
    assert len(variable.made) == 1
    assert type(copy.copy(told)) is kind


def test_a_deep_copy(kind, own, told):
    other = copy.deepcopy(told)
    assert type(other) is kind
    assert other.value is not own.value
    assert (other.valueDisp, other.status) == (own.valueDisp, own.status)


def test_a_text_may_be_given(kind, variable, told):
    told.valueDisp = "mine"
    assert (told.valueDisp, type(told), variable.made) == ("mine", kind, [])


def test_a_text_that_cannot_be_made_is_raised_to_who_asks(kind, variable, own, told):
    variable.broken = True
    for _ in range(2):
        with pytest.raises(ValueError, match="no text"):
            told.valueDisp  # noqa: B018
    assert told.value is variable.array
    variable.broken = False
    assert told.valueDisp == own.valueDisp


def test_threads_that_ask_at_once_get_one_text(kind, variable):
    reached, go = threading.Event(), threading.Event()

    def slow(value):
        variable.made.append(value)
        reached.set()
        assert go.wait(WAIT)
        return "text"

    variable.genDisp = slow
    told = maker_of(kind).later(variable, variable.array, variable.array)
    got = []
    threads = [threading.Thread(target=lambda: got.append(told.valueDisp)) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert reached.wait(WAIT)
    assert told.value is variable.array  # meanwhile
    go.set()
    join(*threads)
    assert got == ["text"] * 4
    assert len(variable.made) == 1


def test_a_thread_that_asks_just_when_another_has_got_the_text(variable, told):
    asked = type(told).valueDisp.fget
    text = told.valueDisp
    assert asked(told) == text
    assert len(variable.made) == 1


def test_the_array_of_the_text_is_let_go_with_it(kind, variable):
    source = np.ones(1)
    gone = weakref.ref(source)
    told = maker_of(kind).later(variable, variable.array, source)
    other = copy.copy(told)
    del source
    assert told.valueDisp == other.valueDisp == "text of [1.]"
    assert gone() is None


def test_one_made_now_is_the_trees_own_at_once(kind, variable, own):
    told = maker_of(kind).now(variable, variable.array)
    assert type(told) is kind
    assert list(vars(told).items()) == list(vars(own).items())


def test_nothing_of_the_trees_class_is_changed(kind, variable, told):
    before = dict(vars(kind))
    assert told.valueDisp
    assert dict(vars(kind)) == before
    assert "valueDisp" not in before
    assert type(kind) is type


def test_yaml_goes_by_the_exact_class(tree, variable, own, told):
    if not hasattr(tree.pr, "dataToYaml"):
        pytest.skip("the stand-in tree has no YAML of values")
    assert tree.pr.dataToYaml({"V": told}) == tree.pr.dataToYaml({"V": own})
