"""Arguments of commands are held to what annotations, defaults and commands declare."""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, IntEnum
from functools import partial
from inspect import signature
from typing import Annotated, Any, Literal, NewType, Optional, TypeVar

import numpy as np
import numpy.typing as npt
import pytest
from support.engine.holders import HolderBench, call, put
from support.engine.ids import no_address

from roguebridge.core.errors import PutError
from roguebridge.core.requests.annotations import name_of, types_of
from roguebridge.core.requests.argument_types import fitted_to, held_to

Volts = NewType("Volts", float)
T = TypeVar("T")
NAN = float("nan")


class Color(Enum):
    RED = "r"
    BLUE = "b"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Board:
    pass


BOARD = Board()
FITS = [
    (int, 2, 2), (int, 2.0, 2), (int, np.int8(3), 3), (int, True, 1), (int, "0x10", 16),
    (int, "-3", -3), (int, "2.0", 2), (int, 2**70, 2**70),
    (float, 2, 2.0), (float, "1e3", 1000.0), (float, np.float32(0.5), 0.5), (Volts, 4, 4.0),
    (bool, 1, True), (bool, 0.0, False), (bool, np.bool_(True), True), (bool, "FALSE", False),
    (str, "5", "5"), (str, np.str_("x"), "x"), (str, "", ""),
    (complex, "1 + 2j", 1 + 2j), (complex, 2, 2 + 0j), (complex, np.complex64(1j), 1j),
    (np.uint8, 255.0, 255), (np.int32, "-3", -3), (np.float32, "0.5", 0.5), (np.bool_, 1, True),
    (np.str_, "x", "x"), (np.datetime64, "2024", "2024"),
    (int | None, "4", 4), (int | None, 2.0, 2), (Optional[float], 2, 2.0),  # noqa: UP045
    (int | str, "5", "5"), (int | str, 2.0, 2), (int | float, 2.5, 2.5), (int | float, 2.0, 2.0),
    (float | list[float], [1, 2], [1.0, 2.0]), (Annotated[int, "of steps"], 2.0, 2),
    (list, [1, "a"], [1, "a"]), (list, np.arange(3), [0, 1, 2]), (list, "[1, 2]", [1, 2]),
    (list[int], [1.0, "2"], [1, 2]), (list[float], np.arange(2), [0.0, 1.0]), (list[int], "[]", []),
    (Sequence[float], (1, 2), [1.0, 2.0]), (Iterable[str], ["a"], ["a"]),
    (list[list[int]], "[[1.0], [2]]", [[1], [2]]),
    (tuple, "(1, 2)", (1, 2)), (tuple[int, ...], [1.0, 2.0], (1, 2)),
    (tuple[int, str], [1.0, "a"], (1, "a")), (set[int], [1.0, 1.0], {1}),
    (frozenset, [1], frozenset({1})),
    (dict, '{"a": 1}', {"a": 1}), (Mapping[int, float], '{"1": 2}', {1: 2.0}),
    (dict, {"a": [1]}, {"a": [1]}),
    (Literal["up", "down"], "up", "up"), (Literal[1, 2], 2.0, 2), (Literal[1, 2], "2", 2),
    (Literal["x", 5], "5", 5),
    (Color, "RED", Color.RED), (Color, "b", Color.BLUE), (Level, 2.0, Level.HIGH),
    (Level, "LOW", Level.LOW), (Level, "2", Level.HIGH),
    (Any, "5", "5"), (object, 2.5, 2.5), (object, None, None), (T, 5, 5), (Board, BOARD, BOARD),
    ("no type at all", 5, 5), (int | None, None, None),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "fits"), FITS, ids=no_address)
def test_what_is_of_a_type_or_can_be_is_taken_exactly(kind, value, fits):
    found = fitted_to(kind, value)
    assert found == fits
    assert type(found) is type(fits)


NO_ARRAY = np.arange(2)
REFUSED = [
    (int, 2.5, "2.5", "int"), (int, NAN, "nan", "int"), (int, float("inf"), "inf", "int"),
    (int, NO_ARRAY, "an array of 2 elements", "int"), (int, [1], "[1]", "int"),
    (int, "2.5", "'2.5'", "int"), (int, "", "''", "int"), (int, "abc", "'abc'", "int"),
    (int, {"a": 1}, "{'a': 1}", "int"), (int, 1j, "1j", "int"), (int, None, "None", "int"),
    (float, "abc", "'abc'", "float"), (float, NO_ARRAY, "an array of 2 elements", "float"),
    (float, 2**60 + 1, str(2**60 + 1), "float"), (float, 10**400, "1" + "0" * 79 + "...", "float"),
    (bool, 2, "2", "bool"), (bool, NAN, "nan", "bool"), (bool, 0.5, "0.5", "bool"),
    (bool, "maybe", "'maybe'", "bool"), (bool, [True], "[True]", "bool"),
    (str, 5, "5", "str"), (str, NAN, "nan", "str"), (str, ["a"], "['a']", "str"),
    (complex, "x", "'x'", "complex"), (complex, NO_ARRAY, "an array of 2 elements", "complex"),
    (np.uint8, 256, "256", "uint8"), (np.uint8, -1, "-1", "uint8"), (np.int8, 1.5, "1.5", "int8"),
    (np.float32, 1e300, "1e+300", "float32"), (np.bool_, 2, "2", "bool"), (np.str_, 1, "1", "str_"),
    (int | None, 2.5, "2.5", "int"), (int | str, 2.5, "2.5", "int | str"),
    (list, 5, "5", "list"), (list, "5", "'5'", "list"), (list, "[1,", "'[1,'", "list"),
    (list, "(" * 100_000, "'" + "(" * 79 + "...", "list"),
    (list, '{"a": 1}', "'{\"a\": 1}'", "list"),
    (list[int], [1, 2.5], "[1, 2.5]", "list[int]"), (list[float], ["x"], "['x']", "list[float]"),
    (Sequence[int], 1, "1", "Sequence[int]"),
    (tuple[int, str], [1], "[1]", "tuple[int, str]"),
    (dict, "[1]", "'[1]'", "dict"), (dict, 5, "5", "dict"),
    (dict[str, int], {"a": 2.5}, "{'a': 2.5}", "dict[str, int]"),
    (Literal["up"], "left", "'left'", "Literal['up']"),
    (Literal[1], NO_ARRAY, "an array of 2 elements", "Literal[1]"),
    (Color, "green", "'green'", "Color"), (Level, 2.5, "2.5", "Level"), (Level, 7, "7", "Level"),
    (np.ndarray, 5, "5", "ndarray"), (np.ndarray, "x", "'x'", "ndarray"),
    (np.ndarray, "5", "'5'", "ndarray"),
    (int, np.float64(2.5), "2.5", "int"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "shown", "name"), REFUSED, ids=repr)
def test_what_is_not_of_a_type_is_refused_in_plain_words(kind, value, shown, name):
    with pytest.raises(PutError) as refusal:
        held_to(kind, value, "B:V", "n")
    said = f"B:V: the argument 'n' cannot be {shown}: it is of type {name}"
    assert str(refusal.value).replace("ndarray[", "ndarray") == said


@pytest.mark.parametrize(
    ("kind", "value", "dtype"),
    [
        (np.ndarray, np.arange(3, dtype=np.int16), np.int16),
        (np.ndarray, [1.5, 2], np.float64),
        (np.ndarray, "[1.5, 2.5]", np.float64),
        (npt.NDArray[np.float32], [1, 2], np.float32),
        (npt.NDArray[Any], np.ones((2, 2)), np.float64),
        (npt.NDArray[np.uint8], np.array([1.0, 255.0]), np.uint8),
    ],
    ids=str,
)
def test_an_array_has_the_declared_elements_and_is_a_copy(kind, value, dtype):
    found = fitted_to(kind, value)
    assert found.dtype == dtype
    assert not np.shares_memory(found, value) if isinstance(value, np.ndarray) else True
    given = np.array(value) if not isinstance(value, str) else np.array([1.5, 2.5])
    assert np.array_equal(found, given)


def test_elements_that_would_change_are_refused():
    with pytest.raises(PutError, match="'n' cannot be an array of 2 elements"):
        held_to(npt.NDArray[np.uint8], np.array([1.0, 256.0]), "B:V", "n")


# Where a type comes from ---------------------------------------------------------------------


def types(function):
    return types_of(function, signature(function).parameters)


def test_an_annotation_counts_before_a_default():
    def steps(n: float = 3, gain=1.5, up=True, label=None, *, first): ...

    assert types(steps) == {"n": float, "gain": float, "up": bool, "label": Any, "first": Any}


def test_annotations_that_are_text_are_resolved():
    def steps(n: "int | None", a: "np.int32", c: "Color"): ...

    assert types(steps) == {"n": int | None, "a": np.int32, "c": Color}


def test_each_annotation_counts_that_can_be_resolved():
    def steps(n: "int", a: "NotAnywhere", o: "List[float]", u: "numpy.uint8"): ...  # noqa: F821

    found = types(steps)
    assert (found["n"], found["a"], found["u"]) == (int, Any, np.uint8)
    assert fitted_to(found["o"], "[1]") == [1.0]


class Stepper:
    def __call__(self, n: "int"): ...

    def steps(self, n: "int"): ...


def test_methods_partials_and_objects_have_types_too():
    def steps(gain, n: "int"): ...

    for function in (Stepper(), Stepper().steps, partial(steps, 2), partial(Stepper().steps)):
        assert types(function)["n"] is int


def test_a_function_that_is_not_known_declares_nothing():
    parameters = signature(lambda arg, n=2: None).parameters
    assert types_of(None, parameters) == {"arg": Any, "n": int}


def test_a_type_is_named_as_its_author_writes_it():
    assert name_of(npt.NDArray[np.uint8]).startswith("numpy.ndarray[")
    assert name_of(int | str | None) == "int | str | None"
    assert name_of(Volts) == "float"


# Commands ------------------------------------------------------------------------------------


def test_every_argument_of_a_call_is_held_to_its_type():
    def scan(arg: int, gains: list[float], up=True):
        return arg, gains, up

    bench = HolderBench(function=scan)
    assert call(bench, arg=2.0, gains=np.arange(2), up=0) == [("done", (2, [0.0, 1.0], False))]
    for wrong in ({"arg": 2.5}, {"gains": [NAN, "x"]}, {"up": 2}):
        ((outcome, reason),) = call(bench, **{"arg": 1, "gains": [1], **wrong})
        assert (outcome, repr(*wrong) in reason) == ("error", True)


def test_a_put_is_held_to_the_type_that_the_function_declares():
    ran = []

    def take(arg: int):
        ran.append(arg)

    bench = HolderBench(function=take)
    bench.arrive()
    assert put(bench, 2.0) == [("done", None)]
    reason = "B:Top:Dev:V: the argument 'arg' cannot be 2.5: it is of type int"
    assert put(bench, 2.5) == [("error", reason)]
    assert ran == [2]
    assert type(ran[0]) is int
